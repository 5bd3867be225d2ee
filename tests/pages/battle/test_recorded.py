"""Recorded battles are shown as what they are: measured earlier, where and when, and judged together."""

from __future__ import annotations

import pytest

from engine import explain
from engine.analysis import recordings
from tests.pages.driving import open_page, texts

PAGE = "pages/battle/recorded.py"


def test_every_recording_is_in_the_picture_and_in_the_list() -> None:
    app = open_page(PAGE)
    assert not app.exception
    titles = [recordings.load(name).title for name in recordings.names()]
    assert app.selectbox(key="battle").options == titles
    assert f"With {len(recordings.together().verdicts):,} benchmarks some gap looks real by luck" in texts(app)


@pytest.mark.parametrize("name", recordings.names())
def test_a_recording_says_where_and_when_and_what_follows(name: str) -> None:
    app = open_page(PAGE)
    app.selectbox(key="battle").set_value(name).run()
    battle = recordings.load(name)
    shown = texts(app)
    assert not app.exception
    assert battle.provenance in shown and battle.extent in shown.replace("All ", "all ")
    assert explain(battle.verdict).headline.split(":")[0] in shown
    assert all(notice in shown for notice in battle.notices)
    assert len(app.info) == (battle.title in recordings.together().taken_back)


def test_some_recording_has_a_winner_alone_only() -> None:
    """Else the line that says so is untested above."""
    assert recordings.together().taken_back


def test_the_pages_without_a_battle_lead_there() -> None:
    for page in ("", "pages/battle/history.py"):
        links = [link.proto.page for link in open_page(page).get("page_link")]
        assert "recorded" in links, page
