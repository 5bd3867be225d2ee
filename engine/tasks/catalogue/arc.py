"""ARC: grade-school science questions with four answers, in an easy and a hard half (Clark et al. 2018).

A problem of this kind:

    Question: Which of these is a renewable source of energy?
    Answer: wind

lm-eval 0.4.13: `arc_easy` 1.0 has the questions that simple retrieval or word statistics tended to answer,
`arc_challenge` 1.0 those that both got wrong; leaderboards quote that with 25 examples and by acc_norm. The answer
texts themselves are ranked, never the letters. A few items have three or five options, and some label them 1 to 4.
"""

from __future__ import annotations

from dataclasses import replace

from engine.tasks.sources import Folder, Hub, ItemSource, Row, stored_requests
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
    """A stored request of the data package: its `query` is the prompt, so the question is cut back out of it."""
    doc = row["doc"]
    labels = "ABCDE"[: len(doc["choices"])]
    return {
        "id": doc["id"],
        "question": doc["query"].removeprefix("Question: ").removesuffix("\nAnswer:"),
        "choices": {"text": doc["choices"], "label": list(labels)},
        "answerKey": labels[doc["gold"]],
    }


def item(index: int, row: Row) -> Item:
    gold = row["choices"]["label"].index(row["answerKey"])
    return Item.ranked(index, f"Question: {row['question']}\nAnswer:", row["choices"]["text"], gold, id=row["id"])


def items_from(config: str, requests: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"arc/{config}/{config}-Test.jsonl", from_upstream),
        stored_requests(f"{requests}/test_rc_5shot", from_requests, unique_by="native_id"),
        Hub("allenai/ai2_arc", config, "test"),
    )


def shots_from(config: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"arc/{config}/{config}-Train.jsonl", from_upstream),
        Hub("allenai/ai2_arc", config, "train"),
    )


EASY = Task(
    name="arc_easy",
    title="ARC-Easy",
    about="Grade-school science questions with four answers, the easier half.",
    licence="CC BY-SA 4.0 (Allen Institute for AI)",
    size=2_376,
    chance=0.25,
    item=item,
    items_from=items_from("ARC-Easy", "arc_easy"),
    shots_from=shots_from("ARC-Easy"),
)
CHALLENGE = replace(
    EASY,
    name="arc_challenge",
    title="ARC-Challenge",
    about="Grade-school science questions with four answers, the harder half.",
    size=1_172,
    items_from=items_from("ARC-Challenge", "arc_challenge"),
    shots_from=shots_from("ARC-Challenge"),
    normalisation="characters",
)
TASKS = (EASY, CHALLENGE)
