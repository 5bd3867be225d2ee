"""Forecast, grade, gap split and registers through the real shell: what a card says is sealed, shown, never obeyed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import engine.runs.worker
from engine import BattleRequest, battles, explain, runs
from engine.analysis import decomposition, forecasts, robustness
from engine.runs import service
from engine.tasks.task import Task
from pages.format import plain
from tests.conftest import Idle, ToyModel
from tests.pages.test_pages import open_page, texts

BATTLE, HISTORY = "pages/battle/battle.py", "pages/battle/history.py"
HOSTILE = "![x](http://host/p.png) **b** <b>c</b> $d$ :red[e] `f`\n    # g"
Fight = Callable[..., str]


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody spawns a worker; a test calls `work`, and whatever is opened is a toy."""
    monkeypatch.setattr(service, "executor", Idle())
    monkeypatch.setattr(engine.runs.worker, "open_model", lambda address, device, dtype: ToyModel(address))


def work() -> None:
    engine.runs.worker.work("cpu")


@pytest.fixture
def fight(toy: Task, contenders: tuple[str, str]) -> Fight:
    def fought(expected: battles.Card | None = None, **more: Any) -> str:
        a, b = contenders
        battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu", forecast=expected, **more)))
        work()
        return battle_id

    return fought


def expecting(learner: str = "ann", hypothesis: str = "", **percent: int) -> battles.Card:
    given = percent or {"a": 10, "b": 20, "equal": 30, "undecided": 40}
    return battles.Card(forecast=battles.Forecast.percent(**given), hypothesis=hypothesis, by=battles.author(learner))


def labelled(elements: Any, label: str) -> Any:
    return next(element for element in elements if element.label == label)


def run_button(app: AppTest) -> Any:
    return labelled(app.button, "Run the battle")


def choose(app: AppTest, way: str) -> AppTest:
    labelled(app.segmented_control, "Your forecast").set_value(way).run()
    assert not app.exception
    return app


def descriptions(app: AppTest) -> list[str]:
    """What the charts say to whoever cannot see them."""
    return [json.loads(chart.proto.spec)["description"] for chart in app.get("vega_lite_chart")]


# ---- the card, before the run


def test_without_a_forecast_nothing_is_sealed() -> None:
    app = open_page(BATTLE)
    run_button(app).click().run()
    assert runs.result(app.query_params["battle"]).seal is None
    assert "is sealed" not in texts(app)


def test_four_numbers_that_do_not_add_up_are_refused() -> None:
    app = choose(open_page(BATTLE), "four")
    assert not run_button(app).disabled  # four quarters
    labels = [field.label.replace("\\", "") for field in app.number_input]
    assert labels[0] == "SmolLM2 135M Instruct is better (%)" and labels[2] == "Equal: any gap is below 2.0 points (%)"
    app.number_input[1].set_value(40).run()
    assert run_button(app).disabled
    assert app.info[0].value == "That is 15% too much: all four together must be 100%."
    app.number_input[0].set_value(0).run()
    assert run_button(app).disabled
    assert app.info[0].value == "10% are left to give: all four together must be 100%."
    app.number_input[3].set_value(35).run()
    assert not run_button(app).disabled and not app.info


def test_a_favourite_adds_up_however_sure() -> None:
    app = choose(open_page(BATTLE), "favourite")
    assert run_button(app).disabled  # of which outcome is it the favourite?
    labelled(app.radio, "What will the verdict be?").set_value("undecided").run()
    sure = next(slider for slider in app.select_slider if slider.label.startswith("How sure"))
    for given in sure.options:
        sure.set_value(int(given.rstrip("%"))).run()
        assert not app.exception and not run_button(app).disabled
    run_button(app).click().run()
    expected = runs.result(app.query_params["battle"]).battle.card
    assert expected and expected.forecast == battles.Forecast(a=0, b=0, equal=0, undecided=1)


