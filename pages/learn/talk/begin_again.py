"""The way to a new talk in a lab, which asks first and says what becomes of the old one."""

import streamlit as st

from engine import EngineError
from labs import Lab
from pages.format import plain
from pages.shared import person
from pages.shared.errors import in_words
from tutor import dialogue

NOT_BEGUN = "talk not begun"
"""Under which the session has the reason why."""


def show(lab: Lab, learner: str) -> None:
    """A button and, once it is pressed, the question. `learner` is whose talk it is."""
    if st.button("Start this lab over", key="start-over", help="Asks once more before it does."):
        _ask(lab, learner)
    if reason := st.session_state.pop(NOT_BEGUN, ""):
        st.warning(in_words(reason))


@st.dialog("Start this lab over?")
def _ask(lab: Lab, learner: str) -> None:
    st.markdown(
        f"A new talk in “{plain(lab.title)}” begins at its first case, with an empty sheet and no message counted. The "
        "old talk stays among your transcripts, to be taken along under “Keep”; you cannot go on with it."
    )
    with st.container(horizontal=True):
        anew = st.button("Begin a new talk", key="begin-anew", on_click=_begin, args=(lab, learner))
        stay = st.button("Keep this one", key="keep-talk")
    if anew or stay:
        st.rerun()


def _begin(lab: Lab, learner: str) -> None:
    try:
        person.check_still(learner)
        dialogue.start_over(learner, lab.slug)
    except EngineError as error:
        st.session_state[NOT_BEGUN] = str(error)
