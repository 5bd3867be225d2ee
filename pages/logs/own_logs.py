"""From files to a verdict: the logs, the rules, and what comes of them."""

from functools import partial

import streamlit as st

from engine.logs import judging
from pages.charts import log_scale
from pages.logs import log_example, log_report, log_rules, log_upload, pairs_report
from pages.shared import mishaps

EXAMPLE = "logs-example"


@st.fragment
def show() -> None:
    chosen = log_upload.show()
    if chosen is None:
        if not st.session_state.get(EXAMPLE):
            st.button("Try it with an example", on_click=partial(st.session_state.update, {EXAMPLE: True}))
            log_example.show_formats()
            return
        st.info(log_example.about_example())
        st.button("Put the example away", on_click=partial(st.session_state.pop, EXAMPLE))
        chosen = log_example.example()
    with mishaps.shown():
        chosen = log_scale.show(chosen)
        if len(chosen) < 2:
            return
        rules = log_rules.show([one.log for one in chosen])
        if len(chosen) == 2:
            found = judging.verdict_of_logs(*(one.log for one in chosen), **rules)
            log_report.show(found, *chosen, key="logs")
        else:
            pairs_report.show(judging.every_pair([one.log for one in chosen], **rules), chosen, key="logs")
