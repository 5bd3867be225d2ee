"""Power: how many paired items a gap takes, and which gap so many items can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import CallerMistake
from engine.stats.interval import check_between, check_paired, normal_quantile, quantile_of, score_interval

POWER = 0.80  # the chance of settling it that every "how many items" is planned for


_LEAST_GAP = 1e-6  # no number of items that anybody has finds less


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordanceEstimate:
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


def pilot_discordance(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> DiscordanceEstimate:
    """What a pilot says about the discordance that `items_for` and `detectable_gap` ask for.

    a, b   right or wrong (1 or 0) on the same items in the same order
    level  of the interval, a fraction

    Raises:
        Mismatch: `a` and `b` differ in length.
        CallerMistake: fewer than 2 items, or scores other than right or wrong.
    """
    n = check_paired(len(a), len(b), "pilot")
    odd = [score for score in (*a, *b) if score not in (0, 1)]
    if odd:
        raise CallerMistake(f"A pilot's score is {odd[0]!r}: discordance is about right (1) and wrong (0).")
    differed = sum(x != y for x, y in zip(a, b, strict=True))
    interval = score_interval(differed, n, level)
    return DiscordanceEstimate(
        n=n,
        differed=differed,
        likely=(differed + 1) / (n + 2),
        low=interval.low,
        high=interval.high,
        level=level,
    )


def detectable_gap(n: int, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> float:
    """The smallest gap (a fraction) that n paired 0/1 items find with the given power; known before a run.

    n            items, both contenders on the same ones
    discordance  the share of items that one gets right and the other wrong: 2p(1-p)(1-rho) for two
                 contenders of accuracy p whose answers correlate by rho
    level        of the test, a fraction such as 0.95 for a p below 0.05
    power        the chance of finding it, a fraction

    (z_level + z_power) sqrt(discordance / n) (Miettinen 1968; Miller 2024, section 5). Connor (1987) takes
    gap^2 off one of the two variances and asks for about 1% fewer items. A gap cannot exceed the discordance:
    where it would, all disagreement is taken to go one way. 1.0 means that no gap is sure to be found.

    >>> round(detectable_gap(1172), 3)
    0.045

    Raises:
        CallerMistake: n below 2, a level or power outside 0.5 to 1, a discordance outside 0 to 1.
    """
    if n < 2:
        raise CallerMistake(f"`n` is {n}: give the number of items, at least 2.")
    reach = _reach(level, power, discordance) / math.sqrt(n)
    return min(1.0, max(reach * math.sqrt(discordance), reach**2))


def items_for(gap: float, *, discordance: float = 0.30, level: float = 0.95, power: float = POWER) -> int:
    """How many paired 0/1 items find a gap: the inverse of `detectable_gap`.

    gap                        a fraction, either sign
    discordance, level, power  as there

    >>> items_for(0.05)
    942

    Raises:
        CallerMistake: a gap below 0.000001 or above 1, or as `detectable_gap`.
    """
    reach = _reach(level, power, discordance)
    if not _LEAST_GAP <= abs(gap) <= 1:
        raise CallerMistake(f"`gap` is {gap}: give a fraction of {_LEAST_GAP:f} to 1, such as 0.02 for two points.")
    return math.ceil(reach**2 * max(discordance, abs(gap)) / gap**2)


def _reach(level: float, power: float, discordance: float) -> float:
    check_between("power", power, 0.5, 1.0, "write 0.8 for 80%")
    if not 0 <= discordance <= 1:
        raise CallerMistake(f"`discordance` is {discordance}: give the share of items they differ on.")
    return quantile_of(level) + normal_quantile(power)
