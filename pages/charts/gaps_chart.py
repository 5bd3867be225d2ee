"""Many gaps one below the other, each a mark against its own band of noise: inside it, or out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import altair as alt

from engine import Interval, Verdict
from engine.report import figures
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A gap, A minus B, as fractions. `out`: whether it counts as above the noise, whatever its own interval says."""

    title: str
    gap: float
    interval: Interval
    out: bool

    @classmethod
    def of(cls, title: str, verdict: Verdict, outcome: str) -> Self:
        """A verdict's, as it stands among others: `outcome` is what a correction for their number leaves of it."""
        return cls(title=title, gap=verdict.gap, interval=verdict.interval, out=outcome in ("a", "b"))


def show(gaps: Sequence[GapRow], names: tuple[str, str], *, key: str) -> None:
    """The band reaches as far around zero as luck alone would take a gap of nothing."""
    rows = [
        {
            "row": number,
            "title": row.title,
            "points": figures.rounded_signed(row.gap),
            "gap": 100 * row.gap,
            "low": 100 * (row.gap - row.interval.high),
            "high": 100 * (row.gap - row.interval.low),
            "place": "out" if row.out else "in",
            "ahead": marks.ahead(row.gap),
        }
        for number, row in enumerate(gaps)
    ]
    findings = "; ".join(f"{row['title']}: {row['points']} points, {row['place']}side the noise" for row in rows)
    drawing.show(
        draw(palette(), len(rows)),
        key=key,
        description=f"Gaps, {names[0]} minus {names[1]}, and their noise. {findings}.",
        rows=rows,
        ends=marks.left_and_right(names),
    )


@drawing.drawn_once
def draw(colours: Palette, count: int) -> alt.TopLevelMixin:
    y = alt.Y("row:O", title=None, axis=None, scale=alt.Scale(domain=list(range(-1, count))))
    axis = alt.Axis(grid=False, tickCount=7, labelExpr=marks.SIGNED, labelOverlap=True)
    rows, ends = marks.table("rows"), marks.table("ends")
    band = rows.mark_bar(height=16, yOffset=9, color=colours.noise, opacity=0.3).encode(
        x=alt.X(
            "low:Q", title="gap in points, towards who is ahead", axis=axis, scale=alt.Scale(padding=16, nice=False)
        ),
        x2="high:Q",
        y=y,
    )
    zero = ends.mark_rule(color=colours.ink, strokeWidth=1, opacity=0.6).encode(
        x=alt.datum(0), y=alt.value(22), y2=alt.value("height")
    )
    mark = rows.mark_point(filled=True, size=130, opacity=1, yOffset=9).encode(
        x="gap:Q",
        y=y,
        color=marks.ahead_colour(colours),
        shape=marks.out_shape(),
        tooltip=[alt.Tooltip("title:N"), alt.Tooltip("points:N", title="gap in points")],
    )
    line = partial(rows.mark_text, baseline="bottom", fontSize=14, color=colours.ink, yOffset=-2)
    titles = line(align="left", limit=alt.expr("width - 64")).encode(x=alt.value(0), y=y, text="title:N")
    points = line(align="right").encode(x=alt.value("width"), y=y, text="points:N")
    sides = marks.left_and_right_words(10, colours.noise)
    return alt.layer(band, zero, mark, titles, points, *sides).properties(height=alt.Step(44))
