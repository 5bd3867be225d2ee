"""Forecasts, their scores and a forecaster's record in words that claim no more than the numbers show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import compare
from engine.analysis.forecasts import ENOUGH, ForecastScore, record
from engine.battles.forecast import OutcomeProbabilities
from engine.report import as_json, outcome_named, prediction, sentences
from engine.stats.paired import Winner
from tests.engine.analysis.test_forecasts import EVENLY, OUTCOMES, forecast, grades, parts
from tests.engine.battles.test_forecast import FORECAST


def test_a_score_in_words() -> None:
    sure = ForecastScore(probabilities=forecast(6, 2, 2, 0), outcome="a")
    assert sentences(sure) == (
        "You gave 60% to what happened. Brier score 0.24 (0 is perfect, 0.75 is what equal guesses get, 2 is worst).",
    )
    nearly = ForecastScore(probabilities=OutcomeProbabilities(a=0.9999, b=0.0001, equal=0, undecided=0), outcome="a")
    assert sentences(nearly)[0].startswith("You gave 99.99% to what happened. Brier score less than 0.01 (")
    (wrong,) = sentences(ForecastScore(probabilities=forecast(1, 0, 0, 0), outcome="b"))
    assert "You gave 0% to what happened. Brier score 2.00" in wrong


def test_a_forecast_in_words() -> None:
    names = ("ruby", "jade")
    assert prediction(FORECAST, names) == "ruby is better 50%, jade is better 20%, undecided 20%, equal 10%"
    assert [outcome_named(o, names) for o in OUTCOMES] == ["ruby is better", "jade is better", "equal", "undecided"]


def test_a_record_against_guessing() -> None:
    """Brier scores .34, .94, .34: the mean is 1.62 / 3 = .54, ahead by .41, -.19, .41, which is .21 on average."""
    told = as_json(record(grades((FORECAST, "a"), (FORECAST, "b"), (FORECAST, "a"))))
    assert (told["n"], told["brier"], told["guessing"]) == (3, pytest.approx(0.54), 0.75)
    half = compare([0.375] * 3, [0.17, 0.47, 0.17]).interval
    assert told["interval"]["low"] == pytest.approx(2 * half.low, abs=1e-9)
    assert told["interval"]["high"] == pytest.approx(min(0.75, 2 * half.high), abs=1e-9)
    assert told["interval"]["method"] == half.method
    assert told["above_noise"] is False
    assert told["sentences"][0] == "3 forecasts are graded: mean Brier score 0.54, where equal guesses get 0.75."
    assert told["sentences"][1].startswith(f"That is 0.21 ahead of guessing; the 95% interval, by {half.method}, goes")
    assert told["sentences"][1].endswith("it: forecasting and guessing cannot be told apart yet.")
    assert any("3" in note for note in told["notes"])  # so few draws: the method's own warning comes along


def test_who_is_better_than_guessing_and_who_is_worse() -> None:
    good = grades(*[(forecast(7 + i % 3, 1, 1, 1), "a") for i in range(12)])
    better, worse = record(good), record([replace(grade, outcome="b") for grade in good])
    assert "you do better than guessing" in sentences(better)[1] and "behind" not in sentences(better)[1]
    assert "you do worse than guessing" in sentences(worse)[1] and "ahead" not in sentences(worse)[1]


def calibration(given: list[tuple[OutcomeProbabilities, Winner]]) -> list[str]:
    return [note for note in as_json(record(grades(*given)))["notes"] if "favourites" in note]


@pytest.mark.parametrize(
    ("favourite", "came_true", "words"),
    [
        # Wilson, 95%, n = 20 (Newcombe 1998, method 3): 12 is .3866 to .7812, 20 is .8389 to 1
        (0.7, 12, "70% on average and 12 of 20 came true (95% interval 39% to 78%, Wilson score): that fits."),
        (0.9, 12, "90% on average and 12 of 20 came true (95% interval 39% to 78%, Wilson score): you were surer"),
        (0.7, 20, "70% on average and 20 of 20 came true (95% interval 84% to 100%, Wilson score): you could have"),
    ],
)
def test_calibration_once_there_is_enough(favourite: float, came_true: int, words: str) -> None:
    one = forecast(favourite, (1 - favourite) / 2, (1 - favourite) / 2, 0)
    given: list[tuple[OutcomeProbabilities, Winner]] = [(one, "a" if i < came_true else "b") for i in range(ENOUGH)]
    (note,) = calibration(given)
    assert note.startswith(f"You gave your favourites {words}")
    assert calibration(given[1:]) == []
    guesses: list[tuple[OutcomeProbabilities, Winner]] = [
        (EVENLY, "a")
    ] * ENOUGH  # no favourite: nothing to be calibrated
    assert calibration([*given[1:], *guesses]) == []


@given(st.lists(st.tuples(parts, st.sampled_from(OUTCOMES)), max_size=30))
def test_a_record_never_contradicts_its_numbers(given: list[tuple[tuple[int, ...], Winner]]) -> None:
    told = record(grades(*[(forecast(*one), outcome) for one, outcome in given]))
    text = " ".join(sentences(told))
    if told.brier is None or told.interval is None:
        assert len(given) < 2 and "interval" not in text
        return
    ahead = 0.75 - told.brier
    assert -1.25 <= told.interval.low <= ahead + 1e-9 and ahead - 1e-9 <= told.interval.high <= 0.75
    assert ("better than guessing" in text) == (told.above_noise and ahead > 0)
    assert ("worse than guessing" in text) == (told.above_noise and ahead < 0)
    assert not told.above_noise or told.interval.excludes_zero
