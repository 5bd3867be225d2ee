"""How much a visitor may do, so that one visitor leaves room for the next."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from engine.errors import CallerMistake


def variable(name: str) -> str:
    """The environment variable that sets the limit of this name."""
    return f"NOISEFLOOR_VISITOR_{name.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Whole numbers from 0; the defaults suit a small public server. 0 closes what it limits."""

    items: int = 200
    """Questions a battle."""
    minutes: int = 15
    """That the answers of a battle may take, both sides together; its repeats share as much again."""
    open_battles: int = 2
    """A person, waiting or running, at which nothing more of theirs is let in."""
    queue: int = 24
    """Open battles of everybody together."""
    messages: int = 100
    """To the tutor, a person and day."""
    replies: int = 1_000
    """That a tutor's model writes a day, for everybody together; after them the labs' own words speak."""
    storage: int = 1_000
    """Megabytes of the journal, of everybody together, from which on visitors write nothing more into it."""

    @classmethod
    def configured(cls) -> Limits:
        """The limits as the environment has them.

        Raises:
            CallerMistake: a variable that is no such number.
        """
        return cls(**{field.name: _number(field.name, int(field.default or 0)) for field in fields(cls)})  # type: ignore[arg-type]


def _number(name: str, default: int) -> int:
    given = os.environ.get(variable(name), "").strip()
    if not given:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise CallerMistake(
            f"{variable(name)} is {given[:40]!r}. Set it to a whole number from 0, or unset it for {default:,}."
        )
    return int(given)
