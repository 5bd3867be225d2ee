"""Items that are generated, not read: a library has as many as anybody asks for, each a function of its id.

An id is `kind/number`. The first numbers of every kind are kept for worked examples, so that no battle asks what a
prompt may have shown.
"""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from engine.errors import CallerMistake
from engine.tasks.sources import Row

EXAMPLES = 20
"""Worked examples of each kind."""
NUMBERS = 2**31
"""Of each kind: two battles of a thousand items have one in common once in fifty thousand times."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A source of rows that are generated when they are asked for: those of `ids`, in that order."""

    label: ClassVar[str] = "made"
    package: str
    version: str
    """Another version may generate another item of the same id, so only this one will do."""
    install: str
    kinds: tuple[str, ...]
    entries: Callable[[str], Mapping[int, Row]]
    """All entries of a kind, by number. Each follows from these two alone, in every process and on every day."""
    ids: tuple[str, ...] = ()

    def present(self) -> bool:
        try:
            return importlib.metadata.version(self.package) == self.version
        except importlib.metadata.PackageNotFoundError:
            return False

    def rows(self) -> Iterator[Row]:
        for item_id in self.ids:
            kind, _, number = item_id.rpartition("/")
            if kind not in self.kinds or not number.isdecimal() or len(number) > len(str(NUMBERS)):
                raise CallerMistake(f"{item_id!r} is no item of {self.package}: an id is <kind>/<number>.")
            yield {**self.entries(kind)[int(number)], "id": item_id, "group": kind, "number": int(number)}

    def advice(self) -> str:
        return self.install

    def draw_ids(self, n: int, seed: str) -> tuple[str, ...]:
        """Ids of `n` items: all kinds once in a random order, then all again, so that any beginning holds equal shares.

        The same seed gives the same ids, and a longer draw begins with a shorter one.
        """
        generator = random.Random(seed)
        ids: dict[str, None] = {}  # ordered, and no id twice
        while len(ids) < n:
            for kind in generator.sample(self.kinds, len(self.kinds)):
                ids[f"{kind}/{generator.randrange(EXAMPLES, NUMBERS)}"] = None
        return tuple(ids)[:n]

    def examples(self) -> Generated:
        """The source of the worked examples."""
        return replace(self, ids=tuple(f"{kind}/{number}" for kind in self.kinds for number in range(EXAMPLES)))
