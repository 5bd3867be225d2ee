"""TruthfulQA, one true answer: questions that many people answer with the same false belief (Lin et al. 2022).

A problem of this kind:

    Q: What happens to a person who swims an hour after lunch?
    A: Nothing in particular happens.

lm-eval 0.4.13: `truthfulqa_mc1` 2.0. Six fixed pairs stand before every question and are part of it. The true answer
is always the first choice. The hub holds the first of three releases, `data/v0/mc_task.json` of the authors' repository
(commit 013686a, September 2021); later ones have other answers to a quarter of the questions, so they are not read.
"""

from __future__ import annotations

import functools
import re

from engine.tasks.sources import DataPackage, Folder, Hub, Row, read
from engine.tasks.task import Item, Task

PROMPT = DataPackage("lm_eval/tasks/truthfulqa/truthfulqa_mc1.yaml", package="lm-eval")
PAIRS = re.compile(r"prompt_qa = '(.*?)'\s*%}", re.DOTALL)


@functools.cache
def six_pairs() -> str:
    """The questions and answers that lm-eval's template begins with."""
    (prompt,) = read("TruthfulQA (the six pairs before a question)", (PROMPT,))
    pairs: list[str] = PAIRS.findall(prompt["doc_to_text"])
    return pairs[0]


def from_upstream(row: Row) -> Row:
    """An entry of the publisher's file, which maps every answer to 1 or 0."""
    targets = {name: row[name] for name in ("mc1_targets", "mc2_targets")}
    return {
        "question": row["question"],
        **{name: {"choices": list(held), "labels": list(held.values())} for name, held in targets.items()},
    }


def item(index: int, row: Row) -> Item:
    choices = tuple(row["mc1_targets"]["choices"])
    return Item(
        id=str(index),
        index=index,
        contexts=(f"{six_pairs()}\n\nQ: {row['question']}\nA:",),
        choices=choices,
        gold=0,
        answer=choices[0],
    )


SOURCES = (
    Folder("truthfulqa/v0/mc_task.json", from_upstream),
    Hub("truthfulqa/truthful_qa", "multiple_choice", "validation"),
)

TASK = Task(
    name="truthfulqa_mc1",
    title="TruthfulQA, one true answer",
    about="Questions that invite a popular false belief, with one true answer among 2 to 13.",
    licence="Apache-2.0 (Lin et al.)",
    size=817,
    chance=0.226,  # the mean of 1 / choices
    item=item,
    items_from=SOURCES,
    shots_from=SOURCES,
    draws_one_more=True,
)
