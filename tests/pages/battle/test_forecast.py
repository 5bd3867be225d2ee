"""A forecast from the fields to its grade: what a card says is sealed, shown, never obeyed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from streamlit.testing.v1 import AppTest

from engine import battles, report, runs
from engine.analysis import forecasts
from pages.format import plain
from tests.pages.driving import HOSTILE, Start, Work, descriptions, expecting, labelled, open_page, run_button, texts

BATTLE = "pages/battle/battle.py"
HYPOTHESIS = f"{HOSTILE}\n    # g"


def choose(app: AppTest, way: str) -> AppTest:
    labelled(app.segmented_control, "Your forecast").set_value(way).run()
    assert not app.exception
    return app


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
    expected = runs.result(app.query_params["battle"]).battle.forecast
    assert expected and expected.probabilities == battles.OutcomeProbabilities(a=0, b=0, equal=0, undecided=1)


def test_a_forecast_is_about_two_models() -> None:
    """Other contenders, other benchmark: what was said of the first is not sealed for the second."""
    app = choose(open_page(BATTLE), "four")
    app.selectbox(key="a").set_value("gemma-3-270m").run()
    app.selectbox(key="b").set_value("smollm2-135m-instruct").run()
    assert labelled(app.segmented_control, "Your forecast").value == "none"
    assert not app.number_input


def test_a_card_from_set_up_to_grade(work: Work) -> None:
    app = choose(open_page(BATTLE, learner="ann"), "favourite")
    labelled(app.radio, "What will the verdict be?").set_value("undecided")
    app.text_area[0].set_value(HYPOTHESIS).run()
    run_button(app).click().run()
    battle_id = app.query_params["battle"]
    assert "s" not in app.query_params  # a battle's address may be shown to others
    seal = runs.result(battle_id).seal
    assert seal and [code.value for code in app.code] == [seal.digest]
    assert "Your forecast is sealed." in texts(app) and HYPOTHESIS[:8] not in texts(app)

    work()
    app.run()
    assert not app.exception
    result = runs.result(battle_id)
    score = forecasts.score_forecast(result)
    assert isinstance(score, forecasts.ForecastScore) and report.sentences(score)[0] in texts(app)
    assert result.battle.forecast and result.battle.forecast.hypothesis == HYPOTHESIS
    assert f"“{plain(' '.join(HYPOTHESIS.split()))}”" in [markdown.value for markdown in app.markdown]
    assert "The seal is intact" in texts(app)
    assert app.code[0].value == seal.digest
    assert any("What happened: undecided" in said for said in descriptions(app))
    assert '"ann"' not in json.dumps(report.as_json(result)["card"])


def test_text_that_cannot_be_shown_is_refused_before_the_run() -> None:
    app = choose(open_page(BATTLE), "four")
    app.text_area[0].set_value("be\x07ll").run()
    assert run_button(app).disabled
    assert "cannot be shown" in app.warning[0].value.replace("\\", "")


def test_no_card_no_report_of_one(fight: Start) -> None:
    app = open_page(BATTLE, battle=fight())
    assert not app.exception
    assert "What you expected" not in texts(app) and "seal" not in texts(app)


def test_a_broken_seal_is_said_and_not_graded(fight: Start, own_home: Path) -> None:
    battle_id = fight(expecting())
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = replace(plan, '\"margin\":0.02', '\"margin\":0.3')")
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "The seal is broken" in app.warning[0].value
    assert "not graded" in texts(app) and "Brier" not in texts(app) and "seal is intact" not in texts(app)


def test_a_battle_stopped_before_its_first_pair_says_why_there_is_no_grade(start: Start) -> None:
    battle_id = start(expecting())
    runs.stop(battle_id)
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "What you expected" in texts(app) and "stopped by hand" in texts(app)
