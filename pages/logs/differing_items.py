"""The items two logs score differently, with what the models wrote. Whatever a log holds is shown as plain text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.logs import uploads
from pages.format import printable
from pages.shared import tables

COLUMNS = {"better was": st.column_config.TextColumn(width=150)}
Outputs = Callable[[int], tuple[str | None, str | None]]


def show(compared: uploads.Comparison, outputs: Outputs, *, key: str) -> None:
    """A table to scan and, for the row that is chosen, all that both wrote."""
    names, shown = compared.judged.verdict.names, compared.differing
    st.subheader(f"The {compared.differ:,} items where they differ", anchor=False)
    if not shown:
        st.caption("None: both have the same score on every item.")
        return
    written = any(output for item in shown for output in item.outputs)
    cells = [_cells(item, names, written) for item in shown]
    first = f"The first {len(shown):,} of them. " if compared.differ > len(shown) else ""
    if not written:
        tables.show(cells, columns=COLUMNS, key=key, height=min(tables.TALLEST, tables.height(len(cells))))
        st.caption(f"{first}The logs hold no outputs to read.")
        return
    chosen = tables.choose(cells, columns=COLUMNS, key=key)
    st.caption(f"{first}Choose a row to read both outputs.")
    for number in chosen:
        item = shown[number]
        for name, score, output in zip(names, item.scores, outputs(number), strict=True):
            written_there = _bounded(output or "(nothing)", uploads.WHOLE)
            st.text(f"{printable(name)}, score {score:g} on {_bounded(item.id, uploads.SHORT)}:\n\n{written_there}")


def _cells(item: uploads.DifferingItem, names: tuple[str, str], written: bool) -> dict[str, Any]:
    a, b = item.scores
    cells: dict[str, Any] = {"better was": names[0] if a > b else names[1], "item": _bounded(item.id, uploads.SHORT)}
    if item.group:
        cells["group"] = item.group
    if {a, b} != {0.0, 1.0}:
        cells |= {f"score of {name}": score for name, score in zip(names, item.scores, strict=True)}
    if written:
        outputs = (_bounded(output or "(nothing)", uploads.SHORT) for output in item.outputs)
        cells |= dict(zip(tables.apart(names, ("better was", "item", "group")), outputs, strict=True))
    return cells


def _bounded(text: str, most: int) -> str:
    """Cut where it is longer, and without characters that no screen can show."""
    return printable(f"{text[:most]} …" if len(text) > most else text)
