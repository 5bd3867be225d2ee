"""Two bars from 0 to 100, each with the interval of its score. Never a winner's badge."""

from collections.abc import Sequence

import altair as alt

from engine import Interval
from engine.report import figures
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette


def show(names: Sequence[str], scores: Sequence[float], intervals: Sequence[Interval], n: int, *, key: str) -> None:
    lines = [
        f"{name} {figures.with_noise(s, i)} (n = {n:,})" for name, s, i in zip(names, scores, intervals, strict=True)
    ]
    rows = [
        {"side": side, "score": 100 * score, "low": 100 * interval.low, "high": 100 * interval.high, "line": line}
        for side, score, interval, line in zip("ab", scores, intervals, lines, strict=True)
    ]
    drawing.show(draw(palette()), key=key, description=f"Scores out of 100: {'; '.join(lines)}.", rows=rows)


@drawing.drawn_once
def draw(colours: Palette) -> alt.TopLevelMixin:
    x = alt.X("score:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 25, 50, 75, 100]))
    y = alt.Y("side:N", title=None, sort=None, axis=alt.Axis(labels=False, ticks=False, domain=False))
    colour = alt.Color("side:N", legend=None, scale=alt.Scale(domain=["a", "b"], range=[colours.a, colours.b]))
    rows = marks.table("rows")
    bars = rows.mark_bar(height=18, cornerRadiusEnd=3, opacity=0.85).encode(x=x, y=y, color=colour)
    noise = rows.mark_rule(color=colours.ink, strokeWidth=2).encode(x=alt.X("low:Q", title=None), x2="high:Q", y=y)
    ends = [
        rows.mark_tick(color=colours.ink, thickness=2, size=12).encode(x=alt.X(f"{end}:Q", title=None), y=y)
        for end in ("low", "high")
    ]
    names = rows.mark_text(align="left", baseline="bottom", dy=-14, fontSize=14, color=colours.ink).encode(
        x=alt.value(0), y=y, text="line:N"
    )
    return alt.layer(bars, noise, *ends, names).properties(height=150)
