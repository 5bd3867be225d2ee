"""One lab: the case on the left, the conversation on the right, and beside it all that the lab offers."""

import streamlit as st

from engine import EngineError
from labs import case_of, load_lab
from pages.format import plain
from pages.learn.exercises import calculator, case_in_sight, sheet, sheet_fields
from pages.learn.measure import measure_tab
from pages.learn.talk import (
    begin_again,
    case_card,
    keep_tab,
    lesson,
    next_lab,
    progress_dots,
    speaker,
    talk_view,
    terms,
)
from pages.shared import person
from pages.shared.errors import in_words
from tutor import dialogue

if "lab" not in st.query_params:
    st.switch_page("learn/labs.py")
lab = load_lab(st.query_params["lab"])
me = person.current()
tutor, notice = speaker.tutor_for(me)
now = dialogue.resume(person.learner(), lab.slug)
try:
    case = case_of(lab, now.case)
except EngineError as error:  # the course pack has it no more, or the journal is damaged
    st.error(in_words(str(error)))
    begin_again.show(lab, now.learner)
    st.stop()

with st.container(horizontal_alignment="center"), st.container(width=1240):
    st.header(plain(lab.title), anchor=False)
    st.caption(f"{plain(lab.goal)} About {lab.minutes} minutes.")
    left, right = st.columns([5, 8], gap="medium")
    with right:
        # Only the open tab is drawn: all of them cost a class of learners more than everything else together.
        reading, conversation, measuring, exercise, calculating, keeping = st.tabs(
            ["Read first", "Talk", "Measure", "Exercise", "Calculator", "Keep"],
            default="Talk",
            key=f"tabs-{lab.slug}",
            on_change="rerun",
        )
        with left, case_in_sight.column():
            case_card.show(lab, (sheet.case_beside(lab, now) if exercise.open else None) or case)
            progress_dots.show(now)
            terms.show_used(lab, case, now)
            next_lab.show_later(lab, now)
            case_card.show_earlier(lab, now)
        if reading.open:
            with reading:
                lesson.show(lab)
                terms.show_all(lab)
        if conversation.open:
            with conversation:
                talk_view.show(lab, now, tutor)
                if notice:
                    st.caption(notice)
        if measuring.open:
            with measuring:
                measure_tab.show(lab, now)
        if exercise.open:
            with exercise:
                sheet.show(lab, now)
        elif reason := st.session_state.pop(sheet_fields.NOT_KEPT, ""):  # it was left at once
            st.toast(plain(reason), icon=":material/warning:", duration="infinite")
        if calculating.open:
            with calculating:
                calculator.show(case)
        if keeping.open:
            with keeping:
                keep_tab.show(lab, now)
