"""Winogrande: whom or what a blank in a sentence means (Sakaguchi et al. 2020).

A problem of this kind:

    The suitcase did not fit into the locker because _ was too small.   (suitcase / locker)

lm-eval 0.4.13: `winogrande` 1.0. Not the option is scored but the rest of the sentence after it, once with
each option filled in; so there are two contexts and one continuation.
"""

from __future__ import annotations

from engine.tasks.sources import Folder, Hub, Row, stored_table
from engine.tasks.task import Item, Task


def item(index: int, row: Row) -> Item:
    blank = row["sentence"].index("_")
    before, after = row["sentence"][:blank], row["sentence"][blank + 1 :].strip()
    options = (row["option1"], row["option2"])
    return Item(
        id=str(index),
        index=index,
        contexts=tuple(before + option for option in options),
        choices=(after, after),
        gold=int(row["answer"]) - 1,
        answer=after,
        options=options,
    )


WINOGRANDE = Task(
    name="winogrande",
    title="Winogrande",
    about="Which of two words a blank in a sentence stands for.",
    licence="CC BY (Allen Institute for AI)",
    size=1_267,
    chance=0.5,
    item=item,
    items_from=(
        Folder("winogrande/winogrande_xl_validation.jsonl"),
        stored_table("winogrande/winogrande_xl/validation"),
        Hub("allenai/winogrande", "winogrande_xl", "validation"),
    ),
    shots_from=(Hub("allenai/winogrande", "winogrande_xl", "train"),),
    draws_one_more=True,
)
TASKS = (WINOGRANDE,)
