"""The gap of a running battle and the interval that holds at every moment: it narrows until it decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import altair as alt
import streamlit as st

from engine import Battle, SequentialGap, load_task
from engine.report import figures
from pages import drawing
from pages.charts.noise_chart import checkpoints
from pages.drawing import marks
from pages.drawing.marks import FIRST
from pages.drawing.palette import Palette, palette

SMALLEST, LARGEST = 5, 80
"""Half of the axis in points: as tight as the interval at the end allows, so that the margin can be seen."""


@dataclass(slots=True)
class Trail:
    """An interval and where it has been. It only takes in what is new, however often the page is drawn."""

    gap: SequentialGap
    looks: set[int]
    rows: list[dict[str, float]] = field(default_factory=list)

    def follow(self, pairs: Sequence[tuple[str, float, float]]) -> None:
        for _, a, b in pairs[self.gap.n :]:
            self.gap.update(a, b)
            if self.gap.n in self.looks:
                self.rows.append(self.row())

    def row(self) -> dict[str, float]:
        interval = self.gap.interval
        return {
            "items": self.gap.n,
            "gap": 100 * self.gap.gap,
            "low": 100 * interval.low,
            "high": 100 * interval.high,
        }


def trail_of(battle: Battle, pairs: Sequence[tuple[str, float, float]]) -> Trail:
    """The battle's trail as far as `pairs` go, kept for this session."""
    key = f"trail-{battle.id}"
    if key not in st.session_state:
        population = load_task(battle.task).size if battle.estimand == "benchmark" else None
        gap = SequentialGap(battle.level, battle.margin, population)
        st.session_state[key] = Trail(gap, set(checkpoints(battle.n, most=80)))
    trail: Trail = st.session_state[key]
    trail.follow(pairs)
    return trail


def show(trail: Trail, planned: int, names: Sequence[str], *, key: str) -> None:
    """Draws the trail on an axis that reaches to `planned` items, so nothing jumps."""
    rows = [*trail.rows, trail.row()] if trail.gap.n >= FIRST else []
    margin = 100 * trail.gap.margin
    reach = _reach(rows, margin)
    ahead = {"a": "a", "b": "b"}.get(trail.gap.winner, "neither")
    drawing.show(
        draw(palette(), planned, reach, margin),
        key=key,
        description=_description(trail, names),
        rows=rows,
        last=[{**row, "ahead": ahead, "words": figures.rounded_points(row["gap"] / 100)} for row in rows[-1:]],
        ends=marks.above_and_below(names, 0.92 * reach),
    )


def _reach(rows: Sequence[dict[str, float]], margin: float) -> int:
    """Twice the latest interval, in steps, so that the axis changes seldom."""
    farthest = max([abs(rows[-1]["low"]), abs(rows[-1]["high"]), 2 * margin]) if rows else LARGEST
    return next((step for step in (SMALLEST, 10, 20, 40) if 1.5 * farthest <= step), LARGEST)


@drawing.drawn_once
def draw(colours: Palette, planned: int, reach: int, margin: float) -> alt.TopLevelMixin:
    x = marks.items_axis(planned)
    y = alt.Y(
        "gap:Q", title=None, scale=alt.Scale(domain=[-reach, reach], clamp=True), axis=alt.Axis(tickCount=5, grid=False)
    )
    rows, ends = marks.table("rows"), marks.table("ends")
    equal = ends.mark_rect(color=colours.equal, opacity=0.14).encode(y=alt.datum(-margin), y2=alt.datum(margin))
    edges = [
        ends.mark_rule(color=colours.equal, strokeDash=[4, 4], strokeWidth=1).encode(y=alt.datum(edge))
        for edge in (-margin, margin)
    ]
    band = rows.mark_area(clip=True, color=colours.noise, opacity=0.3, interpolate="step-after").encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q"
    )
    line = rows.mark_line(color=colours.ink, strokeWidth=1.5, clip=True).encode(x=x, y=y)
    zero = ends.mark_rule(color=colours.ink, strokeWidth=1, opacity=0.6).encode(y=alt.datum(0))
    now = marks.table("last").mark_rule(color=colours.ink, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    dot, words = marks.gap_dot(x, y, colours), marks.above_and_below_words(y, colours.noise)
    return alt.layer(equal, *edges, band, zero, line, now, dot, words).properties(height=300)


def _description(trail: Trail, names: Sequence[str]) -> str:
    """What a reader who cannot see the chart should know."""
    gap = trail.gap
    if gap.n < FIRST:
        return "Fewer than five questions are answered by both yet."
    interval = gap.interval
    return (
        f"After {gap.n} items the gap, {names[0]} minus {names[1]}, is {100 * gap.gap:.1f} points; the interval that "
        f"holds at every moment reaches from {100 * interval.low:.1f} to {100 * interval.high:.1f}."
    )
