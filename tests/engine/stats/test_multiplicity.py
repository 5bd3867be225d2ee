"""Several tasks at once: Holm's p-values, who stays a winner, and the mean gap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CallerMistake, Mismatch
from engine.stats.multiplicity import adjusted
from engine.stats.verdict import Verdict, compare


def verdict(a_only: int, b_only: int, same: int = 100, **rule: Any) -> Verdict:
    return compare([1] * a_only + [0] * b_only + [1] * same, [0] * a_only + [1] * b_only + [1] * same, **rule)


tasks = st.dictionaries(
    st.text(max_size=3), st.builds(verdict, st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8
)


def test_holm_published() -> None:
    """Holm's step-down by the exact McNemar p-values of six tasks.

    statsmodels 0.15: multipletests(p, method="holm")[1] with p = [binomtest(a, a + b).pvalue for a, b in the splits]
    """
    splits = {"u": (30, 12), "v": (26, 13), "w": (24, 11), "x": (40, 15), "y": (20, 15), "z": (11, 9)}
    found = adjusted({task: verdict(*split) for task, split in splits.items()})
    expected = [0.0395794867, 0.1638383660, 0.1638383660, 0.0060950832, 0.9991196664, 0.9991196664]
    assert [found.p_values[task] for task in splits] == pytest.approx(expected, abs=1e-8)
    assert found.outcomes == {
        "u": "a",
        "v": "undecided",
        "w": "undecided",
        "x": "a",
        "y": "undecided",
        "z": "undecided",
    }
    assert found.taken_back == ("w",)
    assert (found.count("a"), found.count("undecided"), found.count("equal"), found.count("b")) == (2, 4, 0, 0)


def test_equal_stays_equal() -> None:
    found = adjusted({"level": verdict(0, 0, 1000), "ahead": verdict(30, 2)})
    assert found.outcomes == {"level": "equal", "ahead": "a"} and found.taken_back == ()


def test_the_mean_gap_of_two_tasks() -> None:
    """Half of each gap; the ends by squares: 0.5 * sqrt(x^2 + y^2) of the distances (Zou & Donner 2008)."""
    one, two = verdict(30, 10), verdict(5, 20, 300)
    found = adjusted({"one": one, "two": two})
    assert found.gap == pytest.approx((one.gap + two.gap) / 2)
    below = math.sqrt((one.gap - one.interval.low) ** 2 + (two.gap - two.interval.low) ** 2) / 2
    above = math.sqrt((one.interval.high - one.gap) ** 2 + (two.interval.high - two.gap) ** 2) / 2
    assert (found.interval.low, found.interval.high) == pytest.approx((found.gap - below, found.gap + above))
    assert (found.interval.method, found.interval.level) == ("MOVER, mean of 2 tasks", 0.95)


def test_the_mean_gap_is_held_as_often_as_it_says() -> None:
    rng, cells = np.random.default_rng(4), [(0.10, 0.05), (0.20, 0.20), (0.02, 0.01)]
    truth, held = sum(a - b for a, b in cells) / 3, 0
    for _ in range(400):
        drawn = [rng.multinomial(80, [a, b, 1 - a - b]) for a, b in cells]
        interval = adjusted({str(i): verdict(*row) for i, row in enumerate(drawn)}).interval
        held += interval.low <= truth <= interval.high
    assert held / 400 >= 0.93


def test_twenty_level_tasks_seldom_name_any_winner() -> None:
    rng, named, alone = np.random.default_rng(6), 0, 0
    for _ in range(60):
        drawn = rng.multinomial(150, [0.2, 0.2, 0.6], size=20)
        found = adjusted({str(i): verdict(*row, margin=0.001) for i, row in enumerate(drawn)})
        named += found.count("undecided") < 20
        alone += bool(found.taken_back) or found.count("undecided") < 20
    assert named <= 6 and alone >= 20


@given(tasks)
def test_a_correction_only_takes_winners_back(verdicts: dict[str, Verdict]) -> None:
    found = adjusted(verdicts)
    for task, one in verdicts.items():
        assert one.p_value <= found.p_values[task] <= min(1.0, len(verdicts) * one.p_value)
        assert found.outcomes[task] in (one.winner, "undecided")
        assert (task in found.taken_back) == (found.outcomes[task] != one.winner)
    by_p = sorted(verdicts, key=lambda task: verdicts[task].p_value)
    assert [found.p_values[task] for task in by_p] == sorted(found.p_values.values())
    if len(verdicts) == 1:
        assert found.taken_back == ()


def test_what_is_no_battery() -> None:
    with pytest.raises(CallerMistake, match="at least 1"):
        adjusted({})
    with pytest.raises(CallerMistake, match=r"0\.9, 0\.95"):
        adjusted({"x": verdict(3, 1), "y": verdict(3, 1, level=0.9)})
    with pytest.raises(Mismatch, match="Ruby against Jade"):
        adjusted({"x": verdict(3, 1), "y": verdict(3, 1, names=("Ruby", "Jade"))})
