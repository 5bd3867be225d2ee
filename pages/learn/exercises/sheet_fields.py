"""Fields that write themselves down: each change goes to the journal at once, as one line of the learner's sheet.

The journal keeps texts and drops empty ones, so a number that was taken out again is kept as a dash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine import EngineError, access
from pages.format import plain
from pages.shared import person
from tutor import journal
from tutor.journal import Talk

ABOUT = "about.case"
NOT_KEPT = "sheet not kept"
"""Under which the session has the reason why the last change was not kept."""
TAKEN_OUT = "–"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was entered for this talk, and about which case it is."""

    now: Talk
    entries: Mapping[str, str]

    @property
    def about(self) -> str:
        return self.entries.get(ABOUT, self.now.case)

    def value(self, name: str, given: object = None) -> str | None:
        """What was entered under this name, else what the case gives; None when it was taken out or never was."""
        entry = self.entries.get(name, None if given is None else str(given))
        return None if entry in (None, TAKEN_OUT) else entry

    def number(self, name: str, given: float | None = None) -> float | None:
        entry = self.value(name, given)
        return None if entry is None else float(entry)


def sheet_of(now: Talk) -> Sheet:
    return Sheet(now, journal.read_sheet(now.id))


def text(sheet: Sheet, name: str, label: str, *, given: str | None = None, **arguments: Any) -> None:
    longest = journal.LONGEST_ANSWER
    st.text_input(label, sheet.value(name, given), max_chars=longest, **_saved(sheet, name), **arguments)


def area(sheet: Sheet, name: str, label: str, **arguments: Any) -> None:
    st.text_area(label, sheet.value(name), max_chars=journal.LONGEST_ANSWER, **_saved(sheet, name), **arguments)


def number(sheet: Sheet, name: str, label: str, *, given: float | None = None, **arguments: Any) -> None:
    """`arguments` hold a step: a whole one asks for whole numbers."""
    value = sheet.number(name, given)
    value = int(value) if value is not None and isinstance(arguments["step"], int) else value
    st.number_input(label, value=value, **_saved(sheet, name), **arguments)


def choice(sheet: Sheet, name: str, label: str, *, given: str | None = None, options: Sequence[str]) -> None:
    entry = sheet.value(name, given)
    index = options.index(entry) if entry in options else None
    st.selectbox(label, options, index=index, placeholder="not stated", **_saved(sheet, name))


def marks(sheet: Sheet, name: str, label: str, *, options: Sequence[str]) -> None:
    entry = sheet.value(name)
    default = entry if entry in options else None
    st.segmented_control(label, options, default=default, format_func=plain, **_saved(sheet, name))


def case_choice(sheet: Sheet, label: str, titles: Mapping[str, str]) -> None:
    """Which case the sheet is about, by id."""
    cases = list(titles)
    saved = _saved_under(f"{sheet.now.id} {ABOUT}", sheet.now, ABOUT)
    st.selectbox(label, cases, index=cases.index(sheet.about), format_func=titles.__getitem__, **saved)


def _saved(sheet: Sheet, name: str) -> dict[str, Any]:
    """Of a field: the key it has, and that each change of it is saved. What is computed with is kept case by case."""
    key = f"{sheet.now.id} {sheet.about} {name}" if "." in name else f"{sheet.now.id} {name}"
    return _saved_under(key, sheet.now, name)


def _saved_under(key: str, now: Talk, name: str) -> dict[str, Any]:
    return {"key": key, "on_change": _save, "args": (now, name, key)}


def _save(now: Talk, name: str, key: str) -> None:
    """One line as it stands in the session; with the first one, the case the sheet is about."""
    try:
        person.check_still(now.learner)
        value = st.session_state[key]
        empty = TAKEN_OUT if "." in name else ""
        entry = empty if value in (None, "") else str(value)
        access.check_storage(person.current(), stored=journal.size())
        journal.keep(now)
        journal.save_sheet(now.id, {ABOUT: now.case, **journal.read_sheet(now.id), name: entry})
    except EngineError as error:  # a callback has no place of its own to say it in
        st.session_state[NOT_KEPT] = str(error)
