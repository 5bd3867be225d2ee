"""The benchmarks whose answers are written, beyond GSM8K: prompts, and what their rules make of a text.

Rows are made up here. The hashes are of the prompts that lm-eval 0.4.13 itself builds from these rows; the recipe:
`datasets.load_dataset` replaced by one that returns them, then `get_task_dict([name], TaskManager())`, and the first 16
digits of the sha256 of `task.fewshot_context(doc, task.config.num_fewshot)`, of several subtasks one after the other.
Scores are those of its filters and metrics on the same texts. Every item of the real benchmarks is compared in
tests/parity.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from engine import CallerMistake, Item, Task, load_items
from engine.battles.battle import ItemFailure, ItemResult
from engine.battles.scoring import written_outcome
from engine.errors import NoSource
from engine.models.interface import Completion
from engine.tasks.catalogue import (
    bbh_cot_fewshot,
    gpqa_diamond_cot_zeroshot,
    gpqa_extended_cot_zeroshot,
    gpqa_main_cot_zeroshot,
    gsm8k_cot,
    humaneval,
    leaderboard_math_hard,
    minerva_math,
    minerva_math500,
    mmlu_pro,
)
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import DataPackage, Hub

PENS = {"question": "Ada has 3 boxes of 4 pens and gives 5 away. How many are left?", "answer": "12 - 5 = 7\n#### 7"}
PUZZLES = {
    subtask: [{"input": f"Which of these is a {subtask}?\nOptions:\n(A) one\n(B) two", "target": "(B)"}]
    for subtask in bbh_cot_fewshot.SUBTASKS
}
ROOTS = {
    "problem": "What is the sum of the roots of $x^2 - 5x + 6$? ",
    "solution": "The polynomial is $(x-2)(x-3)$, so it is $2+3=\\boxed{5}$.",
    "level": "Level 5",
    "type": "Algebra",
}


def exam(number: int, field: str, **other: Any) -> dict[str, Any]:
    row = {"question_id": number, "question": f"Which is number {number}? ", "options": [f" {number}", "none ", "all"]}
    return row | {"answer": "A", "answer_index": 0, "cot_content": "", "category": field, "src": "own"} | other


EXAM = [exam(1, "law"), exam(2, "law", options=[str(n) for n in range(12)], answer="J"), exam(3, "computer science")]
WORKED = [
    exam(100 * (field == "law") + n, field, cot_content=f"A: Let's think step by step. It is {n}. The answer is (A).")
    for n in range(10, 16)
    for field in ("law", "computer science")
]
WAVE = {
    "Record ID": "rec1",
    "Question": "\nWhich of these carries a wave without matter? ",
    "Correct Answer": "light",
    "Incorrect Answer 1": "sound",
    "Incorrect Answer 2": "A ripple, on a pond.",
    "Incorrect Answer 3": "a shaken rope",
    "choice1": "sound",
    "choice2": "light",
    "choice3": "A ripple, on a pond.",
    "choice4": "a shaken rope",
    "choices": ["sound", "light", "A ripple, on a pond.", "a shaken rope"],
    "answer": "(B)",
}
VOWELS = {
    "task_id": "HumanEval/0",
    "prompt": 'def without_vowels(text: str) -> str:\n    """The text without a, e, i, o and u."""\n',
    "canonical_solution": '    return "".join(c for c in text if c not in "aeiou")\n',
    "test": 'def check(candidate):\n    assert candidate("apple") == "ppl"\n',
    "entry_point": "without_vowels",
}


def of_size(task: Task, size: int) -> Task:
    """The task with an official split of that size, so that a handful of rows made up here passes for it."""
    return dataclasses.replace(task, size=size)


def put(folder: Path, name: str, content: Any) -> None:
    """A file of lines, or a JSON document, by its ending."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content) if name.endswith(".json") else "".join(json.dumps(line) + "\n" for line in content)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_items: None) -> Path:
    """A folder of upstream files."""
    folder = tmp_path / "data"
    monkeypatch.setenv("NOISEFLOOR_DATA", str(folder))
    put(folder, "gsm8k/test.jsonl", [PENS])
    for subtask, examples in PUZZLES.items():
        put(folder, f"bbh/bbh/{subtask}.json", {"canary": "none", "examples": examples})
    put(folder, "math500/test.jsonl", [ROOTS | {"unique_id": "test/algebra/0.json", "level": 5}])
    put(folder, "mmlu_pro/mmlu_pro_test.jsonl", EXAM)
    put(folder, "mmlu_pro/mmlu_pro_validation.jsonl", WORKED)
    put(folder, "humaneval/HumanEval.jsonl", [VOWELS])
    log = [{"doc_id": 0, "doc": WAVE, "filter": name} for name in ("strict-match", "flexible-extract")]
    for part in ("main", "diamond", "extended"):
        put(folder, f"gpqa/samples_gpqa_{part}_cot_zeroshot_2026-01-01T00-00-00.jsonl", log)
    return folder


