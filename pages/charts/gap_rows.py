"""Many gaps one below the other, each a mark against its own band of noise: inside it, or out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from engine import Interval
from engine.report import figures
from pages.charts import drawing
from pages.charts.palette import Palette, palette


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A gap, A minus B, as fractions. `out`: whether it counts as above the noise, whatever its own interval says."""

    title: str
    gap: float
    interval: Interval
    out: bool


def show(gaps: Sequence[GapRow], names: tuple[str, str], *, key: str) -> None:
    """The band reaches as far around zero as luck alone would take a gap of nothing."""
    rows = [
        {
            "row": number,
            "title": row.title,
            "told": figures.rounded_signed(row.gap),
            "gap": 100 * row.gap,
            "low": 100 * (row.gap - row.interval.high),
            "high": 100 * (row.gap - row.interval.low),
            "place": "out" if row.out else "in",
            "ahead": "a" if row.gap > 0 else "b" if row.gap < 0 else "neither",
        }
        for number, row in enumerate(gaps)
    ]
    said = "; ".join(f"{row['title']}: {row['told']} points, {row['place']}side the noise" for row in rows)
    drawing.show(
        draw(palette(), len(rows)),
        key=key,
        description=f"Gaps, {names[0]} minus {names[1]}, and their noise. {said}.",
        rows=rows,
        ends=[{"left": f"◀ {names[1]}", "right": f"{names[0]} ▶"}],
    )


LABEL = "datum.value ? replace(format(datum.value, '+'), '-', '−') : '0'"


@drawing.drawn_once
def draw(colours: Palette, count: int) -> alt.LayerChart:
    y = alt.Y("row:O", title=None, axis=None, scale=alt.Scale(domain=list(range(-1, count))))
    axis = alt.Axis(grid=False, tickCount=7, labelExpr=LABEL, labelOverlap=True)
    rows, once = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("ends"))
    band = rows.mark_bar(height=16, yOffset=9, color=colours.noise, opacity=0.3).encode(
        x=alt.X(
            "low:Q", title="gap in points, towards who is ahead", axis=axis, scale=alt.Scale(padding=16, nice=False)
        ),
        x2="high:Q",
        y=y,
    )
    zero = once.mark_rule(color=colours.ink, strokeWidth=1, opacity=0.6).encode(
        x=alt.datum(0), y=alt.value(22), y2=alt.value("height")
    )
    mark = rows.mark_point(filled=True, size=130, opacity=1, yOffset=9).encode(
        x="gap:Q",
        y=y,
        color=alt.Color(
            "ahead:N",
            legend=None,
            scale=alt.Scale(domain=["a", "b", "neither"], range=[colours.a, colours.b, colours.noise]),
        ),
        shape=alt.Shape("place:N", legend=None, scale=alt.Scale(domain=["in", "out"], range=["circle", "diamond"])),
        tooltip=[alt.Tooltip("title:N"), alt.Tooltip("told:N", title="gap in points")],
    )
    said = {"baseline": "bottom", "fontSize": 14, "color": colours.ink, "yOffset": -2}
    titles = rows.mark_text(align="left", limit=alt.expr("width - 64"), **said).encode(
        x=alt.value(0), y=y, text="title:N"
    )
    told = rows.mark_text(align="right", **said).encode(x=alt.value("width"), y=y, text="told:N")
    half = {"baseline": "middle", "fontSize": 13, "color": colours.noise, "limit": alt.expr("width / 2 - 8")}
    sides = [
        once.mark_text(align=align, **half).encode(x=alt.value(at), y=alt.value(10), text=f"{align}:N")
        for align, at in (("left", 0), ("right", "width"))
    ]
    return alt.layer(band, zero, mark, titles, told, *sides).properties(height=alt.Step(44))
