"""What was found in uploaded logs, in a process of its own: asked for the same thing once a session.

What cannot be read, or takes too much, is remembered like a result: it would take as long again.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine import EngineError
from engine.logs import judging, uploads
from pages.shared import isolated


def overview(upload: uploads.Upload) -> uploads.Overview:
    """What is in an upload. Raises EngineError where it cannot be read."""
    return isolated.returned(_overview(upload))


def facts(sides: Sequence[uploads.Side]) -> uploads.Facts:
    """What has to be known of sets of scores before they are judged."""
    return isolated.returned(_facts(tuple(sides)))


def comparison(sides: uploads.Pair, rules: uploads.Rules) -> uploads.Comparison:
    """Two of them judged. Raises EngineError where they do not belong together."""
    return isolated.returned(_comparison(sides, rules))


def every_pair(sides: Sequence[uploads.Side], rules: uploads.Rules) -> judging.EveryPair:
    """Each against each. Raises EngineError where they do not belong together."""
    return isolated.returned(_every_pair(tuple(sides), rules))


def outputs(sides: uploads.Pair, rules: uploads.Rules, number: int) -> tuple[str | None, str | None]:
    """What both wrote on one of the differing items."""
    return isolated.returned(_outputs(sides, rules, number))


@st.cache_resource(max_entries=8, scope="session", show_spinner="Reading the log …", show_time=True)
def _overview(upload: uploads.Upload) -> uploads.Overview | EngineError:
    return isolated.result_or_error(uploads.overview, upload)


@st.cache_resource(max_entries=8, scope="session", show_spinner="Looking at the items …", show_time=True)
def _facts(sides: tuple[uploads.Side, ...]) -> uploads.Facts | EngineError:
    return isolated.result_or_error(uploads.facts, sides)


@st.cache_resource(max_entries=4, scope="session", show_spinner="Judging …", show_time=True)
def _comparison(sides: uploads.Pair, rules: uploads.Rules) -> uploads.Comparison | EngineError:
    return isolated.result_or_error(uploads.comparison, sides, rules)


@st.cache_resource(max_entries=4, scope="session", show_spinner="Judging …", show_time=True)
def _every_pair(sides: tuple[uploads.Side, ...], rules: uploads.Rules) -> judging.EveryPair | EngineError:
    return isolated.result_or_error(uploads.every_pair, sides, rules)


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _outputs(sides: uploads.Pair, rules: uploads.Rules, number: int) -> tuple[str | None, str | None] | EngineError:
    return isolated.result_or_error(uploads.outputs, sides, rules, number)