def prompts(task: Task) -> list[str]:
    before = few_shot_contexts(task, task.harness())
    return [before[item.id].plain(item.context(0)) for item in load_items(task)]


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def hub_of(task: Task) -> Hub:
    (hub,) = (source for source in task.items_from if isinstance(source, Hub))
    return hub


def from_hub(task: Task, row: dict[str, Any]) -> Item:
    """The first row of the hub's first place as the task sees it."""
    hub = hub_of(task)
    configs = hub.config if isinstance(hub.config, tuple) else (hub.config,)
    rows = hub.parse({**row, "__file__": f"{configs[0]}/{hub.split}"})
    return task.item(0, next(iter(rows)) if isinstance(rows, list) else rows)  # type: ignore[arg-type]


def score(task: Task, rule: str, text: str, item: Item) -> float:
    found = task.extractions[rule].find(text)
    return 0.0 if found is None else task.extractions[rule].score(found, item)


# ---- prompts


@pytest.mark.parametrize(
    ("task", "hashed"),
    [
        (of_size(gsm8k_cot.TASK, 1), "fbd2d00fbf343a29"),
        (of_size(bbh_cot_fewshot.TASK, 27), "f3d881435ac7af57"),
        (of_size(minerva_math500.TASK, 1), "44f27534eb0c977d"),
        (of_size(mmlu_pro.TASK, 3), "1b01a6827fea1908"),
        (of_size(humaneval.TASK, 1), "1172d9ad17e3e0d0"),
        (of_size(gpqa_main_cot_zeroshot.TASK, 1), "0f37ce7b66315522"),
        (of_size(gpqa_diamond_cot_zeroshot.TASK, 1), "0f37ce7b66315522"),
        (of_size(gpqa_extended_cot_zeroshot.TASK, 1), "0f37ce7b66315522"),
    ],
    ids=lambda given: given.name if isinstance(given, Task) else "",
)
def test_prompts_are_lm_evals(task: Task, hashed: str, data: Path) -> None:
    assert digest(prompts(task)) == hashed


@pytest.mark.parametrize(
    ("task", "hashed"), [(minerva_math.TASK, "44f27534eb0c977d"), (leaderboard_math_hard.TASK, "6145f7d619130692")]
)
def test_prompts_over_a_row_of_the_hub_are_lm_evals(task: Task, hashed: str, fresh_items: None) -> None:
    """MATH comes whole from the pack; its worked examples are the same in each subject."""
    before = few_shot_contexts(task, task.harness())
    assert set(before) == {item.id for item in load_items(task)}
    assert len(set(before.values())) == 1
    assert digest([next(iter(before.values())).plain(from_hub(task, ROOTS).context(0))]) == hashed


@pytest.mark.parametrize(
    "task", [gsm8k_cot.TASK, bbh_cot_fewshot.TASK, minerva_math500.TASK, humaneval.TASK, mmlu_pro.TASK]
)
def test_the_hub_and_the_publishers_file_give_the_same_item(task: Task, data: Path) -> None:
    rows = {"gsm8k_cot": PENS, "minerva_math500": ROOTS, "humaneval": VOWELS, "mmlu_pro": EXAM[0]}
    row = rows.get(task.name, PUZZLES["boolean_expressions"][0])
    size = {"bbh_cot_fewshot": 27, "mmlu_pro": 3}.get(task.name, 1)
    assert from_hub(task, row) == load_items(of_size(task, size))[0]


