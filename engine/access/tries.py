"""How often a wrong code may be typed: a few times by one person, and not without end by all of them together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import NotAllowed

HOUR = 3600.0


@dataclass(slots=True, kw_only=True)
class WrongTries:
    """Counts wrong tries of the last hour, in this process.

    each   that one person may have
    total  of everybody: a person who forgets who they are is a new one, so this is what holds a machine
    """

    each: int
    total: int
    clock: Callable[[], float] = time.monotonic
    _made: deque[tuple[float, str]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, who: str) -> None:
        """Raises `NotAllowed` when there were too many."""
        with self._lock:
            while self._made and self._made[0][0] < self.clock() - HOUR:
                self._made.popleft()
            if sum(by == who for _, by in self._made) >= self.each or len(self._made) >= self.total:
                raise NotAllowed("Too many wrong codes. Wait an hour, then try again.")

    def add(self, who: str) -> None:
        """One more that was wrong."""
        with self._lock:
            self._made.append((self.clock(), who))
