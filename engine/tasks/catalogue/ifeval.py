"""IFEval: requests with instructions that a program can check, such as a number of words (Zhou et al. 2023).

A problem of this kind:

    Write about my cat in all lowercase letters and without commas, and end with "Good cat."
    my cat sleeps in the sun all day and hunts by moonlight. good cat.

lm-eval 0.4.13: `ifeval` 4.0, no examples; `leaderboard_ifeval` 3.0 has the same prompts and checks from the copy of the
second Open LLM Leaderboard, which printed the mean of the prompt- and the instruction-level strict accuracy. An answer
is the whole text, also an empty one, which follows nothing. The prompt-level scorers ask for all instructions of a
prompt, the others count those followed; loose also tries the text without first line, last line and asterisks. An
item's score under `inst_level` is the share of its instructions that were followed, so that every prompt weighs the
same; lm-eval's accuracy of that name weighs prompts by their number of instructions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import whole_text
from engine.tasks.scoring.instructions import Instruction, followed_loosely, followed_strictly, instructions_of
from engine.tasks.scoring.sentences import english
from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Scorer, Task

Check = Callable[[str, Sequence[Instruction]], tuple[bool, ...]]


def item(index: int, row: Row) -> Item:
    english()  # without it some answers could not be scored: better said before a battle than in it
    asked = instructions_of(row["instruction_id_list"], row["kwargs"])
    kinds, arguments = zip(*asked, strict=True)
    reference = json.dumps({"instruction_id_list": kinds, "kwargs": arguments}, sort_keys=True, ensure_ascii=False)
    return Item.written(index, row["prompt"], answer="", id=str(row["key"]), reference=reference)


def followed(check: Check, text: str, item: Item) -> tuple[bool, ...]:
    """Which of an item's instructions a text follows.

    check  strictly or loosely
    text   what the model wrote
    item   holds the instructions as its reference
    """
    reference = json.loads(item.reference)
    return check(text, instructions_of(reference["instruction_id_list"], reference["kwargs"]))


def prompt_level(check: Check) -> Scorer:
    return Scorer(whole_text, lambda text, item: float(all(followed(check, text, item))))


def instruction_level(check: Check) -> Scorer:
    return Scorer(whole_text, lambda text, item: fmean(followed(check, text, item)))


IFEVAL = Task(
    name="ifeval",
    title="IFEval",
    about="Requests with instructions on form and length that a program checks.",
    licence="Apache-2.0 (Google)",
    size=541,
    chance=0.0,
    item=item,
    items_from=(Folder("ifeval/input_data.jsonl"), Hub("google/IFEval", None, "train")),
    decoding=Decoding(max_tokens=1_280, until=()),
    extractions={
        "prompt_level_strict": prompt_level(followed_strictly),
        "prompt_level_loose": prompt_level(followed_loosely),
        "inst_level_strict": instruction_level(followed_strictly),
        "inst_level_loose": instruction_level(followed_loosely),
    },
)
LEADERBOARD = replace(
    IFEVAL,
    name="leaderboard_ifeval",
    title="IFEval (leaderboard)",
    items_from=(Folder("ifeval/input_data.jsonl"), Hub("wis-k/instruction-following-eval", None, "train")),
)
TASKS = (IFEVAL, LEADERBOARD)
