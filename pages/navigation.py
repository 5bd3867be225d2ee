"""The pages of the app, in their order."""

from __future__ import annotations

import copy
import functools

import streamlit as st
from streamlit.navigation.page import Page

OPERATORS = "operator"


def pages(*, operator: bool) -> list[Page]:
    """A run's own; those of the operator alone are only there for them."""
    return [copy.copy(page) for page in _made() if operator or page.url_path != OPERATORS]


@functools.cache
def _made() -> tuple[Page, ...]:
    """Made once: each looks for its file, part by part, and a page with many visitors waits for each look."""
    return (
        st.Page("start/home.py", title="Noise Floor", url_path="home", default=True),
        st.Page("battle/battle.py", title="Battle", url_path="battle"),
        st.Page("battle/history.py", title="All battles", url_path="battles"),
        st.Page("battle/recorded.py", title="Recorded", url_path="recorded"),
        st.Page("logs/logs.py", title="Your own logs", url_path="logs"),
        st.Page("learn/labs.py", title="Labs", url_path="labs"),
        st.Page("learn/lab.py", title="Lab", url_path="lab", visibility="hidden"),
        st.Page("learn/tutor_settings.py", title="Tutor", url_path="tutor"),
        st.Page("learn/your_work.py", title="Your work", url_path="work", visibility="hidden"),
        st.Page("operate/operator.py", title="Operator", url_path=OPERATORS),
    )
