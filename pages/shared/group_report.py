"""The same verdict group by group, with an eye on how many chances to be lucky that is."""

from typing import Any

import pandas as pd
import streamlit as st

from engine import Verdict
from engine.logs import judging
from engine.report import figures
from engine.stats import AdjustedVerdicts
from pages.charts import gap_rows
from pages.format import plain

MOST_DRAWN = 30


def show(found: judging.LogVerdict, *, key: str) -> None:
    groups = found.groups
    if groups is None:
        return
    names, outcomes = groups.names, groups.outcomes
    st.subheader("Group by group", anchor=False)
    if len(groups.verdicts) <= MOST_DRAWN:
        rows = [
            gap_rows.GapRow(
                title=name or "(no group)", gap=one.gap, interval=one.interval, out=outcomes[name] in ("a", "b")
            )
            for name, one in groups.verdicts.items()
        ]
        gap_rows.show(rows, names, key=f"{key}-groups")
    st.dataframe(
        pd.DataFrame(
            [
                {"group": name or "(no group)", "verdict": told(outcomes[name], names)}
                | cells(one, groups.p_values[name])
                for name, one in groups.verdicts.items()
            ]
        ),
        hide_index=True,
        column_config=COLUMNS,
        key=f"{key}-groups-table",
    )
    st.caption(plain(in_words(groups, "groups")))


def in_words(groups: AdjustedVerdicts, kind: str) -> str:
    """What to make of so many verdicts side by side; `kind` is what each of them is about, in the plural."""
    lost = len(groups.taken_back)
    taken_back = f"{lost:,} of them had a winner alone and none among so many. " if lost else ""
    return (
        f"A is {groups.names[0]}, B is {groups.names[1]}; gaps are A minus B in points, ◆ is above the noise. With "
        f"{len(groups.verdicts):,} {kind} some gap looks real by luck: Holm’s correction allows for that. {taken_back}"
        f"The mean of the {kind}’ gaps, each counted alike, is {figures.rounded_signed(groups.gap)} points "
        f"({groups.level:.0%} interval on other items of these same {kind} {figures.rounded_ends(groups.interval)})."
    )


COLUMNS = {
    "gap": st.column_config.NumberColumn(format="%+.1f"),
    "p (Holm)": st.column_config.NumberColumn(format="%.2g"),
}


def cells(verdict: Verdict, p_value: float) -> dict[str, Any]:
    """A verdict's numbers as cells of a table."""
    return {
        "gap": 100 * verdict.gap,
        "interval": figures.rounded_ends(verdict.interval),
        "p (Holm)": p_value,
        "items": verdict.n,
        "score of A": figures.out_of_100(verdict.a_score),
        "score of B": figures.out_of_100(verdict.b_score),
    }


def told(outcome: str, names: tuple[str, str]) -> str:
    """An outcome with a shape of its own."""
    if outcome in ("a", "b"):
        return f"◆ {names[outcome == 'b']}"
    return "= equal" if outcome == "equal" else "● undecided"
