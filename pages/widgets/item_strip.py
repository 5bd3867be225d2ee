"""The latest items, one column each: a filled dot is right, a cross is wrong."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from pages.widgets.palette import palette

CROSS = "M-.7,-.7L.7,.7M.7,-.7L-.7,.7"


def show(pairs: Sequence[tuple[str, float, float]], names: Sequence[str], *, latest: int = 40, key: str) -> None:
    colours = palette()
    first = max(0, len(pairs) - latest)
    rows = pd.DataFrame(
        [
            {"item": first + i + 1, "contender": name, "answer": "right" if score == 1 else "wrong"}
            for i, (_, *scores) in enumerate(pairs[first:])
            for name, score in zip(names, scores, strict=True)
        ],
        columns=["item", "contender", "answer"],
    )
    chart = (
        alt.Chart(rows)
        .mark_point(size=42, strokeWidth=2)
        .encode(
            x=alt.X("item:O", title=f"latest {latest} items", axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("contender:N", sort=list(names), title=None, axis=alt.Axis(labelLimit=130)),
            shape=alt.Shape(
                "answer:N", legend=None, scale=alt.Scale(domain=["right", "wrong"], range=["circle", CROSS])
            ),
            color=alt.Color(
                "answer:N", legend=None, scale=alt.Scale(domain=["right", "wrong"], range=[colours.equal, colours.b])
            ),
            fill=alt.Color(
                "answer:N",
                legend=None,
                scale=alt.Scale(domain=["right", "wrong"], range=[colours.equal, "transparent"]),
            ),
            tooltip=["item", "contender", "answer"],
        )
        .properties(
            height=90, description=f"The latest {min(latest, len(pairs))} items: dots are right, crosses wrong."
        )
    )
    st.altair_chart(chart, width="stretch", key=key)
