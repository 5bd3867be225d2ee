"""The gap split into its sources: four bars on one axis, three sentences, and every reading behind them."""

import math
from typing import Any

import altair as alt
import streamlit as st

from engine import report
from engine.analysis import decomposition
from engine.report import figures
from pages.charts import drawing
from pages.charts.palette import Palette, palette
from pages.format import plain

TITLES = {
    "item luck": "Item luck: other questions",
    "instrument": "Instrument: how answers are read",
    "protocol": "Protocol: how questions are asked",
    "rerun": "Rerun: the same asked again",
}
TOP = "ends"
ROWS = (TOP, *TITLES)


def show(parts: decomposition.GapDecomposition, *, key: str) -> None:
    """A source that was not measured says so in place of its bar."""
    gap, margin = 100 * parts.gap, 100 * parts.margin
    seen = {"gap": gap, "ahead": "a" if gap > 0 else "b" if gap < 0 else "neither"}
    rows = [_row(part, parts.gap) | seen for part in parts.parts]
    drawing.show(
        draw(palette(), _domain(rows, gap, margin), margin),
        key=key,
        description=_description(parts, rows),
        rows=[row for row in rows if row["measured"]],
        titles=rows,
        readings=[
            {"part": part.source, "at": 100 * reading.moved(parts.gap), "label": reading.label}
            for part in parts.parts
            for reading in part.readings
        ],
        ends=[{"left": f"◀ {parts.names[1]}", "right": f"{parts.names[0]} ▶"}],
    )
    paler = " Paler: what unread answers could still do." if any(row["pale"] for row in rows) else ""
    st.caption(
        "◆ is the gap as measured. A bar reaches as far as its source alone moves it, a stroke in it is one reading; "
        f"green is the margin.{paler}"
    )
    for sentence in report.sentences(parts):
        st.markdown(plain(sentence))
    _readings(parts)


def _row(part: decomposition.SourceEffect, gap: float) -> dict[str, Any]:
    """A part as the picture needs it, in points. `sure_low` and `sure_high` leave out what is only possible."""
    row = {"part": part.source, "title": TITLES[part.source], "measured": part.measured, "pale": False, "words": ""}
    if part.low is None or part.high is None:
        return {**row, "words": "not measured" if part.applies else "does not apply here", "ends": ""}
    low, high = 100 * part.low, 100 * part.high
    sure = [100 * gap, *(100 * reading.moved(gap) for reading in part.readings if not reading.bound)]
    sure_low, sure_high = (min(sure), max(sure)) if part.readings else (low, high)
    ends = f"{_signed(low)} to {_signed(high)}" if high - low >= 0.05 else "unmoved"
    return {
        **row,
        "low": low,
        "high": high,
        "sure_low": sure_low,
        "sure_high": sure_high,
        "pale": (sure_low, sure_high) != (low, high),
        "ends": ends,
    }


def _domain(rows: list[dict[str, Any]], gap: float, margin: float) -> tuple[float, float]:
    """All that is drawn, and some air; in whole steps, so that it seldom changes."""
    ends = [0.0, gap, -margin, margin, *(row[end] for row in rows if row["measured"] for end in ("low", "high"))]
    air = 0.04 * (max(ends) - min(ends))
    step = 1 if max(ends) - min(ends) < 20 else 5
    return step * math.floor((min(ends) - air) / step), step * math.ceil((max(ends) + air) / step)


