"""Algebra on what a model wrote: sympy and math-verify, in a process of their own.

A short text can keep these libraries busy for ever, in places that no signal reaches, or make them ask for any amount
of memory; and their own time limits work in a main thread only, which is not where stored texts are read again. So a
limited process does the work, in its main thread (`symbolic.py`). Each step has lm-eval's limit, but in seconds of
computing: on a busy machine no right answer turns wrong. What a step cannot tell within that is answered with no, as in
lm-eval; where the process had to be ended, nobody knows, which is an error and no wrong answer.
"""

from __future__ import annotations

from typing import Any

from engine.errors import BattleFailed
from engine.isolation import IsolatedFunction, Limits, Pool

STEP = 5
"""Seconds of computing for reading one text and for comparing two expressions, as math-verify has it."""


def equal(left: str, right: str, *, seconds: int) -> bool:
    """Whether the difference of two LaTeX expressions simplifies to zero.

    left, right  the expressions, without dollar signs
    seconds      of computing, after which they count as different

    Raises:
        LimitExceeded: nobody can tell; so in all that follows.
        BattleFailed: the libraries are not installed.
    """
    return bool(_ask(EQUAL, left, right, seconds))


def parsed(text: str) -> str | None:
    """What math-verify reads in a text; None where it reads nothing.

    The expression alone where that stands for exactly the same, else the whole text.
    """
    expression: str | None = _ask(PARSED, text)
    return expression


def verified(text: str, solution: str, *, latex_only: bool) -> bool:
    """Whether math-verify finds a text's answer to be the solution's.

    text        what a model wrote
    solution    the official solution, with its answer anywhere in it
    latex_only  whether only LaTeX in the solution may be the answer
    """
    return bool(_ask(VERIFIED, text, solution, latex_only))


def _ask(function: IsolatedFunction, *arguments: object) -> Any:
    answer = _pool.call(function, arguments)
    if isinstance(answer, dict):
        raise BattleFailed(
            f"Mathematical answers cannot be compared: {answer['missing']}. Run pip install -r requirements.txt."
        )
    return answer


def _isolated(function: str) -> IsolatedFunction:
    return IsolatedFunction(
        name=f"engine.tasks.scoring.symbolic:{function}",
        doing="Comparing this answer with the right one",
        instead="It counts as neither right nor wrong.",
        limits=Limits(memory=1 << 30, computing=2 * STEP, time=120, output=1 << 20, turn=300),
    )


EQUAL, PARSED, VERIFIED = map(_isolated, ("equal", "parsed", "verified"))
_pool = Pool(size=1, functions=(EQUAL, PARSED, VERIFIED), nice=0)
