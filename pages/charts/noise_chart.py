"""The picture of the whole app: the band of noise around zero, and the gap inside it or out of it."""

from collections.abc import Callable, Sequence

import altair as alt

from engine import Verdict
from engine.report import figures
from pages.charts import drawing
from pages.charts.palette import Palette, palette

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
    steps = [(step, verdict_after(step)) for step in checkpoints(n)]
    rows = [
        {
            "items": step,
            "gap": 100 * v.gap,
            "low": 100 * (v.gap - v.interval.high),
            "high": 100 * (v.gap - v.interval.low),
            "words": figures.rounded_points(v.gap),
            "ahead": "a" if v.gap > 0 else "b",
        }
        for step, v in steps
    ]
    reach = 80 if steps and abs(steps[-1][1].gap) > 0.36 else 40
    drawing.show(
        draw(palette(), planned, reach),
        key=key,
        description=_description(steps, names),
        rows=rows,
        last=rows[-1:],
        ends=[
            {"gap": 0.9 * reach, "text": f"▲ {names[0]} ahead, in points"},
            {"gap": -0.9 * reach, "text": f"▼ {names[1]} ahead, in points"},
        ],
    )


@drawing.drawn_once
def draw(colours: Palette, planned: int, reach: int) -> alt.LayerChart:
    x = alt.X(
        "items:Q",
        title="questions answered by both",
        scale=alt.Scale(type="log", domain=[FIRST, max(planned, 2 * FIRST)], nice=False),
        axis=alt.Axis(values=[tick for tick in TICKS if tick <= planned], format=",d", grid=False),
    )
    y = alt.Y("gap:Q", title=None, scale=alt.Scale(domain=[-reach, reach], clamp=True), axis=alt.Axis(tickCount=5))
    rows = alt.Chart(alt.NamedData("rows"))
    band = rows.mark_area(clip=True, color=colours.noise, opacity=0.26).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    line = rows.mark_line(color=colours.ink, strokeWidth=1.5, clip=True, opacity=0.7).encode(x=x, y=y)
    zero = alt.Chart(alt.NamedData("ends")).mark_rule(color=colours.noise, strokeWidth=1.5).encode(y=alt.datum(0))
    dot = (
        alt.Chart(alt.NamedData("last"))
        .mark_point(filled=True, size=150, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("ahead:N", legend=None, scale=alt.Scale(domain=["a", "b"], range=[colours.a, colours.b])),
            tooltip=[alt.Tooltip("items:Q"), alt.Tooltip("words:N", title="gap")],
        )
    )
    ends = (
        alt.Chart(alt.NamedData("ends"))
        .mark_text(align="right", dx=-4, fontSize=12, color=colours.noise)
        .encode(x=alt.value("width"), y=y, text="text:N")
    )
    return alt.layer(band, zero, line, dot, ends).properties(height=300)


def _description(steps: Sequence[tuple[int, Verdict]], names: Sequence[str]) -> str:
    """What a reader who cannot see the chart should know."""
    if not steps:
        return "Fewer than five questions are answered by both yet."
    n, verdict = steps[-1]
    ahead = names[0] if verdict.gap > 0 else names[1]
    place = "outside" if verdict.interval.excludes_zero else "inside"
    return (
        f"After {n} items {ahead} is {figures.rounded_points(verdict.gap)} ahead; the gap is {place} the band of noise."
    )
