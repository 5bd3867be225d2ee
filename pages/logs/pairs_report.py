"""Several models on the same items, each against each; and all about the pair that is chosen."""

import json
from collections.abc import Sequence
from itertools import combinations

import pandas as pd
import streamlit as st

from engine import report
from engine.logs import judging
from pages.charts import gap_rows
from pages.logs import log_report
from pages.logs.log_upload import Chosen
from pages.shared import group_report


def show(found: judging.EveryPair, models: Sequence[Chosen], *, key: str) -> None:
    level = found.verdicts[0].verdict.interval.level
    outcomes = found.outcomes
    decided = sum(outcome in ("a", "b") for outcome in outcomes)
    st.subheader(f"{decided} of {len(outcomes)} gaps are above the noise", anchor=False)
    rows = [
        gap_rows.GapRow(
            title=" against ".join(one.verdict.names),
            gap=one.verdict.gap,
            interval=one.verdict.interval,
            out=outcome in ("a", "b"),
        )
        for one, outcome in zip(found.verdicts, outcomes, strict=True)
    ]
    gap_rows.show(rows, ("the first", "the second"), key=f"{key}-gaps")
    table = [
        dict(zip("AB", one.verdict.names, strict=True))
        | {"verdict": group_report.told(outcome, one.verdict.names)}
        | group_report.cells(one.verdict, p_value)
        for one, outcome, p_value in zip(found.verdicts, outcomes, found.p_values, strict=True)
    ]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height=38 + 35 * len(table),
        column_config=group_report.COLUMNS,
        key=f"{key}-table",
    )
    st.caption(
        f"Gaps are A minus B in points, ◆ is above the noise; each {level:.0%} interval is of its own pair. With "
        f"{len(table)} pairs some gap "
        "looks real by luck: p (Holm) allows for their number, and nobody is called better without it."
    )
    st.download_button(
        "Download JSON of all pairs",
        json.dumps(report.as_json(found), indent=1),
        "verdicts.json",
        "application/json",
        key=f"{key}-json",
        on_click="ignore",
        width="stretch",
    )
    pairs = list(combinations(models, 2))
    number = st.selectbox(
        "Look at one pair",
        range(len(pairs)),
        format_func=lambda i: " against ".join(found.verdicts[i].verdict.names),
        key=f"{key}-pair",
    )
    log_report.show(found.verdicts[number], *pairs[number], key=f"{key}-{number}")
