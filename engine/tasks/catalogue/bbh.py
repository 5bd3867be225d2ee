"""BIG-Bench Hard: 27 kinds of puzzles of words, logic and counting that models found hard (Suzgun et al. 2022).

A problem of this kind:

    Evaluate the result of a random Boolean expression.

    Q: not ( True or False ) is
    A: Let's think step by step.
    True or False is True. Its opposite is False. So the answer is False.

lm-eval 0.4.13 asks in two ways, each with its own descriptions and three fixed examples a kind:

- group `bbh_cot_fewshot` 3.0 of tasks 4.0, thought through in writing. Any capital Q and any blank line ends the
  answer. Its filter drops the last character after "the answer is", which it takes for a full stop.
- group `leaderboard_bbh`, subtasks 1.0: the answers of 24 kinds are ranked, without room to reason. Descriptions have
  no line end, so they touch the first "Q:". Three items name an answer that is not among the choices: nobody can be
  right on them, there as here. The score is the micro average.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Folder, Hub, Row, lm_eval_file, read_rows
from engine.tasks.task import Item, Scorer, Task

RANKED = (
    "boolean_expressions",
    "causal_judgement",
    "date_understanding",
    "disambiguation_qa",
    "formal_fallacies",
    "geometric_shapes",
    "hyperbaton",
    "logical_deduction_five_objects",
    "logical_deduction_seven_objects",
    "logical_deduction_three_objects",
    "movie_recommendation",
    "navigate",
    "object_counting",
    "penguins_in_a_table",
    "reasoning_about_colored_objects",
    "ruin_names",
    "salient_translation_error_detection",
    "snarks",
    "sports_understanding",
    "temporal_sequences",
    "tracking_shuffled_objects_five_objects",
    "tracking_shuffled_objects_seven_objects",
    "tracking_shuffled_objects_three_objects",
    "web_of_lies",
)
SUBTASKS = tuple(sorted((*RANKED, "dyck_languages", "multistep_arithmetic_two", "word_sorting")))
RANKED_SHEETS = "leaderboard/bbh_mc/[a-z]*.yaml"
WRITTEN_SHEETS = "bbh/cot_fewshot/[a-z]*.yaml"


@functools.cache
def ranked_sheets() -> Mapping[str, Row]:
    """lm-eval's file of each subtask whose answers are ranked."""
    what = "BIG-Bench Hard (descriptions and choices)"
    return {row["dataset_name"]: row for row in read_rows(what, (lm_eval_file(RANKED_SHEETS),))}


@functools.cache
def descriptions() -> Mapping[str, str]:
    """lm-eval's words for each kind of puzzle that is answered in writing."""
    rows = read_rows("BIG-Bench Hard (descriptions)", (lm_eval_file(WRITTEN_SHEETS),))
    return {row["dataset_name"]: row["description"] for row in rows}


def examples(sheet: Row) -> list[Row]:
    return [{**sample, "group": sheet["dataset_name"]} for sample in sheet["fewshot_config"]["samples"]]


def with_group(row: Row) -> Row:
    """The row and its subtask, which its file or configuration is named after."""
    return {**row, "group": row["__file__"].replace("/", ".").split(".")[0]}


def with_ranked_group(row: Row) -> list[Row]:
    """The same, but for the three subtasks whose answers are not ranked."""
    grouped = with_group(row)
    return [grouped] if grouped["group"] in RANKED else []


def written_item(index: int, row: Row) -> Item:
    question = f"Q: {row['input']}\nA: Let's think step by step.\n"
    return Item.written(index, question, row["target"], group=row["group"])


def ranked_item(index: int, row: Row) -> Item:
    choices = tuple(ranked_sheets()[row["group"]]["doc_to_choice"])
    item = Item.written(index, f"Q: {row['input']}\nA:", row["target"], group=row["group"])
    return replace(item, choices=choices, gold=choices.index(row["target"]) if row["target"] in choices else None)


WRITTEN_ANSWERS = Task(
    name="bbh_cot_fewshot",
    title="BIG-Bench Hard",
    about="27 kinds of puzzles that models found hard, thought through in writing.",
    licence="MIT (Suzgun et al.)",
    size=6_511,
    # the mean of 1 / answers offered; 0 where none are
    chance=0.2553,
    item=written_item,
    items_from=(Folder("bbh/bbh/*.json", with_group), Hub("SaylorTwift/bbh", SUBTASKS, "test", with_group)),
    shots_from=(lm_eval_file(WRITTEN_SHEETS, examples),),
    shots=3,
    sampler="first",
    delimiter="",
    description=lambda group: descriptions()[group],
    decoding=Decoding(max_tokens=1_024, until=("</s>", "Q", "\n\n")),
    extractions={"get-answer": Scorer(regex_extractor(r"(?<=the answer is )(.*)(?=.)"))},
)
RANKED_ANSWERS = Task(
    name="leaderboard_bbh",
    title="BIG-Bench Hard (answers ranked)",
    about="Puzzles of words, logic and counting in 24 kinds, without room to reason.",
    licence="MIT (Suzgun et al.)",
    size=5_761,
    # the mean of 1 / choices
    chance=0.2885,
    item=ranked_item,
    items_from=(
        Folder("bbh/bbh/*.json", with_ranked_group),
        Hub("SaylorTwift/bbh", RANKED, "test", with_ranked_group),
    ),
    shots_from=(lm_eval_file(RANKED_SHEETS, examples),),
    shots=3,
    sampler="first",
    description=lambda group: str(ranked_sheets()[group]["description"]),
    normalisation="characters",
)
TASKS = (WRITTEN_ANSWERS, RANKED_ANSWERS)
