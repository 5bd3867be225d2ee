"""MMLU: exam questions in 57 subjects, from anatomy to world religions (Hendrycks et al. 2021).

A problem of this kind:

    The following are multiple choice questions (with answers) about astronomy.

    Which planet takes the longest to go once round the Sun?
    A. Mercury
    B. Mars
    C. Saturn
    D. Neptune
    Answer: D

lm-eval 0.4.13: group `mmlu` 2. The letters are ranked. The score over all items is the micro average; the
mean of the subjects' scores is the macro average. Zero examples by default; leaderboards use 5.
"""

from __future__ import annotations

from engine.tasks.sources import Folder, Hub, ItemSource, Row, stored_table
from engine.tasks.task import Item, Task

LETTERS = ("A", "B", "C", "D")


def from_csv(row: Row) -> Row:
    """A headless line of the publisher's file, whose name holds the subject."""
    question, *choices, letter = row["cells"]
    subject = row["__file__"].rsplit("_", 1)[0]
    return {"question": question, "choices": choices, "answer": LETTERS.index(letter), "group": subject}


def from_hub(row: Row) -> Row:
    return {**row, "group": row["subject"]}


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay. So does an option such as "both A and B", in 1 item of 200."""
    return {**row, "choices": row["choices"][::-1], "answer": len(LETTERS) - 1 - int(row["answer"])}


def item(index: int, row: Row) -> Item:
    options = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, row["choices"], strict=True)]
    question = "\n".join((row["question"].strip(), *options, "Answer:"))
    return Item.ranked(index, question, LETTERS, int(row["answer"]), group=row["group"], options=options)


def rows_of(split: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"mmlu/data/{split}/*_{split}.csv", from_csv),
        stored_table(f"hails/mmlu_no_train/*/{split}", from_hub),
        Hub("cais/mmlu", "all", split, from_hub),
    )


MMLU = Task(
    name="mmlu",
    title="MMLU",
    about="Exam questions with four answers in 57 subjects.",
    licence="MIT (Hendrycks et al.)",
    size=14_042,
    chance=0.25,
    item=item,
    items_from=rows_of("test"),
    reverse=reverse,
    shots_from=rows_of("dev"),
    sampler="first",
    description=lambda group: (
        f"The following are multiple choice questions (with answers) about {group.replace('_', ' ')}.\n\n"
    ),
)
TASKS = (MMLU,)
