"""A verdict as a story: the answer, the bars, the why, what to do next."""

from collections.abc import Sequence

import streamlit as st

from engine import Verdict, score_interval
from pages.widgets import score_bars
from pages.widgets.wording import plain


def show(verdict: Verdict, names: Sequence[str], *, key: str) -> None:
    headline, gap, noise, why, next_step = map(plain, verdict.sentences)
    with st.container(border=True, key=f"{key}-card"):
        st.subheader(headline, anchor=False)
        scores = (verdict.a_score, verdict.b_score)
        intervals = [score_interval(round(score * verdict.n), verdict.n, verdict.interval.level) for score in scores]
        score_bars.show(names, scores, intervals, verdict.n, key=f"{key}-bars")
        for sentence in (gap, noise, why):
            st.write(sentence)
        st.markdown(f"**What next?** {next_step}")
        for caveat in verdict.caveats:
            st.caption(caveat)
        with st.popover("Where do these numbers come from?"):
            st.caption(
                f"Gap: {verdict.interval.method}, level {verdict.interval.level:.0%}, n = {verdict.n:,} items answered "
                f"by both. p = {verdict.p_value:.3g} ({verdict.p_method}). Whiskers: Wilson score interval of each bar "
                "by itself; whether two whiskers overlap says little, because both answered the same items. "
                f"{verdict.n:,} items like these show a gap of {100 * verdict.detectable_gap:.1f} points in four "
                "battles of five."
            )
