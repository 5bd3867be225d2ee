"""MATH: competition problems in seven subjects, solved in writing (Hendrycks et al. 2021, Lewkowycz et al. 2022).

A problem of this kind:

    Problem:
    What is the sum of the roots of $x^2 - 5x + 6$?

    Solution: The polynomial is $(x-2)(x-3)$, so the sum is $2+3=\\boxed{5}$.
    Final Answer: The final answer is $5$. I hope it is correct.

lm-eval 0.4.13, always with 4 fixed examples:

- `minerva_math_*` 3.1, all problems, 256 tokens. exact_match wants the last line of the examples and compares its
  answer after Minerva's normalisation; math_verify takes the answer wherever it stands.
- `minerva_math500` 3.1, the five hundred of them that Lightman et al. (2023) kept apart, asked and scored alike.
- group `leaderboard_math_hard`, tasks 3.0, the hardest of the five levels as the Open LLM Leaderboard 2 asked it, 1,024
  tokens. Its exact_match is math-verify's; Minerva's scorer, as it was then, is called exact_match_original.
"""

from __future__ import annotations

from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.scoring.mathematics import MINERVA, MINERVA_FROZEN, VERIFIED, VERIFIED_FROZEN, boxed
from engine.tasks.sources import Folder, Hub, ItemSource, Row, lm_eval_file, stored_requests
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


def examples(module: Row) -> list[Row]:
    """lm-eval's own examples."""
    shots: list[Row] = module["list_fewshot_samples"]
    return shots


def examples_by_subject(module: Row) -> list[Row]:
    """The same in every subject."""
    return [{**shot, "group": subject} for subject in SUBJECTS for shot in examples(module)]


def item(index: int, row: Row) -> Item:
    question, solution = f"Problem:\n{row['problem']}\n\nSolution:", row["solution"]
    return Item.written(index, question, solution, group=row["group"], reference=boxed(solution))


def item_of_500(index: int, row: Row) -> Item:
    """The order is the same in every source; not all of them have the publisher's names of the problems."""
    return item(index, {**row, "group": ""})


def items_from(level: str = "") -> tuple[ItemSource, ...]:
    """All problems, or those of one level. The data package has the publisher's order, and in 4,999 of
    5,000 his bytes.
    """

    def of_level(row: Row, group: str) -> list[Row]:
        return [{**row, "group": group}] if level in row["level"] else []

    return (
        stored_requests(
            "minerva_math_[!5]*/gold_bpb_0shot",
            lambda line: of_level(line["doc"], line["task_name"].removeprefix("minerva_math_")),
        ),
        Hub("EleutherAI/hendrycks_math", SUBJECTS, "test", lambda row: of_level(row, row["__file__"].split("/")[0])),
    )


MATH = Task(
    name="minerva_math",
    title="MATH",
    about="Competition problems in seven subjects, solved in writing.",
    licence="MIT (Hendrycks et al.)",
    size=5_000,
    chance=0.0,
    item=item,
    items_from=items_from(),
    shots_from=(lm_eval_file("minerva_math/utils.py", examples_by_subject),),
    shots=4,
    sampler="first",
    decoding=Decoding(max_tokens=256, until=("Problem:",)),
    extractions={"exact_match": MINERVA, "math_verify": VERIFIED},
)
MATH_500 = replace(
    MATH,
    name="minerva_math500",
    title="MATH-500",
    about="Five hundred competition problems, solved in writing.",
    licence="MIT (OpenAI)",
    size=500,
    item=item_of_500,
    items_from=(
        Folder("math500/test.jsonl*"),
        stored_requests("minerva_math_500/gold_bpb_0shot", lambda line: line["doc"]),
        Hub("HuggingFaceH4/MATH-500", None, "test"),
    ),
    shots_from=(lm_eval_file("minerva_math/utils.py", examples),),
)
HARD = replace(
    MATH,
    name="leaderboard_math_hard",
    title="MATH, level 5",
    about="The hardest competition problems in seven subjects, solved in writing.",
    size=1_324,
    items_from=items_from("Level 5"),
    shots_from=(lm_eval_file("leaderboard/math/utils.py", examples_by_subject),),
    decoding=Decoding(max_tokens=1_024, until=("Problem:",)),
    extractions={"exact_match": VERIFIED_FROZEN, "exact_match_original": MINERVA_FROZEN},
)
TASKS = (MATH, MATH_500, HARD)
