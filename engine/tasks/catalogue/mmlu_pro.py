"""MMLU-Pro: exam questions with up to ten answers in 14 fields, made to need reasoning (Wang et al. 2024).

A problem of this kind:

    Question:
    A ladder 5 m long leans against a wall, its foot 3 m away. How high does it reach?
    Options:
    A. 2 m
    B. 4 m
    C. 8 m
    Answer: Let's think step by step. The ladder is the long side: 25 - 9 = 16, so 4 m. The answer is (B).

lm-eval 0.4.13 asks in two ways, both with 5 examples, the first ones of the validation split:

- group `mmlu_pro` 2.0 of tasks 3.1, thought through in writing, with examples of the question's field. The filter takes
  the first letter after "answer is", also where that begins a word ("answer is False" gives F), and passes over
  "Answer: B".
- `leaderboard_mmlu_pro` 0.1, the letters ranked. One task over all subjects, so the examples are the same whatever the
  question is about. Few items have as few as three options.
"""

from __future__ import annotations

from dataclasses import replace
from string import ascii_uppercase

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Folder, Hub, ItemSource, Parse, Row, unchanged
from engine.tasks.task import Item, Scorer, Task

LETTERS = ascii_uppercase[:10]


def with_field(row: Row) -> Row:
    return {**row, "group": row["category"]}


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay."""
    letters = ascii_uppercase[: len(row["options"])]
    return {**row, "options": row["options"][::-1], "answer": letters[::-1][letters.index(row["answer"])]}


def written_item(index: int, row: Row) -> Item:
    options = tuple(f"{letter}. {option.strip()}" for letter, option in zip(LETTERS, row["options"], strict=False))
    listed = "\n".join(options)
    return Item.written(
        index,
        f"Question:\n{row['question']}\nOptions:\n{listed}\nAnswer: Let's think step by step.",
        answer=row["cot_content"].replace("A: Let's think step by step. ", ""),
        id=str(row["question_id"]),
        group=row["group"],
        reference=row["answer"],
        options=options,
    )


def ranked_item(index: int, row: Row) -> Item:
    letters = ascii_uppercase[: len(row["options"])]
    options = [f"{letter}. {option}" for letter, option in zip(letters, row["options"], strict=True)]
    question = "\n".join((row["question"], *options, "Answer:"))
    gold = letters.index(row["answer"])
    return Item.ranked(index, question, letters, gold, id=str(row["question_id"]), options=options)


def rows_of(split: str, parse: Parse = unchanged) -> tuple[ItemSource, ...]:
    return (
        Folder(f"mmlu_pro/mmlu_pro_{split}.jsonl*", parse),
        Hub("TIGER-Lab/MMLU-Pro", None, split, parse),
    )


RANKED_LETTERS = Task(
    name="leaderboard_mmlu_pro",
    title="MMLU-Pro (letters ranked)",
    about="Exam questions with up to ten answers in 14 subjects; the model only picks a letter.",
    licence="MIT (TIGER-Lab)",
    size=12_032,
    chance=0.111,  # the mean of 1 / options; leaderboards subtract 0.1
    item=ranked_item,
    items_from=rows_of("test"),
    reverse=reverse,
    shots_from=rows_of("validation"),
    shots=5,
    sampler="first",
)
WRITTEN_ANSWERS = replace(
    RANKED_LETTERS,
    name="mmlu_pro",
    title="MMLU-Pro",
    about="Exam questions with up to ten answers in 14 fields, thought through in writing.",
    item=written_item,
    items_from=rows_of("test", with_field),
    reverse=None,
    shots_from=rows_of("validation", with_field),
    description=lambda group: (
        f"The following are multiple choice questions (with answers) about {group}. Think step by step and then "
        'finish your answer with "the answer is (X)" where X is the correct letter choice.\n'
    ),
    decoding=Decoding(max_tokens=2_048, until=("Question:",)),
    extractions={"custom-extract": Scorer(regex_extractor(r"answer is \(?([ABCDEFGHIJ])\)?"))},
)
TASKS = (RANKED_LETTERS, WRITTEN_ANSWERS)
