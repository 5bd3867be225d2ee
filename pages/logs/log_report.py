"""All there is to say about two logs: may they be compared, who is better, where the gap comes from."""

import json

import streamlit as st

from engine import report
from engine.logs import decomposition, judging
from pages.battle.report import differing_answers
from pages.charts import decomposition_chart
from pages.format import plain
from pages.logs import comparability_table
from pages.logs.log_upload import Chosen
from pages.shared import group_report, verdict_card


def show(found: judging.LogVerdict, a: Chosen, b: Chosen, *, key: str) -> None:
    verdict, aligned = found.verdict, found.aligned
    if aligned.pairs and all(x == y for x, y in aligned.pairs) and aligned.a.settings == aligned.b.settings:
        st.warning("Every line of the two logs is the same: is it one log given twice?")
    st.subheader("May they be compared?", anchor=False)
    comparability_table.show(found.comparability)
    verdict_card.show(verdict, verdict.names, key=key)
    st.caption(plain(_account(found)))
    group_report.show(found, key=key)
    st.subheader("Where does the gap come from?", anchor=False)
    others = decomposition.other_scorings(aligned, a.contents, b.contents)
    decomposition_chart.show(decomposition.split_of_logs(verdict, aligned, others), key=f"{key}-split")
    differing_answers.show(aligned.pairs, verdict.names, key=f"{key}-differing")
    st.download_button(
        "Download JSON",
        json.dumps(report.as_json(found), indent=1),
        "verdict.json",
        "application/json",
        key=f"{key}-json",
        on_click="ignore",
        width="stretch",
    )


def _account(found: judging.LogVerdict) -> str:
    """What was judged, and what was left out for which reason."""
    aligned, (a, b) = found.aligned, found.verdict.names
    failed_a, failed_b, failed_both = aligned.unscored
    reasons = {
        f"only in the log of {a}": aligned.only_a,
        f"only in the log of {b}": aligned.only_b,
        f"without a score for {a}": failed_a,
        f"without a score for {b}": failed_b,
    }
    told = f"Judged: {found.verdict.n:,} items, matched by {aligned.by}. "
    if aligned.left_out:
        told += f"Left out: {', '.join(f'{count:,} {reason}' for reason, count in reasons.items() if count)}"
        told += f" ({failed_both:,} of them for both). " if failed_both else ". "
    else:
        told += "None is left out. "
    if found.clusters:
        told += f"They form {found.clusters:,} clusters, and those are what is independent."
    return told.rstrip()
