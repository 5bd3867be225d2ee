"""The benchmarks whose answers are written, beyond GSM8K: prompts, and what their scorers make of a text.

Rows are made up here. The hashes are of the prompts that lm-eval 0.4.13 itself builds from these rows; the recipe:
`datasets.load_dataset` replaced by one that returns them, then `get_task_dict([name], TaskManager())`, and the first 16
digits of the sha256 of `task.fewshot_context(doc, task.config.num_fewshot)`, of several subtasks one after the other.
Scores are those of its filters and metrics on the same texts. Every item of the real benchmarks is compared in
tests/parity.
"""

from __future__ import annotations

import dataclasses
import doctest
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from engine import CallerMistake, Item, Task, load_items, load_task
from engine.battles.battle import ItemFailure, ItemResult
from engine.battles.scoring import written_outcome
from engine.errors import NoSource
from engine.models.interface import Completion
from engine.tasks.catalogue import bbh, gpqa, gsm8k, hendrycks_math, humaneval, mmlu_pro
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.scoring import extraction
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import DataPackage
from tests.engine.tasks.conftest import hub_row, of_size, put, score

PENS = {"question": "Ada has 3 boxes of 4 pens and gives 5 away. How many are left?", "answer": "12 - 5 = 7\n#### 7"}
PUZZLES = {
    subtask: [{"input": f"Which of these is a {subtask}?\nOptions:\n(A) one\n(B) two", "target": "(B)"}]
    for subtask in bbh.SUBTASKS
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


@pytest.fixture
def upstream(data: Path) -> Path:
    """The publishers' files, with one row or a few each."""
    put(data, "gsm8k/test.jsonl", [PENS])
    for subtask, examples in PUZZLES.items():
        put(data, f"bbh/bbh/{subtask}.json", {"canary": "none", "examples": examples})
    put(data, "math500/test.jsonl", [ROOTS | {"unique_id": "test/algebra/0.json", "level": 5}])
    put(data, "mmlu_pro/mmlu_pro_test.jsonl", EXAM)
    put(data, "mmlu_pro/mmlu_pro_validation.jsonl", WORKED)
    put(data, "humaneval/HumanEval.jsonl", [VOWELS])
    log = [{"doc_id": 0, "doc": WAVE, "filter": name} for name in ("strict-match", "flexible-extract")]
    for part in ("main", "diamond", "extended"):
        put(data, f"gpqa/samples_gpqa_{part}_cot_zeroshot_2026-01-01T00-00-00.jsonl", log)
    return data


def prompts(task: Task) -> list[str]:
    before = few_shot_contexts(task, task.harness())
    return [before[item.id].plain(item.context(0)) for item in load_items(task)]


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def from_hub(task: Task, row: dict[str, Any]) -> Item:
    """The first row of the hub's first place as the task sees it."""
    return task.item(0, hub_row(task, row))


# ---- prompts


@pytest.mark.parametrize(
    ("name", "size", "hashed"),
    [
        ("gsm8k_cot", 1, "fbd2d00fbf343a29"),
        ("bbh_cot_fewshot", 27, "f3d881435ac7af57"),
        ("minerva_math500", 1, "44f27534eb0c977d"),
        ("mmlu_pro", 3, "1b01a6827fea1908"),
        ("humaneval", 1, "1172d9ad17e3e0d0"),
        ("gpqa_main_cot_zeroshot", 1, "0f37ce7b66315522"),
        ("gpqa_diamond_cot_zeroshot", 1, "0f37ce7b66315522"),
        ("gpqa_extended_cot_zeroshot", 1, "0f37ce7b66315522"),
    ],
)
def test_prompts_are_lm_evals(name: str, size: int, hashed: str, upstream: Path) -> None:
    assert digest(prompts(of_size(load_task(name), size))) == hashed


@pytest.mark.parametrize(
    ("name", "hashed"), [("minerva_math", "44f27534eb0c977d"), ("leaderboard_math_hard", "6145f7d619130692")]
)
def test_prompts_over_a_row_of_the_hub_are_lm_evals(name: str, hashed: str, fresh_items: None) -> None:
    """MATH comes whole from the data package; its worked examples are the same in each subject."""
    task = load_task(name)
    before = few_shot_contexts(task, task.harness())
    assert set(before) == {item.id for item in load_items(task)}
    assert len(set(before.values())) == 1
    assert digest([next(iter(before.values())).plain(from_hub(task, ROOTS).context(0))]) == hashed


@pytest.mark.parametrize(
    ("name", "size", "row"),
    [
        ("gsm8k_cot", 1, PENS),
        ("bbh_cot_fewshot", 27, PUZZLES["boolean_expressions"][0]),
        ("minerva_math500", 1, ROOTS),
        ("humaneval", 1, VOWELS),
        ("mmlu_pro", 3, EXAM[0]),
    ],
)
def test_the_hub_and_the_publishers_file_give_the_same_item(
    name: str, size: int, row: dict[str, Any], upstream: Path
) -> None:
    task = load_task(name)
    assert from_hub(task, row) == load_items(of_size(task, size))[0]


def test_a_description_that_is_not_on_this_machine(monkeypatch: pytest.MonkeyPatch, upstream: Path) -> None:
    """BIG-Bench Hard without lm-eval's wheel: its items are here, the words before them are not."""
    monkeypatch.setattr(DataPackage, "present", lambda source: source.package != "lm-eval")
    bbh.descriptions.cache_clear()
    task = of_size(load_task("bbh_cot_fewshot"), 27)
    with pytest.raises(NoSource, match=r"requirements-packs\.txt"):
        few_shot_contexts(task, task.harness(shots=0))


# ---- scorers


@pytest.mark.parametrize(
    ("pattern", "which", "text", "answer"),
    [
        (r"is (\d+)", 0, "is 1, is 2", "1"),
        (r"is (\d+)", -1, "is 1, is 2", "2"),
        (r"(a )|(b )", -1, "a b ", "b"),  # the group that holds something, without the white space
        (r"is (.*)", 0, "is ", None),
        (r"is (\d+)", 0, "was 1", None),
    ],
)
def test_a_match_is_extracted(pattern: str, which: int, text: str, answer: str | None) -> None:
    assert regex_extractor(pattern, which)(text) == answer


def test_the_documentation_of_extraction_is_right() -> None:
    tried = doctest.testmod(extraction)
    assert tried.attempted and not tried.failed


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
def test_gsm8k_cot_scorers(text: str, strict: int, flexible: int) -> None:
    item = gsm8k.cot_item(0, PENS)
    assert score(load_task("gsm8k_cot"), "strict-match", text, item) == strict
    assert score(load_task("gsm8k_cot"), "flexible-extract", text, item) == flexible


@pytest.mark.parametrize(
    ("text", "answer"),
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
def test_bbh_scorer(text: str, answer: str | None) -> None:
    task = load_task("bbh_cot_fewshot")
    assert task.extractions["get-answer"].extract(text) == answer
    assert score(task, "get-answer", text, from_hub(task, PUZZLES["snarks"][0])) == (answer == "(B)")


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
def test_mmlu_pro_scorer(text: str, letter: str | None) -> None:
    assert load_task("mmlu_pro").extractions["custom-extract"].extract(text) == letter
    item = mmlu_pro.written_item(0, mmlu_pro.with_field(EXAM[0]))
    assert score(load_task("mmlu_pro"), "custom-extract", text, item) == (letter == "A")


def test_mmlu_pro_lists_ten_options_at_most() -> None:
    item = mmlu_pro.written_item(0, mmlu_pro.with_field(EXAM[1]))
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


def test_gpqa_scorers() -> None:
    task, item = load_task("gpqa_main_cot_zeroshot"), gpqa.written_item(0, WAVE)
    scores = {name: "".join(f"{score(task, name, text, item):.0f}" for text in GPQA_TEXTS) for name in task.extractions}
    assert scores == {"strict-match": "11110000000000000", "flexible-extract": "11001101101100000"}


def test_gpqa_of_the_hub_has_an_order_of_its_own() -> None:
    offered = {name: WAVE[name] for name in WAVE if "hoice" not in name and name != "answer"}
    item = from_hub(load_task("gpqa_main_cot_zeroshot"), offered)
    assert sorted(option[4:] for option in item.options) == sorted(WAVE["choices"])
    assert f"{item.answer} light" in item.options
    assert (item.choices, item.gold) == ((), None)


# ---- MATH


def test_the_data_package_holds_the_levels_as_published() -> None:
    """Level 5 by subject, as the leaderboard's published results count it."""
    items = load_items(load_task("leaderboard_math_hard"))
    counts = [sum(item.group == subject for item in items) for subject in hendrycks_math.SUBJECTS]
    assert counts == [307, 123, 132, 280, 154, 193, 135]
    everything = {item.contexts for item in load_items(load_task("minerva_math"))}
    assert everything >= {item.contexts for item in items}
    assert everything >= {item.contexts for item in load_items(load_task("minerva_math500"))}


def test_the_four_names_of_two_scorers() -> None:
    """In `minerva_math` exact_match is Minerva's; on the leaderboard that one is called exact_match_original."""
    boxed_only = "The roots are 2 and 3, in all $\\boxed{5}$."
    item = hendrycks_math.item(0, ROOTS | {"group": "algebra"})
    whole, hard = load_task("minerva_math"), load_task("leaderboard_math_hard")
    assert [score(whole, name, boxed_only, item) for name in ("exact_match", "math_verify")] == [0, 1]
    assert [score(hard, name, boxed_only, item) for name in ("exact_match", "exact_match_original")] == [1, 0]
    assert next(iter(hard.extractions)) == "exact_match" == next(iter(whole.extractions))


def test_a_text_cut_off_before_an_answer_is_a_failure() -> None:
    item = hendrycks_math.item(0, ROOTS | {"group": "algebra"})
    written = Completion(item_id=item.id, text="The polynomial is", truncated=True, tokens=9, seconds=0.1)
    task = load_task("minerva_math")
    assert isinstance(written_outcome(task, item, written, task.harness()), ItemFailure)
    ended = dataclasses.replace(written, truncated=False)
    outcome = written_outcome(task, item, ended, task.harness())
    assert isinstance(outcome, ItemResult) and (outcome.score, outcome.answer) == (0.0, None)


# ---- HumanEval


def test_humaneval_is_prepared_and_not_run() -> None:
    item = humaneval.item(0, VOWELS)
    scorer = load_task("humaneval").extractions["pass@1"]
    assert scorer.extract(VOWELS["canonical_solution"]) == VOWELS["canonical_solution"]
    assert load_task("humaneval").runs_code
    with pytest.raises(CallerMistake, match="HumanEval/0 is right is seen by running it"):
        scorer.score(VOWELS["canonical_solution"], item)


def test_humaneval_program_is_prompt_completion_and_tests() -> None:
    item = humaneval.item(0, VOWELS)
    assert item.example == (VOWELS["prompt"], VOWELS["canonical_solution"])
    assert item.reference == VOWELS["test"] + "\ncheck(without_vowels)"
    program, wrong = (f"{item.context(0)}{text}\n{item.reference}" for text in (item.answer, "    return text\n"))
    exec(compile(program, "own program", "exec"), {})  # ours, and right: its tests pass
    with pytest.raises(AssertionError):
        exec(compile(wrong, "own program", "exec"), {})


def test_a_number_of_any_length_takes_no_time() -> None:
    """Of 400,000 digits it took 40 s: a pattern that was looked for at every one of them."""
    began = time.process_time()
    assert gsm8k.plain_number("1" * 400_000) == "1" * 400_000
    assert gsm8k.plain_number("so #### 4\nand #### $1,234.") == "1234"
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["gsm8k_cot", "minerva_math", "minerva_math500", "leaderboard_math_hard", "humaneval"])
def test_a_task_that_the_data_packages_hold_whole(name: str, fresh_items: None) -> None:
    task = load_task(name)
    items = load_items(task)  # refuses another count than the official split's
    assert len({item.id for item in items}) == len(items)
    assert all(item.expected and item.contexts[0] for item in items)
    assert len(few_shot_contexts(task, task.harness())) == len(items)
