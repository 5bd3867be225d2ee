"""Estimates of a paired gap: the textbook methods a verdict rests on, one result object for all of them.

Tango's score interval for right and wrong, Student's t for real scores and for clustered items, and how many items
a gap takes. It decides nothing: `verdict.py` picks the method and says what it means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import CallerMistake

Outcome = Literal["a", "b", "equal", "undecided"]
Labels = Sequence[Any] | NDArray[Any]

POWER = 0.80  # the chance of settling it that every "how many items" is planned for
_FORESEEABLE = 10_000_000  # a forecast of more items than this is no forecast
_z = NormalDist().inv_cdf
_FEW = 30  # with fewer independent draws a t interval leans on roughly normal scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The values of a score or a gap that the data leave open, in fractions, at a confidence level."""

    low: float
    high: float
    level: float
    method: str

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def within(self, margin: float) -> bool:
        """Whether every value is smaller than `margin` in size."""
        return -margin < self.low and self.high < margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordant:
    """The items that tell the two apart: right for one of them and wrong for the other."""

    a_only: int
    b_only: int

    @property
    def total(self) -> int:
        return self.a_only + self.b_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one method makes of n differences with mean `gap`.

    spread    n times the squared standard error, smoothed: no disagreement seen is not none possible
    quantile  how many standard errors the interval reaches to either side
    """

    n: int
    gap: float
    interval: Interval
    p_value: float
    p_method: str
    spread: float
    quantile: float
    detectable: float
    caveats: tuple[str, ...] = ()

    @property
    def above_noise(self) -> bool:
        return self.interval.excludes_zero and self.p_value < 1 - self.interval.level

    def outcome(self, margin: float) -> Outcome:
        if self.interval.within(margin):
            return "equal"
        if not self.above_noise:
            return "undecided"
        return "a" if self.gap > 0 else "b"

    def forecast(self, margin: float) -> tuple[int | None, Outcome | None]:
        """Items to add for an 80% chance of an outcome if the gap stays as it is, and which outcome.

        The shorter way out counts. A lead takes ((q + z_power) / gap)^2 spread (Miller 2024, section 5);
        equality the same with the room left to the margin, and z at (1 + power) / 2, as it can fail at
        both ends (Chow, Shao & Wang 2008; a little long for gaps other than 0).
        """

        def items(power: float, room: float) -> float:
            reach = (self.quantile + _z(power)) * math.sqrt(self.spread)
            return (reach / room) ** 2 if room * math.sqrt(_FORESEEABLE) > reach else math.inf

        lead, equal = items(POWER, abs(self.gap)), items((1 + POWER) / 2, margin - abs(self.gap))
        if min(lead, equal) == math.inf:
            return None, None
        more = max(1, math.ceil(min(lead, equal)) - self.n)
        return more, "equal" if equal < lead else "a" if self.gap > 0 else "b"


def tango(discordant: Discordant, n: int, level: float) -> Estimate:
    """Tango's score interval (1998, Statistics in Medicine 17:891) and McNemar's exact test (1947)."""
    from scipy.special import bdtr  # type: ignore[import-untyped, unused-ignore]  # too slow for import time

    wins, losses = discordant.a_only, discordant.b_only
    z = quantile_of(level)
    low, high = -_tango_high(losses, wins, n, z), _tango_high(wins, losses, n, z)
    # Half a pair is added to each of the four cells (Agresti & Min 2005).
    discordance = max((discordant.total + 1) / (n + 2), discordant.total / n)
    return Estimate(
        n=n,
        gap=(wins - losses) / n,
        interval=Interval(low=low, high=high, level=level, method="Tango score, paired"),
        p_value=min(1.0, 2 * float(bdtr(min(wins, losses), discordant.total, 0.5))),
        p_method="McNemar, exact",
        spread=discordance,
        quantile=z,
        detectable=detectable_gap(n, discordance=discordance, level=level),
    )


def _tango_high(wins: int, losses: int, n: int, z: float) -> float:
    """The largest gap that the score test at z does not reject; the lower end is its mirror image.

    Given a gap D, the likeliest share of items that only B gets right is the larger root q of
    2n q^2 + (D(2n - wins + losses) - wins - losses) q - losses D(1 - D) = 0, and wins - losses has variance
    n(2q + D(1 - D)). Squares are compared because that is 0 at D = 1.
    """

    def rejected(gap: float) -> bool:
        linear = gap * (2 * n - wins + losses) - wins - losses
        root = math.sqrt(max(0.0, linear**2 + 8 * n * losses * gap * (1 - gap)))
        b_only = max(0.0, (root - linear) / (4 * n))
        return (wins - losses - n * gap) ** 2 > z**2 * n * (2 * b_only + gap * (1 - gap))

    inside, outside = (wins - losses) / n, 1.0
    while (middle := (inside + outside) / 2) not in (inside, outside):
        inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
    return outside


def student(gaps: NDArray[np.float64], clusters: Labels | None, level: float, scale: float) -> Estimate:
    """Student's t on the differences, with the variance taken over G clusters (Miller 2024, section 2.2).

    SE^2 = G / (G - 1) * sum over clusters of (sum of residuals)^2 / n^2, with G - 1 degrees of freedom. One
    item a cluster makes it the ordinary paired t. The scores span `scale`, which no gap exceeds.
    """
    from scipy.special import stdtr, stdtrit  # too slow for import time

    n, rounding = gaps.size, 1e-12 * scale
    gap = float(gaps.mean()) if abs(gaps.mean()) > rounding else 0.0
    cluster_of = np.arange(n) if clusters is None else _numbered(clusters, n)
    draws = int(cluster_of.max()) + 1
    method = "Student t, paired" if clusters is None else f"cluster-robust t ({draws} clusters)"
    residuals = np.bincount(cluster_of, weights=gaps - gap)
    error = math.sqrt(draws / (draws - 1) * float((residuals**2).sum())) / n
    quantile = float(stdtrit(draws - 1, (1 + level) / 2))
    unit = "Some scores lie outside 0 to 1: a point is a hundredth of their own unit."
    caveats = [unit] if scale > 1.0 else []
    if error > rounding:
        low, high = max(-scale, gap - quantile * error), min(scale, gap + quantile * error)
        p_value, p_method = 2 * float(stdtr(draws - 1, -abs(gap) / error)), method
        if draws < _FEW:
            caveats.append(f"With only {draws} independent draws this relies on roughly normal scores.")
    else:
        # No variation seen is not certainty. If more than this share of all draws were different, seeing none
        # would have chance below 1 - level; those may lie anywhere (Hanley & Lippman-Hand 1983).
        unseen = 1 - (1 - level) ** (1 / draws)
        low, high = gap - unseen * (scale + gap), gap + unseen * (scale - gap)
        error = scale / math.sqrt((draws + 2) * draws)
        method, p_method = f"rule of three ({draws} equal differences)", "sign flips, exact"
        p_value = 2.0 ** (1 - draws) if gap else 1.0
        caveats.append("Every difference is the same, so the interval rests on their number alone.")
    return Estimate(
        n=n,
        gap=gap,
        interval=Interval(low=low, high=high, level=level, method=method),
        p_value=p_value,
        p_method=p_method,
        spread=n * error**2,
        quantile=quantile,
        detectable=min(scale, (quantile + _z(POWER)) * error),
        caveats=tuple(caveats),
    )


def detectable_gap(n: int, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> float:
    """The smallest gap (a fraction) that n paired 0/1 items find with the given power; known before a run.

    discordance  the share of items that one gets right and the other wrong: 2p(1-p)(1-rho) for two
                 contenders of accuracy p whose answers correlate by rho

    (z_level + z_power) sqrt(discordance / n) (Miettinen 1968; Miller 2024, section 5). Connor (1987) takes
    gap^2 off one of the two variances and asks for about 1% fewer items. A gap cannot exceed the discordance:
    where it would, all disagreement is taken to go one way. 1.0 means that no gap is sure to be found.
    """
    if n < 1:
        raise CallerMistake(f"`n` is {n}: give the number of items, at least 1.")
    reach = _reach(level, power, discordance) / math.sqrt(n)
    return min(1.0, max(reach * math.sqrt(discordance), reach**2))


def items_for(gap: float, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> int:
    """How many paired 0/1 items find a gap (a fraction, either sign): the inverse of `detectable_gap`."""
    reach = _reach(level, power, discordance)
    if not 0 < abs(gap) <= 1:
        raise CallerMistake(f"`gap` is {gap}: give a fraction other than 0, such as 0.02 for two points.")
    return math.ceil(reach**2 * max(discordance, abs(gap)) / gap**2)


def _numbered(clusters: Labels, n: int) -> NDArray[np.intp]:
    """Cluster labels of any kind as 0, 1, 2 ... in order of appearance."""
    if len(clusters) != n:
        raise CallerMistake(f"`clusters` has {len(clusters)} labels for {n} items: give one label per item.")
    seen: dict[Any, int] = {}
    numbers = np.array([seen.setdefault(label, len(seen)) for label in clusters], dtype=np.intp)
    if len(seen) < 2:
        raise CallerMistake("`clusters` puts all items into 1 cluster: leave it out, or add another cluster.")
    return numbers


def check_between(name: str, value: float, low: float, high: float, way_out: str) -> None:
    if not (isinstance(value, (int, float)) and low < value < high):
        raise CallerMistake(f"`{name}` is {value!r} but must lie between {low:g} and {high:g}: {way_out}.")


def _reach(level: float, power: float, discordance: float) -> float:
    check_between("power", power, 0.5, 1.0, "write 0.8 for 80%")
    if not 0 < discordance <= 1:
        raise CallerMistake(f"`discordance` is {discordance}: give the share of items they differ on.")
    return quantile_of(level) + _z(power)


def quantile_of(level: float) -> float:
    check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
    return _z((1 + level) / 2)
