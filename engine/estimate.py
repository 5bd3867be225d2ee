"""Estimates of a paired gap: the methods a verdict rests on, one result object for all of them.

Tango's score interval for right and wrong, a t interval for real scores and for clustered items, and how many items
a gap takes. It decides nothing: `verdict.py` picks the method and says what it means. How often each of them holds the
true gap is measured in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import CallerMistake, Mismatch

Outcome = Literal["a", "b", "equal", "undecided"]
Labels = Sequence[Any] | NDArray[Any]

POWER = 0.80  # the chance of settling it that every "how many items" is planned for
_FORESEEABLE = 10_000_000  # a forecast of more items than this is no forecast
_z = NormalDist().inv_cdf
_FEW = 20  # with fewer independent draws a t interval covers lopsided scores less often than it says
_LOPSIDED = 6.0
"""How far a t interval is widened for lopsided scores: nearly three times what the expansion asks for, because a few
items show too little of their law's skewness. Chosen by simulation (docs/statistics.md)."""
_LEAST_GAP = 1e-6  # no number of items that anybody has finds less


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
    p_equal   the larger p-value of the two one-sided tests against a gap of the margin or more, in either direction
              (Schuirmann 1987); 1 where none was made
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
    p_equal: float = 1.0

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


def tango(discordant: Discordant, n: int, level: float, margin: float = 0.02) -> Estimate:
    """Tango's score interval (1998, Statistics in Medicine 17:891) and McNemar's exact test (1947)."""
    from scipy.special import bdtr, ndtr  # type: ignore[import-untyped, unused-ignore]  # too slow for import time

    wins, losses = discordant.a_only, discordant.b_only
    z = quantile_of(level)
    low, high = -_tango_high(losses, wins, n, z), _tango_high(wins, losses, n, z)
    at_margin = _tango_score(wins, losses, n, margin), _tango_score(losses, wins, n, margin)
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
        p_equal=max(float(ndtr(above / math.sqrt(variance))) for above, variance in at_margin),
    )


def _tango_score(wins: int, losses: int, n: int, gap: float) -> tuple[float, float]:
    """How far wins - losses lies above what a true gap would bring, and its variance there.

    Given a gap D, the likeliest share of items that only B gets right is the larger root q of
    2n q^2 + (D(2n - wins + losses) - wins - losses) q - losses D(1 - D) = 0, and wins - losses has variance
    n(2q + D(1 - D)).
    """
    linear = gap * (2 * n - wins + losses) - wins - losses
    root = math.sqrt(max(0.0, linear**2 + 8 * n * losses * gap * (1 - gap)))
    b_only = max(0.0, (root - linear) / (4 * n))
    return wins - losses - n * gap, n * (2 * b_only + gap * (1 - gap))


def _tango_high(wins: int, losses: int, n: int, z: float) -> float:
    """The largest gap that the score test at z does not reject; the lower end is its mirror image.

    Squares are compared because the variance is 0 at a gap of 1.
    """

    def rejected(gap: float) -> bool:
        above, variance = _tango_score(wins, losses, n, gap)
        return above**2 > z**2 * variance

    inside, outside = (wins - losses) / n, 1.0
    while (middle := (inside + outside) / 2) not in (inside, outside):
        inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
    return outside


def paired_t(
    gaps: NDArray[np.float64], clusters: Labels | None, level: float, scale: float, margin: float = 0.02
) -> Estimate:
    """A t interval of the differences, over clusters where items share one, that allows for lopsided scores.

    Standard error: the sum of residuals R of each cluster counts, R^2 / (1 - share of the items), which makes up for
    what the cluster did to the mean, with Satterthwaite's degrees of freedom (CR2, Bell & McCaffrey 2002, Survey
    Methodology 28:169). Clusters of one size make it the t interval of their means, one item each Student's.

    Its square is multiplied by 1 + 6 S, where S, the squared skewness over n, is (sum z^3)^2 / (sum z^2)^3 with z a
    cluster's R over the root of its size. To second order 1 + 2.15 S mends a two-sided t interval of 95% (Hall 1992,
    The Bootstrap and Edgeworth Expansion, chapter 2). Even scores are left as they are.

    The scores span `scale`, which no gap exceeds.
    """
    from scipy.special import stdtr, stdtrit  # too slow for import time

    n, rounding = gaps.size, 1e-12 * scale
    gap = float(gaps.mean()) if abs(gaps.mean()) > rounding else 0.0
    cluster_of = np.arange(n) if clusters is None else _numbered(clusters, n)
    sizes = np.bincount(cluster_of)
    residuals = np.bincount(cluster_of, weights=gaps - gap)
    share = sizes / n
    error = math.sqrt(float((residuals**2 / (1 - share)).sum())) / n
    unit = "Some scores lie outside 0 to 1: a point is a hundredth of their own unit."
    caveats = [unit] if scale > 1.0 else []
    if error <= rounding:
        return _unvarying(gap, n=n, draws=sizes.size, level=level, scale=scale, margin=margin, caveats=caveats)
    even = residuals / np.sqrt(sizes) / error
    error *= math.sqrt(1 + _LOPSIDED * float((even**3).sum() ** 2 / (even**2).sum() ** 3))
    pull = share**2 / (1 - share)
    freedom = 1 / float((share**2).sum() + pull.sum() ** 2 - (pull**2).sum())
    quantile = float(stdtrit(freedom, (1 + level) / 2))
    method = "paired t" if clusters is None else f"cluster-robust t ({sizes.size} clusters)"
    if (draws := round(freedom + 1)) < _FEW:
        worth = "" if draws == sizes.size else f", which is all that {sizes.size} clusters so unequal are worth"
        caveats.append(f"With only {draws} independent draws{worth}, this relies on roughly normal scores.")
    return Estimate(
        n=n,
        gap=gap,
        interval=Interval(
            low=max(-scale, gap - quantile * error),
            high=min(scale, gap + quantile * error),
            level=level,
            method=f"{method}, skew-adjusted",
        ),
        p_value=2 * float(stdtr(freedom, -abs(gap) / error)),
        p_method=f"{method}, skew-adjusted",
        spread=n * error**2,
        quantile=quantile,
        detectable=min(scale, (quantile + _z(POWER)) * error),
        caveats=tuple(caveats),
        p_equal=float(stdtr(freedom, (abs(gap) - margin) / error)),
    )


