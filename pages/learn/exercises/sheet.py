"""The exercise: a form by its rows, kept line by line, and what follows from its numbers.

The journal holds it as texts by row. A row's id has no dot, so what is entered for a calculation goes under names with
one: `a.shots`, `stage2.gap`, and `about.case` for the case the sheet is about.
"""

from contextlib import suppress
from datetime import date

import streamlit as st

from engine import EngineError
from labs import Case, Lab, case_of, worksheet
from pages.format import plain
from pages.learn.exercises import card_answers, case_in_sight, claim_fields, plan_fields
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet
from pages.shared import person
from pages.shared.errors import errors_shown, in_words
from tutor.journal import Talk

OWN = "own"
COMPUTING = {"protocol": claim_fields, "plan": plan_fields}


SHOWN = "case beside the sheet"
"""Under which the session has the case that the page shows beside the sheet, by id."""


def case_beside(lab: Lab, now: Talk) -> Case | None:
    """The case that belongs beside the form; None where it is about one of the learner's own."""
    with suppress(EngineError):  # a damaged sheet is told where it is drawn
        sheet = fields.sheet_of(now)
        st.session_state[SHOWN] = sheet.about
        return case_about(lab, sheet)
    return None


@st.fragment
def show(lab: Lab, now: Talk) -> None:
    """The form. What is typed is written down at once, one line at a time, and answered from the case."""
    if person.learner() != now.learner:  # a fragment is drawn again long after its page
        st.rerun()
    with errors_shown():
        sheet = fields.sheet_of(now)
        if sheet.about != st.session_state.get(SHOWN):  # another case was chosen: the page has to show it
            st.rerun()
        if reason := st.session_state.pop(fields.NOT_KEPT, None):
            st.warning(in_words(reason))
        case = case_about(lab, sheet)
        st.markdown(f"### {plain(lab.exercise.title)}")
        st.markdown(plain(lab.exercise.task))
        _about(lab, now, sheet)
        if case is not None:
            case_in_sight.show_folded(case)
        _rows(lab, case, sheet)
        if (computing := COMPUTING.get(lab.exercise.kind)) is not None:
            st.divider()
            st.markdown("### What the numbers say")
            computing.show(lab, case, sheet)
            with errors_shown():
                if (result := computing.computed(lab, case, sheet)) is not None:
                    computing.show_result(result)
                    computing.show_taken(lab, case, sheet)
                else:
                    computing.show_waiting(lab, case, sheet)
        if case is not None and case.sheet:
            _model(lab, case, sheet)


def _rows(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    facts = card_answers.by_line(lab, case, sheet)
    for row in lab.exercise.rows:
        label = f"{plain(row.label)} :small[:gray[{plain(row.help)}]]" if row.help else plain(row.label)
        if row.options:
            fields.marks(sheet, row.id, label, options=row.options)
        else:
            fields.area(sheet, row.id, label, height=90)
        card_answers.show(facts.get(row.id), reason=bool(row.options))
    st.caption("Kept as you write. Take it with you under “Keep”.")


def _model(lab: Lab, case: Case, sheet: Sheet) -> None:
    """One way to fill it in, and for a plan what follows from its numbers."""
    st.divider()
    with st.expander("One way to fill it in", icon=":material/lightbulb:"):
        lines = worksheet.model_sheet(lab, case, sheet.entries)
        card_answers.show_model(lab, case, lines)
        if lines and lab.exercise.kind == "plan":
            entries = {line.id: line.entry for line in lines}
            plan_fields.show_result(plan_fields.computed(lab, case, Sheet(sheet.now, entries)))


def case_about(lab: Lab, sheet: Sheet) -> Case | None:
    """The case the sheet is about; None when it is one of the learner's own."""
    return None if sheet.about == OWN else case_of(lab, sheet.about)


def filled(lab: Lab, now: Talk, learner: str = "") -> worksheet.Worksheet:
    """The sheet as something to keep; `learner` is the name to put on it."""
    sheet = fields.sheet_of(now)
    case = case_about(lab, sheet)
    computing = COMPUTING.get(lab.exercise.kind)
    return worksheet.fill(
        lab,
        case,
        {row.id: sheet.entries.get(row.id) for row in lab.exercise.rows},
        made_on=date.today(),
        computed=computing.computed(lab, case, sheet) if computing else None,
        learner=learner,
        facts=worksheet.sheet_facts(lab, case, sheet.entries) if case else (),
    )


def _about(lab: Lab, now: Talk, sheet: Sheet) -> None:
    met = dict.fromkeys([*(exchange.case for exchange in now.exchanges), now.case, sheet.about])
    titles = {id: case_of(lab, id).title for id in met if id != OWN} | {OWN: "a case of my own"}
    fields.case_choice(sheet, "This sheet is about", titles)
