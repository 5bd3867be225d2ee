"""How a worker ended, as far as anybody can know: by itself or by a signal, and whether memory ran out meanwhile."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

VMSTAT = Path("/proc/vmstat")
"""Counts of a Linux kernel, those of control groups among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a worker that did not come in order."""

    code: int
    """As `subprocess` has it: the negative of a signal's number, or an exit code."""
    for_want_of_memory: bool | None
    """Whether the kernel killed something here for want of memory while it ran; None where it does not say."""

    @classmethod
    def of(cls, code: int, kills_before: int | None) -> Ending:
        """The end with this code of a worker before which so many had been killed for want of memory."""
        kills = kills_for_want_of_memory()
        known = kills is not None and kills_before is not None
        return cls(code=code, for_want_of_memory=kills > kills_before if known else None)  # type: ignore[operator]

    def written(self) -> str:
        """As it is handed to the next worker."""
        return f"{self.code}:{'?' if self.for_want_of_memory is None else int(self.for_want_of_memory)}"

    @classmethod
    def read(cls, text: str) -> Ending:
        """What `written` wrote.

        >>> Ending.read("-9:?")
        Ending(code=-9, for_want_of_memory=None)
        """
        code, _, memory = text.partition(":")
        return cls(code=int(code), for_want_of_memory=None if memory == "?" else memory == "1")


def told_of(ending: Ending | None) -> str:
    """What is known of a worker's end, in a sentence, and of its cause no more than that."""
    if ending is None:
        return "How they ended was not seen here: a kill, a crash or a restart of the machine."
    if ending.code >= 0:
        return f"The last one ended with exit code {ending.code}."
    try:
        name = signal.Signals(-ending.code).name
    except ValueError:
        name = "of no known name"
    told = f"The last one was ended by signal {-ending.code} ({name})"
    if ending.for_want_of_memory:
        return f"{told}, and the kernel counts a kill for want of memory: smaller models or a free machine may do."
    if ending.code == -signal.SIGKILL and ending.for_want_of_memory is None:
        return f"{told}; that may have been somebody, or the kernel for want of memory, which cannot be read here."
    return f"{told}; of a want of memory there is no sign."


def kills_for_want_of_memory() -> int | None:
    """How many processes the kernel has killed so far because memory ran out; None where it does not say."""
    try:
        lines = VMSTAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    counts = dict(line.split(maxsplit=1) for line in lines)
    return int(counts["oom_kill"]) if "oom_kill" in counts else None
