"""MATH, the hardest of its five levels, as the Open LLM Leaderboard 2 asked it (Hendrycks et al. 2021).

A problem of this kind:

    Problem:
    For how many integers $n$ is $n^2 - 10n + 24$ negative?

    Solution: It is $(n-4)(n-6)$, which is negative for $n=5$ alone: $\\boxed{1}$.
    Final Answer: The final answer is $1$. I hope it is correct.

lm-eval 0.4.13: group `leaderboard_math_hard`, tasks 3.0, 4 fixed examples, 1,024 tokens. Its exact_match is
math-verify's; Minerva's rule, as it was then, is called exact_match_original.
"""

from __future__ import annotations

from engine.harness.config import Decoding
from engine.tasks.catalogue.minerva_math import LICENCE, examples, item, sources
from engine.tasks.scoring.mathematics import MINERVA_FROZEN, VERIFIED_FROZEN
from engine.tasks.sources import DataPackage
from engine.tasks.task import Task

TASK = Task(
    name="leaderboard_math_hard",
    title="MATH, level 5",
    about="The hardest competition problems in seven subjects, solved in writing.",
    licence=LICENCE,
    size=1_324,
    chance=0.0,
    item=item,
    items_from=sources("Level 5"),
    shots_from=(DataPackage("lm_eval/tasks/leaderboard/math/utils.py", examples, package="lm-eval"),),
    shots=4,
    sampler="first",
    decoding=Decoding(max_tokens=1_024, until=("Problem:",)),
    extractions={"exact_match": VERIFIED_FROZEN, "exact_match_original": MINERVA_FROZEN},
)
