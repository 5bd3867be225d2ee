"""GPQA main: questions by experts that a search engine does not answer, in three sciences (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Answer: (B)

lm-eval 0.4.13: `gpqa_main_zeroshot` 2.2. The questions are gated: the hub gives them to whoever accepts its terms, and
nothing here keeps a copy. lm-eval shuffles the four answers with a random state that depends on all that was loaded
before, so its order cannot be had again; here it follows from the question's own id. For the order of a certain run of
lm-eval, its samples log takes the place of the questions.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from engine.tasks.sources import Folder, Hub, ItemSource, Row
from engine.tasks.task import Item, Task

LETTERS = ("(A)", "(B)", "(C)", "(D)")
OFFERED = ("choice1", "choice2", "choice3", "choice4")
ANSWERS = ("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3", "Correct Answer")
LICENCE = "CC BY 4.0 (Rein et al.), gated"

Clean = Callable[[str], str]


def clean(text: str) -> str:
    """lm-eval's cleaning of an answer, in its order."""
    return text.strip().replace(" [title]", ". ").replace("  ", " ")


def shuffled(row: Row, clean: Clean = clean) -> Row:
    """The answers cleaned and in an order of their own, in the columns of lm-eval's samples log."""
    answers = [" " if row[name] is None else clean(row[name]) for name in ANSWERS]
    right = answers[-1]
    random.Random(row["Record ID"]).shuffle(answers)
    return {**row, **dict(zip(OFFERED, answers, strict=True)), "answer": LETTERS[answers.index(right)]}


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay."""
    offered = dict(zip(OFFERED, [row[name] for name in reversed(OFFERED)], strict=True))
    return {**row, **offered, "answer": LETTERS[::-1][LETTERS.index(row["answer"])]}


def item(index: int, row: Row, after: str = "Answer:") -> Item:
    options = tuple(f"{letter} {row[name]}" for letter, name in zip(LETTERS, OFFERED, strict=True))
    question = "\n".join((f"What is the correct answer to this question:{row['Question']}", "Choices:", *options))
    return Item(
        id=row["Record ID"],
        index=index,
        contexts=(f"{question}\n{after}",),
        choices=LETTERS,
        gold=LETTERS.index(row["answer"]),
        answer=row["answer"],
        options=options,
    )


def sources(part: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"gpqa/samples_gpqa_{part}_zeroshot_*.jsonl", lambda line: line["doc"]),
        Hub("Idavidrein/gpqa", f"gpqa_{part}", "train", shuffled, gated=True),
    )


def task(part: str, size: int, what: str) -> Task:
    return Task(
        name=f"gpqa_{part}_zeroshot",
        title=f"GPQA {part}",
        about=f"Graduate questions in biology, physics and chemistry: {what}. Options in an order of our own.",
        licence=LICENCE,
        size=size,
        chance=0.25,
        item=item,
        items_from=sources(part),
        reverse=reverse,
    )


TASK = task("main", 448, "the main set")
