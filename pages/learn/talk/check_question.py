"""A lab's check question: before the first message, again when the lab is complete, then both answers and reasons."""

import streamlit as st

from engine import EngineError, access
from labs import CheckResult, Lab, check_result
from labs.check_question import AFTER, BEFORE, SKIPPED, in_order
from labs.lab import CheckOption
from pages.format import plain
from pages.shared import person
from pages.shared.errors import errors_shown, in_words
from tutor import journal
from tutor.journal import Talk
from tutor.judge import lab_progress

LEAD = {
    BEFORE: "**Before you begin: one question.** It counts for nothing, and you meet it again at the end.",
    AFTER: "**The question from the beginning once more.** Its answers stand in another order.",
}
TICK = ":green[:material/check:]"
SKIP = {BEFORE: "Begin without it", AFTER: "Leave it out"}


def show_before(lab: Lab, now: Talk) -> None:
    """Above a talk in which nothing was said yet."""
    if lab.check is not None and not now.exchanges:
        with errors_shown():
            if BEFORE not in journal.read_sheet(now.id):
                _ask(lab, now, BEFORE)


def show_after(lab: Lab, now: Talk) -> None:
    """Below the talk from the moment the lab is complete: the question, then what was answered."""
    if lab.check is not None and lab_progress(now.exchanges).complete:
        with errors_shown():
            if (result := check_result(lab, journal.read_sheet(now.id))) is None:
                _ask(lab, now, AFTER)
            else:
                _show_result(lab, result)


def _ask(lab: Lab, now: Talk, name: str) -> None:
    assert lab.check is not None
    options = {option.id: plain(option.text) for option in in_order(lab.check, now.id, name)}
    key = f"{now.id} {name}"
    with st.form(f"{key} form"):
        st.markdown(f":small[{LEAD[name]}]")
        st.radio(plain(lab.check.ask), list(options), index=None, key=key, format_func=options.__getitem__)
        with st.container(horizontal=True):
            st.form_submit_button("Keep my answer", key=f"{key} keep", on_click=_keep, args=(now, name, key))
            st.form_submit_button(
                SKIP[name], key=f"{key} skip", type="tertiary", on_click=_keep, args=(now, name, None)
            )
        if reason := st.session_state.pop(f"{key} refused", ""):
            st.warning(in_words(reason))


def _keep(now: Talk, name: str, key: str | None) -> None:
    """Writes the answer down, before the page is drawn; `key` is the field's, None to skip the question."""
    answer = st.session_state[key] if key else SKIPPED
    refused = f"{now.id} {name} refused"
    if answer is None:
        st.session_state[refused] = "Choose one of the four answers first, or go on without one."
        return
    try:
        person.check_still(now.learner)
        access.check_storage(person.current(), stored=journal.size())
        journal.keep(now)
        journal.save_answers(now.id, {name: answer})
    except EngineError as error:
        st.session_state[refused] = str(error)


def _show_result(lab: Lab, result: CheckResult) -> None:
    assert lab.check is not None
    with st.expander("The question from the beginning, and your two answers", expanded=True):
        st.markdown(plain(lab.check.ask))
        before, after = st.columns(2)
        before.caption("Before")
        before.markdown(_marked(result, result.before))
        after.caption("Afterwards")
        after.markdown(_marked(result, result.after))
        shown = dict.fromkeys([result.right.id, *(each.id for each in (result.before, result.after) if each)])
        for option in (each for each in lab.check.options if each.id in shown):
            lead = "The best answer" if option is result.right else "Why not"
            st.markdown(f"**{lead}:** {plain(option.text)}  \n{plain(option.why)}")


def _marked(result: CheckResult, answer: CheckOption | None) -> str:
    """An answer as Markdown, with a tick if it is the best one."""
    if answer is None:
        return "You left it out."
    return f"{TICK} {plain(answer.text)}" if answer is result.right else plain(answer.text)
