"""What somebody wrote stays text in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from engine import spreadsheet


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u200b=1",
        "＝1+1",
        "=cmd|' /C calc'!A0",
        "-",
        "-x",
    ],
)
def test_formulas_become_text(text: str) -> None:
    assert spreadsheet.cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["", "a=1", "'=1", "-0.5", "+3", "-1,234.5", "-1e-05", "+2.0 to −3.1", "-5%", -0.5, 3, None, True]
)
def test_numbers_and_other_texts_stay(value: object) -> None:
    assert spreadsheet.cell(value) == value


def test_a_table_is_guarded_in_head_and_body() -> None:
    written = spreadsheet.csv_table(("id", "=A1"), [("@a", -1.5), ('x"y', 2)])
    assert list(csv.reader(io.StringIO(written))) == [["id", "'=A1"], ["'@a", "-1.5"], ['x"y', "2"]]
