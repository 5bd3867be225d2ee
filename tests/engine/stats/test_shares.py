"""Formulas of shares against raw answers: every 2×2 table of some size, laid out item by item and given to numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stats.shares import (
    correlation_limits,
    correlation_of,
    paired_error,
    pooled_z,
    standard_error,
    two_sided_p,
    unpaired_error,
    z_score,
)

Cells = tuple[int, int, int, int]
cells = st.tuples(*(st.integers(0, 30) for _ in range(4))).filter(lambda cells: sum(cells) >= 2)


def answers(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Both right, only A, only B, neither: as 0/1 item by item."""
    both, a_only, b_only, neither = cells
    a = np.repeat([1.0, 1.0, 0.0, 0.0], [both, a_only, b_only, neither])
    return a, np.repeat([1.0, 0.0, 1.0, 0.0], [both, a_only, b_only, neither])


def varied(*scores: np.ndarray) -> bool:
    return all(0 < each.mean() < 1 for each in scores)


@given(cells=cells)
def test_errors_are_those_of_the_raw_answers(cells: Cells) -> None:
    a, b = answers(cells)
    n = a.size
    assert standard_error(a.mean(), n) == pytest.approx(a.std() / math.sqrt(n), abs=1e-12)
    assert unpaired_error(a.mean(), b.mean(), n, n) == pytest.approx(math.hypot(a.std(), b.std()) / math.sqrt(n))
    if varied(a, b):
        correlation = float(np.corrcoef(a, b)[0, 1])
        error = paired_error(a.mean(), b.mean(), correlation, n)
        assert error == pytest.approx((a - b).std() / math.sqrt(n), abs=1e-7)


@given(cells=cells)
def test_the_correlation_follows_from_the_discordance(cells: Cells) -> None:
    a, b = answers(cells)
    found = correlation_of(a.mean(), b.mean(), (a != b).mean())
    if varied(a, b):
        assert found == pytest.approx(float(np.corrcoef(a, b)[0, 1]), abs=1e-9)
    else:
        assert found is None


@pytest.mark.parametrize(("right_a", "right_b"), [(1, 19), (9, 10), (10, 10), (18, 5), (19, 18)])
def test_the_limits_are_the_extremes_of_all_tables(right_a: int, right_b: int) -> None:
    tables = [
        (both, right_a - both, right_b - both, 20 - right_a - right_b + both)
        for both in range(max(0, right_a + right_b - 20), min(right_a, right_b) + 1)
    ]
    correlations = [float(np.corrcoef(*answers(table))[0, 1]) for table in tables]
    assert correlation_limits(right_a / 20, right_b / 20) == pytest.approx((min(correlations), max(correlations)))


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.5), (0.5, 1.0), (0.0, 1.0)])
def test_a_share_of_nothing_or_all_correlates_with_nothing(a: float, b: float) -> None:
    assert correlation_limits(a, b) is None


@given(right_a=st.integers(0, 40), more_a=st.integers(1, 40), right_b=st.integers(0, 40), more_b=st.integers(1, 40))
def test_z_squared_is_pearsons_chi_square(right_a: int, more_a: int, right_b: int, more_b: int) -> None:
    """Of the 2×2 table of right and wrong by model (Fleiss, Levin & Paik 2003, chapter 3)."""
    table = np.array([[right_a, more_a], [right_b, more_b]], dtype=float)
    n_a, n_b = table.sum(axis=1)
    z = pooled_z(right_a / n_a, right_b / n_b, int(n_a), int(n_b))
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    distance = (table - expected) ** 2 / np.where(expected, expected, 1.0)  # 0 where nothing is expected or seen
    assert z**2 == pytest.approx(float(distance.sum()), abs=1e-9)


@pytest.mark.parametrize(("z", "p"), [(0, 1.0), (1.959963984540054, 0.05), (-2.5758293035489004, 0.01), (math.inf, 0)])
def test_two_sided(z: float, p: float) -> None:
    """The familiar quantiles of the normal distribution."""
    assert two_sided_p(z) == pytest.approx(p, abs=1e-12)


def test_a_gap_without_error() -> None:
    assert (z_score(0.1, 0.0), z_score(-0.1, 0.0), z_score(0.0, 0.0)) == (math.inf, -math.inf, 0.0)
