"""What a page has to say to a pool of processes: for whom a call is, and whether anybody still waits for it."""

from __future__ import annotations

import streamlit as st

from pages.shared import person


def owner() -> str:
    """For whom."""
    return person.current().id


def wanted(seconds: float) -> None:
    """Ends a call whose page was left or has changed: asking for its state is where Streamlit stops a script."""
    st.session_state.get("waiting")
