"""One lab: the case on the left, the conversation on the right, and beside it all that the lab offers."""

import streamlit as st

from labs import case_of, load_lab
from pages.format import plain
from pages.learn.exercises import calculator, sheet
from pages.learn.talk import case_card, keep_tab, lesson, next_lab, progress_dots, talk_view
from pages.shared import learner as learning
from tutor import configured_tutor, dialogue

TABS = {
    "Read first": lambda lab, *_: lesson.show(lab),
    "Talk": lambda lab, now, _, tutor: talk_view.show(lab, now, tutor),
    "Exercise": lambda lab, now, *_: sheet.show(lab, now),
    "Calculator": lambda lab, now, case, tutor: calculator.show(case),
    "Keep": lambda lab, now, *_: keep_tab.show(lab, now),
}
"""By title: what is shown when it is open."""

if "lab" not in st.query_params:
    st.switch_page("pages/learn/labs.py")
lab = load_lab(st.query_params["lab"])
tutor = configured_tutor(st.secrets)
now = dialogue.resume(learning.token(), lab.slug)
case = case_of(lab, now.case)

with st.container(horizontal_alignment="center"), st.container(width=1240):
    st.header(plain(lab.title), anchor=False)
    st.caption(f"{plain(lab.goal)} About {lab.minutes} minutes.")
    left, right = st.columns([5, 8], gap="medium")
    with left:
        case_card.show(case)
        progress_dots.show(now)
        next_lab.show_later(lab, now)
        case_card.show_earlier(lab, now)
    with right:
        tabs = st.tabs(list(TABS), default="Talk", key=f"tabs-{lab.slug}", on_change="rerun")
        for tab, show in zip(tabs, TABS.values(), strict=True):
            if tab.open:  # four of the five are not looked at, and cost a class more than all else
                with tab:
                    show(lab, now, case, tutor)
