"""How a request that is under way ends early: whoever asks says when nobody wants the answer any more.

The one who knows (a worker, of its battle) and the one who waits (a socket, deep in other people's libraries) share a
context, so nothing between them has to pass it on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOOK = 1.0
"""Seconds between two looks, while something is waited for."""


class Interrupted(BaseException):
    """Nobody wants the answer any more. No Exception: libraries that ask again after a failure must let it through."""


class _Looking:
    """Asks whether an answer is unwanted, at most once every LOOK seconds: whoever knows may have to read for it."""

    def __init__(self, unwanted: Callable[[], bool]) -> None:
        self._unwanted, self._looked = unwanted, time.monotonic()

    def check(self) -> None:
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            if self._unwanted():
                raise Interrupted


_looking: ContextVar[_Looking | None] = ContextVar("looking", default=None)


@contextmanager
def interruptible(unwanted: Callable[[], bool]) -> Iterator[None]:
    """In the block, whatever waits for a server raises Interrupted once `unwanted` says so; it must not raise."""
    token = _looking.set(_Looking(unwanted))
    try:
        yield
    finally:
        _looking.reset(token)


def check() -> None:
    """Raises Interrupted if the answer is unwanted, as far as it is time to look."""
    if looking := _looking.get():
        looking.check()


def pause(seconds: float) -> None:
    """Sleeps, and looks meanwhile. Raises Interrupted."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        check()
        time.sleep(min(left, LOOK))
