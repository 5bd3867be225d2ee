"""An interval of the gap that is valid at every moment at once, so a battle may be watched and stopped at will.

Somebody who believes the true gap is m should find no bet on the differences that makes money in the long run. For
every m on a fine scale we place such bets; once the wealth of one has grown twentyfold, its m is given up at 95%
(Ville's inequality: for the true gap that happens with a chance of 5% at most, however often one looks). What is not
given up is the interval: a betting confidence sequence (Waudby-Smith & Ramdas 2024, JRSS-B 86:1). It only narrows.

At m = 0 and for right and wrong answers the wealth is the Beta-binomial e-value of the discordant pairs,
B(c + w, c + l) / B(c, c) * 2^(w + l) for w wins of A and l of B: equal contenders split them evenly.

It does not know a battle or a benchmark, and it forgets the items: only their order of arrival matters.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from engine.errors import CallerMistake
from engine.stats.interval import Interval, check_between, check_paired
from engine.stats.paired import DiscordantCounts, Estimate, Winner, distinct_names
from engine.stats.power import POWER
from engine.stats.verdict import Estimand, Verdict

CONCENTRATION = 3.0
"""c, of the Beta law the bets are drawn from: leads of a third of the discordant pairs are found soonest."""
BETS = 64
"""How finely the law is cut. Up to 127 discordant pairs the wealth is exact; beyond, any cut is as valid."""
SCALE = 1000
"""Gaps that are tried in a whole unit: one every tenth of a point."""
_NEGLIGIBLE = 1e-250  # a bet that lost this much never matters again, and numbers below 1e-308 are slow

Floats = NDArray[np.float64]


class SequentialGap:
    """The gap A minus B, item by item, with an interval that may be read after every single one.

    level       chance that the interval holds the true gap at all moments together
    margin      gaps smaller than this (a fraction) count as none
    population  None: the items are a sample of all questions like them. A number: they are drawn without
                replacement from a benchmark of that many, whose own gap is asked for and known for sure at the end

    >>> gap = SequentialGap()
    >>> for a, b in [(1, 0), (1, 1), (1, 0)] * 10:
    ...     gap.update(a, b)
    >>> gap.winner, round(gap.gap, 3), gap.interval.excludes_zero
    ('a', 0.667, True)

    Raises:
        CallerMistake: a level outside 0.5 to 1, a margin outside 0 to 1, a population below 2.
    """

    def __init__(self, level: float = 0.95, margin: float = 0.02, population: int | None = None) -> None:
        check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
        check_between("margin", margin, 0.0, 1.0, "write 0.02 for two points")
        if population is not None and population < 2:
            raise CallerMistake(f"`population` is {population}: give the benchmark's number of items, at least 2.")
        self.level, self.margin, self.population = level, margin, population
        self.n = 0
        self._sum = self._squares = 0.0
        self._low, self._high = -1.0, 1.0  # given up, as are all gaps beyond
        self._gaps = _grid(margin)
        self._odds = _odds(margin)
        self._reported = np.isin(self._gaps, [-margin, 0.0, margin])  # their evidence is reported to the end
        self._wealth = np.tile(_bets()[1], (self._gaps.size, 1))
        self._peak = np.ones(self._gaps.size)

    def update(self, a: float, b: float) -> None:
        """Takes in one item: the scores of A and B on it, each from 0 to 1.

        Raises:
            CallerMistake: a score outside 0 to 1, or an item more than the population has; nothing has changed then.
        """
        gain = _score("a", a) - _score("b", b)
        if self.n == self.population:
            raise CallerMistake(f"All {self.n:,} items of the population have been taken in already.")
        won, lost = self._odds
        if self.population is not None:  # what the rest must average for the whole to come to m
            won, lost = _payoffs((self.population * self._gaps - self._sum) / (self.population - self.n))
        with np.errstate(over="ignore"):
            self._wealth *= won if gain == 1 else lost if gain == -1 else (1 + gain) / 2 * won + (1 - gain) / 2 * lost
            self._peak = np.maximum(self._peak, self._wealth.sum(axis=1))
        self.n += 1
        self._sum += gain
        self._squares += gain**2
        self._refute()

    def _refute(self) -> None:
        still_open = (self._gaps > self._low) & (self._gaps < self._high)
        refuted = self._gaps[still_open & (self._peak >= 1 / (1 - self.level))]
        self._low = max(self._low, refuted[refuted <= self.gap].max(initial=-1.0))
        self._high = min(self._high, refuted[refuted > self.gap].min(initial=1.0))
        needed = (self._gaps > self._low) & (self._gaps < self._high) | self._reported
        if not needed.all():
            self._gaps, self._reported, self._peak = self._gaps[needed], self._reported[needed], self._peak[needed]
            self._wealth = self._wealth[needed]
            self._odds = self._odds[0][needed], self._odds[1][needed]
        if self.n % 128 == 0:
            self._wealth[self._wealth < _NEGLIGIBLE] = 0.0

    @property
    def gap(self) -> float:
        """The mean difference so far. Raises CallerMistake before the first item: nothing is not zero."""
        if not self.n:
            raise CallerMistake("No item has been taken in yet: there is no gap to speak of.")
        return self._sum / self.n

    @property
    def interval(self) -> Interval:
        """All gaps that no bet has refuted so far; from -1 to 1 before the first item."""
        low = math.nextafter(self._low, 1.0) if self._low > -1 else -1.0
        high = math.nextafter(self._high, -1.0) if self._high < 1 else 1.0
        method = "betting confidence sequence"
        if self.population is not None:
            least, most = self._possible
            low, high = max(low, least), min(high, most)
            method += ", without replacement"
            if self.n == self.population:
                low = high = least
        return Interval(low=low, high=high, level=self.level, method=method)

    @property
    def _possible(self) -> tuple[float, float]:
        """Gaps that the rest of the items could still bring about."""
        if self.population is None:
            return -1.0, 1.0
        left = self.population - self.n
        return (self._sum - left) / self.population, (self._sum + left) / self.population

    @property
    def winner(self) -> Winner:
        """`equal` once the interval lies inside the margin, `a` or `b` once it leaves out zero, else `undecided`."""
        interval = self.interval
        if interval.within(self.margin):
            return "equal"
        if not interval.excludes_zero:
            return "undecided"
        return "a" if interval.low > 0 else "b"

    @property
    def decided(self) -> bool:
        """Whether the battle may stop. It may stop without, too: then it is undecided."""
        return self.winner != "undecided"

    @property
    def e_value(self) -> float:
        """The most that a bet against "no gap" was ever worth, of 1 staked; infinite where it is beyond counting."""
        return self._e_value_against(0.0)

    def _e_value_against(self, gap: float) -> float:
        least, most = self._possible
        return float(self._peak[self._gaps == gap][0]) if least <= gap <= most else math.inf

    @property
    def p_value(self) -> float:
        """1 / `e_value`: a p-value that stays valid however often one looks (Ramdas et al. 2023, section 2.3)."""
        return min(1.0, 1 / self.e_value)

    @property
    def p_equal(self) -> float:
        """The same against "the gap is the margin or more", in one direction, the harder of the two."""
        low, high = self.interval
        if abs(min(max(self.gap, low), high)) >= self.margin:
            return 1.0  # what speaks against the end of the margin then says that the gap is larger still
        return min(1.0, 0.5 / min(self._e_value_against(-self.margin), self._e_value_against(self.margin)))

    @property
    def error(self) -> float:
        """Standard error of `gap`, smoothed: half a pair is added to each kind of outcome (Agresti & Min 2005)."""
        return math.sqrt((self._squares + 1) / (self.n + 2) / self.n)


def compare_anytime(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = 0.95,
    margin: float = 0.02,
    names: tuple[str, str] = ("A", "B"),
    population: int | None = None,
    estimand: Estimand = "skill",
) -> Verdict:
    """The verdict on a battle that was stopped, or is looked at, at whatever moment; `compare` is for a planned n.

    a, b        scores from 0 to 1 of the same items, in the order in which they were drawn
    level       chance that the interval holds the true gap at all moments together, a fraction
    margin      gaps smaller than this count as none, a fraction
    names       what to call A and B
    population  how many items the benchmark has; needed for the estimand `benchmark`
    estimand    what the interval speaks of, as in `Verdict`

    Raises:
        Mismatch: `a` and `b` differ in length.
        CallerMistake: fewer than two items, a score outside 0 to 1, a target without its population.
    """
    n = check_paired(len(a), len(b), "verdict")
    if estimand == "benchmark" and population is None:
        raise CallerMistake("The target is the benchmark, but `population` is not given: say how many items it has.")
    sequential = _sequential_gap(tuple(a), tuple(b), level, margin, population if estimand == "benchmark" else None)
    interval = sequential.interval
    reach = (interval.high - interval.low) / 2 / sequential.error
    needed, settled_as = (None, None) if sequential.decided else _estimate(sequential, reach).forecast(margin)
    if sequential.population is not None and not sequential.decided:
        needed = min(needed or sequential.population, sequential.population - n)  # then all of it is known
    binary = {*a, *b} <= {0, 1}
    discordant = DiscordantCounts(
        a_only=sum(x > y for x, y in zip(a, b, strict=True)), b_only=sum(x < y for x, y in zip(a, b, strict=True))
    )
    return Verdict(
        winner=sequential.winner,
        names=distinct_names(names),
        n=n,
        a_score=math.fsum(a) / n,
        b_score=math.fsum(b) / n,
        gap=sequential.gap,
        interval=interval,
        p_value=sequential.p_value,
        p_method="e-value, valid at any moment",
        discordant=discordant if binary else None,
        margin=margin,
        above_noise=interval.excludes_zero,
        detectable_gap=min(1.0, (reach + NormalDist().inv_cdf(POWER)) * sequential.error),
        items_needed=needed,
        settled_as=settled_as,
        population=population,
        caveats=(),
        estimand=estimand,
        p_equal=sequential.p_equal,
    )


@functools.lru_cache(maxsize=32)
def _sequential_gap(
    a: tuple[float, ...], b: tuple[float, ...], level: float, margin: float, population: int | None
) -> SequentialGap:
    """Remembered, because a page is drawn again and again and ten thousand items take a second."""
    sequential = SequentialGap(level, margin, population)
    for score_a, score_b in zip(a, b, strict=True):
        sequential.update(score_a, score_b)
    return sequential


def _estimate(sequential: SequentialGap, reach: float) -> Estimate:
    """What is known so far as an `Estimate`, for its forecast: `reach` is the interval's half-width in errors."""
    return Estimate(
        n=sequential.n,
        gap=sequential.gap,
        interval=sequential.interval,
        p_value=sequential.p_value,
        p_method="e-value",
        spread=sequential.n * sequential.error**2,
        quantile=reach,
        detectable=1.0,
    )


