"""What stands there when a lab is complete: a calm word, the sheet, and the way to the next lab."""

import streamlit as st

from labs import Lab, load_lab, slugs
from pages.format import plain
from tutor.journal import Talk
from tutor.judge import lab_progress

CLOSING = ("transfer", "closed")


def show_at_the_close(lab: Lab, now: Talk) -> None:
    """Under the closing question, in the talk itself."""
    if lab_progress(now.exchanges).complete and now.point.kind in CLOSING:
        with st.container(border=True, key="complete"):
            st.markdown("**You have your three: this lab is complete.**")
            st.caption(
                f"Talk on for as long as it is worth it to you. “{plain(lab.exercise.title)}” waits under Exercise, "
                "and what you showed stands under Keep."
            )
            _button(lab)


def show_later(lab: Lab, now: Talk) -> None:
    """Beside the talk, once it went on to something else."""
    if lab_progress(now.exchanges).complete and now.point.kind not in CLOSING:
        _button(lab)


def _button(lab: Lab) -> None:
    order = slugs()
    for after in order[order.index(lab.slug) + 1 :][:1]:
        if st.button(f"Next: {plain(load_lab(after).title)}", icon=":material/arrow_forward:", key="next-lab"):
            st.query_params["lab"] = after
            st.rerun()
