"""BIG-Bench Hard, answers ranked: 24 kinds of puzzles of words, logic and counting (Suzgun et al. 2023).

A problem of this kind:

    Evaluate the result of a random Boolean expression.Q: not ( False or not True ) is
    A: True

lm-eval 0.4.13: group `leaderboard_bbh`, subtasks 1.0. Descriptions have no line end, so they touch the first "Q:".
Choices, descriptions and the three examples of each subtask are lm-eval's. Three items name an answer that is not
among the choices: nobody can be right on them, there as here. The score is the micro average.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from engine.tasks.sources import DataPackage, Folder, Hub, Row, read
from engine.tasks.task import Item, Task

SUBTASKS = (
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
SHEETS = "lm_eval/tasks/leaderboard/bbh_mc/[a-z]*.yaml"


@functools.cache
def sheets() -> Mapping[str, Row]:
    """lm-eval's file of each subtask."""
    what = "BIG-Bench Hard (descriptions and choices)"
    return {row["dataset_name"]: row for row in read(what, (DataPackage(SHEETS, package="lm-eval"),))}


def with_group(row: Row) -> list[Row]:
    """The row and its subtask, which its file or configuration is named after; three of the 27 are left out."""
    group = row["__file__"].replace("/", ".").split(".")[0]
    return [{**row, "group": group}] if group in SUBTASKS else []


def examples(sheet: Row) -> list[Row]:
    return [{**sample, "group": sheet["dataset_name"]} for sample in sheet["fewshot_config"]["samples"]]


def item(index: int, row: Row) -> Item:
    choices = tuple(sheets()[row["group"]]["doc_to_choice"])
    return Item(
        id=f"{row['group']}/{index}",
        index=index,
        group=row["group"],
        contexts=(f"Q: {row['input']}\nA:",),
        choices=choices,
        gold=choices.index(row["target"]) if row["target"] in choices else None,
        answer=row["target"],
    )


TASK = Task(
    name="leaderboard_bbh",
    title="BIG-Bench Hard (answers ranked)",
    about="Puzzles of words, logic and counting in 24 kinds, without room to reason.",
    licence="MIT (Suzgun et al.)",
    size=5_761,
    chance=0.2885,  # the mean of 1 / choices
    item=item,
    items_from=(Folder("bbh/bbh/*.json", with_group), Hub("SaylorTwift/bbh", SUBTASKS, "test", with_group)),
    shots_from=(DataPackage(SHEETS, examples, package="lm-eval"),),
    shots=3,
    sampler="first",
    description=lambda group: str(sheets()[group]["description"]),
    normalisation="characters",
)