def _grid(margin: float) -> Floats:
    """The gaps that are tried, zero and both ends of the margin among them."""
    return np.union1d(np.arange(1 - SCALE, SCALE) / SCALE, [-margin, margin])


@functools.lru_cache(maxsize=8)
def _odds(margin: float) -> tuple[Floats, Floats]:
    """Remembered, because they stay the same as long as nobody draws without replacement."""
    return _payoffs(_grid(margin))


def _payoffs(expected: Floats) -> tuple[Floats, Floats]:
    """What 1 staked on each bet becomes when A alone is right, and when B is; (gaps, bets).

    The bets are fair if the next difference is `expected` on the average, for each gap.
    """
    chance_of_a = np.clip((1 + expected) / 2, 1e-12, 1 - 1e-12)[:, None]
    bet = _bets()[0]
    return bet / chance_of_a, (1 - bet) / (1 - chance_of_a)


@functools.cache
def _bets() -> tuple[Floats, Floats]:
    """Shares of the discordant pairs to bet on for A, and how much on each: Gauss's cut of a Beta(c, c) law."""
    from scipy.special import roots_jacobi  # type: ignore[import-untyped, unused-ignore]  # too slow for import time

    nodes, weights = roots_jacobi(BETS, CONCENTRATION - 1, CONCENTRATION - 1)
    return (1 + nodes) / 2, weights / weights.sum()


def _score(name: str, value: float) -> float:
    if not (isinstance(value, (bool, int, float, np.number, np.bool_)) and 0 <= value <= 1):
        raise CallerMistake(f"`{name}` is {value!r}: an always-valid interval needs scores from 0 to 1.")
    return float(value)
