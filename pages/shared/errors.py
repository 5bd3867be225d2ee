"""What went wrong, in words for whoever looks; of a part of a page in its place, so that the rest goes on.

A fragment runs again without the shell of app.py, so its refusals need a place of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from engine import EngineError
from engine.home import without_paths
from pages.format import plain
from pages.shared import person


@contextmanager
def errors_shown() -> Iterator[None]:
    """Whatever engine, labs or tutor refuse inside becomes one sentence in this place."""
    try:
        yield
    except EngineError as error:
        st.warning(in_words(str(error)))


def in_words(sentence: str) -> str:
    """A sentence of the engine, or of a worker, as Markdown. Only the operator is told where things lie."""
    return plain(sentence if person.is_operator() else without_paths(sentence))
