"""OpenBookQA: science questions that need one stated fact and some common sense (Mihaylov et al. 2018).

A problem of this kind:

    A plant on a windowsill bends over the weeks because
    -> it grows towards the light

lm-eval 0.4.13: `openbookqa` 1.0. The stem stands alone: no "Question:", no "Answer:".
"""

from __future__ import annotations

from engine.tasks.catalogue import arc
from engine.tasks.sources import Hub, Row, stored_requests
from engine.tasks.task import Item, Task


def from_requests(row: Row) -> Row:
    """The data package stores these with ARC's prompt around the stem."""
    columns = arc.from_requests(row)
    return {**columns, "question_stem": columns["question"]}


def item(index: int, row: Row) -> Item:
    gold = row["choices"]["label"].index(row["answerKey"].lstrip())
    return Item.ranked(index, row["question_stem"], row["choices"]["text"], gold, id=row["id"])


OPENBOOKQA = Task(
    name="openbookqa",
    title="OpenBookQA",
    about="Elementary science that needs a fact and some common sense, four answers.",
    licence="Apache-2.0 (Allen Institute for AI)",
    size=500,
    chance=0.25,
    item=item,
    items_from=(
        stored_requests("openbookqa/test_rc_5shot", from_requests, unique_by="native_id"),
        Hub("allenai/openbookqa", "main", "test"),
    ),
    shots_from=(Hub("allenai/openbookqa", "main", "train"),),
    normalisation="characters",
)
TASKS = (OPENBOOKQA,)
