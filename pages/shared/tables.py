"""Tables to scan, as high as their rows; where there is more to read of a row, it can be chosen."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

HEAD, LINE = 38, 35  # pixels
TALLEST = 400

Rows = Sequence[Mapping[str, Any]]


def height(lines: int) -> int:
    """Of a table with all its lines in sight."""
    return HEAD + LINE * lines


def show(rows: Rows, *, columns: Mapping[str, Any], key: str, height: int | Literal["auto"] = "auto") -> None:
    """A cell a value, a column a name; `columns` says how some of them look. Without rows only those are there."""
    table = pd.DataFrame(rows, columns=None if rows else list(columns))
    st.dataframe(table, hide_index=True, height=height, column_config=columns, key=key)


def choose(rows: Rows, *, columns: Mapping[str, Any], key: str) -> list[int]:
    """The same, and the number of the row that is chosen; none at first."""
    choice = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(TALLEST, height(len(rows))),
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    return choice.selection.rows
