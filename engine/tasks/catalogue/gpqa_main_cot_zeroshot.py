"""GPQA main, thought through in writing (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Let's think step by step: Sound, ripples and ropes need matter that moves. The answer is (B).

lm-eval 0.4.13: `gpqa_main_cot_zeroshot` 2.2. strict-match wants that last sentence, flexible-extract the last letter
in brackets, else a quoted option, else a letter after a colon. Order of answers: see `gpqa_main_zeroshot`.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.catalogue import gpqa_main_zeroshot as gpqa
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import Folder, Hub, ItemSource, Row
from engine.tasks.task import Item, Scorer, Task

BRACKETED = matching(r"(\([A-Z]\))", -1)
AFTER_COLON = matching(r":[\s]*(A|B|C|D)", -1)
UNMARKED = str.maketrans("", "", string.punctuation)


def same_letter(answer: str, item: Item) -> float:
    return float(answer.lower().translate(UNMARKED) == item.expected.lower().translate(UNMARKED))


def bracketed(text: str) -> str | None:
    """A letter in brackets, else the whole text, in which an option's words may stand."""
    return BRACKETED(text) or (text if text.strip() else None)


def meant(answer: str, options: Sequence[str]) -> str | None:
    """The letter that a text without any in brackets stands for, as lm-eval has it."""
    texts = {_words(option[4:].strip()): option[:3] for option in options}
    longest_first = sorted(map(re.escape, texts), key=len, reverse=True)
    quoted = matching(f"({'|'.join(longest_first)})", -1)(_words(answer))
    if quoted:
        return texts.get(quoted, quoted)
    letter = AFTER_COLON(answer)
    return letter and f"({letter})"


def _words(text: str) -> str:
    return "".join(sign for sign in text.lower() if not unicodedata.category(sign).startswith("P"))


def same_meaning(answer: str, item: Item) -> float:
    letter = answer if BRACKETED(answer) else meant(answer, item.options)
    return 0.0 if letter is None else same_letter(letter, item)


def item(index: int, row: Row) -> Item:
    asked = gpqa.item(index, row, after="Let's think step by step: ")
    return replace(asked, choices=(), gold=None)


def from_log(line: Row) -> list[Row]:
    """The log has a line for each rule."""
    return [line["doc"]] if line["filter"] == "strict-match" else []


def sources(part: str) -> tuple[ItemSource, ...]:
    return (
        Folder(f"gpqa/samples_gpqa_{part}_cot_zeroshot_*.jsonl", from_log),
        Hub("Idavidrein/gpqa", f"gpqa_{part}", "train", gpqa.shuffled, gated=True),
    )


def task(part: str, size: int, what: str) -> Task:
    return Task(
        name=f"gpqa_{part}_cot_zeroshot",
        title=f"GPQA {part}, in writing",
        about=f"Graduate questions in three sciences, thought through in writing: {what}.",
        licence=gpqa.LICENCE,
        size=size,
        chance=0.25,
        item=item,
        items_from=sources(part),
        decoding=Decoding(max_tokens=256, until=("</s>",)),
        extractions={
            "strict-match": Scorer(matching(r"(?<=The answer is )(.*)(?=.)"), same_letter),
            "flexible-extract": Scorer(bracketed, same_meaning),
        },
    )


TASK = task("main", 448, "the main set")
