"""MuSR: whodunits, hidden things and team plans, each at the end of a long story (Sprague et al. 2024).

A problem of this kind:

    Ann put the key in the drawer and left. While she was away, Ben moved it to the shelf. (... a thousand words)

    Where would Ann look for the key?

    1 - drawer
    2 - shelf

    Answer: drawer

lm-eval 0.4.13: group `leaderboard_musr`, subtasks 1.0. The texts are ranked, not their numbers; by acc_norm. A story
of object_placements has several questions, so those items are not independent of each other.
"""

from __future__ import annotations

import ast

from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Task

GROUPS = {
    "murder_mystery": "murder_mysteries",
    "object_placements": "object_placements",
    "team_allocation": "team_allocation",
}
"""The publisher's files, and what the hub calls them."""


def from_story(row: Row) -> list[Row]:
    """A story of the publisher's file with its questions."""
    return [
        {
            "group": GROUPS[row["__file__"].split(".")[0]],
            "narrative": row["context"],
            "question": question["question"],
            "choices": question["choices"],
            "answer_choice": question["choices"][question["answer"]],
        }
        for question in row["questions"]
    ]


def from_hub(row: Row) -> Row:
    """The hub keeps the choices as the text of a list."""
    return {**row, "group": row["__file__"], "choices": ast.literal_eval(row["choices"])}


def reverse(row: Row) -> Row:
    return {**row, "choices": row["choices"][::-1]}


def item(index: int, row: Row) -> Item:
    choices = row["choices"]
    numbered = "".join(f"{number} - {choice}\n" for number, choice in enumerate(choices, 1))
    context = f"{row['narrative']}\n\n{row['question']}\n\n{numbered}\nAnswer:"
    return Item.ranked(index, context, choices, choices.index(row["answer_choice"]), group=row["group"])


QUESTIONS = (Folder("musr/datasets/*.json*", from_story), Hub("TAUR-Lab/MuSR", None, tuple(GROUPS.values()), from_hub))

MUSR = Task(
    name="leaderboard_musr",
    title="MuSR",
    about="Questions at the end of a long story: who did it, where something is, who should do what.",
    licence="MIT (Sprague et al.)",
    size=756,
    chance=(250 * 0.5 + 256 * 0.246 + 250 / 3) / 756,  # guessing, as the paper's table of results has it
    item=item,
    items_from=QUESTIONS,
    reverse=reverse,
    shots_from=QUESTIONS,
    normalisation="characters",
)
TASKS = (MUSR,)
