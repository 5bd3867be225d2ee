"""Setting a battle up: what can be chosen, what is refused, what becomes part of the plan."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import engine
from engine import runs
from engine.access import Person
from engine.stats import DiscordanceEstimate
from pages.shared import person
from tests.pages.driving import open_page, run_button, texts

BATTLE = "pages/battle/battle.py"


def test_picker_offers_only_what_can_run() -> None:
    app = open_page(BATTLE)
    assert not app.exception
    assert not run_button(app).disabled
    app.selectbox(key="task").set_value("gsm8k").run()  # its items are not installed in the tests
    assert run_button(app).disabled
    assert "NOISEFLOOR_DATA" in app.warning[0].value


def test_stop_when_decided_becomes_part_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[engine.Battle] = []
    monkeypatch.setattr(runs, "start", lambda battle, **_: planned.append(battle) or battle.id)
    for adaptive in (False, True):
        app = open_page(BATTLE)
        app.toggle(key="adaptive").set_value(adaptive).run()
        run_button(app).click().run()
    assert [battle.stop for battle in planned] == ["planned", "adaptive"]


def test_what_they_differed_on_before_says_what_the_next_battle_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """sqrt(d / 200) * (1.95996 + 0.84162) points, with d = 30% as long as nothing is known, then 21 / 202."""
    pilot = DiscordanceEstimate(n=200, differed=20, likely=21 / 202, low=0.07, high=0.15, level=0.95)
    for known, points in ((None, "10.9 points"), (pilot, "6.4 points")):
        st.cache_data.clear()
        monkeypatch.setattr(runs, "pilot", lambda challenge, known=known: known)
        app = open_page(BATTLE)
        assert app.metric[0].value == points


def test_same_model_twice_is_refused() -> None:
    app = open_page(BATTLE)
    app.selectbox(key="b").set_value("smollm2-135m-instruct").run()
    assert run_button(app).disabled
    assert "choose two that differ" in app.warning[0].value


def test_a_bad_address_is_a_message_not_a_traceback() -> None:
    app = open_page(BATTLE)
    app.selectbox(key="a").set_value("another model …").run()
    app.text_input[0].set_value("hf:nonsense").run()
    assert not app.exception
    assert "hf:org/name" in app.error[0].value.replace("\\", "")


# ---- endpoints that the operator configured

ENDPOINTS = """
[shown]
url = "https://h.example/v1"
model = "m"
title = "<b>Shown</b>"
visitors = true
[kept]
url = "https://h.example/v1"
model = "n"
[wrong]
url = "http://[bad"
model = "o"
"""


@pytest.fixture
def configured(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "endpoints.toml").write_text(ENDPOINTS, encoding="utf-8")


def options(app: AppTest) -> list[str]:
    return list(app.selectbox(key="a").options)


def test_the_operator_chooses_among_all_configured_endpoints(configured: None) -> None:
    app = open_page(BATTLE)
    assert not app.exception
    assert options(app)[2:] == ["<b>Shown</b>", "kept", "another model …"]
    assert "table [wrong]" in texts(app)
    app.selectbox(key="a").set_value("endpoint:kept").run()
    assert not app.exception
    assert not run_button(app).disabled


def test_a_visitor_sees_those_that_are_open_to_visitors_and_no_mistake(
    configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "current", lambda: Person(id="v", operator=False))
    app = open_page(BATTLE)
    assert not app.exception
    assert options(app)[2:] == ["<b>Shown</b>"]
    assert "wrong" not in texts(app)


def test_a_file_that_is_no_toml_stops_no_page(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "endpoints.toml").write_text("[[", encoding="utf-8")
    app = open_page(BATTLE)
    assert not app.exception
    assert not run_button(app).disabled
    assert "is not TOML" in texts(app)


@pytest.mark.parametrize("address", ["openai:m@http://[bad", "openai:m@http://h/" + "x" * 9999, "openai:\x00@http://h"])
def test_a_bad_endpoint_is_a_sentence_too(address: str) -> None:
    app = open_page(BATTLE)
    app.selectbox(key="a").set_value("another model …").run()
    app.text_input[0].set_value(address).run()
    assert not app.exception
    assert "is not of the form openai" in app.error[0].value.replace("\\", "")
