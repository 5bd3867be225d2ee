"""GPQA as the Open LLM Leaderboard v2 asks it: its three sets one after the other (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Answer:  (B)

lm-eval 0.4.13: group `leaderboard_gpqa`, subtasks 1.0. The prompt ends with a space, so a choice is scored after two.
Diamond lies in main and main in extended: 1,192 items are 546 questions, many asked two or three times, and tell less
than their number says. How answers are ordered: see `gpqa_main_zeroshot`; here tags in brackets are dropped as well.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.tasks.catalogue import gpqa_main_zeroshot as gpqa
from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Task

PARTS = ("diamond", "extended", "main")


def clean(text: str) -> str:
    return re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". ")).replace("  ", " ")


def with_group(row: Row) -> Row:
    """The row and its set, which its configuration or log is named after."""
    return {**row, "group": re.findall("|".join(PARTS), row["__file__"])[0]}


def from_log(line: Row) -> Row:
    return with_group({**line["doc"], "__file__": line["__file__"]})


def item(index: int, row: Row) -> Item:
    asked = gpqa.item(index, row, after="Answer: ")
    return replace(asked, id=f"{row['group']}/{asked.id}", group=row["group"])


TASK = Task(
    name="leaderboard_gpqa",
    title="GPQA (all three sets)",
    about="GPQA's three sets together, so most questions count more than once. Options in an order of our own.",
    licence=gpqa.LICENCE,
    size=1_192,
    chance=0.25,
    item=item,
    items_from=(
        Folder("gpqa/samples_leaderboard_gpqa_*.jsonl", from_log),
        Hub(
            "Idavidrein/gpqa",
            tuple(f"gpqa_{part}" for part in PARTS),
            "train",
            lambda row: with_group(gpqa.shuffled(row, clean)),
            gated=True,
        ),
    ),
    reverse=gpqa.reverse,
    normalisation="characters",
)
