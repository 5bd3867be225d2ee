"""MMLU-Pro: exam questions with up to ten answers in 14 fields, thought through in writing (Wang et al. 2024).

A problem of this kind:

    Question:
    A ladder 5 m long leans against a wall, its foot 3 m away. How high does it reach?
    Options:
    A. 2 m
    B. 4 m
    C. 8 m
    Answer: Let's think step by step. The ladder is the long side: 25 - 9 = 16, so 4 m. The answer is (B).

lm-eval 0.4.13: group `mmlu_pro` 2.0 of tasks 3.1, 5 examples of the field. The rule takes the first letter after
"answer is", also where that begins a word ("answer is False" gives F), and passes over "Answer: B".
"""

from __future__ import annotations

import string

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Scorer, Task

LETTERS = string.ascii_uppercase[:10]


def with_field(row: Row) -> Row:
    return {**row, "group": row["category"]}


def item(index: int, row: Row) -> Item:
    options = tuple(f"{letter}. {option.strip()}" for letter, option in zip(LETTERS, row["options"], strict=False))
    listed = "\n".join(options)
    return Item(
        id=str(row["question_id"]),
        index=index,
        group=row["group"],
        contexts=(f"Question:\n{row['question']}\nOptions:\n{listed}\nAnswer: Let's think step by step.",),
        answer=row["cot_content"].replace("A: Let's think step by step. ", ""),
        reference=row["answer"],
        options=options,
    )


TASK = Task(
    name="mmlu_pro",
    title="MMLU-Pro",
    about="Exam questions with up to ten answers in 14 fields, thought through in writing.",
    licence="MIT (TIGER-Lab)",
    size=12_032,
    chance=0.111,  # the mean of 1 / options
    item=item,
    items_from=(
        Folder("mmlu_pro/mmlu_pro_test.jsonl*", with_field),
        Hub("TIGER-Lab/MMLU-Pro", None, "test", with_field),
    ),
    shots_from=(
        Folder("mmlu_pro/mmlu_pro_validation.jsonl*", with_field),
        Hub("TIGER-Lab/MMLU-Pro", None, "validation", with_field),
    ),
    shots=5,
    sampler="first",
    description=lambda group: (
        f"The following are multiple choice questions (with answers) about {group}. Think step by step and then "
        'finish your answer with "the answer is (X)" where X is the correct letter choice.\n'
    ),
    decoding=Decoding(max_tokens=2_048, until=("Question:",)),
    extractions={"custom-extract": Scorer(matching(r"answer is \(?([ABCDEFGHIJ])\)?"))},
)
