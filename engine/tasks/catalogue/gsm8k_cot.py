"""GSM8K in eight fixed examples, the ones of the chain-of-thought paper (Cobbe et al. 2021, Wei et al. 2022).

A problem of this kind:

    Q: Ada has 3 boxes of 4 pens and gives 5 pens away. How many are left?
    A: She has 3 * 4 = 12 pens. She gives 5 away, so 12 - 5 = 7 are left. The answer is 7.

lm-eval 0.4.13: `gsm8k_cot` 3.0. The questions are GSM8K's. strict-match wants the sentence that ends the examples.
"""

from __future__ import annotations

from engine.harness.config import Decoding
from engine.tasks.catalogue.gsm8k import FLEXIBLE, ITEMS_FROM, same_number
from engine.tasks.scoring.extraction import matching
from engine.tasks.sources import DataPackage, Row
from engine.tasks.task import Item, Scorer, Task


def examples(row: Row) -> list[Row]:
    """lm-eval's own examples, in GSM8K's columns."""
    return [{"question": shot["question"], "answer": shot["target"]} for shot in row["fewshot_config"]["samples"]]


def item(index: int, row: Row) -> Item:
    return Item(
        id=str(index),
        index=index,
        contexts=(f"Q: {row['question']}\nA:",),
        answer=row["answer"],
        reference=row["answer"].split("####")[-1].strip(),
    )


TASK = Task(
    name="gsm8k_cot",
    title="GSM8K, 8 fixed examples",
    about="Grade-school word problems after eight examples that think aloud.",
    licence="MIT (OpenAI)",
    size=1_319,
    chance=0.0,
    item=item,
    items_from=ITEMS_FROM,
    shots_from=(DataPackage("lm_eval/tasks/gsm8k/gsm8k-cot.yaml", examples, package="lm-eval"),),
    shots=8,
    sampler="first",
    decoding=Decoding(max_tokens=256, until=("Q:", "</s>", "<|im_end|>")),
    extractions={
        "strict-match": Scorer(matching(r"The answer is (\-?[0-9\.\,]+)."), same_number),
        "flexible-extract": FLEXIBLE,
    },
)
