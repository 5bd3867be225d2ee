"""A published pair of scores without logs: what it shows, and what would have to be true for the gap to be real.

Two figures and a count of items do not say whether the same items were answered, nor how far the answers agree, and
those decide. So the gap is read twice: as two separate exams, and as one exam at an assumed agreement. And the question
is turned round: on how many items may the two differ at most, for a log with these scores to show a real gap?

Figures come in as percentages, as people write them; everything that goes out is a fraction, as in `Verdict`. A figure
stands for every score that rounds to it, and nobody wins unless all of those agree.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from statistics import NormalDist

from engine.errors import CallerMistake
from engine.stats.interval import Interval, newcombe_interval, quantile_of, score_interval, wald_interval
from engine.stats.paired import Winner, distinct_names
from engine.stats.power import POWER
from engine.stats.shares import (
    correlation_limits,
    correlation_of,
    paired_error,
    pooled_z,
    two_sided_p,
    unpaired_error,
    z_score,
)

Figure = str | int | float
_WRITTEN = re.compile(r"[0-9]{1,3}(?:\.([0-9]{0,17}))?\s*(%?)")
_MOST_ITEMS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFigure:
    """A published figure and what it stands for.

    text       as it was printed, without a % sign
    share      the score as a fraction: the printed one, or the one score of n items that is printed so
    low, high  the lowest and highest score of n items that are printed so
    fits       whether there is any; otherwise `low` and `high` are the bounds of the rounding
    """

    text: str
    share: float
    low: float
    high: float
    n: int
    fits: bool

    @property
    def right(self) -> int:
        return round(self.share * self.n)

    @property
    def exact(self) -> bool:
        """Whether only one number of right answers is printed so."""
        return self.fits and self.low == self.high

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTest:
    """The gap under one assumption about the items.

    correlation     of right answers from item to item; None where each score has items of its own
    differing       about how many items they then differ on; None like `correlation`
    p_value         at the figures as published
    p_range         the lowest and highest p of all scores that are printed as these figures
    detectable_gap  the smallest gap found with 80% power
    winner          a, b: the gap is above the noise whatever the rounding hides; else undecided, and never equal
    """

    correlation: float | None
    differing: int | None
    z: float
    p_value: float
    p_range: tuple[float, float]
    interval: Interval
    detectable_gap: float
    winner: Winner


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must be true for a gap above the noise: on at most `items` items one is right and the other wrong.

    correlation  the same said of the answers: they correlate by at least this; None where a score is 0 or 100
    least, most  the fewest and the most items the two can differ on, given their scores
    """

    items: int
    correlation: float | None
    least: int
    most: int

    @property
    def always(self) -> bool:
        """Whether it is met however little the two agree."""
        return self.items >= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedGap:
    """Two published scores, and what may be concluded from them; fractions, the gap is A minus B.

    gaps          the smallest and largest gap that the figures leave open
    separate      the gap if each score has items of its own (unpaired)
    paired        the gap if both answered the same items, at the correlation given; None without one
    correlations  the lowest and highest correlation that the two scores can have on the same items; None where
                  they have none: a score of 0 or 100, or items of their own
    condition     for a gap above the noise if the figures are taken as exact; None where no agreement would do
    surely        the same whatever the rounding hides
    caveats       sentences to read before believing the rest
    """

    names: tuple[str, str]
    a: PrintedFigure
    b: PrintedFigure
    level: float
    gap: float
    gaps: tuple[float, float]
    separate: GapTest
    paired: GapTest | None
    correlations: tuple[float, float] | None
    condition: Condition | None
    surely: Condition | None
    caveats: tuple[str, ...]

    @property
    def same_n(self) -> bool:
        """Whether both may have answered the same items."""
        return self.a.n == self.b.n

    @property
    def exact(self) -> bool:
        """Whether each figure stands for one number of right answers."""
        return self.a.exact and self.b.exact


