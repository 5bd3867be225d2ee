"""All battles of this machine, and how a learner's forecasts did."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import streamlit as st

from engine import battles, report
from engine.analysis import forecasts
from engine.tasks import registry
from tests.pages.driving import Start, expecting, open_page, shown, texts

HISTORY, BATTLE = "pages/battle/history.py", "pages/battle/battle.py"


def test_history_lists_battles(fought: str) -> None:
    app = open_page(HISTORY)
    assert not app.exception
    assert app.dataframe[0].value["state"].tolist() == ["done"]


def test_a_learners_record_is_above_the_list(fight: Start) -> None:
    for seed in range(3):
        fight(expecting(), seed=seed)
    fight(expecting("bob"))
    record = forecasts.record(
        [g for _, g in forecasts.scored_battles(battles.author("ann")) if isinstance(g, forecasts.ForecastScore)]
    )
    assert record.n == 3
    app = open_page(HISTORY, learner="ann")
    assert not app.exception
    for sentence in report.sentences(record):
        assert sentence in texts(app)
    assert "ann" not in [word.strip(".,:") for word in texts(app).split()]
    stranger = open_page(HISTORY, learner="eve")
    assert "forecast" not in texts(stranger)
    assert len(stranger.dataframe[0].value) == 4


def test_forecasts_without_a_grade_are_counted_apart(fight: Start, start: Start) -> None:
    fight(expecting())
    start(expecting())
    app = open_page(HISTORY, learner="ann")
    assert "One forecast is graded" in texts(app)
    assert "1 more without a grade" in texts(app)


def test_a_battle_that_cannot_be_read_is_a_row_with_its_reason(start: Start, own_home: Path) -> None:
    bad, good = start(seed=1), start(seed=2)
    spoil(own_home, bad)
    app = open_page(HISTORY)
    assert not app.exception and not app.error
    assert app.dataframe[0].value["state"].tolist() == ["waiting, 1 ahead", "cannot be read"]
    assert f"Battle {bad} cannot be read" in shown(app.warning)
    alone = open_page(BATTLE, battle=bad)
    assert not alone.exception and f"Battle {bad} cannot be read" in shown(alone.error)
    other = open_page(BATTLE, battle=good)
    assert not other.exception and not other.error


def test_a_contender_whose_folder_is_gone_is_still_in_the_list_and_in_its_report(fought: str, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "ruby")
    app = open_page(HISTORY)
    assert not app.exception and not app.error
    assert app.dataframe[0].value["contenders"].tolist() == ["ruby or jade"]
    report_ = open_page(BATTLE, battle=fought)
    assert not report_.exception and shown(report_.error) == ""
    assert "ruby or jade?" in texts(report_)


def test_a_benchmark_that_is_no_longer_known_is_told_by_its_battle_alone(
    fought: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS", tuple(name for name in registry.TASKS if name != "toy"))
    app = open_page(HISTORY)
    assert not app.exception and not app.error
    assert app.dataframe[0].value["benchmark"].tolist() == ["toy"]
    alone = open_page(BATTLE, battle=fought)
    assert not alone.exception and "There is no task called" in shown(alone.error)


def test_a_lost_ledger_leaves_the_labs_alone(fought: str, own_home: Path) -> None:
    (own_home / "ledger.db").write_bytes(b"")
    st.cache_resource.clear()
    labs = open_page("pages/learn/labs.py")
    assert not labs.exception and not labs.error
    app = open_page(HISTORY)
    assert not app.exception and "doctor --new-ledger" in shown(app.error)


def spoil(home: Path, battle_id: str) -> None:
    with sqlite3.connect(home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = 'a plan that is none' WHERE id = ?", (battle_id,))
    db.close()
