"""Charts in two steps: Altair draws a chart once, and every rerun only lays the numbers into it.

Building and checking an Altair chart costs 70 to 120 ms a rerun, which a class of learners would feel (docs/LOG.md). A
drawing is a function of its style alone and names the tables it wants, `alt.NamedData("rows")` say.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec

import altair as alt
import pandas as pd
import streamlit as st

from pages.format import printable

Style = ParamSpec("Style")


def drawn_once(draw: Callable[Style, alt.TopLevelMixin]) -> Callable[Style, dict[str, Any]]:
    """The chart's Vega-Lite specification, remembered by the arguments it was drawn with."""

    @lru_cache(maxsize=128)
    def specification(*style: Style.args, **more: Style.kwargs) -> dict[str, Any]:
        return draw(*style, **more).to_dict()

    return specification  # type: ignore[return-value]  # lru_cache forgets the parameters


def show(specification: dict[str, Any], *, key: str, description: str, **tables: list[dict[str, Any]]) -> None:
    """Lays tables (rows as dicts) into a drawing. `description` says the finding to whoever cannot see it."""
    data = {
        name: pd.DataFrame(
            [{field: printable(v) if isinstance(v, str) else v for field, v in row.items()} for row in rows]
        )
        for name, rows in tables.items()
    }
    told = {**specification, "datasets": data, "description": printable(description)}
    st.vega_lite_chart(told, width="stretch", key=key)
