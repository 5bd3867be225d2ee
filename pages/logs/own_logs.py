"""From files to a verdict: the logs, the rules, and what comes of them."""

from functools import partial

import streamlit as st

from pages.logs import found, log_example, log_report, log_rules, log_upload, pairs_report
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
    if len(uploaded) < 2:
        return
    with errors_shown():
        facts = found.facts(uploaded)
        chosen = log_rules.scaled(uploaded, facts)
        if not chosen:
            return
        rules = log_rules.show(facts)
        if len(chosen) == 2:
            log_report.show((chosen[0], chosen[1]), rules, key="logs")
        else:
            pairs_report.show(chosen, rules, key="logs")
