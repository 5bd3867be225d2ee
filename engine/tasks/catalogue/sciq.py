"""SciQ: science exam questions with a supporting paragraph before most of them (Welbl et al. 2017).

A problem of this kind:

    Leaves are green because of a pigment that takes in red and blue light.
    Question: What is the green pigment of leaves called?
    Answer: chlorophyll

lm-eval 0.4.13: `sciq` 1.0. The right answer is always the fourth choice: harmless while the texts themselves are
ranked, but never list them to a model in this order.
"""

from __future__ import annotations

from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Task


def item(index: int, row: Row) -> Item:
    context = f"{row['support'].lstrip()}\nQuestion: {row['question']}\nAnswer:"
    choices = (row["distractor1"], row["distractor2"], row["distractor3"], row["correct_answer"])
    return Item.ranked(index, context, choices, gold=3)


SCIQ = Task(
    name="sciq",
    title="SciQ",
    about="Science exam questions with four answers, most with a paragraph that helps.",
    licence="CC BY-NC 3.0, not for commercial use (Allen Institute for AI)",
    size=1_000,
    chance=0.25,
    item=item,
    items_from=(Folder("sciq/test.json*"), Hub("allenai/sciq", None, "test")),
    shots_from=(Folder("sciq/train.json*"), Hub("allenai/sciq", None, "train")),
)
TASKS = (SCIQ,)