@drawing.drawn_once
def draw(colours: Palette, domain: tuple[float, float], margin: float) -> alt.LayerChart:
    y = alt.Y("part:N", title=None, axis=None, scale=alt.Scale(domain=ROWS))
    scale = alt.Scale(domain=list(domain), nice=False)
    signs = "datum.value ? replace(format(datum.value, '+'), '-', '−') : '0'"
    axis = alt.Axis(grid=False, tickCount=7, labelExpr=signs, labelOverlap=True)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title="gap in points, on the side of whoever is ahead", scale=scale, axis=axis)

    rows, once = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("ends"))
    titles = alt.Chart(alt.NamedData("titles"))
    equal = once.mark_rect(color=colours.equal, opacity=0.14).encode(
        x=alt.datum(-margin), x2=alt.datum(margin), y=alt.value(30), y2=alt.value("height")
    )
    lane = {"size": 24, "yOffset": 10}  # lines are drawn beside the bars only, clear of the words between them
    zero = titles.mark_tick(**lane, color=colours.ink, thickness=1, opacity=0.6).encode(x=alt.datum(0), y=y)
    bar = {"height": 16, "yOffset": 10, "color": colours.noise}
    possible = rows.mark_bar(**bar, opacity=0.25).encode(x=x("low"), x2="high:Q", y=y)
    sure = rows.mark_bar(**bar, opacity=0.5).encode(x=x("sure_low"), x2="sure_high:Q", y=y)
    readings = (
        alt.Chart(alt.NamedData("readings"))
        .mark_tick(color=colours.ink, thickness=1.5, size=16, yOffset=10)
        .encode(x=x("at"), y=y, tooltip=[alt.Tooltip("label:N", title="reading"), alt.Tooltip("at:Q", format="+.1f")])
    )
    ahead = alt.Color(
        "ahead:N",
        legend=None,
        scale=alt.Scale(domain=["a", "b", "neither"], range=[colours.a, colours.b, colours.noise]),
    )
    line = titles.mark_tick(**lane, thickness=2, opacity=0.6).encode(x=x("gap"), y=y, color=ahead)
    diamonds = rows.mark_point(filled=True, shape="diamond", size=150, opacity=1, yOffset=10).encode(
        x=x("gap"), y=y, color=ahead
    )
    quiet = {"color": colours.ink, "opacity": 0.72}
    said = {"baseline": "bottom", "fontSize": 14}
    left = {"align": "left", "limit": alt.expr("0.72 * width"), **said}
    names = titles.mark_text(color=colours.ink, **left).encode(x=alt.value(0), y=y, text="title:N")
    ends = titles.mark_text(align="right", color=colours.ink, **said).encode(x=alt.value("width"), y=y, text="ends:N")
    words = titles.mark_text(**quiet, align="left", fontStyle="italic", fontSize=14, yOffset=10).encode(
        x=alt.value(0), y=y, text="words:N"
    )
    half = {"baseline": "middle", "fontSize": 13, **quiet, "limit": alt.expr("width / 2 - 8")}
    sides = [
        once.mark_text(align=align, **half).encode(x=alt.value(at), y=alt.value(16), text=f"{align}:N")
        for align, at in (("left", 0), ("right", "width"))
    ]
    layers = (equal, zero, possible, sure, line, readings, diamonds, names, ends, words, *sides)
    return alt.layer(*layers).properties(height=50 * len(ROWS) + 60)


def _description(parts: decomposition.GapDecomposition, rows: list[dict[str, Any]]) -> str:
    """What a reader who cannot see the picture should know."""
    told = "; ".join(f"{row['part']} {row['ends'] or row['words']}" for row in rows)
    return (
        f"The gap, {parts.names[0]} minus {parts.names[1]}, is {_signed(100 * parts.gap)} points. Between which ends "
        f"each source moves it, in points: {told}."
    )


def _readings(parts: decomposition.GapDecomposition) -> None:
    """A line a reading, to be read on a phone too."""
    count = sum(len(part.readings) + len(part.mixed) for part in parts.parts)
    if not count:
        return
    with st.expander(f"Every reading ({count})"):
        st.caption(
            f"Gaps in points, {plain(parts.names[0])} minus {plain(parts.names[1])}, each beside the gap that is "
            "judged, on the very same items. “Luck could do it”: as many coin flips as answers changed would often "
            "move it as far."
        )
        for part in parts.parts:
            lines = [_line(reading) for reading in part.readings]
            lines += [f"{_line(reading)}; two rules, which is a mistake and moves no gap" for reading in part.mixed]
            if lines:
                st.markdown("\n".join([f"**{TITLES[part.source]}**\n", *(f"- {line}" for line in lines)]))


def _line(reading: decomposition.Remeasurement) -> str:
    gap, own = _signed(100 * reading.gap), _signed(100 * reading.base)
    told = f"{plain(reading.label)}: **{gap}**, else {own}, on {reading.n:,} items"
    if reading.bound:
        return f"{told}; a bound, not a measurement"
    changed = figures.count(reading.flips, "answer") if reading.flips else "no answer"
    told += f"; {changed} changed"
    if reading.unread:
        told += f", {reading.unread:,} unread and counted as wrong"
    if gap != own:
        told += ", luck could do it" if reading.within_luck else ", more than luck does"
    return told


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−") if abs(points) >= 0.05 else "0.0"
