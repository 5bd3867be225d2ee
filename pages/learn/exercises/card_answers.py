"""What the case says to each line of the sheet, once it was filled in; after a try, one way to fill the sheet in."""

from collections.abc import Mapping

import streamlit as st

from labs import Case, Lab, worksheet
from pages.format import plain
from pages.learn.exercises.sheet_fields import Sheet

OUTCOMES = {"agrees": "✓ **Agrees.**", "differs": "✕ **Differs.**", "open": "○ **Open.**"}


def by_line(lab: Lab, case: Case | None, sheet: Sheet) -> Mapping[str, worksheet.SheetFact]:
    """By row, or by the name of what is calculated with; nothing for a case of the learner's own."""
    facts = worksheet.sheet_facts(lab, case, sheet.entries) if case else ()
    return {fact.id: fact for fact in facts}


def show(fact: worksheet.SheetFact | None, *, reason: bool = False) -> None:
    """Under its field; with the author's reason, unless it would tell the answer to somebody who has another."""
    if fact is not None:
        told = f"{fact.card} {fact.why}" if reason and fact.outcome != "differs" else fact.card
        st.caption(f"{OUTCOMES[fact.outcome]} {plain(told)}")


def show_model(lab: Lab, case: Case, lines: tuple[worksheet.ModelLine, ...]) -> None:
    """One possible sheet of the rows that the learner filled in."""
    if not lines:
        st.caption("Fill in half of the rows in your own way, and one way to do it appears here.")
        return
    waiting = {row.id for row in lab.exercise.rows} & set(case.sheet) - {line.id for line in lines}
    st.caption(
        "One possible sheet, with its reasons. Others are as good: look for what it sees and yours does not, and for "
        "what yours sees."
    )
    if waiting:
        st.caption(f"{len(waiting)} more rows stand here as soon as you have filled them in.")
    for line in lines:
        st.markdown(f"**{plain(line.label)}**  \n{plain(line.entry)}")
        if line.why:
            st.caption(plain(line.why))
