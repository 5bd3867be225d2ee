"""Fields that write themselves down: each change goes to the journal at once, as one line of the learner's sheet.

The journal keeps texts and drops empty ones, so a number that was taken out again is kept as a dash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.format import plain
from tutor import journal
from tutor.journal import Talk

ABOUT = "about.case"
TAKEN_OUT = "–"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is kept for this talk, and about which case it is."""

    now: Talk
    kept: Mapping[str, str]

    @property
    def about(self) -> str:
        return self.kept.get(ABOUT, self.now.case)

    def value(self, name: str, given: object = None) -> str | None:
        """The text kept under this name, else what the case gives; None when it was taken out or never was."""
        kept = self.kept.get(name, None if given is None else str(given))
        return None if kept in (None, TAKEN_OUT) else kept

    def number(self, name: str, given: float | None = None) -> float | None:
        kept = self.value(name, given)
        return None if kept is None else float(kept)


def of(now: Talk) -> Sheet:
    return Sheet(now, journal.sheet(now.id))


def text(sheet: Sheet, name: str, label: str, *, given: str | None = None, **look: Any) -> None:
    st.text_input(label, sheet.value(name, given), **_kept_as(sheet, name), **look)


def area(sheet: Sheet, name: str, label: str, **look: Any) -> None:
    st.text_area(label, sheet.value(name), **_kept_as(sheet, name), **look)


def number(sheet: Sheet, name: str, label: str, *, given: float | None = None, **look: Any) -> None:
    """`look` holds a step: a whole one asks for whole numbers."""
    value = sheet.number(name, given)
    value = int(value) if value is not None and isinstance(look["step"], int) else value
    st.number_input(label, value=value, **_kept_as(sheet, name), **look)


def choice(sheet: Sheet, name: str, label: str, *, given: str | None = None, options: Sequence[str]) -> None:
    kept = sheet.value(name, given)
    index = options.index(kept) if kept in options else None
    st.selectbox(label, options, index=index, placeholder="not stated", **_kept_as(sheet, name))


def marks(sheet: Sheet, name: str, label: str, *, options: Sequence[str]) -> None:
    kept = sheet.value(name)
    default = kept if kept in options else None
    st.segmented_control(label, options, default=default, format_func=plain, **_kept_as(sheet, name))


def case_choice(sheet: Sheet, label: str, titles: Mapping[str, str]) -> None:
    """Which case the sheet is about, by id."""
    place, key = list(titles), f"{sheet.now.id} {ABOUT}"
    kept = {"key": key, "on_change": _keep, "args": (sheet.now, ABOUT, key)}
    st.selectbox(label, place, index=place.index(sheet.about), format_func=lambda id: titles[id], **kept)


def _kept_as(sheet: Sheet, name: str) -> dict[str, Any]:
    key = f"{sheet.now.id} {sheet.about} {name}" if "." in name else f"{sheet.now.id} {name}"
    return {"key": key, "on_change": _keep, "args": (sheet.now, name, key)}


def _keep(now: Talk, name: str, key: str) -> None:
    """One line as it stands in the session; with the first one, the case the sheet is about."""
    value = st.session_state[key]
    empty = TAKEN_OUT if "." in name else ""
    said = empty if value in (None, "") else str(value)
    journal.filled(now.id, {ABOUT: now.case, **journal.sheet(now.id), name: said})
