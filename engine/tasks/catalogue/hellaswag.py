"""HellaSwag: pick the sentence that goes on from an everyday scene (Zellers et al. 2019).

A problem of this kind:

    Changing a tire: A woman kneels beside her car. She
    -> loosens the nuts with a wrench and lifts the wheel off.

lm-eval 0.4.13: `hellaswag` 1.0. The texts are cleaned of bracketed tags; an ending that began with a tag
keeps the space after it, and that space counts in acc_norm's length.
"""

from __future__ import annotations

import re

from engine.tasks.sources import Folder, Hub, Row, stored_table
from engine.tasks.task import Item, Task


def clean(text: str) -> str:
    """lm-eval's cleaning, in its order: doubled spaces are halved once only, at the end."""
    text = text.strip().replace(" [title]", ". ")
    return re.sub(r"\[.*?\]", "", text).replace("  ", " ")


def item(index: int, row: Row) -> Item:
    scene = clean(f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}")
    return Item.ranked(index, scene, [clean(ending) for ending in row["endings"]], int(row["label"]))


HELLASWAG = Task(
    name="hellaswag",
    title="HellaSwag",
    about="Which of four endings goes on from an everyday scene.",
    licence="MIT (Zellers et al.)",
    size=10_042,
    chance=0.25,
    item=item,
    items_from=(
        Folder("hellaswag/hellaswag_val.jsonl*"),
        stored_table("hellaswag/none/validation"),
        Hub("Rowan/hellaswag", None, "validation"),
    ),
    shots_from=(Hub("Rowan/hellaswag", None, "train"),),
    draws_one_more=True,
    normalisation="characters",
)
TASKS = (HELLASWAG,)
