"""Shares of right answers, known by their totals alone: standard errors, tests, and how far answers can correlate.

Shares are fractions from 0 to 1. Nothing is checked here; what cannot be is refused where people put it in.
"""

from __future__ import annotations

import math


def standard_error(share: float, n: int) -> float:
    """√(p(1 − p)/n), of one share among n items.

    >>> round(standard_error(0.8, 1319), 4)
    0.011
    """
    return math.sqrt(share * (1 - share) / n)


def unpaired_error(a: float, b: float, n_a: int, n_b: int) -> float:
    """The standard error of a − b where each share has items of its own.

    a, b      shares
    n_a, n_b  items of each
    """
    return math.sqrt(a * (1 - a) / n_a + b * (1 - b) / n_b)


def paired_error(a: float, b: float, correlation: float, n: int) -> float:
    """The standard error of a − b where both are of the same items: the covariance taken off the two variances.

    Miller 2024 (arXiv 2411.00640), section 4.2.

    a, b         shares
    correlation  of right answers from item to item, within `correlation_limits`
    n            items
    """
    shared = 2 * correlation * math.sqrt(a * (1 - a) * b * (1 - b))
    return math.sqrt(max(0.0, a * (1 - a) + b * (1 - b) - shared) / n)


def pooled_z(a: float, b: float, n_a: int, n_b: int) -> float:
    """z of the test of two unpaired shares, with the variance of both together (Fleiss, Levin & Paik 2003, chapter 3).

    a, b      shares
    n_a, n_b  items of each

    The pair that reads three ways, on MMLU:

    >>> z = pooled_z(0.858, 0.850, 14_042, 14_042)
    >>> round(z, 2), round(two_sided_p(z), 3)
    (1.9, 0.058)
    """
    pooled = (a * n_a + b * n_b) / (n_a + n_b)
    return z_score(a - b, math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b)))


def z_score(gap: float, error: float) -> float:
    """How many standard errors a gap is: 0 for no gap, infinite for one without any error."""
    return gap / error if error else math.copysign(math.inf, gap) if gap else 0.0


def two_sided_p(z: float) -> float:
    """The chance of a z as far from 0, in either direction, where there is no gap."""
    return math.erfc(abs(z) / math.sqrt(2))


def correlation_of(a: float, b: float, discordance: float) -> float | None:
    """The correlation of right answers (phi) of two shares that differ on so many items.

    From the variance of a difference: discordance − gap² = var(a) + var(b) − 2 correlation sd(a) sd(b).

    a, b         shares
    discordance  the share of items that one gets right and the other wrong

    Returns None where a share is 0 or 1, which correlates with nothing.
    """
    spread = a * (1 - a) + b * (1 - b) - discordance + (a - b) ** 2
    both = math.sqrt(a * (1 - a) * b * (1 - b))
    return max(-1.0, min(1.0, spread / 2 / both)) if both else None


def correlation_limits(a: float, b: float) -> tuple[float, float] | None:
    """The lowest and highest correlation that two shares can have over the same items; None as in `correlation_of`.

    They differ at least by the gap, and at most as far as right and wrong answers go round.

    >>> lowest, highest = correlation_limits(0.9, 0.5)
    >>> round(lowest, 3), round(highest, 3)
    (-0.333, 0.333)
    """
    lowest = correlation_of(a, b, min(a + b, 2 - a - b))
    highest = correlation_of(a, b, abs(a - b))
    return None if lowest is None or highest is None else (lowest, highest)
