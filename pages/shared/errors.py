"""What a part of a page cannot do, said where it happened, so that the rest of the page goes on.

A fragment runs again without the shell of app.py, so its refusals need a place of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from engine import EngineError
from pages.format import plain


@contextmanager
def errors_shown() -> Iterator[None]:
    """Whatever engine, labs or tutor refuse inside becomes one sentence in this place."""
    try:
        yield
    except EngineError as error:
        st.warning(plain(str(error)))
