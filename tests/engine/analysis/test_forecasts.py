"""Scores against values worked out by hand, and the way from a forecast to its score."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import BattleRequest, Task, runs
from engine.analysis.forecasts import (
    ForecastScore,
    Unscored,
    record,
    score_forecast,
    score_sealed,
    scored_battles,
)
from engine.battles.forecast import OutcomeProbabilities
from engine.battles.seal import Seal
from engine.cli import main
from engine.errors import CallerMistake
from engine.report import as_json, forecast_json, sentences
from engine.runs import service
from engine.runs.lock import device_lock
from engine.stats.paired import Winner
from tests.conftest import Idle, InProcess, ToyModel
from tests.engine.battles.test_forecast import BATTLE, CARD, FORECAST

Capture = pytest.CaptureFixture[str]
OUTCOMES: tuple[Winner, ...] = ("a", "b", "equal", "undecided")
EVENLY = OutcomeProbabilities(a=0.25, b=0.25, equal=0.25, undecided=0.25)


def forecast(*parts: float) -> OutcomeProbabilities:
    return OutcomeProbabilities(**dict(zip(OUTCOMES, (part / sum(parts) for part in parts), strict=True)))


def grades(*given: tuple[OutcomeProbabilities, Winner]) -> tuple[ForecastScore, ...]:
    return tuple(ForecastScore(probabilities=one, outcome=outcome) for one, outcome in given)


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
    grade = ForecastScore(probabilities=FORECAST, outcome=outcome)
    assert grade.brier == pytest.approx(brier, abs=1e-12)
    assert grade.probability == {"a": 0.5, "b": 0.2, "equal": 0.1, "undecided": 0.2}[outcome]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_ends_of_the_scale(outcome: Winner) -> None:
    assert ForecastScore(probabilities=EVENLY, outcome=outcome).brier == 0.75
    assert ForecastScore(probabilities=OutcomeProbabilities.read(f"{outcome}=1"), outcome=outcome).brier == 0
    wrong = OutcomeProbabilities.read("a=1" if outcome != "a" else "b=1")
    assert ForecastScore(probabilities=wrong, outcome=outcome).brier == 2


parts = st.tuples(*[st.integers(0, 50)] * 4).filter(any)


@given(parts, parts)
def test_nobody_gains_by_saying_something_else_than_they_think(truth: tuple[int, ...], said: tuple[int, ...]) -> None:
    """What is lost by it, on average, is the squared distance of the two (Brier's score is strictly proper)."""
    thought, told = forecast(*truth), forecast(*said)

    def expected(one: OutcomeProbabilities) -> float:
        return sum(getattr(thought, o) * ForecastScore(probabilities=one, outcome=o).brier for o in OUTCOMES)

    distance = sum((getattr(thought, o) - getattr(told, o)) ** 2 for o in OUTCOMES)
    assert expected(told) - expected(thought) == pytest.approx(distance, abs=1e-12)


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
    grade = score_sealed(*given)  # type: ignore[arg-type]
    assert isinstance(grade, Unscored) and words in sentences(grade)[0]
    told = forecast_json(given[0], given[1], grade)  # type: ignore[arg-type]
    assert (told["outcome"], told["probability"], told["brier"]) == (None, None, None)


def test_what_is_sealed_and_over_is_graded() -> None:
    assert score_sealed(CARD, SEALED, "done", "b") == ForecastScore(probabilities=FORECAST, outcome="b")


# ---- many forecasts


def test_no_record_without_grades() -> None:
    nothing = record([])
    assert (nothing.n, nothing.brier, nothing.interval, nothing.above_noise) == (0, None, None, False)
    assert sentences(nothing) == ("No forecast has been graded yet.",)


def test_one_forecast_says_little() -> None:
    one = record(grades((FORECAST, "a")))
    assert (one.brier, one.interval, one.above_noise) == (pytest.approx(0.34), None, False)
    assert sentences(one) == (
        "One forecast is graded: Brier score 0.34, where equal guesses get 0.75.",
        "One forecast says little about a forecaster.",
    )


def test_the_same_grade_every_time_is_not_certainty() -> None:
    same = record(grades(*[(FORECAST, "a")] * 3))
    assert same.interval is not None and same.interval.low < 0.41 < same.interval.high
    assert not same.above_noise


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
    assert runs.plan(challenge).forecast == CARD
    assert runs.plan(challenge, probe=True).forecast is None
    with pytest.raises(CallerMistake, match=r"adds up to 1\.5"):
        runs.plan(replace(challenge, forecast=replace(CARD, probabilities=replace(FORECAST, a=1.0))))


@pytest.mark.parametrize("stop", ["planned", "adaptive"])
def test_a_battle_grades_its_card(challenge: BattleRequest, in_process: None, stop: Any) -> None:
    result = runs.result(runs.start(runs.plan(replace(challenge, stop=stop, margin=0.9))))
    assert result.verdict is not None
    score = score_forecast(result)
    assert score == ForecastScore(probabilities=FORECAST, outcome=result.verdict.winner)
    card = as_json(result)["card"]
    assert (card["hypothesis"], card["by"], card["intact"]) == (CARD.hypothesis, CARD.by, True)
    assert card["forecast"] == {"a": 0.5, "b": 0.2, "equal": 0.1, "undecided": 0.2}
    assert (card["outcome"], card["brier"]) == (result.verdict.winner, score.brier)
    assert card["seal"] == Seal.of(result.battle).digest and card["plan"]["card"]["nonce"] == CARD.nonce


def test_a_battle_without_a_card_has_none(challenge: BattleRequest, in_process: None) -> None:
    result = runs.result(runs.start(runs.plan(replace(challenge, forecast=None))))
    assert (score_forecast(result), result.seal) == (None, None)
    assert "card" not in as_json(result)
    assert scored_battles() == []


def test_a_battle_that_was_stopped_is_graded_when_it_is_over(
    challenge: BattleRequest, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as waiting:
        waiting.setattr(service, "executor", Idle())
        battle_id = runs.start(runs.plan(challenge))
        assert "not over" in as_json(runs.result(battle_id))["card"]["sentence"]
        runs.stop(battle_id)
    ((_, grade),) = scored_battles()
    assert isinstance(grade, Unscored) and grade.reason == "stopped"
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
    card = as_json(runs.result(battle_id))["card"]
    assert (card["intact"], card["brier"]) == (False, None)
    assert "no longer the one that was sealed" in card["sentence"]
    ((_, grade),) = scored_battles()
    assert isinstance(grade, Unscored)


def test_the_history_of_one_person(challenge: BattleRequest, in_process: None, contenders: tuple[str, str]) -> None:
    for by in ("ann", "bob", "ann"):
        runs.start(runs.plan(replace(challenge, forecast=replace(CARD, by=by))))
    assert len(scored_battles()) == 3
    history = scored_battles("ann")
    assert [entry.battle.forecast and entry.battle.forecast.by for entry, _ in history] == ["ann", "ann"]
    assert all(isinstance(grade, ForecastScore) for _, grade in history)
    (Path(contenders[1]) / "config.json").unlink()  # a model that is gone takes no grade with it
    runs.start(replace(BATTLE, id="other"))
    assert scored_battles("ann") == history
    told = {type(grade): sentences(grade)[0] for _, grade in scored_battles()}
    assert "not graded: the battle failed" in told[Unscored]


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
