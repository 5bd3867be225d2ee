"""The interval calculator of the labs: one score, two separate scores, and what a pairing would change.

The engine's formulas in percent, as people write scores; intervals come back in percent as well. It computes, it does
not judge: labs/comparability.py does.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine import CallerMistake, Interval, score_interval
from engine.stats import newcombe_interval, shares, wald_interval


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
        """Whether all of it lies on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The gap between two scores, A minus B, and how sure it is.

    points    the gap
    wald      its textbook interval, in points
    newcombe  the interval to judge by, in points
    z         of the test that there is no gap; `p_value` is two-sided
    """

    points: float
    wald: Span
    newcombe: Span
    z: float
    p_value: float


def wald(score: float, n: int, level: float = 0.95) -> Span:
    """score ± z √(p(1−p)/n): the textbook interval, too short near 0 and 100 and for small n.

    score  in percent
    n      questions, at least 2
    level  a fraction, above 0.5

    >>> round(wald(80.0, 1319).half, 2)
    2.16

    Raises:
        CallerMistake: score outside 0 to 100, n below 2, level outside 0.5 to 1.
    """
    _check(score, n, level)
    return _span(wald_interval(score / 100, shares.standard_error(score / 100, n), level, within=(0.0, 1.0)), "Wald")


def wilson(score: float, n: int, level: float = 0.95) -> Span:
    """Wilson's score interval (Wilson 1927), which keeps its promise where Wald's does not.

    score     in percent; the nearest whole number of right answers stands for it
    n, level  as for `wald`, which also says what is raised
    """
    return _span(_score_interval(score, n, level), "Wilson")


def separate_gap(a: float, b: float, n_a: int, n_b: int | None = None, level: float = 0.95) -> Gap:
    """a − b when each score has items of its own, or when nobody kept the items.

    Newcombe's interval (Newcombe 1998, method 10) is built from the two Wilson intervals; z is the pooled two-share
    test.

    a, b      scores in percent
    n_a, n_b  questions of each, at least 2; None: B has as many as A
    level     a fraction, above 0.5

    >>> gap = separate_gap(85.8, 85.0, 14_042)
    >>> round(gap.points, 1), round(gap.newcombe.low, 2), round(gap.newcombe.high, 2), round(gap.p_value, 3)
    (0.8, -0.03, 1.62, 0.058)

    Raises:
        CallerMistake: as `wald`.
    """
    n_b = n_a if n_b is None else n_b
    of_a, of_b = _score_interval(a, n_a, level), _score_interval(b, n_b, level)
    textbook = wald_interval(a / 100 - b / 100, shares.unpaired_error(a / 100, b / 100, n_a, n_b), level)
    z = shares.pooled_z(a / 100, b / 100, n_a, n_b)
    return Gap(
        points=a - b,
        wald=_span(textbook, "Wald, separate items"),
        newcombe=_span(newcombe_interval(a / 100, b / 100, of_a, of_b), "Newcombe, separate items"),
        z=z,
        p_value=shares.two_sided_p(z),
    )


def same_items_gap(a: float, b: float, n: int, correlation: float, level: float = 0.95) -> Gap:
    """a − b when both answered the same n items and right answers correlate from item to item.

    Wald's interval with the covariance taken off (Miller 2024, arXiv 2411.00640). `newcombe` is the same interval:
    there is none for this case.

    a, b         scores in percent
    n            questions, at least 2
    correlation  from −1 to 1; an assumption unless the per-item results are at hand
    level        a fraction, above 0.5

    Raises:
        CallerMistake: as `wald`, or a correlation outside −1 to 1, or one these two scores cannot have.
    """
    _check(a, n, level)
    _check(b, n, level)
    if not -1 <= correlation <= 1:
        raise CallerMistake(f"The correlation is {correlation}; it lies between -1 and 1.")
    limits = shares.correlation_limits(a / 100, b / 100)
    if limits and correlation > limits[1] + 1e-9:
        raise CallerMistake(
            f"Scores of {a:g} and {b:g} cannot correlate by {correlation:g}; {limits[1]:.2f} is the most."
        )
    gap, error = a / 100 - b / 100, shares.paired_error(a / 100, b / 100, correlation, n)
    span = _span(wald_interval(gap, error, level), f"Wald, same items, correlation {correlation:g} assumed")
    z = shares.z_score(gap, error)
    return Gap(points=a - b, wald=span, newcombe=span, z=z, p_value=shares.two_sided_p(z))


def _score_interval(score: float, n: int, level: float) -> Interval:
    _check(score, n, level)
    return score_interval(round(score / 100 * n), n, level)


def _span(interval: Interval, method: str) -> Span:
    return Span(low=100 * interval.low, high=100 * interval.high, method=method)


def _check(score: float, n: int, level: float) -> None:
    if not 0 <= score <= 100:
        raise CallerMistake(f"The score is {score}; give a percentage from 0 to 100.")
    if n < 2:
        raise CallerMistake(f"The number of questions is {n}; an interval needs at least 2.")
    if not 0 < level < 1:
        raise CallerMistake(f"The level is {level}; give a fraction such as 0.95.")
