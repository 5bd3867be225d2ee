"""The interval calculator of the labs: one score, two separate scores, and what a pairing would change.

Shares are in percent here, as people write them; intervals come back in percent as well. It computes, it does not
judge: labs/comparability.py does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from engine import CallerMistake, score_interval

_normal = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval in percent (or points), and how it was found."""

    low: float
    high: float
    method: str

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Two scores of separate sets of items: the gap in points, its intervals, the z of the pooled test and its p."""

    points: float
    wald: Span
    newcombe: Span
    z: float
    p_value: float


def wald(score: float, n: int, level: float = 0.95) -> Span:
    """score ± z √(p(1−p)/n): the textbook interval, too short near 0 and 100 and for small n.

    Raises:
        CallerMistake: score outside 0 to 100, n below 2, level outside 0 to 1.
    """
    _check(score, n, level)
    half = 100 * _quantile(level) * _error(score, n)
    return Span(low=max(0.0, score - half), high=min(100.0, score + half), method="Wald")


def wilson(score: float, n: int, level: float = 0.95) -> Span:
    """Wilson's score interval (Wilson 1927), which keeps its promise where Wald's does not. Raises as `wald`."""
    _check(score, n, level)
    interval = score_interval(round(score / 100 * n), n, level)
    return Span(low=100 * interval.low, high=100 * interval.high, method="Wilson")


def separate_gap(a: float, b: float, n_a: int, n_b: int | None = None, level: float = 0.95) -> Gap:
    """a − b when each score has items of its own, or when nobody kept the items.

    Newcombe's interval (Newcombe 1998, method 10) is built from the two Wilson intervals; z is the pooled two-share
    test. Raises as `wald`.
    """
    n_b = n_a if n_b is None else n_b
    one, two = wilson(a, n_a, level), wilson(b, n_b, level)
    gap = a - b
    error = math.hypot(_error(a, n_a), _error(b, n_b))
    half = 100 * _quantile(level) * error
    low = gap - math.hypot(a - one.low, two.high - b)
    high = gap + math.hypot(one.high - a, b - two.low)
    pooled = (a * n_a + b * n_b) / (n_a + n_b) / 100
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    z = gap / 100 / spread if spread else 0.0
    return Gap(
        points=gap,
        wald=Span(low=gap - half, high=gap + half, method="Wald, separate items"),
        newcombe=Span(low=low, high=high, method="Newcombe, separate items"),
        z=z,
        p_value=2 * (1 - _normal.cdf(abs(z))),
    )


def same_items_gap(a: float, b: float, n: int, correlation: float, level: float = 0.95) -> Gap:
    """a − b when both answered the same n items and right answers correlate by `correlation` from item to item.

    The correlation is an assumption unless the per-item results are at hand. Wald's interval with the covariance
    taken off (Miller 2024, arXiv 2411.00640). `newcombe` is the same interval: there is none for this case.

    Raises:
        CallerMistake: as `wald`, or a correlation outside −1 to 1, or one these two scores cannot have.
    """
    _check(a, n, level)
    _check(b, n, level)
    if not -1 <= correlation <= 1:
        raise CallerMistake(f"The correlation is {correlation}; it lies between -1 and 1.")
    one, two = _error(a, n), _error(b, n)
    # the most they can share: the weaker one is right only where the other is
    most = min(a, b) / 100 * (1 - max(a, b) / 100) / n
    covariance = correlation * one * two
    if covariance > most + 1e-12:
        highest = most / (one * two) if one and two else 0.0
        raise CallerMistake(
            f"Scores of {a:g} and {b:g} cannot correlate by {correlation:g}; {highest:.2f} is the most."
        )
    error = math.sqrt(max(0.0, one**2 + two**2 - 2 * covariance))
    gap = a - b
    half = 100 * _quantile(level) * error
    span = Span(low=gap - half, high=gap + half, method=f"Wald, same items, correlation {correlation:g} assumed")
    z = gap / 100 / error if error else math.copysign(math.inf, gap) if gap else 0.0
    return Gap(points=gap, wald=span, newcombe=span, z=z, p_value=2 * (1 - _normal.cdf(abs(z))))


def _error(score: float, n: int) -> float:
    share = score / 100
    return math.sqrt(share * (1 - share) / n)


def _quantile(level: float) -> float:
    return _normal.inv_cdf((1 + level) / 2)


def _check(score: float, n: int, level: float) -> None:
    if not 0 <= score <= 100:
        raise CallerMistake(f"The score is {score}; give a percentage from 0 to 100.")
    if n < 2:
        raise CallerMistake(f"The number of questions is {n}; an interval needs at least 2.")
    if not 0 < level < 1:
        raise CallerMistake(f"The level is {level}; give a fraction such as 0.95.")
