"""Measure: what the learner expects is written down first, then a real battle runs or is opened, and its number stands
beside the prediction and goes into the talk.

Everything is drawn from the journal: a reload, or another tab, finds it as far as it came.
"""

import streamlit as st

from engine import EngineError, access
from labs import Lab, Measurement
from pages.charts import claim_chart
from pages.format import plain
from pages.learn.measure import measured_battles
from pages.shared import person
from pages.shared.errors import errors_shown, in_words
from tutor import dialogue, journal
from tutor.dialogue import Measuring
from tutor.errors import TutorError
from tutor.journal import Talk

REFUSED = "not brought into the talk"
"""Under which the session has the reason."""


def show(lab: Lab, now: Talk) -> None:
    measurement = lab.measurement
    if measurement is None:
        st.write("This lab measures nothing: its claims are talked about.")
        return
    with errors_shown():
        if reason := st.session_state.pop(REFUSED, None):
            st.warning(in_words(reason))
        state = dialogue.measured.measuring(journal.read_sheet(now.id))
        st.markdown(f"### {plain(measurement.title)}")
        st.markdown(plain(measurement.why))
        st.markdown(plain(measurement.run))
        _step("1", "What you expect", done=state.prediction is not None)
        _prediction(measurement, now, state)
        if state.prediction is None:
            return
        _step("2", "A real battle", done=state.claim is not None)
        if state.claim is None:
            measured_battles.show(measurement, now, state)
            return
        measured_battles.show_source(now, state)
        _step("3", "What came out", done=True)
        _result(lab, now, state)


def _step(number: str, title: str, *, done: bool) -> None:
    mark = ":primary[●]" if done else ":gray[○]"
    st.markdown(f"{mark} &nbsp; **{plain(number)}. {plain(title)}**")


def _prediction(measurement: Measurement, now: Talk, state: Measuring) -> None:
    """The field while there is none, or while it may still be changed; else what was said."""
    asked, changing = measurement.prediction, f"change {now.id}"
    st.markdown(plain(asked.ask))
    begun = bool(state.battles) or state.recorded or state.claim is not None
    if state.prediction is not None and (begun or not st.session_state.get(changing)):
        st.markdown(f"You expect **{plain(dialogue.measured.in_unit(measurement, state.prediction))}**.")
        if begun:
            return
        st.button("Change it", help="Possible until the measurement begins.", on_click=_change, args=(changing,))
        return
    given = _field(measurement, now, state.prediction)
    st.caption("It is written down before anything is shown, and stands from the moment the measurement begins.")
    if not st.button("Keep my prediction", type="primary", key=f"predict {now.id}"):
        return
    if given is None:  # not a button that is disabled: it would be as long as somebody types
        st.warning("Say what you expect first. A guess is welcome: it costs nothing, and never counts against you.")
    else:
        person.check_still(now.learner)
        access.check_storage(person.current(), stored=journal.size())
        dialogue.measured.predict(now, measurement, float(given))
        st.session_state.pop(changing, None)
        st.rerun()


def _change(changing: str) -> None:
    st.session_state[changing] = True


def _field(measurement: Measurement, now: Talk, given: float | None) -> float | None:
    asked, key, label = measurement.prediction, f"expected {now.id}", f"Your prediction ({measurement.prediction.unit})"
    if asked.choices:
        default = None if given is None else int(given)
        chosen: int | None = st.segmented_control(plain(label), asked.choices, default=default, key=key)
        return chosen
    entered: float | None = st.number_input(
        plain(label),
        min_value=asked.low,
        max_value=asked.high,
        value=given,
        step=asked.step,
        format="%.0f" if asked.step.is_integer() else "%.1f",
        key=key,
        width=260,
    )
    return entered


def _result(lab: Lab, now: Talk, state: Measuring) -> None:
    """The number beside the prediction, what it was made of, where it is from, and the way into the talk."""
    measurement, claim = lab.measurement, state.claim
    assert measurement is not None and claim is not None and state.prediction is not None
    left, right = st.columns(2)
    left.metric("You expected", dialogue.measured.in_unit(measurement, state.prediction), border=True)
    right.metric("Measured", dialogue.measured.in_unit(measurement, claim.value), border=True)
    st.caption(plain(dialogue.measured.interval_in_words(measurement, claim)))
    st.markdown(plain(dialogue.measured.measured_remark(lab, journal.read_sheet(now.id))))
    claim_chart.show(claim, key=f"claim-{now.id}")
    st.caption(plain(claim.words))
    st.caption(plain(f"Source: {claim.source}."))
    if any(point.kind == "measured" for point in (now.point, *(exchange.point for exchange in now.exchanges))):
        st.button("Back to the talk", key="to-talk", on_click=_open_talk, args=(lab,), icon=":material/chat:")
        st.caption("The tutor has asked you about this number.")
        return
    st.button(
        "Bring it into the talk",
        key="bring-in",
        type="primary",
        icon=":material/chat:",
        on_click=_bring_in,
        args=(lab, now.learner),
        help="The tutor’s next question is about this number. What counted stays counted.",
    )


def _open_talk(lab: Lab) -> None:
    st.session_state[f"tabs-{lab.slug}"] = "Talk"


def _bring_in(lab: Lab, learner: str) -> None:
    """Before the page is drawn, so that it opens at the talk."""
    try:
        person.check_still(learner)
        now = dialogue.resume(learner, lab.slug)
        if dialogue.unanswered_turn(now) is not None:
            raise TutorError("Your last message still waits for its reply. Ask for it under “Talk” first.")
        dialogue.measured.bring_in(lab, now)
        _open_talk(lab)
    except EngineError as error:  # a callback has no place of its own to say it in
        st.session_state[REFUSED] = str(error)