def test_a_description_that_is_not_on_this_machine(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """BIG-Bench Hard without lm-eval's wheel: its items are here, the words before them are not."""
    monkeypatch.setattr(DataPackage, "present", lambda pack: pack.package != "lm-eval")
    bbh_cot_fewshot.descriptions.cache_clear()
    task = of_size(bbh_cot_fewshot.TASK, 27)
    with pytest.raises(NoSource, match=r"requirements-packs\.txt"):
        few_shot_contexts(task, task.harness(shots=0))


# ---- rules


@pytest.mark.parametrize(
    ("pattern", "which", "text", "found"),
    [
        (r"is (\d+)", 0, "is 1, is 2", "1"),
        (r"is (\d+)", -1, "is 1, is 2", "2"),
        (r"(a )|(b )", -1, "a b ", "b"),  # the group that holds something, without the white space
        (r"is (.*)", 0, "is ", None),
        (r"is (\d+)", 0, "was 1", None),
    ],
)
def test_matching(pattern: str, which: int, text: str, found: str | None) -> None:
    assert matching(pattern, which)(text) == found


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("So 12 - 5 = 7. The answer is 7.", 1, 1),
        ("The answer is 7", 0, 1),  # strict wants a character after the number
        ("The answer is 7.00.", 0, 0),
        ("The answer is $7.", 0, 1),
        ("The answer is 7. The answer is 8.", 1, 0),
        ("#### 7", 0, 1),
    ],
)
def test_gsm8k_cot_rules(text: str, strict: int, flexible: int) -> None:
    item = gsm8k_cot.item(0, PENS)
    assert score(gsm8k_cot.TASK, "strict-match", text, item) == strict
    assert score(gsm8k_cot.TASK, "flexible-extract", text, item) == flexible


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("So the answer is (B).", "(B)"),
        ("So the answer is (B)", "(B"),  # the last character is taken for a full stop
        ("the answer is (A). No, the answer is (B).", "(A). No, the answer is (B)"),
        ("the answer is (A).\nthe answer is (B).", "(A)"),
        ("The answer is (B).", None),
        ("the answer is\n(B).", None),
        ("the answer is ", None),
    ],
)
def test_bbh_rule(text: str, found: str | None) -> None:
    task = bbh_cot_fewshot.TASK
    assert task.extractions["get-answer"].find(text) == found
    assert score(task, "get-answer", text, from_hub(task, PUZZLES["snarks"][0])) == (found == "(B)")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is (A).", "A"),
        ("the answer is A", "A"),
        ("The answer is (B). No, the answer is (A).", "B"),
        ("The answer is False.", "F"),
        ("The answer is Definitely A.", "D"),
        ("Answer: A", None),
        ("**A**", None),
        ("The answer is **A**", None),
        ("The answer is (K).", None),
    ],
)
def test_mmlu_pro_rule(text: str, letter: str | None) -> None:
    assert mmlu_pro.TASK.extractions["custom-extract"].find(text) == letter
    item = mmlu_pro.item(0, mmlu_pro.with_field(EXAM[0]))
    assert score(mmlu_pro.TASK, "custom-extract", text, item) == (letter == "A")


def test_mmlu_pro_lists_ten_options_at_most() -> None:
    item = mmlu_pro.item(0, mmlu_pro.with_field(EXAM[1]))
    assert [option[0] for option in item.options] == list("ABCDEFGHIJ")
    assert (item.id, item.group, item.expected) == ("2", "law", "J")


GPQA_TEXTS = [
    "Light needs none. The answer is (B).",
    "The answer is (B)",
    "The answer is B.",
    "The answer is (b).",
    "The answer is (A). Or rather (B)",
    "I think it is light",
    "A ripple on a pond",
    "LIGHT!",
    "a shaken rope? No: light.",
    "light? No: a shaken rope.",
    "Answer: B",
    "Answer:\n\nB and nothing else",
    "Answer: A, that is, B",
    "(B",
    "The answer is (E).",
    "Nobody knows.",
    "",
]


def test_gpqa_rules() -> None:
    item = gpqa_main_cot_zeroshot.item(0, WAVE)
    scores = {
        rule: "".join(f"{score(gpqa_main_cot_zeroshot.TASK, rule, text, item):.0f}" for text in GPQA_TEXTS)
        for rule in gpqa_main_cot_zeroshot.TASK.extractions
    }
    assert scores == {"strict-match": "11110000000000000", "flexible-extract": "11001101101100000"}