def published_gap(
    a: Figure,
    b: Figure,
    n: int,
    *,
    n_b: int | None = None,
    level: float = 0.95,
    correlation: float | None = None,
    names: tuple[str, str] = ("A", "B"),
) -> PublishedGap:
    """What two published scores show without their logs.

    a, b         percentages as they were printed; as text ("85.0") the last digit says how they were rounded,
                 an int is taken as rounded to whole percents. Below 1 only with a % sign: 0.85 looks like a fraction
    n            how many items, of A alone where `n_b` is given
    n_b          how many items B has, where that is another number
    level        of the intervals, and 1 - level is what p must stay below; a fraction
    correlation  of right answers from item to item, assumed: reads the two as answers to the same items
    names        what to call A and B

    Two scores eight tenths apart on MMLU, of items of their own and at a correlation of 0.5 over the same ones:

    >>> gap = published_gap(85.8, "85.0", 14_042, correlation=0.5)
    >>> gap.separate.winner, gap.paired.winner, gap.condition.items
    ('undecided', 'a', 3206)

    Raises:
        CallerMistake: a figure that is no percentage or looks like a fraction, n below 2, a level outside 0.5 to 1, a
            correlation that these scores cannot have.
    """
    a_score = _printed_figure("a", a, "n", n)
    b_score = _printed_figure("b", b, "n", n) if n_b is None else _printed_figure("b", b, "n_b", n_b)
    separate = _separate(a_score, b_score, level)
    condition = surely = correlations = paired = None
    if a_score.n == b_score.n:
        condition = _condition(a_score.right, b_score.right, n, 1 - level)
        surely = _condition(*_nearest(a_score, b_score), n, 1 - level)
        correlations = correlation_limits(a_score.share, b_score.share)
    if correlation is not None:
        _check_correlation(correlation, a_score, b_score, correlations)
        paired = _paired(a_score, b_score, correlation, level, surely)
    return PublishedGap(
        names=distinct_names(names),
        a=a_score,
        b=b_score,
        level=level,
        gap=a_score.share - b_score.share,
        gaps=(a_score.low - b_score.high, a_score.high - b_score.low),
        separate=separate,
        paired=paired,
        correlations=correlations,
        condition=condition,
        surely=surely,
        caveats=_caveats(a_score, b_score),
    )


def _printed_figure(name: str, figure: Figure, count: str, n: int) -> PrintedFigure:
    written = _WRITTEN.fullmatch(str(float(figure)) if isinstance(figure, float) else str(figure).strip())
    text = written[0].rstrip("% ") if written else "nan"
    if isinstance(figure, bool) or not float(text) <= 100:
        raise CallerMistake(f"The score `{name}` is {figure!r:.40}: write a percentage from 0 to 100, such as 85.8.")
    if written and 0 < float(text) < 1 and not written[2]:
        raise CallerMistake(
            f"The score `{name}` is {figure!r}: if that is a fraction, write the percentage {100 * float(text):g}; "
            f'if it is a percentage, write "{text}%".'
        )
    if not isinstance(n, int) or isinstance(n, bool) or not 2 <= n <= _MOST_ITEMS:
        raise CallerMistake(f"`{count}` is {n!r}: give the number of items, from 2 to {_MOST_ITEMS:,}.")
    share, half = float(text) / 100, 0.005 / 10 ** len(text.partition(".")[2])
    fewest, most = math.ceil((share - half) * n - 1e-6), math.floor((share + half) * n + 1e-6)
    fewest, most = max(0, fewest), min(n, most)
    if fewest > most:
        return PrintedFigure(
            text=text, share=share, low=max(0.0, share - half), high=min(1.0, share + half), n=n, fits=False
        )
    if fewest == most:
        share = most / n
    return PrintedFigure(text=text, share=share, low=fewest / n, high=most / n, n=n, fits=True)


def _separate(a: PrintedFigure, b: PrintedFigure, level: float) -> GapTest:
    """The pooled two-share z test, and Newcombe's interval from two Wilson intervals (1998, method 10)."""
    gap = a.share - b.share
    of_a, of_b = score_interval(a.right, a.n, level), score_interval(b.right, b.n, level)
    interval = newcombe_interval(a.share, b.share, of_a, of_b)
    z = pooled_z(a.share, b.share, a.n, b.n)
    others = [pooled_z(x, y, a.n, b.n) for x in (a.low, a.high) for y in (b.low, b.high)]
    p_range = _range_of_p([z, *others])
    error = unpaired_error(a.share, b.share, a.n, b.n)
    clear = interval.excludes_zero and p_range[1] < 1 - level
    return GapTest(
        correlation=None,
        differing=None,
        z=z,
        p_value=two_sided_p(z),
        p_range=p_range,
        interval=interval,
        detectable_gap=_detectable(error, min(a.n, b.n), level),
        winner=_ahead(gap) if clear else "undecided",
    )