def test_a_forecast_is_about_two_models() -> None:
    """Other contenders, other benchmark: what was said of the first is not sealed for the second."""
    app = choose(open_page(BATTLE), "four")
    app.selectbox(key="a").set_value("gemma-3-270m").run()
    app.selectbox(key="b").set_value("smollm2-135m-instruct").run()
    assert labelled(app.segmented_control, "Your forecast").value == "none"
    assert not app.number_input


def test_a_card_from_set_up_to_grade() -> None:
    app = choose(open_page(BATTLE, s="ann"), "favourite")
    labelled(app.radio, "What will the verdict be?").set_value("undecided")
    app.text_area[0].set_value(HOSTILE).run()
    run_button(app).click().run()
    battle_id = app.query_params["battle"]
    assert "s" not in app.query_params  # a battle's address may be shown to others
    seal = runs.result(battle_id).seal
    assert seal and [code.value for code in app.code] == [seal.digest]
    assert "Your forecast is sealed." in texts(app) and HOSTILE[:8] not in texts(app)

    work()
    app.run()
    assert not app.exception
    result = runs.result(battle_id)
    assert isinstance(result.grade, forecasts.ForecastScore) and result.grade.sentence in texts(app)
    assert result.battle.card and result.battle.card.hypothesis == HOSTILE
    assert f"“{plain(' '.join(HOSTILE.split()))}”" in [markdown.value for markdown in app.markdown]
    assert "The seal is intact" in texts(app)
    assert app.code[0].value == seal.digest
    assert any("What happened: undecided" in said for said in descriptions(app))
    assert '"ann"' not in json.dumps(result.to_json()["card"])


def test_text_that_cannot_be_shown_is_refused_before_the_run() -> None:
    app = choose(open_page(BATTLE), "four")
    app.text_area[0].set_value("be\x07ll").run()
    assert run_button(app).disabled
    assert "cannot be shown" in app.warning[0].value.replace("\\", "")


# ---- the card, afterwards


def test_no_card_no_report_of_one(fight: Fight) -> None:
    app = open_page(BATTLE, battle=fight())
    assert not app.exception
    assert "What you expected" not in texts(app) and "seal" not in texts(app)


def test_a_broken_seal_is_said_and_not_graded(fight: Fight, own_home: Path) -> None:
    battle_id = fight(expecting())
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = replace(plan, '\"margin\":0.02', '\"margin\":0.3')")
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "The seal is broken" in app.warning[0].value
    assert "not graded" in texts(app) and "Brier" not in texts(app) and "seal is intact" not in texts(app)


def test_a_battle_stopped_before_its_first_pair_says_why_there_is_no_grade(
    toy: Task, contenders: tuple[str, str]
) -> None:
    a, b = contenders
    battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu", forecast=expecting())))
    runs.stop(battle_id)
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "What you expected" in texts(app) and "stopped by hand" in texts(app)


# ---- the record


def test_a_learners_record_is_above_the_list(fight: Fight) -> None:
    for seed in range(3):
        fight(expecting(), seed=seed)
    fight(expecting("bob"))
    record = forecasts.record(
        [g for _, g in forecasts.scored_battles(battles.author("ann")) if isinstance(g, forecasts.ForecastScore)]
    )
    assert record.n == 3
    app = open_page(HISTORY, s="ann")
    assert not app.exception
    for sentence in record.sentences:
        assert sentence in texts(app)
    assert "ann" not in [word.strip(".,:") for word in texts(app).split()]
    stranger = open_page(HISTORY, s="eve")
    assert "forecast" not in texts(stranger)
    assert len(stranger.dataframe[0].value) == 4


def test_forecasts_without_a_grade_are_counted_apart(fight: Fight, contenders: tuple[str, str]) -> None:
    fight(expecting())
    a, b = contenders
    runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu", forecast=expecting())))
    app = open_page(HISTORY, s="ann")
    assert "One forecast is graded" in texts(app)
    assert "1 more without a grade" in texts(app)


# ---- the gap split


