"""What an isolated call may use, and what is said of one that asked for more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import Busy, LimitExceeded

LimitName = Literal["memory", "computing", "time", "output", "end"]
"""Which limit was hit; `end` is a process that died of something unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use; whatever comes first ends it."""

    memory: int = 512 << 20
    """Bytes of the whole process, its libraries' included."""
    computing: int = 20
    """Seconds of processor time."""
    time: float = 30.0
    """Seconds on the clock, from when its process is there: a busy machine computes slowly."""
    output: int = 8 << 20
    """Bytes of the answer, as JSON."""
    turn: float = 30.0
    """Seconds on the clock to wait until a process is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedFunction:
    """A function that is only called in a process of its own: it takes a JSON value, and returns one."""

    name: str
    """Where it is: `module:function`."""
    doing: str
    """What it does, as the beginning of a sentence: “Reading this file”."""
    instead: str
    """What to do where a limit is hit, a whole sentence."""
    limits: Limits = Limits()

    def exceeded(self, limit: LimitName) -> LimitExceeded:
        """The error for a limit that was hit."""
        bounds = self.limits
        reasons: dict[LimitName, str] = {
            "memory": f"took more than {bounds.memory >> 20:,} MB of memory",
            "computing": f"took more than {bounds.computing} s of computing",
            "time": f"took longer than {bounds.time:g} s",
            "output": f"came to more than {bounds.output >> 20:,} MB",
            "end": "came to a sudden end, as it does where memory runs out",
        }
        return LimitExceeded(f"{self.doing} {reasons[limit]}, which is where it was stopped. {self.instead}")

    def busy(self) -> Busy:
        """The error for a call whose turn did not come."""
        return Busy(
            f"{self.doing} waited {self.limits.turn:g} s for its turn. Others are first: try again in a minute."
        )
