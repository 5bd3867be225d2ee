"""MMLU-Pro, the letters ranked: exam questions with up to ten answers, made to need reasoning (Wang et al. 2024).

A problem of this kind:

    A train covers 150 km in 90 minutes. What is its mean speed?
    A. 60 km/h
    B. 75 km/h
    C. 90 km/h
    D. 100 km/h
    Answer: D

lm-eval 0.4.13: `leaderboard_mmlu_pro` 0.1. One task over all subjects, so the five examples are the same everywhere:
the first five of the validation split, whatever the question is about. Few items have as few as three options.
"""

from __future__ import annotations

from string import ascii_uppercase

from engine.tasks.sources import Folder, Hub, ItemSource, Row
from engine.tasks.task import Item, Task


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay."""
    letters = ascii_uppercase[: len(row["options"])]
    return {**row, "options": row["options"][::-1], "answer": letters[::-1][letters.index(row["answer"])]}


def item(index: int, row: Row) -> Item:
    letters = tuple(ascii_uppercase[: len(row["options"])])
    options = tuple(f"{letter}. {option}" for letter, option in zip(letters, row["options"], strict=True))
    return Item(
        id=str(row["question_id"]),
        index=index,
        contexts=("\n".join((row["question"], *options, "Answer:")),),
        choices=letters,
        gold=letters.index(row["answer"]),
        answer=row["answer"],
        options=options,
    )


def sources(split: str) -> tuple[ItemSource, ...]:
    return (Folder(f"mmlu_pro/mmlu_pro_{split}.jsonl*"), Hub("TIGER-Lab/MMLU-Pro", None, split))


TASK = Task(
    name="leaderboard_mmlu_pro",
    title="MMLU-Pro (letters ranked)",
    about="Exam questions with up to ten answers in 14 subjects; the model only picks a letter.",
    licence="MIT (TIGER-Lab)",
    size=12_032,
    chance=0.111,  # the mean of 1 / options; leaderboards subtract 0.1
    item=item,
    items_from=sources("test"),
    reverse=reverse,
    shots_from=sources("validation"),
    shots=5,
    sampler="first",
)