def test_the_split_of_a_battle_is_shown(fight: Fight) -> None:
    battle_id = fight()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    parts = decomposition.split(runs.result(battle_id))
    assert parts
    for sentence in parts.sentences:
        assert sentence in texts(app)
    (said,) = [text for text in descriptions(app) if "each source moves it" in text]
    assert "protocol not measured; rerun not measured" in said
    readings = next(e for e in app.expander if e.label.startswith("Every reading"))
    told = "\n".join(markdown.value for markdown in readings.markdown).replace("\\", "")
    for part in parts.parts:
        for reading in part.readings:
            gap = "0.0" if reading.gap == 0 else f"{100 * reading.gap:+.1f}".replace("-", "−")
            assert f"- {reading.label}: **{gap}**, else " in told


def test_protocol_and_rerun_are_measured_from_the_page(fight: Fight) -> None:
    battle_id = fight()
    app = open_page(BATTLE, battle=battle_id)
    labelled(app.button, "Measure the protocol and rerun parts").click().run()
    assert not app.exception
    family = robustness.family(battle_id)
    assert family and {other.battle.n for other in family} == {40}  # no more than the battle had
    again = open_page(BATTLE, battle=battle_id)  # a reload
    labelled(again.button, "Stop measuring").click().run()
    assert {other.state for other in robustness.family(battle_id)} == {"stopped"}
    labelled(again.button, "Go on measuring").click().run()
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    parts = decomposition.split(runs.result(battle_id), robustness.family(battle_id))
    assert parts and parts.parts[3].measured
    for sentence in parts.sentences:
        assert sentence in texts(app)
    (said,) = [text for text in descriptions(app) if "each source moves it" in text]
    assert "rerun unmoved" in said  # a toy answers the same every time
    assert not [button for button in app.button if "easur" in button.label]  # there is nothing more to measure


def test_more_items_may_be_measured_later(fight: Fight) -> None:
    battle_id = fight()
    robustness.start(robustness.plan_family(runs.result(battle_id).battle, 10))
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert labelled(app.segmented_control, "Questions to ask again").options == ["all 40"]


def test_a_way_that_failed_is_told_in_its_own_words(fight: Fight, monkeypatch: pytest.MonkeyPatch) -> None:
    battle_id = fight()
    robustness.start(robustness.plan_family(runs.result(battle_id).battle, 10, ("rerun",)))

    def refuse(*_: Any) -> None:
        raise engine.CallerMistake("no **such** weights")

    monkeypatch.setattr(engine.runs.worker, "open_model", refuse)
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert plain("no **such** weights") in app.warning[0].value


def test_a_repeat_has_no_split_of_its_own(fight: Fight) -> None:
    battle = runs.result(fight()).battle
    repeat = robustness.plan_family(battle, 10, ("rerun",))[:1]
    robustness.start(repeat)
    work()
    app = open_page(BATTLE, battle=repeat[0].id)
    assert not app.exception
    assert "Where the gap may come from" not in texts(app)


# ---- registers


def test_the_register_is_kept_for_the_session(fight: Fight) -> None:
    first, second = fight(), fight(seed=2)
    app = open_page(BATTLE, battle=first)
    verdict = runs.result(first).verdict
    assert verdict and explain(verdict, "plain").headline in texts(app)
    app.segmented_control(key="final-register").set_value("expert").run()
    assert not app.exception
    told = explain(verdict, "expert")
    for sentence in (told.headline, told.gap, told.noise, told.why, told.next_step):
        assert sentence in texts(app)
    assert explain(verdict, "plain").headline not in texts(app)
    app.switch_page(HISTORY).run()
    app.query_params["battle"] = second
    app.switch_page(BATTLE).run()
    other = runs.result(second).verdict
    assert other and explain(replace(other), "expert").headline in texts(app)


def test_the_lm_eval_commands_are_folded_away(fight: Fight) -> None:
    app = open_page(BATTLE, battle=fight())
    folded = next(e for e in app.expander if "lm-eval" in e.label)
    assert len(folded.code) == len(app.code) == 2
    assert all(code.value.startswith("lm_eval ") for code in folded.code)