def _unvarying(
    gap: float, *, n: int, draws: int, level: float, scale: float, margin: float, caveats: list[str]
) -> Estimate:
    """What to make of differences that are all the same: no variation seen is not certainty.

    If more than a share s of all draws were different, seeing none of them would have chance (1 - s)^draws, and they
    may lie anywhere on the scale (Hanley & Lippman-Hand 1983: the rule of three).
    """
    from scipy.special import stdtrit  # too slow for import time

    unseen = 1 - ((1 - level) / 2) ** (1 / draws)
    room, asked = scale - abs(gap), max(0.0, margin - abs(gap))
    error = scale / math.sqrt((draws + 2) * draws)
    quantile = float(stdtrit(draws - 1, (1 + level) / 2))
    return Estimate(
        n=n,
        gap=gap,
        interval=Interval(
            low=gap - unseen * (scale + gap),
            high=gap + unseen * (scale - gap),
            level=level,
            method=f"rule of three ({draws} equal differences)",
        ),
        p_value=2.0 ** (1 - draws) if gap else 1.0,
        p_method="sign flips, exact",
        spread=n * error**2,
        quantile=quantile,
        detectable=min(scale, (quantile + _z(POWER)) * error),
        caveats=(*caveats, f"All {draws} independent draws agree, so the interval rests on their number alone."),
        p_equal=(1 - asked / room) ** draws if asked else 1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordance:
    """The share of items that one gets right and the other wrong, as a pilot of n items lets one guess it.

    A battle is planned with `likely`, and told with both ends: `low` is the optimistic one, `high` the pessimistic.
    `likely` counts half a pair more of each kind, since no disagreement in a pilot is not none in the battle.
    """

    n: int
    differed: int
    likely: float
    low: float
    high: float
    level: float


def pilot_discordance(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> Discordance:
    """What a pilot says about the discordance that `items_for` and `detectable_gap` ask for.

    Raises:
        Mismatch: `a` and `b` differ in length.
        CallerMistake: fewer than 2 items, or scores other than right or wrong.
    """
    if len(a) != len(b):
        raise Mismatch(f"`a` has {len(a)} scores and `b` has {len(b)}: keep the items that both have answered.")
    if len(a) < 2:
        raise CallerMistake(f"A pilot needs at least 2 items answered by both; got {len(a)}: run more.")
    odd = [score for score in (*a, *b) if score not in (0, 1)]
    if odd:
        raise CallerMistake(f"A pilot's score is {odd[0]!r}: discordance is about right (1) and wrong (0).")
    n, differed = len(a), sum(x != y for x, y in zip(a, b, strict=True))
    interval = score_interval(differed, n, level)
    return Discordance(
        n=n,
        differed=differed,
        likely=(differed + 1) / (n + 2),
        low=interval.low,
        high=interval.high,
        level=level,
    )


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


def detectable_gap(n: int, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> float:
    """The smallest gap (a fraction) that n paired 0/1 items find with the given power; known before a run.

    discordance  the share of items that one gets right and the other wrong: 2p(1-p)(1-rho) for two
                 contenders of accuracy p whose answers correlate by rho

    (z_level + z_power) sqrt(discordance / n) (Miettinen 1968; Miller 2024, section 5). Connor (1987) takes
    gap^2 off one of the two variances and asks for about 1% fewer items. A gap cannot exceed the discordance:
    where it would, all disagreement is taken to go one way. 1.0 means that no gap is sure to be found.
    """
    if n < 2:
        raise CallerMistake(f"`n` is {n}: give the number of items, at least 2.")
    reach = _reach(level, power, discordance) / math.sqrt(n)
    return min(1.0, max(reach * math.sqrt(discordance), reach**2))


def items_for(gap: float, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> int:
    """How many paired 0/1 items find a gap (a fraction, either sign): the inverse of `detectable_gap`."""
    reach = _reach(level, power, discordance)
    if not _LEAST_GAP <= abs(gap) <= 1:
        raise CallerMistake(f"`gap` is {gap}: give a fraction of {_LEAST_GAP:f} to 1, such as 0.02 for two points.")
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
    if not 0 <= discordance <= 1:
        raise CallerMistake(f"`discordance` is {discordance}: give the share of items they differ on.")
    return quantile_of(level) + _z(power)


def quantile_of(level: float) -> float:
    check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
    return _z((1 + level) / 2)
