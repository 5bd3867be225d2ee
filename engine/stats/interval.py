"""Confidence intervals: what the data leave open of one score, or of the gap between two totals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from engine.errors import CallerMistake, Mismatch

normal_quantile = NormalDist().inv_cdf
MOST_CERTAIN = 1 - 2**-53
"""The largest number below 1: a level that is nearer to 1 than numbers are is taken for it."""


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
        """Whether all of it lies on one side of 0."""
        return self.low > 0 or self.high < 0

    def within(self, margin: float) -> bool:
        """Whether every value is smaller than `margin` in size."""
        return -margin < self.low and self.high < margin


def score_interval(correct: int, n: int, level: float = 0.95) -> Interval:
    """The interval of one score, which alone never says who is better (Wilson 1927).

    correct  how many items are right
    n        how many items there are
    level    a fraction, above 0.5

    >>> low, high = score_interval(1055, 1319)
    >>> round(low, 3), round(high, 3)
    (0.777, 0.821)

    Raises:
        CallerMistake: not 0 <= correct <= n, n below 1, or a level outside 0.5 to 1.
    """
    z2 = quantile_of(level) ** 2
    if n < 1 or not 0 <= correct <= n:
        raise CallerMistake(f"A score needs 0 <= correct <= n and n >= 1; got correct={correct}, n={n}.")
    centre = (correct + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (correct * (n - correct) / n + z2 / 4)) / (n + z2)
    low = centre - reach if correct else 0.0  # exactly, whatever the rounding
    high = centre + reach if correct < n else 1.0
    return Interval(low=low, high=high, level=level, method="Wilson score")


def wald_interval(
    estimate: float,
    error: float,
    level: float = 0.95,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
    method: str = "Wald",
) -> Interval:
    """estimate ± z · error: the textbook interval, too short for few items and near the ends of the scale.

    How much too short: Brown, Cai & DasGupta 2001, Statistical Science 16:101.

    estimate  a score, or a gap of two
    error     its standard error (`engine.stats.shares`)
    level     a fraction, above 0.5
    within    the ends of the scale, where the interval is cut
    method    what to call it

    >>> low, high = wald_interval(0.83 - 0.795, 0.01516)
    >>> round(low, 3), round(high, 3)
    (0.005, 0.065)

    Raises:
        CallerMistake: a level outside 0.5 to 1.
    """
    reach = quantile_of(level) * error
    low, high = max(within[0], estimate - reach), min(within[1], estimate + reach)
    return Interval(low=low, high=high, level=level, method=method)


def newcombe_interval(a: float, b: float, of_a: Interval, of_b: Interval) -> Interval:
    """The interval of a − b for two scores that each have items of their own (Newcombe 1998, method 10).

    a, b        the scores
    of_a, of_b  the interval of each by itself, by `score_interval` at one level

    Newcombe's own example, 56 of 70 against 48 of 80 (Statistics in Medicine 17:873, table II):

    >>> low, high = newcombe_interval(56 / 70, 48 / 80, score_interval(56, 70), score_interval(48, 80))
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    gap = a - b
    low, high = gap - math.hypot(a - of_a.low, of_b.high - b), gap + math.hypot(of_a.high - a, b - of_b.low)
    return Interval(low=low, high=high, level=of_a.level, method="Newcombe, unpaired")


def check_between(name: str, value: float, low: float, high: float, way_out: str) -> None:
    """Refuses a number outside an open range.

    name       of the parameter, as the caller knows it
    value      what was given for it
    low, high  the ends, themselves refused
    way_out    what to do about it, as the end of a sentence

    Raises:
        CallerMistake: `value` is no number between `low` and `high`.
    """
    if not (isinstance(value, (int, float)) and low < value < high):
        raise CallerMistake(f"`{name}` is {value!r} but must lie between {low:g} and {high:g}: {way_out}.")


def check_paired(a: int, b: int, what: str) -> int:
    """The number of items, once both have a score for each.

    a, b  how many scores there are of each
    what  the items are for, "verdict"

    Raises:
        Mismatch: the numbers differ.
        CallerMistake: fewer than 2 items.
    """
    if a != b:
        raise Mismatch(f"`a` has {a} scores and `b` has {b}: keep the items that both have answered.")
    if a < 2:
        raise CallerMistake(f"A {what} needs at least 2 items answered by both; got {a}: run more.")
    return a


def quantile_of(level: float) -> float:
    """How many standard errors a two-sided interval reaches, 1.96 at 0.95. Raises CallerMistake as `check_between`."""
    check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
    return normal_quantile(min((1 + level) / 2, MOST_CERTAIN))
