"""The rules a comparison of logs is judged by: how sure, what counts as equal, which items belong together."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import streamlit as st

from engine import EngineError, logs
from engine.report import figures
from pages.battle.setup.setup import MARGINS

LEVELS = (0.9, 0.95, 0.99)
CLUSTERS = {
    "auto": "as the logs say",
    "none": "none, each stands alone",
    "group": "the items of a group",
}


def show(chosen: Sequence[logs.Log]) -> dict[str, Any]:
    """What `stored.verdict_of_logs` is to be told."""
    left, right = st.columns(2)
    margin = left.select_slider(
        "Gaps below this I would call equal (the margin)",
        MARGINS,
        value=0.02,
        format_func=figures.rounded_points,
        key="logs-margin",
    )
    level = right.segmented_control(
        "How sure (the level)",
        LEVELS,
        default=0.95,
        required=True,
        format_func="{:.0%}".format,
        key="logs-level",
    )
    rules = {"level": level, "margin": margin}
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
