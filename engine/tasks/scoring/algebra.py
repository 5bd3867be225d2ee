"""Algebra on what a model wrote: sympy and math-verify, in a process of their own.

A short text can keep these libraries busy for ever, in places that no signal reaches, or make them ask for any amount
of memory; and their own time limits work in a main thread only, which is not where stored texts are read again. So a
child does the work, in its main thread and within bounds that the kernel keeps. The limits are lm-eval's, but in
seconds of computing: on a busy machine no right answer turns wrong. What cannot be told within them is answered with
no, as in lm-eval; a child that cannot start is an error.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.errors import BattleFailed
from engine.home import PROJECT

READY = "ready"
STEP, QUESTION = 5, 30
"""Seconds for reading one text and for comparing two expressions, as math-verify has it; and for all that one question
takes, where the first is not kept."""
MEMORY = 2 << 30


def equal(left: str, right: str, *, seconds: int) -> bool:
    """Whether the difference of two LaTeX expressions simplifies to zero.

    left, right  the expressions, without dollar signs
    seconds      of computing, after which they count as different

    Raises:
        BattleFailed: the libraries are not installed.
    """
    return bool(_child.ask("equal", left, right, seconds))


def parsed(text: str) -> str | None:
    """What math-verify reads in a text; None where it reads nothing.

    The expression alone where that stands for exactly the same, else the whole text.

    Raises:
        BattleFailed: the libraries are not installed.
    """
    expression: str | None = _child.ask("parsed", text)
    return expression


def verified(text: str, solution: str, *, latex_only: bool) -> bool:
    """Whether math-verify finds a text's answer to be the solution's.

    text        what a model wrote
    solution    the official solution, with its answer anywhere in it
    latex_only  whether only LaTeX in the solution may be the answer

    Raises:
        BattleFailed: the libraries are not installed.
    """
    return bool(_child.ask("verified", text, solution, latex_only))


class _Child:
    """A process that is asked in one line of JSON and answers in one; started when first needed."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        atexit.register(self._end)

    def ask(self, *question: object) -> Any:
        """Its answer; None where it gave none. It may have died of something else than the question: then once more."""
        with self._lock:
            for _ in range(2):
                try:
                    if answer := self._line(json.dumps(question)):
                        return json.loads(answer)
                except BaseException:  # interrupted: the answer to come must not be taken for that to the next question
                    self._end()
                    raise
                if self._end() == -signal.SIGXCPU:  # out of time
                    break
        return None

    def _line(self, question: str) -> str:
        process = self._process or self._start()
        assert process.stdout
        with contextlib.suppress(BrokenPipeError):
            print(question, file=process.stdin, flush=True)
        return process.stdout.readline()

    def _start(self) -> subprocess.Popen[str]:
        self._process = process = subprocess.Popen(
            self.command,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        assert process.stdout
        greeting = process.stdout.readline().strip()
        if greeting != READY:
            raise BattleFailed(
                f"Mathematical answers cannot be compared: {greeting or 'sympy and math-verify do not start'}. "
                "Run pip install -r requirements.txt."
            )
        return process

    def _end(self) -> int | None:
        """How it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        with contextlib.suppress(BrokenPipeError), process:  # which closes the pipes and waits
            pass
        return process.returncode


_child = _Child((sys.executable, "-m", __name__))


# ---- in the child


def _serve() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # not every kernel knows this bound
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(_greeting(), file=answers, flush=True)
    for question in sys.stdin:
        name, *arguments = json.loads(question)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + QUESTION + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        print(json.dumps(_FUNCTIONS[name](*arguments)), file=answers, flush=True)


def _greeting() -> str:
    """Everything is tried once, since the first time takes longest: patterns are compiled, tables are built."""
    try:
        _equal("x", "x", QUESTION)
        _verified("1", "$1$", latex_only=True)
    except ImportError as error:
        return " ".join(str(error).split())
    return READY


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


def _equal(left: str, right: str, seconds: int) -> bool:
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


def _parsed(text: str) -> str | None:
    readings = _parse(text)
    if not readings:
        return None
    expression = readings[-1]
    if isinstance(expression, str):
        for short in (f"${expression}$", expression):
            if _parse(short) == readings:
                return short
    return text


def _verified(text: str, solution: str, latex_only: bool) -> bool:
    from math_verify import verify

    expected, answer = _parse(solution, latex_only=latex_only), _parse(text)
    with _limit(STEP):
        return bool(verify(gold=expected, target=answer, timeout_seconds=None))
    return False


_FUNCTIONS: dict[str, Callable[..., Any]] = {"equal": _equal, "parsed": _parsed, "verified": _verified}

if __name__ == "__main__":
    _serve()
