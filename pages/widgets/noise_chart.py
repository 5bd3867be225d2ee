"""The picture of the whole app: the band of noise around zero, and the gap inside it or out of it."""

from collections.abc import Callable, Sequence

import altair as alt
import pandas as pd
import streamlit as st

from engine import Verdict
from pages.widgets.palette import palette
from pages.widgets.wording import points

FIRST = 5
"""Items from which the picture starts; before that the band is wider than the chart."""
TICKS = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


def checkpoints(n: int, most: int = 40) -> list[int]:
    """Up to `most` numbers of items from `FIRST` to n, evenly spread on a logarithmic axis."""
    if n < FIRST:
        return []
    return sorted({round(FIRST * (n / FIRST) ** (i / most)) for i in range(most + 1)})


def show(verdict_after: Callable[[int], Verdict], n: int, planned: int, names: Sequence[str], *, key: str) -> None:
    """Draws gap and band after 5, …, n items on an axis that reaches to `planned`, so nothing jumps.

    The band reaches from `gap - high` to `gap - low`: the gap is out of it exactly when the interval
    excludes zero.
    """
    colours = palette()
    steps = [(step, verdict_after(step)) for step in checkpoints(n)]
    rows = pd.DataFrame(
        {
            "items": [step for step, _ in steps],
            "gap": [100 * v.gap for _, v in steps],
            "low": [100 * (v.gap - v.interval.high) for _, v in steps],
            "high": [100 * (v.gap - v.interval.low) for _, v in steps],
            "gap in words": [points(v.gap) for _, v in steps],
        },
        columns=["items", "gap", "low", "high", "gap in words"],
    )
    reach = 80 if rows["gap"].tail(1).abs().max() > 36 else 40
    x = alt.X(
        "items:Q",
        title="questions answered by both",
        scale=alt.Scale(type="log", domain=[FIRST, max(planned, 2 * FIRST)], nice=False),
        axis=alt.Axis(values=[tick for tick in TICKS if tick <= planned], format=",d", grid=False),
    )
    y = alt.Y("gap:Q", title=None, scale=alt.Scale(domain=[-reach, reach], clamp=True), axis=alt.Axis(tickCount=5))
    base = alt.Chart(rows)
    band = base.mark_area(clip=True, color=colours.noise, opacity=0.26).encode(
        x=x, y=alt.Y("low:Q", title=None), y2="high:Q"
    )
    zero = alt.Chart(pd.DataFrame({"gap": [0]})).mark_rule(color=colours.noise, strokeWidth=1.5).encode(y=y)
    line = base.mark_line(color=colours.ink, strokeWidth=1.5, clip=True, opacity=0.7).encode(x=x, y=y)
    leader = colours.a if steps and steps[-1][1].gap > 0 else colours.b
    dot = (
        alt.Chart(rows.tail(1))
        .mark_point(filled=True, size=150, color=leader, opacity=1, clip=False)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("items"), alt.Tooltip("gap in words", title="gap")])
    )
    labels = (
        alt.Chart(
            pd.DataFrame(
                {
                    "gap": [0.9 * reach, -0.9 * reach],
                    "text": [f"▲ {names[0]} ahead, in points", f"▼ {names[1]} ahead, in points"],
                }
            )
        )
        .mark_text(align="right", dx=-4, fontSize=12, color=colours.noise)
        .encode(x=alt.value("width"), y=y, text="text:N")
    )
    chart = (band + zero + line + dot + labels).properties(height=300, description=_description(steps, names))
    st.altair_chart(chart, width="stretch", key=key)


def _description(steps: Sequence[tuple[int, Verdict]], names: Sequence[str]) -> str:
    """What a reader who cannot see the chart should know."""
    if not steps:
        return "Fewer than five questions are answered by both yet."
    n, verdict = steps[-1]
    ahead = names[0] if verdict.gap > 0 else names[1]
    place = "outside" if verdict.interval.excludes_zero else "inside"
    return f"After {n} items {ahead} is {points(verdict.gap)} ahead; the gap is {place} the band of noise."
