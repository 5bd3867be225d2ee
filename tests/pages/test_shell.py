"""The shell: every page has its address, and nothing else is a page."""

from __future__ import annotations

from pathlib import Path

import pages
from tests.pages.driving import open_lab, open_page, say, texts

FOLDER = Path(pages.__file__).parent


def test_nothing_lies_where_streamlit_looks_for_pages() -> None:
    """A fresh server takes a folder `pages/` beside the shell for its older kind of app, and its files for pages."""
    assert not (FOLDER / "pages").exists()


def test_an_address_names_nobody() -> None:
    say(open_lab(), "Borealis had five worked examples, so part of the gap may be the prompt.")
    assert "1 of 3 counted" in texts(open_page("pages/learn/labs.py"))
    assert "1 of 3 counted" not in texts(open_page("pages/learn/labs.py", learner="eve", s="ann"))


def test_an_error_of_the_engine_is_a_message() -> None:
    app = open_page("pages/battle/battle.py", battle="nosuch")
    assert not app.exception
    assert "There is no battle" in app.error[0].value.replace("\\", "")
