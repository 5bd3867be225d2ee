"""The list of labs, and how far this learner came."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs import load_lab, slugs
from tests.pages.driving import open_lab, open_page, say, texts
from tutor import journal

LAB, LABS = "pages/learn/lab.py", "pages/learn/labs.py"
COUNTS = "Borealis had five worked examples, so part of the gap may be the prompt."


def test_labs_are_listed_with_one_primary_button() -> None:
    app = open_page(LABS, learner="ann")
    assert not app.exception
    for slug in slugs():
        assert load_lab(slug).title in texts(app)
        assert load_lab(slug).goal in texts(app)
    assert [button.label for button in app.button] == ["Start"] * len(slugs())


def test_starting_a_lab_writes_nothing_until_it_is_opened_and_goes_on_where_it_was() -> None:
    app = open_page(LABS, learner="ann")
    assert journal.talks("ann") == ()
    assert "s" not in app.query_params
    say(open_lab(), COUNTS)
    again = open_page(LABS, learner="ann")
    assert again.button[0].label == "Go on"
    assert "1 of 3 counted" in texts(again)


def test_a_lab_page_without_a_lab_is_the_list() -> None:
    assert "Labs" in [title.value for title in open_page(LAB).title]


def test_a_broken_lab_of_a_course_pack_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bread").mkdir()
    (tmp_path / "bread" / "lab.toml").write_text("title = ", encoding="utf-8")
    monkeypatch.setenv("NOISEFLOOR_LABS", str(tmp_path))
    app = open_page(LABS, learner="ann")
    assert not app.exception
    assert "bread/lab.toml is not valid TOML" in app.error[0].value.replace("\\", "")
