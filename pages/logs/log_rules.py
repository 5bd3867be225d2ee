"""The rules a comparison of logs is judged by: how sure, what counts as equal, which items belong together."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import streamlit as st

from engine import EngineError, logs
from pages.shared import rule_fields

CLUSTERS = {
    "auto": "as the logs say",
    "none": "none, each stands alone",
    "group": "the items of a group",
}


def show(chosen: Sequence[logs.Log]) -> dict[str, Any]:
    """What `judging.verdict_of_logs` and `judging.every_pair` take besides the logs."""
    left, right = st.columns(2)
    with left:
        margin = rule_fields.margin("logs-margin")
    with right:
        level = rule_fields.level("logs-level")
    rules: dict[str, Any] = {"level": level, "margin": margin}
    if any(row.group or row.cluster for log in chosen for row in log.rows.values()):
        rules["clusters"] = st.segmented_control(
            "Items that belong together (clusters)",
            CLUSTERS,
            default="auto",
            required=True,
            format_func=CLUSTERS.__getitem__,
            key="logs-clusters",
            help="Questions about one passage, or made from one template, are right or wrong together. Counting them "
            "as independent makes a gap look surer than it is.",
        )
    if any(_differ_in_part(a, b) for a, b in combinations(chosen, 2)):
        rules["common"] = st.toggle("Compare on the items both have", key="logs-common")
    return rules


def _differ_in_part(a: logs.Log, b: logs.Log) -> bool:
    """Whether the two are over other items, and have some in common."""
    try:
        logs.align(a, b)
    except EngineError:
        try:
            logs.align(a, b, common=True)
        except EngineError:
            return False
        return True
    return False
