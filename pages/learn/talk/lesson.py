"""The lesson of a lab, its headings fitted under the page's own, its tables no wider than a phone."""

from itertools import groupby

import pandas as pd
import streamlit as st

from labs import Lab


def show(lab: Lab) -> None:
    """The author's Markdown. Its first heading is the lab's and stands on the page already; the others step down."""
    first, _, rest = lab.lesson.partition("\n")
    lesson = (rest if first.startswith("# ") else lab.lesson).replace("\n## ", "\n### ")
    for is_table, blocks in groupby(lesson.split("\n\n"), key=_is_table):
        for block in blocks if is_table else ["\n\n".join(blocks)]:
            if is_table:
                head, _, *body = _cells(block)
                st.table(pd.DataFrame(body, columns=head).set_index(head[0]))
            else:
                st.markdown(block, anchors=False)


def _is_table(block: str) -> bool:
    """Whether a block is nothing but a plain Markdown table; any other is left to Markdown."""
    rows = _cells(block)
    return (
        all(line.lstrip().startswith("|") for line in block.strip().splitlines())
        and len(rows) > 2
        and all(set(cell) <= set(":-") for cell in rows[1])
        and len({len(row) for row in rows}) == 1
        and len(set(rows[0])) == len(rows[0])
    )


def _cells(block: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.strip().splitlines()]
