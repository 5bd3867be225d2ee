"""Intervals from totals against other hands: statsmodels, a published example, arithmetic by hand."""

from __future__ import annotations

import pytest

from engine.errors import CallerMistake
from engine.stats.interval import newcombe_interval, quantile_of, score_interval, wald_interval
from engine.stats.shares import pooled_z, standard_error, two_sided_p, unpaired_error
from tests.engine.stats.reference import ONE_SCORE, TWO_SCORES


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


def test_a_level_next_to_one_has_a_reach() -> None:
    """Failed before: `StatisticsError`, where (1 + level) / 2 is rounded to 1."""
    assert 8 < quantile_of(1 - 2**-53) < 9
