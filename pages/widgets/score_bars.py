"""Two bars from 0 to 100, each with the interval of its score. Never a winner's badge."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from engine import Interval
from pages.widgets.palette import palette
from pages.widgets.wording import with_noise


def show(names: Sequence[str], scores: Sequence[float], intervals: Sequence[Interval], n: int, *, key: str) -> None:
    colours = palette()
    labels = [f"{with_noise(s, i)}  (n = {n:,})" for s, i in zip(scores, intervals, strict=True)]
    rows = pd.DataFrame(
        {
            "contender": list(names),
            "score": [100 * score for score in scores],
            "low": [100 * interval.low for interval in intervals],
            "high": [100 * interval.high for interval in intervals],
            "label": labels,
        }
    )
    x = alt.X("score:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 25, 50, 75, 100]))
    y = alt.Y("contender:N", title=None, sort=None, axis=alt.Axis(labels=False, ticks=False, domain=False))
    colour = alt.Color(
        "contender:N", sort=None, legend=None, scale=alt.Scale(domain=list(names), range=[colours.a, colours.b])
    )
    base = alt.Chart(rows)
    bars = base.mark_bar(height=18, cornerRadiusEnd=3, opacity=0.85).encode(x=x, y=y, color=colour)
    noise = base.mark_rule(color=colours.ink, strokeWidth=2).encode(x=alt.X("low:Q", title=None), x2="high:Q", y=y)
    ends = [
        base.mark_tick(color=colours.ink, thickness=2, size=12).encode(x=alt.X(f"{end}:Q", title=None), y=y)
        for end in ("low", "high")
    ]
    text = base.mark_text(align="left", baseline="bottom", dy=-14, fontSize=14, color=colours.ink)
    named = text.transform_calculate(line="datum.contender + '   ' + datum.label").encode(
        x=alt.value(0), y=y, text="line:N"
    )
    said = "; ".join(f"{name} {label}" for name, label in zip(names, labels, strict=True))
    chart = alt.layer(bars, noise, *ends, named).properties(height=150, description=f"Scores out of 100: {said}.")
    st.altair_chart(chart, width="stretch", key=key)
