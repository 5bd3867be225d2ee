"""The pool: who is called next, in which process, and what becomes of a call whose caller is gone."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError
from engine.isolation.limits import IsolatedFunction
from engine.isolation.process import TICK, Answer, Died, Process, Waiting

CALLS = 200
"""After so many a process makes way for a new one: what leaks, leaks no further."""
SERVED = 1_000
"""So many of the last calls are remembered by whose they were."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    owner: str


class Pool:
    """A few processes that isolated functions are called in, from any thread; each is started when first needed.

    Calls come in turn, but one owner has one process at a time: the calls of one cannot keep all the others waiting.
    """

    def __init__(
        self,
        *,
        size: int,
        functions: Sequence[IsolatedFunction],
        nice: int = 10,
        programs: bool = False,
        calls: int | None = None,
    ) -> None:
        """
        size       processes at most
        functions  all that may be called here
        nice       how far they stand back behind the process that asks, up to 19
        programs   whether they may start processes of their own
        calls      after how many a process makes way for a new one; `CALLS` unless it is said
        """
        self._calls = calls
        self._size, self._nice, self._programs = size, nice, programs
        self._functions = frozenset(functions)
        self._names = tuple(sorted({function.name for function in functions}))
        self._changed = threading.Condition()
        self._waiting: list[_Turn] = []
        self._running: list[_Turn] = []
        self._served: deque[str] = deque(maxlen=SERVED)
        self._idle: list[Process] = []
        atexit.register(self.close)

    def call(
        self, function: IsolatedFunction, argument: Any, *, owner: str = "", waiting: Waiting | None = None
    ) -> Any:
        """What a function returns for a JSON value.

        function  one of the pool's
        argument  a JSON value: what is large goes through a file, and its path in here
        owner     for whom it is; calls without one are nobody's, and wait for none of their own
        waiting   called about four times a second with the seconds so far; whatever it raises ends the call

        Raises:
            LimitExceeded: it asked for more than it may use.
            Busy: no process was free in time.
            EngineError: whatever the function raised of that kind, by its type and sentence.
            RuntimeError: a mistake in the function, with the child's traceback.
        """
        if function not in self._functions:
            raise ValueError(f"{function.name} may not be called in this pool")
        with self._turn(function, owner, waiting):
            answer = self._answer(function, argument, waiting)
        if answer.limit:
            log.warning("%s hit its limit: %s", function.name, answer.limit)
            raise function.exceeded(answer.limit)
        if answer.error:
            kinds, sentence = answer.error
            raise _engine_error(kinds, sentence)
        if answer.mistake:
            raise RuntimeError(f"{function.name} failed in its process:\n{answer.mistake}")
        return answer.value

    def close(self) -> None:
        """Ends the processes that are idle; those at work end with their calls, or with this process."""
        with self._changed:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    @contextmanager
    def _turn(self, function: IsolatedFunction, owner: str, waiting: Waiting | None) -> Iterator[None]:
        turn, began = _Turn(owner), time.monotonic()
        with self._changed:
            self._waiting.append(turn)
        try:
            while not self._begins(turn):
                passed = time.monotonic() - began
                if passed > function.limits.turn:
                    raise function.busy()
                if waiting:
                    waiting(passed)
            yield
        finally:
            with self._changed:
                for turns in (self._waiting, self._running):
                    if turn in turns:
                        turns.remove(turn)
                self._changed.notify_all()

    def _begins(self, turn: _Turn) -> bool:
        """Whether a call's turn has come, after a short wait if it has not."""
        with self._changed:
            if self._next() is not turn:
                self._changed.wait(TICK)
            if self._next() is not turn:
                return False
            self._waiting.remove(turn)
            self._running.append(turn)
            self._served.append(turn.owner)
            return True

    def _next(self) -> _Turn | None:
        """If a process is free: of those whose owner has none, the one whose owner had one longest ago."""
        if len(self._running) >= self._size:
            return None
        busy = {turn.owner for turn in self._running if turn.owner}
        last = {owner: number for number, owner in enumerate(self._served) if owner}
        candidates = [turn for turn in self._waiting if turn.owner not in busy]
        return min(candidates, key=lambda turn: last.get(turn.owner, -1), default=None)

    def _answer(self, function: IsolatedFunction, argument: Any, waiting: Waiting | None) -> Answer:
        for _ in range(2):  # one that was idle may have ended just now
            process = self._process(waiting)
            try:
                answer = process.ask(function, argument, waiting)
            except Died:
                process.end()
                continue
            except BaseException:  # the caller is gone, and nobody reads the answer
                process.end()
                raise
            if answer.last or process.calls >= (self._calls or CALLS):
                process.end()
            else:
                with self._changed:
                    self._idle.append(process)
            return answer
        return Answer(limit="end")

    def _process(self, waiting: Waiting | None) -> Process:
        while True:
            with self._changed:
                process = self._idle.pop() if self._idle else None
            if process is None:
                break
            if process.alive:
                return process
            process.end()
        return Process(self._names, nice=self._nice, programs=self._programs, waiting=waiting)


def _engine_error(kinds: Sequence[str], sentence: str) -> EngineError:
    """The error again, as the nearest of its types that is known here."""
    known: dict[str, type[EngineError]] = {}
    found = [EngineError]
    while found:
        kind = found.pop()
        known[kind.__name__] = kind
        found += kind.__subclasses__()
    kind = next(known[name] for name in kinds if name in known)
    return kind.__new__(kind, sentence)  # its own constructor may want more than a sentence
