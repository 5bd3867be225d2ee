"""From files to a verdict: the logs, the rules, and what comes of them."""

from functools import partial

import streamlit as st

from engine.logs import judging
from pages.logs import log_example, log_report, log_rules, log_scale, log_upload, pairs_report
from pages.shared.errors import errors_shown

EXAMPLE = "logs-example"


@st.fragment
def show() -> None:
    uploaded = log_upload.show()
    if uploaded is None:
        if not st.session_state.get(EXAMPLE):
            st.button("Try it with an example", on_click=partial(st.session_state.update, {EXAMPLE: True}))
            log_example.show_formats()
            return
        st.info(log_example.about_example())
        st.button("Put the example away", on_click=partial(st.session_state.pop, EXAMPLE))
        uploaded = log_example.example()
    with errors_shown():
        chosen = log_scale.show(uploaded)
        if len(chosen) < 2:
            return
        compared = [side.log for side in chosen]
        rules = log_rules.show(compared)
        if len(chosen) == 2:
            log_report.show(judging.verdict_of_logs(*compared, **rules), *chosen, key="logs")
        else:
            pairs_report.show(judging.every_pair(compared, **rules), chosen, key="logs")
