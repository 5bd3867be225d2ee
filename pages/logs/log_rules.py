"""What a comparison of logs is judged by: the scale of the scores, how sure, what is equal, what belongs together."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import CallerMistake
from engine.logs import judging, uploads
from pages.shared import rule_fields

CLUSTERS: dict[judging.Clusters, str] = {
    "auto": "as the logs say",
    "none": "none, each stands alone",
    "group": "the items of a group",
}


def scaled(chosen: Sequence[uploads.Side], facts: uploads.Facts) -> Sequence[uploads.Side]:
    """The same with scores from 0 to 1; none while the ends of the scale are not given.

    Raises:
        CallerMistake: ends between which the scores do not lie.
    """
    lowest, highest = facts.lowest, facts.highest
    if lowest >= 0 and highest <= 1:
        return chosen
    st.info(
        f"The scores reach from {lowest:g} to {highest:g}. Say which are the worst and the best possible: a score is "
        "then told as the share of the way between them, and a gap in points of a hundred."
    )
    left, right = st.columns(2)
    worst = left.number_input("Worst possible score", value=None, placeholder="such as 0", key="logs-worst")
    best = right.number_input("Best possible score", value=None, placeholder="such as 10", key="logs-best")
    if worst is None or best is None:
        return ()
    if worst == best or not worst <= lowest <= highest <= best:
        raise CallerMistake(f"There are scores from {lowest:g} to {highest:g}: give ends between which they lie.")
    return [replace(side, scale=(worst, best)) for side in chosen]


def show(facts: uploads.Facts) -> uploads.Rules:
    """How to judge the logs of which these are the facts."""
    left, right = st.columns(2)
    with left:
        margin = rule_fields.margin("logs-margin")
    with right:
        level = rule_fields.level("logs-level")
    rules: uploads.Rules = {"level": level, "margin": margin}
    if facts.grouped:
        rules["clusters"] = st.segmented_control(
            "Items that belong together (clusters)",
            list(CLUSTERS),
            default="auto",
            required=True,
            format_func=CLUSTERS.__getitem__,
            key="logs-clusters",
            help="Questions about one passage, or made from one template, are right or wrong together. Counting them "
            "as independent makes a gap look surer than it is.",
        )
    if facts.in_part:
        rules["common"] = st.toggle("Compare on the items both have", key="logs-common")
    return rules
