"""Tables for a spreadsheet: what somebody wrote stays text there, whatever it begins with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_ONE = r"[+\-−]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?%?"
_NUMBER = re.compile(f"{_ONE}(?: to {_ONE})?", re.IGNORECASE)  # or an interval


def cell(value: object) -> object:
    """The value as a cell that no spreadsheet computes: a text that begins like a formula gets an apostrophe in front.

    >>> cell("=HYPERLINK(A1)"), cell("@home"), cell("-0.5"), cell(-0.5)
    ("'=HYPERLINK(A1)", "'@home", '-0.5', -0.5)
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def csv_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV, each of its cells safe to open."""
    table = io.StringIO()
    lines = csv.writer(table)
    lines.writerow([cell(name) for name in head])
    lines.writerows([cell(value) for value in row] for row in rows)
    return table.getvalue()
