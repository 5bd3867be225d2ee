"""Estimates of a paired gap: the methods a verdict rests on, one result object for all of them.

Tango's score interval for right and wrong, a t interval for real scores and for clustered items, and how many items
a gap takes. It decides nothing: `verdict.py` picks the method and says what it means. How often each of them holds the
true gap is measured in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import CallerMistake
from engine.stats.interval import Interval, normal_quantile, quantile_of
from engine.stats.power import POWER, detectable_gap

Winner = Literal["a", "b", "equal", "undecided"]
Labels = Sequence[Any] | NDArray[Any]

_LONGEST_FORECAST = 10_000_000  # a forecast of more items than this is no forecast
_FEW_DRAWS = 20  # with fewer independent draws a t interval covers lopsided scores less often than it says
_LOPSIDED = 6.0
"""How far a t interval is widened for lopsided scores: nearly three times what the expansion asks for, because a few
items show too little of their law's skewness. Chosen by simulation (docs/statistics.md)."""


def distinct_names(names: tuple[str, str]) -> tuple[str, str]:
    """The names of A and B, told apart by their sides where they are the same.

    >>> distinct_names(("ruby", "ruby"))
    ('ruby (A)', 'ruby (B)')
    """
    a, b = names
    return names if a != b else (f"{a} (A)", f"{b} (B)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordantCounts:
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

    def outcome(self, margin: float) -> Winner:
        if self.interval.within(margin):
            return "equal"
        if not self.above_noise:
            return "undecided"
        return "a" if self.gap > 0 else "b"

    def forecast(self, margin: float) -> tuple[int | None, Winner | None]:
        """Items to add for an 80% chance of an outcome if the gap stays as it is, and which outcome.

        The shorter way out counts. A lead takes ((q + z_power) / gap)^2 spread (Miller 2024, section 5);
        equality the same with the room left to the margin, and z at (1 + power) / 2, as it can fail at
        both ends (Chow, Shao & Wang 2008; a little long for gaps other than 0).
        """

        def items(power: float, room: float) -> float:
            reach = (self.quantile + normal_quantile(power)) * math.sqrt(self.spread)
            return (reach / room) ** 2 if room * math.sqrt(_LONGEST_FORECAST) > reach else math.inf

        lead, equal = items(POWER, abs(self.gap)), items((1 + POWER) / 2, margin - abs(self.gap))
        if min(lead, equal) == math.inf:
            return None, None
        more = max(1, math.ceil(min(lead, equal)) - self.n)
        return more, "equal" if equal < lead else "a" if self.gap > 0 else "b"


def tango(discordant: DiscordantCounts, n: int, level: float, margin: float = 0.02) -> Estimate:
    """Tango's score interval (1998, Statistics in Medicine 17:891) and McNemar's exact test (1947).

    discordant  the items that tell the two apart
    n           how many items there are
    level       of the interval, a fraction
    margin      of the two one-sided tests, a fraction
    """
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

    gaps      n differences, A minus B
    clusters  n labels; None where every item is drawn by itself
    level     of the interval, a fraction
    scale     what the scores span, which no gap exceeds
    margin    of the two one-sided tests, in the unit of the scores
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
        return _equal_differences(gap, n=n, draws=sizes.size, level=level, scale=scale, margin=margin, caveats=caveats)
    standardised = residuals / np.sqrt(sizes) / error
    error *= math.sqrt(1 + _LOPSIDED * float((standardised**3).sum() ** 2 / (standardised**2).sum() ** 3))
    pull = share**2 / (1 - share)
    freedom = 1 / float((share**2).sum() + pull.sum() ** 2 - (pull**2).sum())
    quantile = float(stdtrit(freedom, (1 + level) / 2))
    method = "paired t" if clusters is None else f"cluster-robust t ({sizes.size} clusters)"
    if (draws := round(freedom + 1)) < _FEW_DRAWS:
        clause = "" if draws == sizes.size else f", which is all that {sizes.size} clusters so unequal are worth"
        caveats.append(f"With only {draws} independent draws{clause}, this relies on roughly normal scores.")
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
        detectable=min(scale, (quantile + normal_quantile(POWER)) * error),
        caveats=tuple(caveats),
        p_equal=float(stdtr(freedom, (abs(gap) - margin) / error)),
    )


def _equal_differences(
    gap: float, *, n: int, draws: int, level: float, scale: float, margin: float, caveats: list[str]
) -> Estimate:
    """What to make of differences that are all the same: no variation seen is not certainty.

    If more than a share s of all draws were different, seeing none of them would have chance (1 - s)^draws, and they
    may lie anywhere on the scale (Hanley & Lippman-Hand 1983: the rule of three).
    """
    from scipy.special import stdtrit  # too slow for import time

    unseen = 1 - ((1 - level) / 2) ** (1 / draws)
    scope, distance = scale - abs(gap), max(0.0, margin - abs(gap))
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
        detectable=min(scale, (quantile + normal_quantile(POWER)) * error),
        caveats=(*caveats, f"All {draws} independent draws agree, so the interval rests on their number alone."),
        p_equal=(1 - distance / scope) ** draws if distance else 1.0,
    )


def _numbered(clusters: Labels, n: int) -> NDArray[np.intp]:
    """Cluster labels of any kind as 0, 1, 2 ... in order of appearance."""
    if len(clusters) != n:
        raise CallerMistake(f"`clusters` has {len(clusters)} labels for {n} items: give one label per item.")
    seen: dict[Any, int] = {}
    numbers = np.array([seen.setdefault(label, len(seen)) for label in clusters], dtype=np.intp)
    if len(seen) < 2:
        raise CallerMistake("`clusters` puts all items into 1 cluster: leave it out, or add another cluster.")
    return numbers
