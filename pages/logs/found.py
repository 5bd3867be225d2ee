"""What was found in uploaded logs, in a process of its own: asked for the same thing once a session.

What cannot be read, or takes too much, is remembered like a result: it would take as long again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from engine import EngineError
from engine.isolation import Busy
from engine.logs import judging, uploads
from pages.shared import isolated

Result = TypeVar("Result")


def overview(upload: uploads.Upload) -> uploads.Overview:
    """What is in an upload. Raises EngineError where it cannot be read."""
    return _or_raise(_overview(upload))


def facts(sides: Sequence[uploads.Side]) -> uploads.Facts:
    """What has to be known of sets of scores before they are judged."""
    return _or_raise(_facts(tuple(sides)))


def comparison(sides: uploads.Pair, rules: uploads.Rules) -> uploads.Comparison:
    """Two of them judged. Raises EngineError where they do not belong together."""
    return _or_raise(_comparison(sides, rules))


def every_pair(sides: Sequence[uploads.Side], rules: uploads.Rules) -> judging.EveryPair:
    """Each against each. Raises EngineError where they do not belong together."""
    return _or_raise(_every_pair(tuple(sides), rules))


def outputs(sides: uploads.Pair, rules: uploads.Rules, number: int) -> tuple[str | None, str | None]:
    """What both wrote on one of the differing items."""
    return _or_raise(_outputs(sides, rules, number))


@st.cache_resource(max_entries=8, scope="session", show_spinner="Reading the log …", show_time=True)
def _overview(upload: uploads.Upload) -> uploads.Overview | EngineError:
    return _or_error(lambda: uploads.overview(upload, owner=isolated.owner(), waiting=isolated.wanted))


@st.cache_resource(max_entries=8, scope="session", show_spinner="Looking at the items …", show_time=True)
def _facts(sides: tuple[uploads.Side, ...]) -> uploads.Facts | EngineError:
    return _or_error(lambda: uploads.facts(sides, owner=isolated.owner(), waiting=isolated.wanted))


@st.cache_resource(max_entries=4, scope="session", show_spinner="Judging …", show_time=True)
def _comparison(sides: uploads.Pair, rules: uploads.Rules) -> uploads.Comparison | EngineError:
    return _or_error(lambda: uploads.comparison(sides, rules, owner=isolated.owner(), waiting=isolated.wanted))


@st.cache_resource(max_entries=4, scope="session", show_spinner="Judging …", show_time=True)
def _every_pair(sides: tuple[uploads.Side, ...], rules: uploads.Rules) -> judging.EveryPair | EngineError:
    return _or_error(lambda: uploads.every_pair(sides, rules, owner=isolated.owner(), waiting=isolated.wanted))


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _outputs(sides: uploads.Pair, rules: uploads.Rules, number: int) -> tuple[str | None, str | None] | EngineError:
    return _or_error(lambda: uploads.outputs(sides, rules, number, owner=isolated.owner(), waiting=isolated.wanted))


def _or_error(ask: Callable[[], Result]) -> Result | EngineError:
    try:
        return ask()
    except Busy:
        raise
    except EngineError as error:
        return error.with_traceback(None)


def _or_raise(result: Result | EngineError) -> Result:
    if isinstance(result, EngineError):
        raise result
    return result
