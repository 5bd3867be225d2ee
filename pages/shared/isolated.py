"""What a page has to say to a pool of processes, and what it keeps of its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from engine import EngineError
from engine.isolation import Busy
from pages.shared import person

Result = TypeVar("Result")


def result_or_error(ask: Callable[..., Result], *arguments: object, **settings: object) -> Result | EngineError:
    """What can be kept: an answer, or that there is none, which would take as long to find again.

    ask                  calls a pool, for an owner and as long as it is waited for
    arguments, settings  what else it takes

    Raises:
        Busy: that is worth another try.
    """
    try:
        return ask(*arguments, **settings, owner=person.current().id, waiting=_wanted)
    except Busy:
        raise
    except EngineError as error:
        return error.with_traceback(None)


def returned(kept: Result | EngineError) -> Result:
    """What was kept, returned or raised."""
    if isinstance(kept, EngineError):
        raise kept
    return kept


def _wanted(seconds: float) -> None:
    """Ends a call whose page was left or has changed: asking for its state is where Streamlit stops a script."""
    st.session_state.get("waiting")
