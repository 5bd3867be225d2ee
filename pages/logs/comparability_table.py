"""Whether two logs may be compared at all: the grade in words, and setting by setting why."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from engine import harness
from pages.format import plain

GRADES = {
    "definitive": "● Definitive: one measurement, two contenders",
    "indicative": "◐ Indicative: take the verdict as a hint",
    "not comparable": "✕ Not comparable: two different measurements",
}
MARKS = {"compared": "◆", "differs": "✕", "same": "✓", "not stated": "?"}
WORDS = {"compared": "compared", "differs": "different", "same": "the same", "not stated": "not stated"}


def show(comparability: harness.Comparability) -> None:
    st.markdown(f"**{GRADES[comparability.grade]}**")
    st.markdown(plain(comparability.sentence))
    by_outcome: dict[str, list[harness.SettingCheck]] = {outcome: [] for outcome in MARKS}
    for check in comparability.checks:
        subject = check.outcome == "differs" and check.setting in ("model", comparability.compared)
        by_outcome["compared" if subject else check.outcome].append(check)
    counts = ", ".join(f"{len(checks)} {WORDS[outcome]}" for outcome, checks in by_outcome.items() if checks)
    with st.expander(f"Setting by setting ({counts})", expanded=bool(by_outcome["differs"])):
        rows = [
            {"": MARKS[outcome], "setting": plain(check.setting), "what the logs say": plain(_reason(check))}
            for outcome, checks in by_outcome.items()
            for check in checks
        ]
        st.table(pd.DataFrame(rows).set_index(""), border="horizontal")
        st.caption(
            "◆ what is compared, ✕ different besides, ✓ the same, ? not stated for both: that is never taken to be "
            "the same."
        )


def _reason(check: harness.SettingCheck) -> str:
    """The reason without the name of the setting, which stands before it in the table."""
    return check.reason.removeprefix(f"{check.setting.capitalize()}: ")
