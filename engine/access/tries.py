"""How often one person may type a wrong code.

All of them together may do it without end: a limit on that would let any stranger keep the operator and every learner
out, and codes are long enough not to be found by trying.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import NotAllowed

HOUR = 3600.0
REMEMBERED = 10_000
"""Wrong tries of everybody that are kept in mind."""


@dataclass(slots=True, kw_only=True)
class WrongTries:
    """Counts wrong tries of the last hour, in this process.

    each  that one person may have
    """

    each: int
    clock: Callable[[], float] = time.monotonic
    _made: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, who: str) -> None:
        """Raises `NotAllowed` when there were too many."""
        with self._lock:
            while self._made and self._made[0][0] < self.clock() - HOUR:
                self._made.popleft()
            if sum(by == who for _, by in self._made) >= self.each:
                raise NotAllowed("Too many wrong codes. Wait an hour, then try again.")

    def add(self, who: str) -> None:
        """One more that was wrong."""
        with self._lock:
            self._made.append((self.clock(), who))