def _paired(a: PrintedFigure, b: PrintedFigure, correlation: float, level: float, surely: Condition | None) -> GapTest:
    """Wald's test and interval with the covariance taken off (Miller 2024, arXiv 2411.00640, section 4.2)."""
    gap, n = a.share - b.share, a.n
    error = paired_error(a.share, b.share, correlation, n)
    ends = [(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    zs = [z_score(x - y, paired_error(x, y, correlation, n)) for x, y in [(a.share, b.share), *ends]]
    needed = None if surely is None else -1.0 if surely.always else surely.correlation
    clear = needed is not None and correlation >= needed - 1e-9
    return GapTest(
        correlation=correlation,
        differing=round(n * (error**2 * n + gap**2)),
        z=zs[0],
        p_value=two_sided_p(zs[0]),
        p_range=_range_of_p(zs),
        interval=wald_interval(gap, error, level, within=(-1.0, 1.0), method="Wald, paired"),
        detectable_gap=_detectable(error, n, level),
        winner=_ahead(gap) if clear else "undecided",
    )


def _condition(right_a: int, right_b: int, n: int, alpha: float) -> Condition | None:
    """The most items the two may differ on for McNemar's exact p to stay below alpha, found by halving.

    A lead of g items and m more that each side wins back make g + 2m items they differ on; p grows with m.
    """
    from scipy.special import bdtr  # type: ignore[import-untyped, unused-ignore]  # too slow for import time

    lead = abs(right_a - right_b)
    most = min(right_a + right_b, 2 * n - right_a - right_b)

    def clear(back: int) -> bool:
        return 2 * float(bdtr(back, lead + 2 * back, 0.5)) < alpha

    if lead == 0 or not clear(0):
        return None
    won_back = bisect_left(range(1, (most - lead) // 2 + 1), True, key=lambda back: not clear(back))
    items = lead + 2 * won_back
    correlation = correlation_of(right_a / n, right_b / n, items / n)
    return Condition(items=items, correlation=correlation, least=lead, most=most)


def _nearest(a: PrintedFigure, b: PrintedFigure) -> tuple[int, int]:
    """The right answers of both where the gap that the rounding leaves open is smallest."""
    ahead, behind = (a, b) if a.share > b.share else (b, a)
    best, worst = round(ahead.low * ahead.n), round(behind.high * behind.n)
    best = max(best, worst)
    return (best, worst) if ahead is a else (worst, best)


def _check_correlation(rho: float, a: PrintedFigure, b: PrintedFigure, possible: tuple[float, float] | None) -> None:
    if a.n != b.n:
        raise CallerMistake(
            f"`correlation` is {rho:g}, but A has {a.n:,} items and B {b.n:,}: answers correlate only over the same "
            "items. Leave it out."
        )
    if possible is None:
        raise CallerMistake(f"`correlation` is {rho:g}, but a score of 0 or 100 correlates with nothing: leave it out.")
    lowest, highest = possible
    if not lowest - 0.005 <= rho <= highest + 0.005:
        raise CallerMistake(
            f"`correlation` is {rho:g}: scores of {a.text} and {b.text} can only correlate by {lowest:.2f} "
            f"to {highest:.2f} over the same items."
        )


def _caveats(a: PrintedFigure, b: PrintedFigure) -> tuple[str, ...]:
    """A figure that no count of right answers gives (Brown & Heathers 2017), and counts too small for a z test."""
    odd = [
        f"No whole number of right answers out of {score.n:,} is told as {score.text}: the figure is an average of "
        "something else, or the number of items is another."
        for score in dict.fromkeys((a, b))
        if not score.fits
    ]
    few = min(min(score.right, score.n - score.right) for score in (a, b))
    rough = (
        [f"One score has only {few} answers of one kind, right or wrong: the z test is rough there."] if few < 5 else []
    )
    return (*odd, *rough)


def _range_of_p(zs: list[float]) -> tuple[float, float]:
    ps = [two_sided_p(z) for z in zs]
    crosses = min(zs) < 0 < max(zs)
    return min(ps), 1.0 if crosses else max(ps)


def _detectable(error: float, n: int, level: float) -> float:
    """As `power.detectable_gap`: where hardly anything varies, all disagreement is taken to go one way."""
    reach = quantile_of(level) + NormalDist().inv_cdf(POWER)
    return min(1.0, max(reach * error, reach**2 / n))


def _ahead(gap: float) -> Winner:
    return "a" if gap > 0 else "b"
