"""Which choice wins: each normalisation against the division written out, and what it refuses to guess."""

from __future__ import annotations

import doctest
import math

import pytest

from engine import CallerMistake
from engine.tasks.scoring import normalisation as documented
from engine.tasks.scoring.normalisation import NORMALISATIONS, best_choice, normalised

CHOICES = ("ab", "éé", "abcdef")
SUMS, SCORED, UNCONDITIONAL = (-3.0, -3.2, -5.0), (1, 2, 2), (-2.5, -4.0, -3.0)


@pytest.mark.parametrize(
    ("normalisation", "values", "winner"),
    [
        ("sum", (-3.0, -3.2, -5.0), 0),
        ("characters", (-3.0 / 2, -3.2 / 2, -5.0 / 6), 2),
        ("bytes", (-3.0 / 2, -3.2 / 4, -5.0 / 6), 1),  # é has two bytes
        ("tokens", (-3.0, -1.6, -2.5), 1),
        ("unconditional", (-0.5, 0.8, -2.0), 1),
    ],
)
def test_each_normalisation(normalisation: str, values: tuple[float, ...], winner: int) -> None:
    assert normalised(SUMS, CHOICES, normalisation, SCORED, UNCONDITIONAL) == pytest.approx(values)
    assert best_choice(SUMS, CHOICES, normalisation, SCORED, UNCONDITIONAL) == winner
    assert normalisation in NORMALISATIONS


def test_the_first_wins_a_tie() -> None:
    assert best_choice((-2.0, -1.0, -1.0), ("a", "b", "c"), "sum") == 1


def test_a_choice_without_length_never_wins() -> None:
    """As -1 / 0 is minus infinity in numpy, whose argmax lm-eval takes."""
    assert normalised((-9.0, -1.0), ("ab", ""), "characters") == [-4.5, -math.inf]


@pytest.mark.parametrize(
    ("normalisation", "needs"), [("tokens", "scored tokens"), ("unconditional", "without its question")]
)
def test_what_is_not_there_is_not_guessed(normalisation: str, needs: str) -> None:
    with pytest.raises(CallerMistake, match=needs):
        best_choice(SUMS, CHOICES, normalisation)
    with pytest.raises(CallerMistake, match="3 choices, and 2 are there"):
        best_choice(SUMS, CHOICES, normalisation, SCORED[:2], UNCONDITIONAL[:2])


def test_an_unknown_normalisation() -> None:
    with pytest.raises(CallerMistake, match="no normalisation called 'letters'"):
        best_choice(SUMS, CHOICES, "letters")


def test_its_documentation_is_right() -> None:
    tried = doctest.testmod(documented)
    assert tried.attempted and not tried.failed
