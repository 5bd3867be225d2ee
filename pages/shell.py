"""The shell of the app: navigation, and the one place where an engine's error becomes a message."""

from typing import Literal

import streamlit as st

from engine import EngineError
from engine.home import PROJECT
from pages.shared import person
from pages.shared.errors import in_words

LOGO = str(PROJECT / "pages/static/logo.svg")

st.logo(LOGO, size="large")
operators_own = [st.Page("operate/operator.py", title="Operator", url_path="operator")]
if not person.is_operator():  # which needs no journal, as the navigation must not
    operators_own = []
page = st.navigation(
    [
        st.Page("start/home.py", title="Noise Floor", url_path="home", default=True),
        st.Page("battle/battle.py", title="Battle", url_path="battle"),
        st.Page("battle/history.py", title="All battles", url_path="battles"),
        st.Page("battle/recorded.py", title="Recorded", url_path="recorded"),
        st.Page("logs/logs.py", title="Your own logs", url_path="logs"),
        st.Page("learn/labs.py", title="Labs", url_path="labs"),
        st.Page("learn/lab.py", title="Lab", url_path="lab", visibility="hidden"),
        st.Page("learn/tutor_settings.py", title="Tutor", url_path="tutor"),
        st.Page("learn/your_work.py", title="Your work", url_path="work", visibility="hidden"),
        *operators_own,
    ],
    position="top",
)
# One call a run: of two the browser may keep the first.
layout: Literal["wide", "centered"] = "wide" if page.url_path == "lab" else "centered"
st.set_page_config(page_title="Noise Floor", page_icon=LOGO, layout=layout)
try:
    page.run()
except EngineError as error:
    st.error(in_words(str(error)))
