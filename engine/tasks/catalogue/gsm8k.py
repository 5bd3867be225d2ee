"""GSM8K: grade-school word problems; the model writes its reasoning and a number (Cobbe et al. 2021).

A problem of this kind:

    Question: Ada has 3 boxes of 4 pens and gives 5 pens away. How many are left?
    Answer: She has 3 * 4 = <<3*4=12>>12 pens.
    12 - 5 = <<12-5=7>>7 are left.
    #### 7

lm-eval 0.4.13: `gsm8k` 3.0 draws 5 such examples; `gsm8k_cot` 3.0 shows the eight fixed ones of the chain-of-thought
paper (Wei et al. 2022), which end in "The answer is 7." strict-match wants what ends the examples, flexible-extract
takes the last number in the text, whatever it is about.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Folder, Hub, Row, lm_eval_file, stored_requests
from engine.tasks.task import Item, Scorer, Task

IGNORED = tuple(map(re.compile, (",", r"\$", r"(?s)\A.*#### ", r"\.$")))
"""One after the other, as lm-eval does; its third is not tied to the beginning, which finds the same and takes a time
that grows with the square of the length."""


def plain_number(number: str) -> str:
    """A number without thousands separators, currency sign, reasoning before it or full stop after it."""
    for ignored in IGNORED:
        number = ignored.sub("", number)
    return number.lower()


def same_number(answer: str, item: Item) -> float:
    return float(plain_number(answer) == plain_number(item.expected))


STRICT = Scorer(regex_extractor(r"#### (\-?[0-9\.\,]+)"), same_number)
STRICT_COT = Scorer(regex_extractor(r"The answer is (\-?[0-9\.\,]+)."), same_number)
FLEXIBLE = Scorer(regex_extractor(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1), same_number)


def item(index: int, row: Row) -> Item:
    return Item.written(index, f"Question: {row['question']}\nAnswer:", row["answer"])


def cot_item(index: int, row: Row) -> Item:
    number = row["answer"].split("####")[-1].strip()
    return Item.written(index, f"Q: {row['question']}\nA:", row["answer"], reference=number)


def cot_examples(sheet: Row) -> list[Row]:
    """lm-eval's own examples, in GSM8K's columns."""
    return [{"question": shot["question"], "answer": shot["target"]} for shot in sheet["fewshot_config"]["samples"]]


GSM8K = Task(
    name="gsm8k",
    title="GSM8K",
    about="Grade-school word problems, worked out in writing.",
    licence="MIT (OpenAI)",
    size=1_319,
    chance=0.0,
    item=item,
    items_from=(
        Folder("gsm8k/test.jsonl*"),
        stored_requests("gsm8k/gold_bpb_5shot", lambda line: line["doc"]),
        Hub("openai/gsm8k", "main", "test"),
    ),
    shots_from=(Folder("gsm8k/train.jsonl*"), Hub("openai/gsm8k", "main", "train")),
    shots=5,
    decoding=Decoding(max_tokens=256, until=("Question:", "</s>", "<|im_end|>")),
    extractions={"strict-match": STRICT, "flexible-extract": FLEXIBLE},
)
GSM8K_COT = replace(
    GSM8K,
    name="gsm8k_cot",
    title="GSM8K, 8 fixed examples",
    about="Grade-school word problems after eight examples that think aloud.",
    item=cot_item,
    shots_from=(lm_eval_file("gsm8k/gsm8k-cot.yaml", cot_examples),),
    shots=8,
    sampler="first",
    decoding=Decoding(max_tokens=256, until=("Q:", "</s>", "<|im_end|>")),
    extractions={"strict-match": STRICT_COT, "flexible-extract": FLEXIBLE},
)
TASKS = (GSM8K, GSM8K_COT)
