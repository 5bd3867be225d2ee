"""On how many items do two scores differ? The fewer, the less noise: up to which number their gap is real."""

from typing import Any

import altair as alt

from engine.stats import published
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette


def show(result: published.PublishedGap, *, key: str) -> None:
    """Nothing where the two cannot be of the same items, or where no agreement makes the gap real."""
    condition, surely, supposed = result.condition, result.surely, result.paired
    if condition is None or condition.least == condition.most:
        return
    sure = surely.items if surely else condition.least
    real = min(condition.items, condition.most)
    zones: list[dict[str, Any]] = [
        {"from": condition.least, "to": min(sure, real), "zone": "real", "strength": 0.75},
        {"from": min(sure, real), "to": real, "zone": "rounding", "strength": 0.35},
        {"from": real, "to": condition.most, "zone": "noise", "strength": 0.26},
    ]
    drawing.show(
        draw(palette(), "a" if result.gap > 0 else "b"),
        key=key,
        description=_description(condition, sure, supposed),
        zones=[zone for zone in zones if zone["to"] > zone["from"]],
        marks=[{"items": supposed.differing}] if supposed else [],
        ends=[{"left": "◀ the gap is real", "right": "it is in the noise ▶" if real < condition.most else ""}],
    )


@drawing.drawn_once
def draw(colours: Palette, ahead: str) -> alt.TopLevelMixin:
    side = colours.a if ahead == "a" else colours.b
    axis = alt.Axis(grid=False, tickCount=5, format=",d", labelFlush=True)
    x = alt.X(
        "from:Q",
        title="items on which one is right and the other wrong",
        axis=axis,
        scale=alt.Scale(nice=False, zero=False),
    )
    y = alt.value(32)
    bars = (
        marks.table("zones")
        .mark_bar(height=22)
        .encode(
            x=x,
            x2="to:Q",
            y=y,
            color=alt.Color(
                "zone:N",
                legend=None,
                scale=alt.Scale(domain=["real", "rounding", "noise"], range=[side, side, colours.noise]),
            ),
            opacity=alt.Opacity("strength:Q", scale=None),
        )
    )
    mark = (
        marks.table("marks")
        .mark_point(filled=True, shape="diamond", size=150, opacity=1, color=colours.ink)
        .encode(x="items:Q", y=y, tooltip=[alt.Tooltip("items:Q", title="as supposed", format=",d")])
    )
    sides = marks.left_and_right_words(8, colours.ink)
    return alt.layer(bars, mark, *sides).properties(height=104)


def _description(condition: published.Condition, sure: int, supposed: published.GapTest | None) -> str:
    """What a reader who cannot see the picture should know."""
    sentence = (
        f"The two differ on {condition.least:,} to {condition.most:,} items. Up to {condition.items:,} of them the gap "
        f"is real, and up to {sure:,} whatever the rounding hides."
    )
    return f"{sentence} Supposed: {supposed.differing:,}." if supposed else sentence
