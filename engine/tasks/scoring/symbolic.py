"""What `algebra.py` asks for, as it runs in a limited process: nobody else imports this module, which takes seconds.

Everything is tried once when it is loaded, since the first time takes longest: patterns are compiled, tables are built.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

from engine.tasks.scoring.algebra import STEP

Question = Callable[..., Any]


def _question(ask: Question) -> Callable[[Sequence[Any]], Any]:
    """A function for the pool: its arguments as one list; or what is missing, by the library's own message."""

    @wraps(ask)
    def answer(arguments: Sequence[Any]) -> Any:
        return {"missing": _missing} if _missing else ask(*arguments)

    return answer


@contextlib.contextmanager
def _limit(seconds: int) -> Iterator[None]:
    """Leaves what is inside after so many seconds of computing; rings again where a library took that for its own."""
    from math_verify.errors import TimeoutException

    def ring(signum: int, frame: object) -> None:
        raise TimeoutException

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    except TimeoutException:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@_question
def equal(left: str, right: str, seconds: int) -> bool:
    """As `algebra.equal`.

    left, right  the expressions
    seconds      of computing
    """
    import sympy
    from sympy.parsing.latex import parse_latex

    try:
        with _limit(seconds):
            return bool(sympy.simplify(parse_latex(left) - parse_latex(right)) == 0)
    except ImportError:
        raise
    except Exception:  # no LaTeX, or nothing that can be subtracted: these libraries raise dozens of types
        pass
    return False


def _parse(text: str, *, latex_only: bool = False) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    kinds = [LatexExtractionConfig()] if latex_only else [LatexExtractionConfig(), ExprExtractionConfig()]
    with _limit(STEP):
        return list(parse(text, extraction_config=kinds, parsing_timeout=None))
    return []


@_question
def parsed(text: str) -> str | None:
    readings = _parse(text)
    if not readings:
        return None
    expression = readings[-1]
    if isinstance(expression, str):
        for short in (f"${expression}$", expression):
            if _parse(short) == readings:
                return short
    return text


@_question
def verified(text: str, solution: str, latex_only: bool) -> bool:
    """As `algebra.verified`.

    text        what a model wrote
    solution    the official solution
    latex_only  whether only LaTeX in it counts
    """
    from math_verify import verify

    expected, answer = _parse(solution, latex_only=latex_only), _parse(text)
    with _limit(STEP):
        return bool(verify(gold=expected, target=answer, timeout_seconds=None))
    return False


def _missing_library() -> str:
    try:
        equal(["x", "x", 6 * STEP])
        verified(["1", "$1$", False])
    except ImportError as error:
        return " ".join(str(error).split())
    return ""


_missing = ""
_missing = _missing_library()
