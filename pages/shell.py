"""The shell of the app: navigation, and the one place where an engine's error becomes a message."""

from typing import Literal

import streamlit as st

from engine import EngineError
from engine.home import PROJECT
from pages import navigation
from pages.shared import person
from pages.shared.errors import in_words

LOGO = str(PROJECT / "pages/static/logo.svg")

st.logo(LOGO, size="large")
# Whether somebody is the operator is found out without the journal: what is wrong with it is said on the pages.
page = st.navigation(navigation.pages(operator=person.is_operator()), position="top")
# One call a run: of two the browser may keep the first.
layout: Literal["wide", "centered"] = "wide" if page.url_path == "lab" else "centered"
st.set_page_config(page_title="Noise Floor", page_icon=LOGO, layout=layout)
try:
    page.run()
except EngineError as error:
    st.error(in_words(str(error)))
