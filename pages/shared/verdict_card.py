"""A verdict as a story: the answer, the bars, the why, what to do next; in plain words or for experts."""

from collections.abc import Sequence

import streamlit as st

from engine import Verdict, explain, score_interval
from engine.report import Register, figures
from pages.charts import score_bars
from pages.format import plain

REGISTERS: dict[Register, str] = {"plain": "Plain words", "expert": "For experts"}


def show(verdict: Verdict, names: Sequence[str], *, key: str) -> None:
    with st.container(border=True, key=f"{key}-card"):
        explanation = explain(verdict, register(f"{key}-register"))
        st.subheader(plain(explanation.headline), anchor=False)
        scores = (verdict.a_score, verdict.b_score)
        intervals = [score_interval(round(score * verdict.n), verdict.n, verdict.interval.level) for score in scores]
        score_bars.show(names, scores, intervals, verdict.n, key=f"{key}-bars")
        for sentence in (explanation.gap, explanation.noise, explanation.why):
            st.markdown(plain(sentence))
        st.markdown(f"**What next?** {plain(explanation.next_step)}")
        for caveat in verdict.caveats:
            st.caption(plain(caveat))
        with st.popover("Where do these numbers come from?"):
            st.caption(
                f"Gap: {verdict.interval.method}, level {verdict.interval.level:.0%}, n = {verdict.n:,} items answered "
                f"by both. p = {verdict.p_value:.3g} ({verdict.p_method}). Whiskers: Wilson score interval of each bar "
                "by itself; whether two whiskers overlap says little, because both answered the same items. "
                f"{verdict.n:,} items like these show a gap of {figures.rounded_points(verdict.detectable_gap)} in "
                "four battles of five."
            )


def register(key: str) -> Register:
    """The register chosen last, on whichever card of this session."""

    def remember() -> None:
        if st.session_state[key] in REGISTERS:  # a forged choice may be none
            st.session_state["register"] = st.session_state[key]

    chosen: Register = st.session_state.setdefault("register", "plain")
    st.session_state[key] = chosen
    st.segmented_control(
        "How it is told",
        REGISTERS,
        required=True,
        format_func=REGISTERS.__getitem__,
        key=key,
        on_change=remember,
        label_visibility="collapsed",
    )
    return chosen
