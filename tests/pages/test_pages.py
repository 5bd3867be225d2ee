"""Every page runs through the real shell, without a browser, and shows engine data rather than its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import engine.runs.worker
from engine import BattleRequest, ItemResult, SequentialGap, runs
from engine.analysis import recordings
from engine.runs import service
from engine.stats import Discordance
from engine.store.ledger import Ledger
from engine.tasks.task import Task
from pages.format import plain
from tests.conftest import Idle, ToyModel

APP = str(Path(__file__).resolve().parents[2] / "app.py")


@pytest.fixture
def fought(toy: Task, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a finished battle between toy models."""
    monkeypatch.setattr(service, "executor", Idle())
    monkeypatch.setattr(engine.runs.worker, "open_model", lambda address, device, dtype: ToyModel(address))
    a, b = contenders
    battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu")))
    engine.runs.worker.work("cpu")
    return battle_id


def open_page(path: str, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=20)
    app.query_params.update(query)
    app.run()
    return app.switch_page(path).run() if path else app


def texts(app: AppTest) -> str:
    return "\n".join(
        str(e.value) for kind in ("title", "subheader", "markdown", "caption") for e in app.get(kind)
    ).replace("\\", "")


def test_home_says_where_its_numbers_are_from() -> None:
    app = open_page("")
    assert not app.exception
    battle = recordings.load("arc_easy")
    assert battle.provenance in texts(app)
    for n in (10, len(battle.a)):
        app.select_slider(key="n").set_value(n).run()
        assert recordings.verdict_after(battle, n).sentences[0] in texts(app)


def test_picker_offers_only_what_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/battle/battle.py")
    assert not app.exception
    run = next(button for button in app.button if button.label == "Run the battle")
    assert not run.disabled
    app.selectbox(key="task").set_value("gsm8k").run()  # its items are not installed in the tests
    assert next(button for button in app.button if button.label == "Run the battle").disabled
    assert "NOISEFLOOR_DATA" in app.warning[0].value


def test_stop_when_decided_becomes_part_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[engine.Battle] = []
    monkeypatch.setattr(runs, "start", lambda battle: planned.append(battle) or battle.id)
    for adaptive in (False, True):
        app = open_page("pages/battle/battle.py")
        app.toggle(key="adaptive").set_value(adaptive).run()
        next(button for button in app.button if button.label == "Run the battle").click().run()
    assert [battle.stop for battle in planned] == ["planned", "adaptive"]


def test_what_they_differed_on_before_says_what_the_next_battle_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """sqrt(d / 200) * (1.95996 + 0.84162) points, with d = 30% as long as nothing is known, then 21 / 202."""
    pilot = Discordance(n=200, differed=20, likely=21 / 202, low=0.07, high=0.15, level=0.95)
    for known, points in ((None, "10.9 points"), (pilot, "6.4 points")):
        st.cache_data.clear()
        monkeypatch.setattr(runs, "pilot", lambda challenge, known=known: known)
        app = open_page("pages/battle/battle.py")
        assert app.metric[0].value == points


def test_a_running_battle_shows_an_interval_that_holds_at_every_moment(
    toy: Task, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "executor", Idle())
    a, b = contenders
    battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu", stop="adaptive")))
    with Ledger() as ledger:
        ledger.claim("cpu")
        for side, score in (("a", 1.0), ("b", 0.0)):
            items = ledger.entry(battle_id).battle.item_ids[:12]
            ledger.append(battle_id, side, [ItemResult(item_id=item, score=score) for item in items])
    app = open_page("pages/battle/battle.py", battle=battle_id)
    assert not app.exception
    assert "It holds at every moment" in texts(app) and "The battle ends when the band has left zero" in texts(app)
    trail = app.session_state[f"trail-{battle_id}"]
    watched = SequentialGap(level=0.95, margin=0.02)
    for _ in range(12):
        watched.update(1, 0)
    assert (trail.gap.n, trail.gap.interval, trail.gap.winner) == (12, watched.interval, "a")
    assert [row["items"] for row in trail.rows] == sorted({row["items"] for row in trail.rows})


def test_same_model_twice_is_refused() -> None:
    app = open_page("pages/battle/battle.py")
    app.selectbox(key="b").set_value("smollm2-135m-instruct").run()
    assert next(button for button in app.button if button.label == "Run the battle").disabled
    assert "choose two that differ" in app.warning[0].value


def test_a_bad_address_is_a_message_not_a_traceback() -> None:
    app = open_page("pages/battle/battle.py")
    app.selectbox(key="a").set_value("another model …").run()
    app.text_input[0].set_value("hf:nonsense").run()
    assert not app.exception
    assert "hf:org/name" in app.error[0].value.replace("\\", "")


def test_verdict_page_shows_the_verdict_of_the_record(fought: str) -> None:
    app = open_page("pages/battle/battle.py", battle=fought)
    assert not app.exception
    verdict = runs.result(fought).verdict
    assert verdict
    for sentence in verdict.sentences:
        assert sentence in texts(app)
    assert f"The {len(runs.result(fought).flips)} questions where they differ" in texts(app)


def test_stopped_battle_can_go_on(toy: Task, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "executor", Idle())
    a, b = contenders
    battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu")))
    runs.stop(battle_id)
    app = open_page("pages/battle/battle.py", battle=battle_id)
    assert "You stopped this battle" in app.warning[0].value
    next(button for button in app.button if button.label == "Go on with it").click().run()
    assert runs.watch(battle_id).state == "queued"


def test_history_lists_battles(fought: str) -> None:
    app = open_page("pages/battle/history.py")
    assert not app.exception
    assert app.dataframe[0].value["state"].tolist() == ["done"]


def test_names_and_messages_are_shown_and_not_obeyed() -> None:
    hostile = "![x](http://host/p.png) **b** <b>c</b> $d$ :red[e] `f`"
    shown = plain(hostile)
    assert shown.replace("\\", "") == hostile
    assert not re.search(r"(?<!\\)[!\[\](*<>$:`]", shown)
