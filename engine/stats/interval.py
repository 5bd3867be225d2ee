"""Confidence intervals: what the data leave open, and the interval of a single score."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from engine.errors import CallerMistake

normal_quantile = NormalDist().inv_cdf


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The values of a score or a gap that the data leave open, in fractions, at a confidence level."""

    low: float
    high: float
    level: float
    method: str

    def __iter__(self) -> Iterator[float]:
        """Unpacks as low, high."""
        return iter((self.low, self.high))

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def within(self, margin: float) -> bool:
        """Whether every value is smaller than `margin` in size."""
        return -margin < self.low and self.high < margin


def score_interval(correct: int, n: int, level: float = 0.95) -> Interval:
    """The interval of one score, `correct` of n items, which alone never says who is better (Wilson 1927).

    Raises `CallerMistake` unless 0 <= correct <= n and n >= 1.
    """
    z2 = quantile_of(level) ** 2
    if n < 1 or not 0 <= correct <= n:
        raise CallerMistake(f"A score needs 0 <= correct <= n and n >= 1; got correct={correct}, n={n}.")
    centre = (correct + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (correct * (n - correct) / n + z2 / 4)) / (n + z2)
    low = centre - reach if correct else 0.0  # exactly, whatever the rounding
    high = centre + reach if correct < n else 1.0
    return Interval(low=low, high=high, level=level, method="Wilson score")


def check_between(name: str, value: float, low: float, high: float, way_out: str) -> None:
    if not (isinstance(value, (int, float)) and low < value < high):
        raise CallerMistake(f"`{name}` is {value!r} but must lie between {low:g} and {high:g}: {way_out}.")


def quantile_of(level: float) -> float:
    check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
    return normal_quantile((1 + level) / 2)
