"""The verdict: which of two contenders is better on the same items, or that we do not know yet.

It judges a battle whose number of items was fixed beforehand, and one at a time: `sequential.py` has the interval for
repeated looks, `multiplicity.py` the correction for several tasks.

Both contenders answer the same items, so all of it is about the difference on each item, A minus B. Scores,
gaps and interval ends are fractions (0.02 is two points). An interval speaks of all items like these, of
which the n asked are a sample: it does not shrink to nothing when a benchmark is used up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import CallerMistake
from engine.stats.interval import Interval, check_between, check_paired
from engine.stats.paired import DiscordantCounts, Estimate, Labels, Winner, distinct_names, paired_t, tango

Estimand = Literal["skill", "benchmark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a finished battle shows, and how sure that is. Fractions throughout; the gap is A minus B.

    winner          `equal`: the whole interval lies inside (-margin, margin), even if it excludes 0;
                    `a`, `b`: the gap is above the noise and not `equal`; `undecided`: anything else
    above_noise     the interval excludes 0 and the p-value is below 1 - level. For 0/1 scores the two come
                    from different methods and can disagree near the edge; nobody wins on one of them alone
    p_equal         the larger p-value of two one-sided tests, of a gap of the margin or more in either direction. Below
                    half of 1 - level exactly where the winner is `equal`: the two are one decision
    discordant      None for scores other than 0/1
    detectable_gap  the smallest gap that n such items find with 80% power
    items_needed    items to add to these n for an 80% chance of settling it, if the gap stays as measured;
                    None once it is settled, and where it would take more than ten million
    settled_as      what those items would most likely settle it as; None with `items_needed`
    population      how many items the whole benchmark has, where known
    caveats         sentences to read before believing the rest
    estimand        what the interval speaks of: `skill` on all questions like these, or this `benchmark` run to its end
    """

    winner: Winner
    names: tuple[str, str]
    n: int
    a_score: float
    b_score: float
    gap: float
    interval: Interval
    p_value: float
    p_method: str
    p_equal: float
    discordant: DiscordantCounts | None
    margin: float
    above_noise: bool
    detectable_gap: float
    items_needed: int | None
    settled_as: Winner | None
    population: int | None
    caveats: tuple[str, ...]
    estimand: Estimand = "skill"


def compare(
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = 0.95,
    margin: float = 0.02,
    clusters: Labels | None = None,
    names: tuple[str, str] = ("A", "B"),
    population: int | None = None,
) -> Verdict:
    """Judge two contenders by their scores on the same n items.

    a, b        n scores each, item by item in the same order: right or wrong (0/1, bool), or real numbers
    level       confidence of the interval, a fraction; 1 - level is what p must stay below
    margin      the gap below which the two are equal for the reader's purposes, a fraction, chosen before the run
    clusters    n labels; items that share one (a passage, a template) are not independent
    names       what to call A and B
    population  how many items the whole benchmark has, to say when it cannot settle the question

    0/1 scores get Tango's score interval (1998) and McNemar's exact test (1947), real ones a paired t that allows for
    lopsided scores, clustered ones of either kind its cluster-robust form (`paired.py` has the sources).

    >>> verdict = compare([1] * 60 + [0] * 40, [1] * 20 + [0] * 80)
    >>> low, high = verdict.interval
    >>> verdict.winner, verdict.gap, round(low, 3), round(high, 3)
    ('a', 0.4, 0.309, 0.498)

    Raises:
        Mismatch: `a` and `b` differ in length.
        CallerMistake: fewer than two items, scores that are no numbers, a level, margin or population out of range,
            clusters that do not fit the items.
    """
    a_scores, b_scores = _scores("a", a), _scores("b", b)
    n = check_paired(a_scores.size, b_scores.size, "verdict")
    if population is not None and population < n:
        raise CallerMistake(f"`population` is {population} but {n} items were run: give the task's size.")
    check_between("level", level, 0.5, 1.0, "write 0.95 for 95%")
    check_between("margin", margin, 0.0, 1.0, "write 0.02 for two points")
    discordant, estimate = _estimate(a_scores, b_scores, level, margin, clusters)
    winner = estimate.outcome(margin)
    items_needed, settled_as = estimate.forecast(margin) if winner == "undecided" else (None, None)
    caveats = estimate.caveats
    if estimate.interval.excludes_zero and not estimate.above_noise:
        caveats += (f"The interval just clears 0, the exact test (p = {estimate.p_value:.3f}) does not.",)
    if population and winner == "undecided" and n + (items_needed or math.inf) > population:
        caveats += (f"This benchmark's {population:,} items are too few to settle a gap of this size.",)
    return Verdict(
        winner=winner,
        names=distinct_names(names),
        n=n,
        a_score=float(a_scores.mean()),
        b_score=float(b_scores.mean()),
        gap=estimate.gap,
        interval=estimate.interval,
        p_value=estimate.p_value,
        p_method=estimate.p_method,
        p_equal=estimate.p_equal,
        discordant=discordant,
        margin=margin,
        above_noise=estimate.above_noise,
        detectable_gap=estimate.detectable,
        items_needed=items_needed,
        settled_as=settled_as,
        population=population,
        caveats=caveats,
    )


def _estimate(
    a: NDArray[np.float64], b: NDArray[np.float64], level: float, margin: float, clusters: Labels | None
) -> tuple[DiscordantCounts | None, Estimate]:
    gaps, discordant = a - b, None
    if np.isin((a, b), (0.0, 1.0)).all():
        discordant = DiscordantCounts(a_only=int((gaps > 0).sum()), b_only=int((gaps < 0).sum()))
        if clusters is None:
            return discordant, tango(discordant, a.size, level, margin)
    scale = float(max(1.0, a.max(), b.max()) - min(0.0, a.min(), b.min()))
    return discordant, paired_t(gaps, clusters, level, scale, margin)


def _scores(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """The scores as floats, or the reason why they cannot be judged."""
    remedy = "give one number per item, such as [1, 0, 1]"
    try:
        scores = np.asarray(values)
    except ValueError:
        raise CallerMistake(f"`{name}` is a list of lists of unequal length: {remedy}.") from None
    if scores.ndim != 1 or (scores.size and scores.dtype.kind not in "biuf"):
        raise CallerMistake(f"`{name}` has shape {scores.shape} and holds {scores.dtype}: {remedy}.")
    missing = np.flatnonzero(~np.isfinite(scores))
    if missing.size:
        raise CallerMistake(f"Item {missing[0]} of `{name}` is {scores[missing[0]]}: leave it out of both.")
    return scores.astype(np.float64)
