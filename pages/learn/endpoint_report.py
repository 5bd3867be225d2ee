"""An endpoint looked at step by step, and its exam as a judge."""

import streamlit as st

from engine import explain
from engine.report import figures
from pages.format import plain
from tutor import STEPS, Step, TutorEndpoint, check, last_exam, take_exam
from tutor.judge import Exam, accuracy

ABOUT = {
    "address": "Does the address answer?",
    "key": "Is the key taken?",
    "model": "Is the model there?",
    "chat": "Does it write?",
    "stream": "Does it write piece by piece?",
    "schema": "Does it fill in a form, as a judge must?",
}


def show(endpoint: TutorEndpoint, *, operator: bool) -> None:
    """What its last exam showed; an operator may also test and examine it, which asks the server again and again.

    Nothing here says that it speaks or judges: whether it answers is known turn by turn, and the lab tells it there.
    """
    st.caption("Where the model gives no answer, the local judge and the lab's own words stand in.")
    if operator:
        _look_into(endpoint)
    if (exam := last_exam(endpoint)) is not None:
        _exam(endpoint, exam)
    elif not operator:
        st.caption(plain(f"{endpoint.model} has taken no exam yet, so it is not asked to judge."))


def _look_into(endpoint: TutorEndpoint) -> None:
    tried = f"steps of {endpoint.model} at {endpoint.url}"
    with st.container(horizontal=True):
        test = st.button("Test the endpoint", type="primary", key="test-endpoint")
        sit = st.button("Examine it as a judge", key="examine", help="80 messages, one after another; some minutes.")
    if test:
        st.session_state[tried] = []
        with st.container(border=True), st.spinner("Testing, one step after another …"):
            for step in check(endpoint):
                st.session_state[tried].append(step)
                _step(step)
        st.rerun()
    if steps := st.session_state.get(tried):
        _steps(steps)
    if sit:
        bar = st.progress(0.0, text="The exam begins …")
        for done, of in take_exam(endpoint):
            bar.progress(done / of, text=f"{done} of {of} messages judged, by both")
        st.rerun()


def _steps(steps: list[Step]) -> None:
    with st.container(border=True):
        for step in steps:
            _step(step)
        for name in STEPS[len(steps) :]:
            st.caption(f"○ {ABOUT[name]} Not looked at.")


def _step(step: Step) -> None:
    mark = ":material/check:" if step.passed else ":material/close:"
    failed = "" if step.passed else f" **This step failed: {step.name}.**"
    st.markdown(f"{mark} {ABOUT[step.name]}{failed} {plain(step.message)} :gray[:small[{step.seconds:.1f} s]]")


def _exam(endpoint: TutorEndpoint, exam: Exam) -> None:
    st.subheader("Its last exam", anchor=False)
    for column, name, marks in zip(
        st.columns(2), (endpoint.model, "local judge"), (exam.given, exam.local), strict=True
    ):
        score = accuracy(marks)
        n = sum(mark is not None for mark in marks)
        column.metric(
            plain(f"{name}, right in percent (n = {n})"), figures.with_noise(*score) if score else "–", border=True
        )
    if exam.verdict is not None:
        explanation = explain(exam.verdict)
        st.markdown(f"**{plain(explanation.headline)}** {plain(explanation.gap)}")
    if exam.failures:
        too_many = " That is too many for a judge." if exam.too_silent else ""
        st.caption(f"Messages without a judgement: {exam.failures}.{too_many}")
    st.caption(
        "Right is a judgement that counts what should count and nothing else, and that takes no belief which is denied "
        "for one that is held."
    )
    st.markdown(
        "It was better beyond the noise, so it is asked to judge; where it gives no judgement, the local judge does."
        if exam.takes_over
        else "It does not take over: the local judge goes on judging."
    )
