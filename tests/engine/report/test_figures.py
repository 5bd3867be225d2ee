"""Figures in words; what keeps them on their side of a line is tested with the verdicts (test_verdict.py)."""

from __future__ import annotations

import pytest

from engine import score_interval
from engine.report import figures


def test_counts_and_lists() -> None:
    assert [figures.count(n, "task") for n in (0, 1, 2, 1_234)] == ["0 tasks", "1 task", "2 tasks", "1,234 tasks"]
    assert [figures.joined(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert figures.joined(["a", "b, c", "d"], "; ") == "a; b, c and d"


def test_percentages() -> None:
    """A score does not become perfect by rounding, a share may; a level has all its digits."""
    assert (figures.percent(0.9997), figures.rounded_percent(0.9997)) == ("99.97%", "100.0%")
    assert (figures.exact_percent(0.95), figures.exact_percent(0.999), figures.out_of_100(0.585)) == (
        "95%",
        "99.9%",
        "58.5",
    )


def test_a_score_with_its_noise() -> None:
    assert figures.with_noise(0.585, score_interval(117, 200)) == "58.5 ± 6.8"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89.4, "89 s"), (90, "2 min"), (3_600, "60 min"), (5_400, "1.5 h"), (86_400, "24.0 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert figures.duration(seconds) == words
