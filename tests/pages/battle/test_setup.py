"""Setting a battle up: what can be chosen, what is refused, what becomes part of the plan."""

from __future__ import annotations

import pytest
import streamlit as st

import engine
from engine import runs
from engine.stats import DiscordanceEstimate
from tests.pages.driving import open_page, run_button

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
