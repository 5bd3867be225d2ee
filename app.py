"""The shell of the app: navigation, and the one place where an engine's error becomes a message."""

import gc
from typing import Literal

import streamlit as st

from engine import EngineError, runs
from pages.shared import errors


@st.cache_resource
def settle() -> None:
    """Once a server: resume what a crash left open, and keep the collector off what the imports made."""
    runs.resume_open()
    gc.collect()
    gc.freeze()


st.logo("static/logo.svg", size="large")
page = st.navigation(
    [
        st.Page("pages/start/home.py", title="Noise Floor", url_path="home", default=True),
        st.Page("pages/battle/battle.py", title="Battle", url_path="battle"),
        st.Page("pages/battle/history.py", title="All battles", url_path="battles"),
        st.Page("pages/battle/recorded.py", title="Recorded", url_path="recorded"),
        st.Page("pages/logs/logs.py", title="Your own logs", url_path="logs"),
        st.Page("pages/learn/labs.py", title="Labs", url_path="labs"),
        st.Page("pages/learn/lab.py", title="Lab", url_path="lab", visibility="hidden"),
        st.Page("pages/learn/tutor_settings.py", title="Tutor", url_path="tutor"),
    ],
    position="top",
)
# One call a run: of two the browser may keep the first.
layout: Literal["wide", "centered"] = "wide" if page.url_path == "lab" else "centered"
st.set_page_config(page_title="Noise Floor", page_icon="static/logo.svg", layout=layout)
try:
    settle()
    page.run()
except EngineError as error:
    st.error(errors.in_words(str(error)))
