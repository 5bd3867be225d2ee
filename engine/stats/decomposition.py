"""The nouns of a split gap: its four sources, the readings each was measured by, and where they move the gap.

Fractions throughout; a gap is A minus B. A source that was not measured has no ends and no readings, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.stats.verdict import Target

GapSource = Literal["item luck", "instrument", "protocol", "rerun"]
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Remeasurement:
    """The gap as it came out in one other way."""

    label: str
    """What was done otherwise: "flexible-extract", "bfloat16"."""
    gap: float
    n: int
    """Items it was measured on."""
    base: float
    """The gap on these same items in the battle's own way, which leaves failed items out."""
    flips: int
    """Answers, of both sides together, that changed between right and wrong; one without a score counts as wrong."""
    unread: int = 0
    """Answers, of both sides together, in which nothing could be read. They count as wrong here, as in lm-eval."""
    bound: bool = False
    """A possible end, not a measured one: it takes unread answers as right or wrong."""

    @property
    def within_luck(self) -> bool:
        """Whether as many coin flips as answers changed would often go that far: within two standard deviations."""
        return ((self.gap - self.base) * self.n) ** 2 <= 4 * self.flips

    def moved(self, gap: float) -> float:
        """Where a gap over all items goes if it moves as far as it did on the items of this reading."""
        movement = self.gap - self.base
        moved = gap + movement
        return gap if abs(movement) < _ROUNDING else moved if abs(moved) > _ROUNDING else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEffect:
    """One source of movement. `low` and `high` are the ends the gap was moved to; None where nothing was measured."""

    source: GapSource
    about: str
    """How it was measured, or why it was not; one clause without a full stop. Of item luck: the interval's method."""
    low: float | None = None
    high: float | None = None
    readings: tuple[Remeasurement, ...] = ()
    mixed: tuple[Remeasurement, ...] = ()
    """The two extremes when each side is read by another rule, as happens when the scores of two papers are
    compared. That is a mistake of the reader, not a movement of the gap: outside `low` and `high`."""
    untried: tuple[str, ...] = ()
    """Ways to change this source that exist here and have no reading."""
    applies: bool = True
    """False where this source has nothing that could be changed here."""

    @property
    def measured(self) -> bool:
        return self.low is not None

    @classmethod
    def from_readings(
        cls, source: GapSource, about: str, gap: float, readings: Sequence[Remeasurement]
    ) -> SourceEffect:
        """A part that reaches from the gap to wherever its readings move it; not measured if there are none."""
        if not readings:
            return cls(source=source, about=about)
        ends = [gap, *(reading.moved(gap) for reading in readings)]
        return cls(source=source, about=about, low=min(ends), high=max(ends), readings=tuple(readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A part as a row of a picture: between which ends it moves the gap, in points. None where it was not measured."""

    source: GapSource
    low: float | None
    high: float | None
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GapDecomposition:
    """A gap and what moves it, one part a source, always all four.

    n       items that both have a score for
    level   confidence level of the interval that is the item luck
    target  what that interval speaks of, as in `Verdict`
    """

    names: tuple[str, str]
    gap: float
    n: int
    level: float
    margin: float
    parts: tuple[SourceEffect, SourceEffect, SourceEffect, SourceEffect]
    target: Target = "skill"

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The parts in their fixed order."""

        def points(fraction: float | None) -> float | None:
            return None if fraction is None else 100 * fraction

        return tuple(
            Bar(source=part.source, low=points(part.low), high=points(part.high), measured=part.measured)
            for part in self.parts
        )
