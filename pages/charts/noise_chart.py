"""The picture of the whole app: the band of noise around zero, and the gap inside it or out of it."""

from collections.abc import Callable, Sequence

import altair as alt

from engine import Verdict
from engine.report import figures
from pages import drawing
from pages.drawing import marks
from pages.drawing.marks import FIRST
from pages.drawing.palette import Palette, palette


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
            "ahead": marks.ahead(v.gap),
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
        ends=marks.above_and_below(names, 0.9 * reach),
    )


@drawing.drawn_once
def draw(colours: Palette, planned: int, reach: int) -> alt.TopLevelMixin:
    x = marks.items_axis(planned)
    y = alt.Y("gap:Q", title=None, scale=alt.Scale(domain=[-reach, reach], clamp=True), axis=alt.Axis(tickCount=5))
    rows, ends = marks.table("rows"), marks.table("ends")
    band = rows.mark_area(clip=True, color=colours.noise, opacity=0.26).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    line = rows.mark_line(color=colours.ink, strokeWidth=1.5, clip=True, opacity=0.7).encode(x=x, y=y)
    zero = ends.mark_rule(color=colours.noise, strokeWidth=1.5).encode(y=alt.datum(0))
    dot, words = marks.gap_dot(x, y, colours), marks.above_and_below_words(y, colours.noise)
    return alt.layer(band, zero, line, dot, words).properties(height=300)


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
