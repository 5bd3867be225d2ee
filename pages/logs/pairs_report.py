"""Several models on the same items, each against each; and all about the pair that is chosen."""

import json
from collections.abc import Sequence
from itertools import combinations

import streamlit as st

from engine import report
from engine.logs import uploads
from pages.charts import gaps_chart
from pages.charts.gaps_chart import GapRow
from pages.logs import found, log_report, verdict_table
from pages.shared import download, tables


def show(sides: Sequence[uploads.Side], rules: uploads.Rules, *, key: str) -> None:
    judged = found.every_pair(sides, rules)
    verdicts = [pair.verdict for pair in judged.verdicts]
    titles = [" against ".join(verdict.names) for verdict in verdicts]
    outcomes = judged.outcomes
    decided = sum(outcome in ("a", "b") for outcome in outcomes)
    st.subheader(f"{decided} of {len(outcomes)} gaps are above the noise", anchor=False)
    gaps_chart.show(
        [GapRow.of(*line) for line in zip(titles, verdicts, outcomes, strict=True)],
        ("the first", "the second"),
        key=f"{key}-gaps",
    )
    rows = [
        dict(zip("AB", verdict.names, strict=True)) | verdict_table.cells(verdict, verdict.names, outcome, p_value)
        for verdict, outcome, p_value in zip(verdicts, outcomes, judged.p_values, strict=True)
    ]
    tables.show(rows, columns=verdict_table.COLUMNS, key=f"{key}-table", height=tables.height(len(rows)))
    st.caption(
        f"Gaps are A minus B in points, ◆ is above the noise; each {verdicts[0].interval.level:.0%} interval is of its "
        f"own pair. With {len(rows)} pairs some gap "
        "looks real by luck: p (Holm) allows for their number, and nobody is called better without it."
    )
    download.show("Download JSON of all pairs", json.dumps(report.as_json(judged), indent=1), "verdicts.json")
    pairs = list(combinations(sides, 2))
    number = st.selectbox("Look at one pair", range(len(pairs)), format_func=titles.__getitem__, key=f"{key}-pair")
    log_report.show(pairs[number], rules, key=f"{key}-{number}")
