"""GSM8K: grade-school word problems; the model writes its reasoning and a number (Cobbe et al. 2021).

A problem of this kind:

    Question: Ada has 3 boxes of 4 pens and gives 5 pens away. How many are left?
    Answer: She has 3 * 4 = <<3*4=12>>12 pens.
    12 - 5 = <<12-5=7>>7 are left.
    #### 7

lm-eval 0.4.13: `gsm8k` 3.0, 5 examples. Two rules read the answer: strict-match wants the `####` line the
examples show, flexible-extract takes the last number in the text, whatever it is about.
"""

from __future__ import annotations

import re

from engine.battle import Decoding
from engine.sources import Folder, Hub, Row
from engine.task import Item, Task

STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
IGNORED = tuple(map(re.compile, (",", r"\$", "(?s).*#### ", r"\.$")))  # one after the other, as lm-eval does


def strict_match(text: str) -> str | None:
    match = STRICT.search(text)
    return match[1].strip() if match else None


def flexible_extract(text: str) -> str | None:
    matches = FLEXIBLE.findall(text)
    return next((group.strip() for group in matches[-1] if group), None) if matches else None


def bare(number: str) -> str:
    """A number without thousands separators, currency sign, reasoning before it or full stop after it."""
    for ignored in IGNORED:
        number = ignored.sub("", number)
    return number.lower()


def item(index: int, row: Row) -> Item:
    return Item(
        id=str(index),
        index=index,
        contexts=(f"Question: {row['question']}\nAnswer:",),
        answer=row["answer"],
    )


TASK = Task(
    name="gsm8k",
    title="GSM8K",
    about="Grade-school word problems, worked out in writing.",
    licence="MIT (OpenAI)",
    size=1_319,
    chance=0.0,
    item=item,
    items_from=(Folder("gsm8k/test.jsonl*"), Hub("openai/gsm8k", "main", "test")),
    shots_from=(Folder("gsm8k/train.jsonl*"), Hub("openai/gsm8k", "main", "train")),
    shots=5,
    decoding=Decoding(max_tokens=256, until=("Question:", "</s>", "<|im_end|>")),
    extractions={"strict-match": strict_match, "flexible-extract": flexible_extract},
    same_answer=lambda answer, item: bare(answer) == bare(item.answer),
)
