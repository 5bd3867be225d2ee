"""The exercise: a form by its rows, kept line by line, and what follows from its numbers.

The journal holds it as texts by row. A row's id has no dot, so what is entered for a calculation goes under names with
one: `a.shots`, `stage2.gap`, and `about.case` for the case the sheet is about.
"""

from datetime import date

import streamlit as st

from labs import Case, Lab, case_of, worksheet
from pages.format import plain
from pages.learn.exercises import claim_fields, plan_fields
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet
from pages.shared import person
from pages.shared.errors import errors_shown, in_words
from tutor.journal import Talk

OWN = "own"
COMPUTING = {"protocol": claim_fields, "plan": plan_fields}


@st.fragment
def show(lab: Lab, now: Talk) -> None:
    """The form. What is typed is written down at once, one line at a time."""
    if person.learner() != now.learner:  # a fragment is drawn again long after its page
        st.rerun()
    with errors_shown():
        sheet = fields.sheet_of(now)
        if reason := st.session_state.pop(fields.NOT_KEPT, None):
            st.warning(in_words(reason))
        st.markdown(f"### {plain(lab.exercise.title)}")
        st.markdown(plain(lab.exercise.task))
        _about(lab, now, sheet)
        for row in lab.exercise.rows:
            label = f"{plain(row.label)} :small[:gray[{plain(row.help)}]]" if row.help else plain(row.label)
            if row.options:
                fields.marks(sheet, row.id, label, options=row.options)
            else:
                fields.area(sheet, row.id, label, height=90)
        st.caption("Kept as you write. Take it with you under “Keep”.")
        if (computing := COMPUTING.get(lab.exercise.kind)) is not None:
            st.divider()
            st.markdown("### What the numbers say")
            computing.show(case_about(lab, sheet), sheet)
            with errors_shown():
                if (result := computing.computed(case_about(lab, sheet), sheet)) is not None:
                    computing.show_result(result)


def case_about(lab: Lab, sheet: Sheet) -> Case | None:
    """The case the sheet is about; None when it is one of the learner's own."""
    return None if sheet.about == OWN else case_of(lab, sheet.about)


def filled(lab: Lab, now: Talk) -> worksheet.Worksheet:
    """The sheet as something to keep."""
    sheet = fields.sheet_of(now)
    case = case_about(lab, sheet)
    computing = COMPUTING.get(lab.exercise.kind)
    return worksheet.fill(
        lab,
        case,
        {row.id: sheet.entries.get(row.id) for row in lab.exercise.rows},
        made_on=date.today(),
        computed=computing.computed(case, sheet) if computing else None,
    )


def _about(lab: Lab, now: Talk, sheet: Sheet) -> None:
    met = dict.fromkeys([*(exchange.case for exchange in now.exchanges), now.case, sheet.about])
    titles = {id: case_of(lab, id).title for id in met if id != OWN} | {OWN: "a case of my own"}
    fields.case_choice(sheet, "This sheet is about", titles)
