"""Where a gap comes from: the picture, its readings, and what is measured for it from the page."""

from __future__ import annotations

from typing import Any

import pytest

import engine.runs.worker
from engine import report, runs
from engine.analysis import analyse, repeats
from pages.format import plain
from tests.pages.driving import Start, Work, descriptions, labelled, open_page, texts

BATTLE = "pages/battle/battle.py"


def test_the_split_of_a_battle_is_shown(fight: Start) -> None:
    battle_id = fight()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    parts = analyse(runs.result(battle_id)).decomposition
    assert parts
    for sentence in report.sentences(parts):
        assert sentence in texts(app)
    (said,) = [text for text in descriptions(app) if "each source moves it" in text]
    assert "protocol not measured; rerun not measured" in said
    readings = next(e for e in app.expander if e.label.startswith("Every reading"))
    told = "\n".join(markdown.value for markdown in readings.markdown).replace("\\", "")
    for part in parts.parts:
        for reading in part.readings:
            gap = "0.0" if reading.gap == 0 else f"{100 * reading.gap:+.1f}".replace("-", "−")
            assert f"- {reading.label}: **{gap}**, else " in told


def test_protocol_and_rerun_are_measured_from_the_page(fight: Start, work: Work) -> None:
    battle_id = fight()
    app = open_page(BATTLE, battle=battle_id)
    labelled(app.button, "Measure the protocol and rerun parts").click().run()
    assert not app.exception
    family = repeats.entries(battle_id)
    assert family and {other.battle.n for other in family} == {40}  # no more than the battle had
    again = open_page(BATTLE, battle=battle_id)  # a reload
    labelled(again.button, "Stop measuring").click().run()
    assert {other.state for other in repeats.entries(battle_id)} == {"stopped"}
    labelled(again.button, "Go on measuring").click().run()
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    parts = analyse(runs.result(battle_id)).decomposition
    assert parts and parts.parts[3].measured
    for sentence in report.sentences(parts):
        assert sentence in texts(app)
    (said,) = [text for text in descriptions(app) if "each source moves it" in text]
    assert "rerun unmoved" in said  # a toy answers the same every time
    assert not [button for button in app.button if "easur" in button.label]  # there is nothing more to measure


def test_more_items_may_be_measured_later(fight: Start, work: Work) -> None:
    battle_id = fight()
    repeats.start(repeats.plan_repeats(runs.result(battle_id).battle, 10))
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert labelled(app.segmented_control, "Questions to ask again").options == ["all 40"]


def test_a_way_that_failed_is_told_in_its_own_words(fight: Start, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    battle_id = fight()
    repeats.start(repeats.plan_repeats(runs.result(battle_id).battle, 10, ("rerun",)))

    def refuse(*_: Any) -> None:
        raise engine.CallerMistake("no **such** weights")

    monkeypatch.setattr(engine.runs.worker, "open_model", refuse)
    work()
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert plain("no **such** weights") in app.warning[0].value


def test_a_repeat_has_no_split_of_its_own(fight: Start, work: Work) -> None:
    battle = runs.result(fight()).battle
    repeat = repeats.plan_repeats(battle, 10, ("rerun",))[:1]
    repeats.start(repeat)
    work()
    app = open_page(BATTLE, battle=repeat[0].id)
    assert not app.exception
    assert "Where the gap may come from" not in texts(app)
