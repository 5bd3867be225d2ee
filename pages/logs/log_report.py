"""All there is to say about two logs: may they be compared, who is better, where the gap comes from."""

import json
from functools import partial

import streamlit as st

from engine import report
from engine.logs import judging, uploads
from engine.stats import AdjustedVerdicts
from pages.format import plain
from pages.logs import comparability_table, differing_items, found, verdict_table
from pages.shared import adjusted_verdicts, decomposition_report, download, tables, verdict_card

MOST_DRAWN = 30  # groups


def show(sides: uploads.Pair, rules: uploads.Rules, *, key: str) -> None:
    compared = found.comparison(sides, rules)
    judged, verdict = compared.judged, compared.judged.verdict
    if compared.identical:
        st.warning("Every line of the two logs is the same: is it one log given twice?")
    st.subheader("May they be compared?", anchor=False)
    comparability_table.show(judged.comparability)
    verdict_card.show(verdict, verdict.names, key=key)
    st.caption(plain(_items_judged(judged)))
    if judged.groups is not None:
        _groups(judged.groups, key=f"{key}-groups")
    st.subheader("Where does the gap come from?", anchor=False)
    decomposition_report.show(compared.decomposition, key=f"{key}-split")
    differing_items.show(compared, partial(found.outputs, sides, rules), key=f"{key}-differing")
    download.show("Download JSON", json.dumps(report.as_json(judged), indent=1), "verdict.json")


def _groups(groups: AdjustedVerdicts, *, key: str) -> None:
    st.subheader("Group by group", anchor=False)
    if len(groups.verdicts) <= MOST_DRAWN:
        adjusted_verdicts.show_gaps(groups, key=key)
    rows = [
        {"group": name or "(no group)"}
        | verdict_table.cells(verdict, groups.names, groups.outcomes[name], groups.p_values[name])
        for name, verdict in groups.verdicts.items()
    ]
    tables.show(rows, columns=verdict_table.COLUMNS, key=f"{key}-table")
    st.caption(plain(adjusted_verdicts.in_words(groups, "groups")))


def _items_judged(judged: judging.LogVerdict) -> str:
    """What was judged, and what was left out for which reason."""
    aligned, (a, b) = judged.aligned, judged.verdict.names
    failed_a, failed_b, failed_both = aligned.unscored
    reasons = {
        f"only in the log of {a}": aligned.only_a,
        f"only in the log of {b}": aligned.only_b,
        f"without a score for {a}": failed_a,
        f"without a score for {b}": failed_b,
    }
    sentences = f"Judged: {judged.verdict.n:,} items, matched by {aligned.by}. "
    if aligned.left_out:
        sentences += f"Left out: {', '.join(f'{count:,} {reason}' for reason, count in reasons.items() if count)}"
        sentences += f" ({failed_both:,} of them for both). " if failed_both else ". "
    else:
        sentences += "None is left out. "
    if judged.clusters:
        sentences += f"They form {judged.clusters:,} clusters, and those are what is independent."
    return sentences.rstrip()
