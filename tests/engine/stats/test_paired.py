"""Planning from a pilot, and how often the t intervals hold the true gap where Student's does not."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit  # type: ignore[import-untyped, unused-ignore]

from engine.errors import CallerMistake, Mismatch
from engine.stats import paired
from engine.stats.paired import paired_t
from engine.stats.power import detectable_gap, items_for, pilot_discordance


def test_a_pilot_says_how_often_two_disagree() -> None:
    # statsmodels 0.15: proportion_confint(12, 40, method="wilson")
    found = pilot_discordance([1] * 12 + [0] * 28, [0] * 12 + [0] * 28)
    assert (found.n, found.differed, found.level) == (40, 12, 0.95)
    assert (found.low, found.high) == pytest.approx((0.1807484523, 0.4543001882), abs=1e-9)
    assert found.likely == pytest.approx(13 / 42)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_a_pilot_tells_a_plan_from_optimistic_to_pessimistic(pairs: list[tuple[bool, bool]], gap: float) -> None:
    found = pilot_discordance(*zip(*pairs, strict=True))
    assert 0 <= found.low < found.likely < found.high <= 1
    best, likely, worst = (items_for(gap, discordance=share) for share in (found.low, found.likely, found.high))
    assert best <= likely <= worst
    assert detectable_gap(500, discordance=found.low) <= detectable_gap(500, discordance=found.high)


def test_a_pilot_without_a_disagreement_promises_little() -> None:
    found = pilot_discordance([1] * 20, [1] * 20)
    assert found.low == 0 and found.likely == pytest.approx(1 / 22) and found.high > 0.1
    # Nobody can be five points ahead without differing on five items in a hundred: (1.95996 + 0.84162)^2 / 0.05 = 156.98
    assert items_for(0.05, discordance=found.low) == 157


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([1], [1], "at least 2"),
        ([], [], "at least 2"),
        ([1, 0.5], [1, 0], "0.5"),
        ([1, math.nan], [1, 0], "nan"),
        ([1, None], [1, 0], "None"),
    ],
)
def test_what_is_no_pilot(a: Any, b: Any, words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        pilot_discordance(a, b)


def test_a_pilot_is_paired() -> None:
    with pytest.raises(Mismatch, match="2 scores and `b` has 3"):
        pilot_discordance([1, 0], [1, 0, 1])


@pytest.mark.parametrize("gap", [1e-300, 5e-324, -1e-160, 1e-7, math.inf])
def test_gaps_that_nobody_can_find_are_refused(gap: float) -> None:
    with pytest.raises(CallerMistake, match=r"0\.02 for two points"):
        items_for(gap)


# ---- coverage: docs/statistics.md has the whole table


def held(law: Any, truth: float, n: int, clusters: list[int] | None = None) -> tuple[float, float]:
    """How often 1,000 intervals of ours, and of the textbook's (Student's, or CR1 with G - 1), hold the true gap."""
    ours = theirs = 0
    for _ in range(1000):
        gaps = law(n)
        interval = paired_t(gaps, clusters, 0.95, 2.0).interval
        ours += interval.low <= truth <= interval.high
        sums = np.bincount(clusters or range(n), weights=gaps - gaps.mean())
        reach = stdtrit(sums.size - 1, 0.975) * math.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()) / n
        theirs += abs(gaps.mean() - truth) <= reach
    return ours / 1000, theirs / 1000


def test_lopsided_differences_are_held_where_students_interval_lets_go() -> None:
    rng = np.random.default_rng(8)
    ours, students = held(lambda n: rng.beta(0.5, 6, n), 0.5 / 6.5, 20)
    assert students < 0.925 and ours > 0.935


def test_one_large_cluster_is_held_where_the_usual_interval_lets_go() -> None:
    rng, clusters = np.random.default_rng(9), [0] * 60 + [k for k in range(1, 27) for _ in range(5)]

    def law(n: int) -> Any:
        shared = rng.standard_normal(27)[clusters]
        return 0.1 * (math.sqrt(0.2) * shared + math.sqrt(0.8) * rng.standard_normal(n))

    ours, usual = held(law, 0.0, len(clusters), clusters)
    assert usual < 0.91 and ours > 0.93


def test_the_example_runs() -> None:
    found = doctest.testmod(paired)
    assert found.attempted and not found.failed
