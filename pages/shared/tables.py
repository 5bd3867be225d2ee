"""Tables to scan, as high as their rows; where there is more to read of a row, it can be chosen.

Streamlit lets everybody take a table along as CSV, just as it stands, so cells and names are safe for a spreadsheet.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from engine import spreadsheet
from pages.format import printable

HEAD, LINE = 38, 35  # pixels
TALLEST = 400

Rows = Sequence[Mapping[str, Any]]


def height(lines: int) -> int:
    """Of a table with all its lines in sight."""
    return HEAD + LINE * lines


def show(rows: Rows, *, columns: Mapping[str, Any], key: str, height: int | Literal["auto"] = "auto") -> None:
    """A cell a value, a column a name; `columns` says how some of them look. Without rows only those are there."""
    st.dataframe(_table(rows, columns), hide_index=True, height=height, column_config=columns, key=key)


def choose(rows: Rows, *, columns: Mapping[str, Any], key: str) -> list[int]:
    """The same, and the number of the row that is chosen; none at first."""
    choice = st.dataframe(
        _table(rows, columns),
        hide_index=True,
        height=min(TALLEST, height(len(rows))),
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    return choice.selection.rows


def apart(names: Sequence[str], taken: Collection[str]) -> tuple[str, ...]:
    """The names of contenders as names of columns, beside columns whose names are taken."""
    return tuple(
        f"{name} ({side})" if name in taken or names.count(name) > 1 else name
        for side, name in zip("AB", names, strict=True)
    )


def _table(rows: Rows, columns: Mapping[str, Any]) -> pd.DataFrame:
    shown = [{_cell(name): _cell(value) for name, value in row.items()} for row in rows]
    return pd.DataFrame(shown, columns=None if rows else list(columns))


def _cell(value: Any) -> Any:
    return spreadsheet.cell(printable(value)) if isinstance(value, str) else value
