"""The served model: one reply at a time, one more that waits, and an end to each whatever becomes of the process."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engine.models import RequestFailure, title_of
from engine.serving.process import Ended, Opened, Process, log_file

TURN = 20.0
"""Seconds that the one who waits waits for the reply before theirs."""
GRACE = 15.0
"""Seconds after its deadline in which a reply may still end by itself: a slow machine reads a piece of a prompt that
long."""
PAUSE = 60.0
"""Seconds after a model could not be opened in which nobody tries again: memory it lacked is there no sooner."""


class ServedModel:
    """A model that another process keeps open, asked from any thread.

    address  as `engine.models.find` takes it
    """

    def __init__(self, address: str) -> None:
        self.address, self.title = address, title_of(address)
        self._places = threading.BoundedSemaphore(2)
        self._turn = threading.Lock()
        self._process: Process | None = None
        self._asked = 0
        self._refusal: tuple[float, RequestFailure] | None = None
        """Until when nobody tries to open it again, and why."""
        atexit.register(self.close)

    def open(self, seconds: float) -> Opened:
        """Has it opened, if it is not: seconds, the first time minutes.

        Raises:
            RequestFailure: it cannot be opened, or not in so many seconds; it may be open the next time.
        """
        with self._at_work():
            return self._opened(time.monotonic() + seconds)[1]

    def stream(
        self, turns: Sequence[Mapping[str, str]], *, max_tokens: int, seconds: float
    ) -> Generator[str, None, None]:
        """What it answers, in pieces as they are written. Whoever closes the iterator stops it.

        turns       the conversation so far: role and content of each
        max_tokens  of the reply, at most
        seconds     for all of it, from when its turn came: opening, reading, writing

        Raises:
            RequestFailure: step "turn" where others are first, "model" where it is not open, "stream" where the reply
                does not come to its end. Pieces given before stay the caller's to drop.
        """
        with self._at_work():
            until = time.monotonic() + seconds
            process, _ = self._opened(until)
            self._asked += 1
            request = {"ask": self._asked, "turns": [dict(turn) for turn in turns], "most": max_tokens}
            ended = False
            try:
                process.say(request | {"seconds": until - time.monotonic()})
                for line in self._lines_to(self._asked, process, until):
                    if "piece" not in line:
                        ended = True
                        self._check_end(line, seconds)
                        return
                    yield line["piece"]
            except Ended as end:
                ended = True
                raise self._lost("stream", end) from end
            finally:
                if not ended and self._process is process:
                    self._stop(process)

    def memory(self) -> int:
        """Bytes that its process holds now; 0 where there is none, or nobody tells."""
        process = self._process
        return process.memory if process else 0

    def close(self) -> None:
        """Ends its process, whatever it does, and gives the memory back. The next who asks has it opened again."""
        process, self._process = self._process, None
        self._refusal = None
        if process:
            process.end()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise RequestFailure("turn", f"{self.title} is at another reply, and somebody waits already.", 0)
        try:
            if not self._turn.acquire(timeout=TURN):
                raise RequestFailure("turn", f"{self.title} was at another reply for longer than {TURN:g} s.", 0)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()

    def _opened(self, until: float) -> tuple[Process, Opened]:
        if self._refusal and time.monotonic() < self._refusal[0]:
            raise self._refusal[1]
        if self._process is None or not self._process.alive:
            self.close()
            self._process = Process(self.address)
        process = self._process
        if process.opened is None:
            try:
                line = process.line(until)
            except Ended as end:
                raise self._refused(self._lost("model", end)) from end
            if line is None:
                raise RequestFailure("model", f"{self.title} is still being opened. Try again in a minute.", 0)
            if "failed" in line:
                self.close()
                raise self._refused(RequestFailure("model", f"{self.title} cannot be opened. {line['failed']}", 0))
            process.opened = Opened(precision=line["opened"], memory=process.memory)
        return process, process.opened

    def _lines_to(self, number: int, process: Process, until: float) -> Iterator[dict[str, Any]]:
        """What is said to this request: what is left of one that was stopped is passed over."""
        while (line := process.line(until + GRACE)) is not None:
            if line["to"] == number:
                yield line
        self.close()
        raise RequestFailure("stream", f"{self.title} came to no end in time, so its process was ended.", 0)

    def _check_end(self, line: dict[str, Any], seconds: float) -> None:
        if "failed" in line:
            raise RequestFailure("stream", f"{self.title} gave out. {line['failed']}")
        if line["end"] != "done":
            raise RequestFailure("stream", f"{self.title} was not done within {seconds:g} s.")

    def _stop(self, process: Process) -> None:
        try:
            process.say({"stop": self._asked})
        except Ended:
            self.close()

    def _lost(self, step: str, end: Ended) -> RequestFailure:
        """A process that ended by itself; another one may do better."""
        self.close()
        how = "came to a sudden end, as it does where memory runs out" if end.status < 0 else "ended"
        return RequestFailure(step, f"The process of {self.title} {how} ({end.status}). Its log is {log_file()}.", 0)

    def _refused(self, failure: RequestFailure) -> RequestFailure:
        self._refusal = time.monotonic() + PAUSE, failure
        return failure
