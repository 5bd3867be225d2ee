"""Who is learning: a name nobody can guess, kept in the address so that a reload or a bookmark comes back.

It is the only key to what a learner wrote, so no page shows it as text.
"""

import streamlit as st

from tutor import journal

LONGEST = 64  # characters the journal keeps


def token() -> str:
    """The learner of the address, else of this session, else a new one; now in both places."""
    name = st.query_params.get("s", "").strip()[:LONGEST] or st.session_state.get("learner") or journal.new_learner()
    st.session_state["learner"] = name
    st.query_params["s"] = name
    return name


def forget() -> None:
    """The next page is a new learner's."""
    st.session_state.clear()
    st.query_params.clear()
