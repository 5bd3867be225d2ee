"""PIQA: which of two ways of doing an everyday thing would work (Bisk et al. 2020).

A problem of this kind:

    Question: To stop a door from squeaking,
    Answer: rub a little oil on its hinges.

lm-eval 0.4.13: `piqa` 1.0, on the validation split (the test answers are not public).
"""

from __future__ import annotations

from engine.tasks.sources import Hub, Row, stored_table
from engine.tasks.task import Item, Task


def item(index: int, row: Row) -> Item:
    return Item.ranked(index, f"Question: {row['goal']}\nAnswer:", (row["sol1"], row["sol2"]), int(row["label"]))


PIQA = Task(
    name="piqa",
    title="PIQA",
    about="Which of two ways of doing an everyday thing would work.",
    licence="AFL 3.0 (Bisk et al.)",
    size=1_838,
    chance=0.5,
    item=item,
    items_from=(stored_table("piqa/plain_text/validation"), Hub("baber/piqa", None, "validation")),
    shots_from=(Hub("baber/piqa", None, "train"),),
    draws_one_more=True,
)
TASKS = (PIQA,)
