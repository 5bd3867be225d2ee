"""What several charts share: the axis of items, the colour of whoever is ahead, the words at the ends of an axis."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt

from pages.drawing.palette import Palette

FIRST = 5
"""Items from which a gap is drawn; before that its band is wider than the chart."""
TICKS = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
SIGNED = "datum.value ? replace(format(datum.value, '+'), '-', '−') : '0'"
"""Labels of an axis of gaps: +5, −5, and 0 without a sign."""


def table(name: str) -> alt.Chart:
    """A chart of the rows that `drawing.show` gets under this name."""
    return alt.Chart(alt.NamedData(name))


def items_axis(planned: int) -> alt.X:
    """Items answered by both, on a logarithmic axis that reaches to `planned`, so that nothing jumps."""
    return alt.X(
        "items:Q",
        title="questions answered by both",
        scale=alt.Scale(type="log", domain=[FIRST, max(planned, 2 * FIRST)], nice=False),
        axis=alt.Axis(values=[tick for tick in TICKS if tick <= planned], format=",d", grid=False),
    )


def ahead(gap: float) -> str:
    return "a" if gap > 0 else "b" if gap < 0 else "neither"


def ahead_colour(colours: Palette) -> alt.Color:
    """Of a field `ahead` that holds what `ahead` says."""
    scale = alt.Scale(domain=["a", "b", "neither"], range=[colours.a, colours.b, colours.noise])
    return alt.Color("ahead:N", legend=None, scale=scale)


def out_shape() -> alt.Shape:
    """Of a field `place`: a diamond out of the noise, a circle in it, so that colour is never the only sign."""
    scale = alt.Scale(domain=["in", "out"], range=["circle", "diamond"])
    return alt.Shape("place:N", legend=None, scale=scale)


def gap_dot(x: alt.X, y: alt.Y, colours: Palette) -> alt.Chart:
    """The gap after so many items, from a table `last`; its field `words` is what it says on hover."""
    dot: alt.Chart = (
        table("last")
        .mark_point(filled=True, size=150, opacity=1)
        .encode(
            x=x,
            y=y,
            color=ahead_colour(colours),
            tooltip=[alt.Tooltip("items:Q"), alt.Tooltip("words:N", title="gap")],
        )
    )
    return dot


def above_and_below(names: Sequence[str], height: float) -> list[dict[str, Any]]:
    """The table `ends` of an upright axis of gaps: who is ahead in either half."""
    return [
        {"gap": height, "text": f"▲ {names[0]} ahead, in points"},
        {"gap": -height, "text": f"▼ {names[1]} ahead, in points"},
    ]


def above_and_below_words(y: alt.Y, colour: str) -> alt.Chart:
    text = table("ends").mark_text(align="right", dx=-4, fontSize=12, color=colour)
    words: alt.Chart = text.encode(x=alt.value("width"), y=y, text="text:N")
    return words


def left_and_right(names: Sequence[str]) -> list[dict[str, Any]]:
    """The table `ends` of a level axis of gaps: who is ahead on either side."""
    return [{"left": f"◀ {names[1]}", "right": f"{names[0]} ▶"}]


def left_and_right_words(y: int, colour: str, opacity: float = 1) -> list[alt.Chart]:
    """Both, `y` pixels from the top, each in its half of the width."""
    half = partial(
        table("ends").mark_text,
        baseline="middle",
        fontSize=13,
        color=colour,
        opacity=opacity,
        limit=alt.expr("width / 2 - 8"),
    )
    return [
        half(align="left").encode(x=alt.value(0), y=alt.value(y), text="left:N"),
        half(align="right").encode(x=alt.value("width"), y=alt.value(y), text="right:N"),
    ]
