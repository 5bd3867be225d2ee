"""The items two logs score differently, with what the models wrote. Whatever a log holds is shown as plain text."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine import logs
from pages.format import printable
from pages.shared import tables

MOST = 1_000
CELL, WHOLE = 160, 20_000  # characters
COLUMNS = {"better was": st.column_config.TextColumn(width=150)}
Pair = tuple[logs.LogRow, logs.LogRow]


def show(pairs: Sequence[Pair], names: tuple[str, str], *, key: str) -> None:
    """A table to scan and, for the row that is chosen, all that both wrote."""
    differing = [pair for pair in pairs if pair[0].score != pair[1].score]
    st.subheader(f"The {len(differing):,} items where they differ", anchor=False)
    if not differing:
        st.caption("None: both have the same score on every item.")
        return
    shown = differing[:MOST]
    written = any(row.text or row.answer for pair in shown for row in pair)
    cells = [_cells(pair, names, written) for pair in shown]
    first = f"The first {MOST:,} of them. " if len(differing) > MOST else ""
    if not written:
        tables.show(cells, columns=COLUMNS, key=key, height=min(tables.TALLEST, tables.height(len(cells))))
        st.caption(f"{first}The logs hold no outputs to read.")
        return
    chosen = tables.choose(cells, columns=COLUMNS, key=key)
    st.caption(f"{first}Choose a row to read both outputs.")
    for number in chosen:
        for name, row in zip(names, shown[number], strict=True):
            st.text(f"{printable(name)}, score {row.score:g} on {_clean(row.id, CELL)}:\n\n{_output(row, WHOLE)}")


def _cells(pair: Pair, names: tuple[str, str], written: bool) -> dict[str, Any]:
    a, b = pair
    cells: dict[str, Any] = {
        "better was": names[0] if (a.score or 0) > (b.score or 0) else names[1],
        "item": _clean(a.id, CELL),
    }
    if group := a.group or b.group:
        cells["group"] = _clean(group, CELL)
    if {a.score, b.score} != {0.0, 1.0}:
        cells |= {f"score of {name}": row.score for name, row in zip(names, pair, strict=True)}
    if written:
        named = tables.apart(names, ("better was", "item", "group"))
        cells |= {name: _output(row, CELL) for name, row in zip(named, pair, strict=True)}
    return cells


def _output(row: logs.LogRow, most: int) -> str:
    """What a model wrote, or what was read off it."""
    return _clean(row.text or row.answer or "(nothing)", most)


def _clean(text: str, most: int) -> str:
    """Bounded, and without characters that no screen can show."""
    return printable(f"{text[:most]} …" if len(text) > most else text)
