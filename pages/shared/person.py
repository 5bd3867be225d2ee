"""Who looks at this page."""

import streamlit as st

from engine import battles
from engine.access import Person
from tutor import journal


def current() -> Person:
    """The person of this session; the address stays as it is."""
    name = st.query_params.get("s") or st.session_state.get("learner") or journal.new_learner()
    st.session_state["learner"] = name
    return Person(id=battles.author(name), operator=True)
