"""Intervals from totals against other hands: statsmodels, a published example, arithmetic by hand."""

from __future__ import annotations

import pytest

from engine.errors import CallerMistake
from engine.stats.interval import newcombe_interval, score_interval, wald_interval
from engine.stats.shares import pooled_z, standard_error, two_sided_p, unpaired_error

# statsmodels 0.15.0, scipy 1.17.1, in an environment of its own:
#   proportion_confint(k, n, method="wilson"), and method="normal", which cuts at 0 and 1
# k, n, Wilson low, Wilson high, Wald low, Wald high
ONE_SCORE = [
    (117, 164, 0.639950, 0.777111, 0.644212, 0.782618),
    (1055, 1319, 0.777399, 0.820557, 0.778256, 0.821441),
    (11935, 14042, 0.843948, 0.855761, 0.844043, 0.855857),
    (84, 100, 0.755797, 0.899047, 0.768147, 0.911853),
    (0, 50, 0.0, 0.071348, 0.0, 0.0),
    (50, 50, 0.928652, 1.0, 1.0, 1.0),
    (1, 50, 0.003539, 0.104954, 0.0, 0.058805),
]

# The same environment:
#   confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb", correction=False), then method="wald"
#   z, p = proportions_ztest([a, b], [n, m])
# a, n, b, m, Newcombe low, high, Wald low, high, z, p
TWO_SCORES = [
    (117, 164, 112, 164, -0.068495, 0.128665, -0.068815, 0.129791, 0.60141, 0.547566),
    (122, 164, 110, 164, -0.025274, 0.169734, -0.024990, 0.171332, 1.45626, 0.145321),
    (1095, 1319, 1049, 1319, 0.005092, 0.064606, 0.005130, 0.064619, 2.29572, 0.021692),
    (984, 1172, 946, 1172, 0.001532, 0.063272, 0.001575, 0.063271, 2.05818, 0.039573),
    (48, 50, 60, 80, 0.084848, 0.318773, 0.100667, 0.319333, 3.10669, 0.001892),
    (50, 50, 43, 50, 0.039703, 0.261862, 0.043822, 0.236178, 2.74352, 0.006079),
    (0, 20, 5, 20, -0.468701, -0.037765, -0.439773, -0.060227, -2.39046, 0.016827),
]


@pytest.mark.parametrize(("k", "n", "low", "high", "wald_low", "wald_high"), ONE_SCORE)
def test_one_score_as_statsmodels(k: int, n: int, low: float, high: float, wald_low: float, wald_high: float) -> None:
    assert tuple(score_interval(k, n)) == pytest.approx((low, high), abs=1e-6)
    wald = wald_interval(k / n, standard_error(k / n, n), within=(0.0, 1.0))
    assert tuple(wald) == pytest.approx((wald_low, wald_high), abs=1e-6)


@pytest.mark.parametrize(("a", "n", "b", "m", "low", "high", "wald_low", "wald_high", "z", "p"), TWO_SCORES)
def test_two_scores_as_statsmodels(
    a: int, n: int, b: int, m: int, low: float, high: float, wald_low: float, wald_high: float, z: float, p: float
) -> None:
    of_a, of_b = score_interval(a, n), score_interval(b, m)
    assert tuple(newcombe_interval(a / n, b / m, of_a, of_b)) == pytest.approx((low, high), abs=1e-6)
    wald = wald_interval(a / n - b / m, unpaired_error(a / n, b / m, n, m))
    assert tuple(wald) == pytest.approx((wald_low, wald_high), abs=1e-6)
    found = pooled_z(a / n, b / m, n, m)
    assert (found, two_sided_p(found)) == pytest.approx((z, p), abs=1e-5)


def test_newcombe_keeps_the_level_of_the_two() -> None:
    of_a, of_b = score_interval(56, 70, 0.9), score_interval(48, 80, 0.9)
    assert newcombe_interval(0.8, 0.6, of_a, of_b).level == 0.9


def test_wald_is_cut_only_at_the_ends_that_are_named() -> None:
    """0.9 ± 1.96 · 0.1 by hand."""
    assert tuple(wald_interval(0.9, 0.1)) == pytest.approx((0.704, 1.096), abs=1e-4)
    assert wald_interval(0.9, 0.1, within=(-1.0, 1.0), method="Wald, paired").high == 1.0
    assert wald_interval(0.9, 0.1, method="Wald, paired").method == "Wald, paired"


@pytest.mark.parametrize("level", [0.5, 1.0, 95, float("nan")])
def test_a_level_is_a_fraction(level: float) -> None:
    with pytest.raises(CallerMistake, match=r"`level` is .* write 0.95 for 95%"):
        wald_interval(0.9, 0.1, level)
