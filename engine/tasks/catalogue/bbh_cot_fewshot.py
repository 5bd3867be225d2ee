"""BIG-Bench Hard: 27 kinds of puzzles that models found hard, thought through in writing (Suzgun et al. 2022).

A problem of this kind:

    Evaluate the result of a random Boolean expression.

    Q: not ( True or False ) is
    A: Let's think step by step.
    True or False is True. Its opposite is False. So the answer is False.

lm-eval 0.4.13: group `bbh_cot_fewshot` 3.0 of tasks 4.0, 3 fixed examples a kind. Any capital Q and any blank line
ends the answer. The rule drops the last character after "the answer is", which it takes for a full stop.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from engine.harness.config import Decoding
from engine.tasks.catalogue import leaderboard_bbh
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import DataPackage, Folder, Hub, Row, read
from engine.tasks.task import Item, Scorer, Task

SUBTASKS = tuple(sorted((*leaderboard_bbh.SUBTASKS, "dyck_languages", "multistep_arithmetic_two", "word_sorting")))
SHEETS = "lm_eval/tasks/bbh/cot_fewshot/[a-z]*.yaml"


@functools.cache
def descriptions() -> Mapping[str, str]:
    """lm-eval's words for each kind of puzzle."""
    rows = read("BIG-Bench Hard (descriptions)", (DataPackage(SHEETS, package="lm-eval"),))
    return {row["dataset_name"]: row["description"] for row in rows}


def with_group(row: Row) -> Row:
    """The row and its subtask, which its file or configuration is named after."""
    return {**row, "group": row["__file__"].replace("/", ".").split(".")[0]}


def item(index: int, row: Row) -> Item:
    return Item(
        id=f"{row['group']}/{index}",
        index=index,
        group=row["group"],
        contexts=(f"Q: {row['input']}\nA: Let's think step by step.\n",),
        answer=row["target"],
    )


TASK = Task(
    name="bbh_cot_fewshot",
    title="BIG-Bench Hard",
    about="27 kinds of puzzles that models found hard, thought through in writing.",
    licence="MIT (Suzgun et al.)",
    size=6_511,
    chance=0.2553,  # the mean of 1 / answers offered; 0 where none are
    item=item,
    items_from=(Folder("bbh/bbh/*.json", with_group), Hub("SaylorTwift/bbh", SUBTASKS, "test", with_group)),
    shots_from=(DataPackage(SHEETS, leaderboard_bbh.examples, package="lm-eval"),),
    shots=3,
    sampler="first",
    delimiter="",
    description=lambda group: descriptions()[group],
    decoding=Decoding(max_tokens=1_024, until=("</s>", "Q", "\n\n")),
    extractions={"get-answer": Scorer(matching(r"(?<=the answer is )(.*)(?=.)"))},
)
