"""Reasoning Gym: puzzles made afresh for every battle, so no model can have seen them (Stojanovski et al. 2025).

A problem of this kind:

    Question: There are 3 crates of 12 plums and one of 5. How many plums are there?
    Answer: 41

lm-eval 0.4.13 has no such task, so the way of asking is ours. An item is a dataset's entry of that number under seed 0,
at the library's own difficulty. Of its hundred datasets we ask those that are text, quick to make and the same in every
process (not list_functions, not time_intervals on another day); whose answer is one line, right (some are not in
base_conversion, basic_arithmetic, calendar_arithmetic, tsumego) and hard to guess (the commonest scores 0.04); whose
scorer evaluates no answer (countdown and puzzle24 do) and is not fooled (NaN does complex_arithmetic, number_sorting).

final-answer reads the last mark (<answer>, \\boxed, "answer is", "Answer:"), else the first line; last-line reads that.
Right is what the dataset's own scorer gives all credit; less (0.65 for half of the knights) only partial-credit counts.
"""

from __future__ import annotations

import functools
from typing import Any

from engine.harness.config import Decoding
from engine.tasks.generated import Generated
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Row
from engine.tasks.task import Item, Scorer, Task

DATASETS = (
    *("bitwise_arithmetic", "chain_sum", "count_bits", "decimal_chain_sum", "dice", "fraction_simplification"),
    *("lcm", "leg_counting", "number_format", "number_sequence", "products", "simple_equations", "aiw", "cryptarithm"),
    *("color_cube_rotation", "family_relationships", "knights_knaves", "largest_island", "path_star", "caesar_cipher"),
    *("palindrome_generation", "spell_backward", "word_sequence_reversal", "word_sorting"),
)
BOXED = r"\\boxed\{((?:[^{}\n]|\{[^{}\n]*\})+)\}"
last_marked = regex_extractor(rf"<answer>\s*([^<\n]+)|{BOXED}|[Aa]nswer(?: is\b|:)[\s:*]*([^\n]+)", -1)


@functools.cache
def dataset(name: str) -> Any:
    """A dataset of the library, whose entries go on as far as there are numbers."""
    import reasoning_gym  # takes seconds: it imports all of its datasets, and matplotlib with them

    return reasoning_gym.create_dataset(name, seed=0, size=2**32)


def item(index: int, row: Row) -> Item:
    question = f"Question: {row['question'].strip()}\nAnswer:"
    return Item.written(row["number"], question, row["answer"], id=row["id"], group=row["group"])


def without_markup(line: str) -> str:
    """What a line says, without Markdown, quotes and a full stop around it."""
    return line.strip(" \t\r*`$\"'").rstrip(".").rstrip(" \t*`$\"'")


def final_answer(text: str) -> str | None:
    marked = without_markup(last_marked(text) or "")
    return marked or next(filter(None, map(without_markup, text.splitlines())), None)


def last_line(text: str) -> str | None:
    return next(filter(None, map(without_markup, reversed(text.splitlines()))), None)


def partial_credit(answer: str, item: Item) -> float:
    """What the dataset's own scorer gives; nothing for what it breaks on, or a number that is no credit."""
    scorer, entry = dataset(item.group), dataset(item.group)[item.index]
    try:  # no right answer is half as long as 300 characters
        given = float(scorer.score_answer(answer, entry)) if len(answer) <= 300 else 0.0
    except Exception:  # each of these scorers has its own ways to be surprised by what a model wrote
        return 0.0
    return given if 0 <= given <= 1 else 0.0


def full_credit(answer: str, item: Item) -> float:
    return float(partial_credit(answer, item) == 1)


PUZZLES = Generated("reasoning-gym", "0.1.25", "pip install -r requirements-gym.txt", kinds=DATASETS, entries=dataset)
REASONING_GYM = Task(
    name="reasoning_gym",
    title="Reasoning Gym",
    about="Puzzles in numbers, words, logic and games, made afresh for every battle.",
    licence="Apache-2.0 (Open-Thought)",
    size=None,
    chance=0.0,
    item=item,
    items_from=(PUZZLES,),
    shots_from=(PUZZLES.examples(),),
    decoding=Decoding(max_tokens=256, until=("Question:", "</s>", "<|im_end|>")),
    extractions={
        "final-answer": Scorer(final_answer, full_credit),
        "last-line": Scorer(last_line, full_credit),
        "partial-credit": Scorer(final_answer, partial_credit),
    },
)
TASKS = (REASONING_GYM,)
