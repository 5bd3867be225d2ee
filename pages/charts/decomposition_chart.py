"""The gap split into its sources: four bars on one axis, each as far as its source alone moves the gap."""

import math
from functools import partial
from typing import Any

import altair as alt
import streamlit as st

from engine.stats import GapDecomposition, SourceEffect
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette

TITLES = {
    "item luck": "Item luck: other questions",
    "instrument": "Instrument: how answers are read",
    "protocol": "Protocol: how questions are asked",
    "rerun": "Rerun: the same asked again",
}
LINES = ("ends", *TITLES)
"""What stands in a line of the picture: the names of both sides, then the sources."""


def show(parts: GapDecomposition, *, key: str) -> None:
    """A source that was not measured says so in place of its bar."""
    gap, margin = 100 * parts.gap, 100 * parts.margin
    rows = [_row(part, parts.gap) | {"gap": gap, "ahead": marks.ahead(gap)} for part in parts.parts]
    drawing.show(
        draw(palette(), _domain(rows, gap, margin), margin),
        key=key,
        description=_description(parts, rows),
        rows=[row for row in rows if row["measured"]],
        titles=rows,
        readings=[
            {"source": part.source, "at": 100 * reading.moved(parts.gap), "label": reading.label}
            for part in parts.parts
            for reading in part.readings
        ],
        ends=marks.left_and_right(parts.names),
    )
    paler = " Paler: what unread answers could still do." if any(row["possible"] for row in rows) else ""
    st.caption(
        "◆ is the gap as measured. A bar reaches as far as its source alone moves it, a stroke in it is one reading; "
        f"green is the margin.{paler}"
    )


def _row(part: SourceEffect, gap: float) -> dict[str, Any]:
    """A source as the picture needs it, in points. `sure_low` and `sure_high` leave out what is only possible."""
    row = {"source": part.source, "title": TITLES[part.source], "measured": part.measured}
    if part.low is None or part.high is None:
        words = "not measured" if part.applies else "does not apply here"
        return {**row, "possible": False, "words": words, "ends": ""}
    low, high = 100 * part.low, 100 * part.high
    sure = [100 * gap, *(100 * reading.moved(gap) for reading in part.readings if not reading.bound)]
    sure_low, sure_high = (min(sure), max(sure)) if part.readings else (low, high)
    ends = f"{signed(low)} to {signed(high)}" if high - low >= 0.05 else "unmoved"
    return {
        **row,
        "low": low,
        "high": high,
        "sure_low": sure_low,
        "sure_high": sure_high,
        "possible": (sure_low, sure_high) != (low, high),
        "words": "",
        "ends": ends,
    }


def _domain(rows: list[dict[str, Any]], gap: float, margin: float) -> tuple[float, float]:
    """All that is drawn, and some air; in whole steps, so that it seldom changes."""
    ends = [0.0, gap, -margin, margin, *(row[end] for row in rows if row["measured"] for end in ("low", "high"))]
    air = 0.04 * (max(ends) - min(ends))
    step = 1 if max(ends) - min(ends) < 20 else 5
    return step * math.floor((min(ends) - air) / step), step * math.ceil((max(ends) + air) / step)


@drawing.drawn_once
def draw(colours: Palette, domain: tuple[float, float], margin: float) -> alt.TopLevelMixin:
    y = alt.Y("source:N", title=None, axis=None, scale=alt.Scale(domain=LINES))
    scale = alt.Scale(domain=list(domain), nice=False)
    axis = alt.Axis(grid=False, tickCount=7, labelExpr=marks.SIGNED, labelOverlap=True)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title="gap in points, on the side of whoever is ahead", scale=scale, axis=axis)

    rows, titles, ends = marks.table("rows"), marks.table("titles"), marks.table("ends")
    equal = ends.mark_rect(color=colours.equal, opacity=0.14).encode(
        x=alt.datum(-margin), x2=alt.datum(margin), y=alt.value(30), y2=alt.value("height")
    )
    # Lines are drawn beside the bars only, clear of the words between them.
    tick = partial(titles.mark_tick, size=24, yOffset=10, opacity=0.6)
    zero = tick(color=colours.ink, thickness=1).encode(x=alt.datum(0), y=y)
    gap = tick(thickness=2).encode(x=x("gap"), y=y, color=marks.ahead_colour(colours))
    bar = partial(rows.mark_bar, height=16, yOffset=10, color=colours.noise)
    possible = bar(opacity=0.25).encode(x=x("low"), x2="high:Q", y=y)
    sure = bar(opacity=0.5).encode(x=x("sure_low"), x2="sure_high:Q", y=y)
    readings = (
        marks.table("readings")
        .mark_tick(color=colours.ink, thickness=1.5, size=16, yOffset=10)
        .encode(x=x("at"), y=y, tooltip=[alt.Tooltip("label:N", title="reading"), alt.Tooltip("at:Q", format="+.1f")])
    )
    diamonds = rows.mark_point(filled=True, shape="diamond", size=150, opacity=1, yOffset=10).encode(
        x=x("gap"), y=y, color=marks.ahead_colour(colours)
    )
    text = partial(titles.mark_text, color=colours.ink, fontSize=14)
    names = text(align="left", baseline="bottom", limit=alt.expr("0.72 * width")).encode(
        x=alt.value(0), y=y, text="title:N"
    )
    reach = text(align="right", baseline="bottom").encode(x=alt.value("width"), y=y, text="ends:N")
    words = text(align="left", opacity=0.72, fontStyle="italic", yOffset=10).encode(x=alt.value(0), y=y, text="words:N")
    sides = marks.left_and_right_words(16, colours.ink, 0.72)
    layers = (equal, zero, possible, sure, gap, readings, diamonds, names, reach, words, *sides)
    return alt.layer(*layers).properties(height=50 * len(LINES) + 60)


def _description(parts: GapDecomposition, rows: list[dict[str, Any]]) -> str:
    """What a reader who cannot see the picture should know."""
    reach = "; ".join(f"{row['source']} {row['ends'] or row['words']}" for row in rows)
    return (
        f"The gap, {parts.names[0]} minus {parts.names[1]}, is {signed(100 * parts.gap)} points. Between which ends "
        f"each source moves it, in points: {reach}."
    )


def signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−") if abs(points) >= 0.05 else "0.0"
