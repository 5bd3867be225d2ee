"""What was found of one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "broken"]
"""warning: it works, and should be looked at; broken: what is needed does not work, or is not to be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A thing, how it is, and what to do about it."""

    subject: str
    state: State
    says: str
    mend: str = ""
    """What somebody has to do, in a sentence; empty where nothing is."""
    safe: Callable[[], None] | None = None
    """Does it, where that can do no harm."""