def test_gpqa_of_the_hub_has_an_order_of_its_own() -> None:
    offered = {name: WAVE[name] for name in WAVE if "hoice" not in name and name != "answer"}
    item = from_hub(gpqa_main_cot_zeroshot.TASK, offered)
    assert sorted(option[4:] for option in item.options) == sorted(WAVE["choices"])
    assert f"{item.answer} light" in item.options
    assert (item.choices, item.gold) == ((), None)


# ---- MATH


def test_the_pack_holds_the_levels_as_published() -> None:
    """Level 5 by subject, as the leaderboard's published results count it."""
    items = load_items(leaderboard_math_hard.TASK)
    counts = [sum(item.group == subject for item in items) for subject in minerva_math.SUBJECTS]
    assert counts == [307, 123, 132, 280, 154, 193, 135]
    everything = {item.contexts for item in load_items(minerva_math.TASK)}
    assert everything >= {item.contexts for item in items}
    assert everything >= {item.contexts for item in load_items(minerva_math500.TASK)}


def test_the_four_names_of_two_rules() -> None:
    """In `minerva_math` exact_match is Minerva's; on the leaderboard that one is called exact_match_original."""
    boxed_only = "The roots are 2 and 3, in all $\\boxed{5}$."
    item = minerva_math.item(0, ROOTS | {"group": "algebra"})
    assert [score(minerva_math.TASK, rule, boxed_only, item) for rule in ("exact_match", "math_verify")] == [0, 1]
    hard = leaderboard_math_hard.TASK
    assert [score(hard, rule, boxed_only, item) for rule in ("exact_match", "exact_match_original")] == [1, 0]
    assert next(iter(hard.extractions)) == "exact_match" == next(iter(minerva_math.TASK.extractions))


def test_a_text_cut_off_before_an_answer_is_a_failure() -> None:
    item = minerva_math.item(0, ROOTS | {"group": "algebra"})
    written = Completion(item_id=item.id, text="The polynomial is", truncated=True, tokens=9, seconds=0.1)
    harness = minerva_math.TASK.harness()
    assert isinstance(written_outcome(minerva_math.TASK, item, written, harness), ItemFailure)
    ended = dataclasses.replace(written, truncated=False)
    outcome = written_outcome(minerva_math.TASK, item, ended, harness)
    assert isinstance(outcome, ItemResult) and (outcome.score, outcome.answer) == (0.0, None)


# ---- HumanEval


def test_humaneval_is_prepared_and_not_run() -> None:
    item = humaneval.item(0, VOWELS)
    rule = humaneval.TASK.extractions["pass@1"]
    assert rule.find(VOWELS["canonical_solution"]) == VOWELS["canonical_solution"]
    assert humaneval.TASK.runs_code
    with pytest.raises(CallerMistake, match="HumanEval/0 is right is seen by running it"):
        rule.score(VOWELS["canonical_solution"], item)


def test_humaneval_program_is_prompt_completion_and_tests() -> None:
    item = humaneval.item(0, VOWELS)
    program = humaneval.program(VOWELS["canonical_solution"], item)
    assert program == (
        VOWELS["prompt"] + VOWELS["canonical_solution"] + "\n" + VOWELS["test"] + "\ncheck(without_vowels)"
    )
    exec(compile(program, "own program", "exec"), {})  # ours, and right: its tests pass
    wrong = humaneval.program("    return text\n", item)
    with pytest.raises(AssertionError):
        exec(compile(wrong, "own program", "exec"), {})


@pytest.mark.parametrize(
    "task", [gsm8k_cot.TASK, minerva_math.TASK, minerva_math500.TASK, leaderboard_math_hard.TASK, humaneval.TASK]
)
def test_a_task_that_the_packs_hold_whole(task: Task, fresh_items: None) -> None:
    items = load_items(task)  # refuses another count than the official split's
    assert len({item.id for item in items}) == len(items)
    assert all(item.expected and item.contexts[0] for item in items)
    assert len(few_shot_contexts(task, task.harness())) == len(items)
