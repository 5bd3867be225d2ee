"""Several verdicts as lines of a table, each with its p among the others by Holm's correction."""

from typing import Any

import streamlit as st

from engine import Verdict
from engine.report import figures

COLUMNS = {
    "gap": st.column_config.NumberColumn(format="%+.1f"),
    "p (Holm)": st.column_config.NumberColumn(format="%.2g"),
}


def cells(verdict: Verdict, names: tuple[str, str], outcome: str, p_value: float) -> dict[str, Any]:
    """`outcome` and `p_value` are the verdict's among the others, not its own."""
    return {
        "verdict": _label(outcome, names),
        "gap": 100 * verdict.gap,
        "interval": figures.rounded_ends(verdict.interval),
        "p (Holm)": p_value,
        "items": verdict.n,
        "score of A": figures.out_of_100(verdict.a_score),
        "score of B": figures.out_of_100(verdict.b_score),
    }


def _label(outcome: str, names: tuple[str, str]) -> str:
    """An outcome with a shape of its own."""
    if outcome in ("a", "b"):
        return f"◆ {names[outcome == 'b']}"
    return "= equal" if outcome == "equal" else "● undecided"
