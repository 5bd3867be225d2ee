"""The first page: a recorded battle to pull the noise out of."""

from __future__ import annotations

from engine import explain
from engine.analysis import recordings
from tests.pages.driving import open_page, texts


def test_home_says_where_its_numbers_are_from() -> None:
    app = open_page()
    assert not app.exception
    battle = recordings.load("arc_easy")
    assert battle.provenance in texts(app)
    for n in (10, len(battle.a)):
        app.select_slider(key="n").set_value(n).run()
        assert explain(recordings.verdict_after(battle, n)).headline in texts(app)
