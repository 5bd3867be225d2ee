"""CommonsenseQA: everyday questions with five near answers, made from a graph of concepts (Talmor et al. 2019).

A problem of this kind:

    Question: Where would you most likely hang a wet towel?
    A. bookshelf
    B. balcony
    C. fridge
    D. cinema
    E. river
    Answer: B

lm-eval 0.4.13: `commonsense_qa`, on the validation split (the test answers are not public). The letters are ranked.
"""

from __future__ import annotations

from engine.tasks.catalogue.arc import from_upstream
from engine.tasks.sources import Folder, Hub, Row, stored_table
from engine.tasks.task import Item, Task

LETTERS = ("A", "B", "C", "D", "E")


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay."""
    choices = {**row["choices"], "text": row["choices"]["text"][::-1]}
    return {**row, "choices": choices, "answerKey": LETTERS[::-1][LETTERS.index(row["answerKey"])]}


def item(index: int, row: Row) -> Item:
    options = [f"{letter}. {text}" for letter, text in zip(LETTERS, row["choices"]["text"], strict=True)]
    question = "\n".join((f"Question: {row['question'].strip()}", *options, "Answer:"))
    return Item.ranked(index, question, LETTERS, LETTERS.index(row["answerKey"]), id=row["id"], options=options)


COMMONSENSE_QA = Task(
    name="commonsense_qa",
    title="CommonsenseQA",
    about="Everyday questions with five answers that lie close together.",
    licence="MIT (Talmor et al.)",
    size=1_221,
    chance=0.2,
    item=item,
    items_from=(
        Folder("commonsense_qa/dev_rand_split.jsonl*", from_upstream),
        stored_table("tau/commonsense_qa/none/validation"),
        Hub("tau/commonsense_qa", None, "validation"),
    ),
    reverse=reverse,
    shots_from=(
        Folder("commonsense_qa/train_rand_split.jsonl*", from_upstream),
        Hub("tau/commonsense_qa", None, "train"),
    ),
    draws_one_more=True,
)
TASKS = (COMMONSENSE_QA,)
