"""Grades against values worked out by hand, a record that claims no more than it shows, and the way from card to grade."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import BattleRequest, Task, compare, runs
from engine.__main__ import main
from engine.analysis.forecasts import (
    ENOUGH,
    ForecastScore,
    Unscored,
    card_json,
    outcome_named,
    prediction,
    record,
    scored,
    scored_battles,
)
from engine.battles.forecast import Forecast
from engine.battles.seal import Seal
from engine.errors import CallerMistake
from engine.runs import service
from engine.runs.lock import device_lock
from engine.stats.paired import Winner
from tests.conftest import Idle, InProcess, ToyModel
from tests.engine.battles.test_forecast import BATTLE, CARD, FORECAST

Capture = pytest.CaptureFixture[str]
OUTCOMES: tuple[Winner, ...] = ("a", "b", "equal", "undecided")
EVENLY = Forecast(a=0.25, b=0.25, equal=0.25, undecided=0.25)


def forecast(*parts: float) -> Forecast:
    return Forecast(**dict(zip(OUTCOMES, (part / sum(parts) for part in parts), strict=True)))


def grades(*given: tuple[Forecast, Winner]) -> tuple[ForecastScore, ...]:
    return tuple(ForecastScore(forecast=one, outcome=outcome) for one, outcome in given)


# ---- one forecast


@pytest.mark.parametrize(
    ("outcome", "brier"),
    [
        ("a", 0.34),  # .5^2 + .2^2 + .1^2 + .2^2 = .25 + .04 + .01 + .04
        ("b", 0.94),  # .5^2 + .8^2 + .1^2 + .2^2 = .25 + .64 + .01 + .04
        ("equal", 1.14),  # .5^2 + .2^2 + .9^2 + .2^2 = .25 + .04 + .81 + .04
        ("undecided", 0.94),
    ],
)
def test_the_brier_score(outcome: Winner, brier: float) -> None:
    grade = ForecastScore(forecast=FORECAST, outcome=outcome)
    assert grade.brier == pytest.approx(brier, abs=1e-12)
    assert grade.probability == {"a": 0.5, "b": 0.2, "equal": 0.1, "undecided": 0.2}[outcome]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_ends_of_the_scale(outcome: Winner) -> None:
    assert ForecastScore(forecast=EVENLY, outcome=outcome).brier == 0.75
    assert ForecastScore(forecast=Forecast.read(f"{outcome}=1"), outcome=outcome).brier == 0
    wrong = Forecast.read("a=1" if outcome != "a" else "b=1")
    assert ForecastScore(forecast=wrong, outcome=outcome).brier == 2


parts = st.tuples(*[st.integers(0, 50)] * 4).filter(any)


@given(parts, parts)
def test_nobody_gains_by_saying_something_else_than_they_think(truth: tuple[int, ...], said: tuple[int, ...]) -> None:
    """What is lost by it, on average, is the squared distance of the two (Brier's score is strictly proper)."""
    thought, told = forecast(*truth), forecast(*said)

    def expected(one: Forecast) -> float:
        return sum(getattr(thought, o) * ForecastScore(forecast=one, outcome=o).brier for o in OUTCOMES)

    distance = sum((getattr(thought, o) - getattr(told, o)) ** 2 for o in OUTCOMES)
    assert expected(told) - expected(thought) == pytest.approx(distance, abs=1e-12)


def test_a_grade_in_words() -> None:
    sure = ForecastScore(forecast=forecast(6, 2, 2, 0), outcome="a")
    assert sure.sentence == (
        "You gave 60% to what happened. Brier score 0.24 (0 is perfect, 0.75 is what equal guesses get, 2 is worst)."
    )
    nearly = ForecastScore(forecast=Forecast(a=0.9999, b=0.0001, equal=0, undecided=0), outcome="a")
    assert nearly.sentence.startswith("You gave 99.99% to what happened. Brier score less than 0.01 (")
    assert (
        "You gave 0% to what happened. Brier score 2.00"
        in ForecastScore(forecast=forecast(1, 0, 0, 0), outcome="b").sentence
    )


def test_a_forecast_in_words() -> None:
    names = ("ruby", "jade")
    assert prediction(FORECAST, names) == "ruby is better 50%, jade is better 20%, undecided 20%, equal 10%"
    assert [outcome_named(o, names) for o in OUTCOMES] == ["ruby is better", "jade is better", "equal", "undecided"]


SEALED = Seal.of(BATTLE)
UNGRADED = {
    "no seal": ((CARD, None, "done", "a"), "it was not sealed before the run"),
    "plan changed": ((CARD, replace(SEALED, plan=SEALED.plan + " "), "done", "a"), "no longer the one that was sealed"),
    "card removed": ((None, replace(SEALED, plan="{}"), "done", "a"), "no longer the one that was sealed"),
    "queued": ((CARD, SEALED, "queued", None), "not graded yet: the battle is not over"),
    "running": ((CARD, SEALED, "running", "a"), "not graded yet: the battle is not over"),
    "stopped": ((CARD, SEALED, "stopped", "a"), "stopped by hand"),
    "failed": ((CARD, SEALED, "failed", "a"), "the battle failed"),
    "no verdict": ((CARD, SEALED, "done", None), "too few pairs"),
}


@pytest.mark.parametrize("name", UNGRADED)
def test_what_is_not_graded_and_why(name: str) -> None:
    given, words = UNGRADED[name]
    grade = scored(*given)  # type: ignore[arg-type]
    assert isinstance(grade, Unscored) and words in grade.sentence
    told = card_json(given[0], given[1], grade)  # type: ignore[arg-type]
    assert (told["outcome"], told["probability"], told["brier"]) == (None, None, None)


def test_what_is_sealed_and_over_is_graded() -> None:
    assert scored(CARD, SEALED, "done", "b") == ForecastScore(forecast=FORECAST, outcome="b")


# ---- many forecasts


def test_no_record_without_grades() -> None:
    nothing = record([])
    assert (nothing.n, nothing.brier, nothing.interval, nothing.above_noise) == (0, None, None, False)
    assert nothing.sentences == ("No forecast has been graded yet.",)


def test_one_forecast_says_little() -> None:
    one = record(grades((FORECAST, "a")))
    assert (one.brier, one.interval, one.above_noise) == (pytest.approx(0.34), None, False)
    assert one.sentences == (
        "One forecast is graded: Brier score 0.34, where equal guesses get 0.75.",
        "One forecast says little about a forecaster.",
    )


def test_a_record_against_guessing() -> None:
    """Brier scores .34, .94, .34: the mean is 1.62 / 3 = .54, ahead by .41, -.19, .41, which is .21 on average."""
    told = record(grades((FORECAST, "a"), (FORECAST, "b"), (FORECAST, "a"))).to_json()
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
    assert "you do better than guessing" in better.sentences[1] and "behind" not in better.sentences[1]
    assert "you do worse than guessing" in worse.sentences[1] and "ahead" not in worse.sentences[1]


def test_the_same_grade_every_time_is_not_certainty() -> None:
    same = record(grades(*[(FORECAST, "a")] * 3))
    assert same.interval is not None and same.interval.low < 0.41 < same.interval.high
    assert not same.above_noise


def calibration(given: list[tuple[Forecast, Winner]]) -> list[str]:
    return [note for note in record(grades(*given)).notes if "favourites" in note]


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
    given: list[tuple[Forecast, Winner]] = [(one, "a" if i < came_true else "b") for i in range(ENOUGH)]
    (note,) = calibration(given)
    assert note.startswith(f"You gave your favourites {words}")
    assert calibration(given[1:]) == []
    guesses: list[tuple[Forecast, Winner]] = [(EVENLY, "a")] * ENOUGH  # no favourite: nothing to be calibrated
    assert calibration([*given[1:], *guesses]) == []


@given(st.lists(st.tuples(parts, st.sampled_from(OUTCOMES)), max_size=30))
def test_a_record_never_contradicts_its_numbers(given: list[tuple[tuple[int, ...], Winner]]) -> None:
    told = record(grades(*[(forecast(*one), outcome) for one, outcome in given]))
    text = " ".join(told.sentences)
    if told.brier is None or told.interval is None:
        assert len(given) < 2 and "interval" not in text
        return
    ahead = 0.75 - told.brier
    assert -1.25 <= told.interval.low <= ahead + 1e-9 and ahead - 1e-9 <= told.interval.high <= 0.75
    assert ("better than guessing" in text) == (told.above_noise and ahead > 0)
    assert ("worse than guessing" in text) == (told.above_noise and ahead < 0)
    assert not told.above_noise or told.interval.excludes_zero


# ---- from the card to its grade, through the real ledger and the worker's loop


@pytest.fixture
def challenge(toy: Task, contenders: tuple[str, str]) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task=toy.name, limit=12, device="cpu", forecast=CARD)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker runs here, to the end, as soon as somebody would have spawned one."""
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, device, dtype: ToyModel(Path(address).name))
    monkeypatch.setattr(service, "executor", InProcess())


def test_the_card_is_part_of_the_plan(challenge: BattleRequest) -> None:
    assert runs.plan(challenge).card == CARD
    assert runs.plan(challenge, probe=True).card is None
    with pytest.raises(CallerMistake, match=r"adds up to 1\.5"):
        runs.plan(replace(challenge, forecast=replace(CARD, forecast=replace(FORECAST, a=1.0))))


@pytest.mark.parametrize("stop", ["planned", "adaptive"])
def test_a_battle_grades_its_card(challenge: BattleRequest, in_process: None, stop: Any) -> None:
    result = runs.result(runs.start(runs.plan(replace(challenge, stop=stop, margin=0.9))))
    assert result.verdict is not None
    assert result.grade == ForecastScore(forecast=FORECAST, outcome=result.verdict.winner)
    card = result.to_json()["card"]
    assert (card["hypothesis"], card["by"], card["intact"]) == (CARD.hypothesis, CARD.by, True)
    assert card["forecast"] == {"a": 0.5, "b": 0.2, "equal": 0.1, "undecided": 0.2}
    assert (card["outcome"], card["brier"]) == (result.verdict.winner, result.grade.brier)
    assert card["seal"] == Seal.of(result.battle).digest and card["plan"]["card"]["nonce"] == CARD.nonce


def test_a_battle_without_a_card_has_none(challenge: BattleRequest, in_process: None) -> None:
    result = runs.result(runs.start(runs.plan(replace(challenge, forecast=None))))
    assert (result.grade, result.seal) == (None, None)
    assert "card" not in result.to_json()
    assert scored_battles() == []


def test_a_battle_that_was_stopped_is_graded_when_it_is_over(
    challenge: BattleRequest, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as waiting:
        waiting.setattr(service, "executor", Idle())
        battle_id = runs.start(runs.plan(challenge))
        assert "not over" in runs.result(battle_id).to_json()["card"]["sentence"]
        runs.stop(battle_id)
    ((_, grade),) = scored_battles()
    assert isinstance(grade, Unscored) and "stopped by hand" in grade.sentence
    runs.resume(battle_id)
    ((_, grade),) = scored_battles()
    assert isinstance(grade, ForecastScore)


@pytest.mark.parametrize("change", ["'$.card.forecast.a', 0.9", "'$.card', json('null')", "'$.margin', 0.5"])
def test_a_tampered_plan_is_not_graded(challenge: BattleRequest, in_process: None, own_home: Path, change: str) -> None:
    battle_id = runs.start(runs.plan(challenge))
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute(f"UPDATE battles SET plan = json_set(plan, {change})")
    db.close()
    card = runs.result(battle_id).to_json()["card"]
    assert (card["intact"], card["brier"]) == (False, None)
    assert "no longer the one that was sealed" in card["sentence"]
    ((_, grade),) = scored_battles()
    assert isinstance(grade, Unscored)


def test_the_history_of_one_person(challenge: BattleRequest, in_process: None, contenders: tuple[str, str]) -> None:
    for by in ("ann", "bob", "ann"):
        runs.start(runs.plan(replace(challenge, forecast=replace(CARD, by=by))))
    assert len(scored_battles()) == 3
    history = scored_battles("ann")
    assert [entry.battle.card and entry.battle.card.by for entry, _ in history] == ["ann", "ann"]
    assert all(isinstance(grade, ForecastScore) for _, grade in history)
    (Path(contenders[1]) / "config.json").unlink()  # a model that is gone takes its grade with it, and nothing else
    runs.start(replace(BATTLE, id="other"))
    told = {type(grade): grade.sentence for _, grade in scored_battles()}
    assert "not graded: The folder" in told[Unscored]


# ---- on the command line


def battle(challenge: BattleRequest, *more: str) -> int:
    line = ["battle", "--a", challenge.a, "--b", challenge.b, "--task", challenge.task, "--limit", "12"]
    return main([*line, "--device", "cpu", *more])


FORECAST_OPTION = ("--forecast", "a=0.7,b=0.1,equal=0.1,undecided=0.1")


def test_a_forecast_on_the_command_line(
    challenge: BattleRequest, in_process: None, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "r.json"
    assert battle(challenge, *FORECAST_OPTION, "--hypothesis", "Why\nnot?", "--json", str(file)) == 0
    out, err = capsys.readouterr()
    card = json.loads(file.read_text())["card"]
    assert f"\nseal {card['seal']}\nbattle " in err
    assert (
        "Hypothesis: Why not?\nForecast: ruby is better 70%, jade is better 10%, equal 10%, undecided 10%.\n"
        "Outcome: ruby is better.\n"
        "You gave 70% to what happened. Brier score 0.12 (" in out
    )
    assert f"Seal: {card['seal']} (intact)." in out
    assert (card["hypothesis"], card["by"], card["outcome"]) == ("Why\nnot?", "", "a")
    assert card["brier"] == pytest.approx(0.12)  # .3^2 + 3 (.1^2)


def test_no_word_of_a_card_without_one(challenge: BattleRequest, in_process: None, capsys: Capture) -> None:
    assert battle(challenge) == 0
    out, err = capsys.readouterr()
    assert "\nbattle " in err and "seal" not in err
    assert not any(word in out for word in ("orecast", "eal", "Brier"))


def test_all_forecasts_on_the_command_line(
    challenge: BattleRequest, in_process: None, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["forecasts"]) == 0
    assert capsys.readouterr().out == "No forecast has been graded yet.\n"
    for _ in range(2):
        assert battle(challenge, *FORECAST_OPTION) == 0
    capsys.readouterr()
    assert main(["forecasts", "--json", str(tmp_path / "f.json")]) == 0
    out = capsys.readouterr().out
    assert out.count("You gave 70% to what happened.") == 2
    assert "2 forecasts are graded: mean Brier score 0.12, where equal guesses get 0.75" in out
    told = json.loads((tmp_path / "f.json").read_text())
    assert (told["record"]["n"], len(told["forecasts"])) == (2, 2)
    assert {entry["outcome"] for entry in told["forecasts"]} == {"a"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--forecast", "a=0.5"), "adds up to 0.5"),
        (("--forecast", "a=0.5,b=many"), "holds 'b=many'"),
        (("--forecast", "a=1", "--hypothesis", "x" * 501), "has 501 characters"),
        (("--hypothesis", "ruby wins"), "--hypothesis needs a forecast that can be graded"),
        ((*FORECAST_OPTION, "--resume", "0000"), "A battle that has begun takes no forecast"),
    ],
)
def test_a_mistake_in_a_card_costs_one_line(
    challenge: BattleRequest, capsys: Capture, options: tuple[str, ...], words: str
) -> None:
    with device_lock("cpu"):  # nobody fights, should a mistake get through
        assert battle(challenge, *options) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err
