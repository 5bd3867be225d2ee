"""The shell: every page has its address, and nothing else is a page."""

from __future__ import annotations

from pathlib import Path

import pages
from tests.pages.driving import open_page

FOLDER = Path(pages.__file__).parent


def test_nothing_lies_where_streamlit_looks_for_pages() -> None:
    """A fresh server that was not started by `scripts/serve.py` lists each file beside this one as a page."""
    assert [file.name for file in FOLDER.glob("*.py")] == ["__init__.py"]


def test_an_error_of_the_engine_is_a_message() -> None:
    app = open_page("pages/battle/battle.py", battle="nosuch")
    assert not app.exception
    assert "There is no battle" in app.error[0].value.replace("\\", "")
