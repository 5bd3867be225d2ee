"""On how many items do two scores differ? The fewer, the less noise: up to which number their gap is real."""

import altair as alt

from engine.stats import published
from pages.charts import drawing
from pages.charts.palette import Palette, palette


def show(found: published.PublishedGap, *, key: str) -> None:
    """Nothing where the two cannot be of the same items, or where no agreement makes the gap real."""
    condition, surely = found.condition, found.surely
    if condition is None or condition.least == condition.most:
        return
    sure = surely.items if surely else condition.least
    real = min(condition.items, condition.most)
    marks = [{"items": found.paired.differing}] if found.paired else []
    zones = [
        {"from": condition.least, "to": min(sure, real), "zone": "real", "strength": 0.75},
        {"from": min(sure, real), "to": real, "zone": "rounding", "strength": 0.35},
        {"from": real, "to": condition.most, "zone": "noise", "strength": 0.26},
    ]
    drawing.show(
        draw(palette(), "a" if found.gap > 0 else "b"),
        key=key,
        description=_description(condition, sure, found.paired),
        zones=[zone for zone in zones if zone["to"] > zone["from"]],
        marks=marks,
        ends=[{"left": "◀ the gap is real", "right": "it is in the noise ▶" if real < condition.most else ""}],
    )


@drawing.drawn_once
def draw(colours: Palette, ahead: str) -> alt.LayerChart:
    zones, marks = alt.Chart(alt.NamedData("zones")), alt.Chart(alt.NamedData("marks"))
    side = colours.a if ahead == "a" else colours.b
    axis = alt.Axis(grid=False, tickCount=5, format=",d", labelFlush=True)
    x = alt.X(
        "from:Q",
        title="items on which one is right and the other wrong",
        axis=axis,
        scale=alt.Scale(nice=False, zero=False),
    )
    y = alt.value(32)
    bars = zones.mark_bar(height=22).encode(
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
    mark = marks.mark_point(filled=True, shape="diamond", size=150, opacity=1, color=colours.ink).encode(
        x="items:Q", y=y, tooltip=[alt.Tooltip("items:Q", title="as supposed", format=",d")]
    )
    half = {"baseline": "middle", "fontSize": 13, "color": colours.ink, "limit": alt.expr("width / 2 - 8")}
    ends = alt.Chart(alt.NamedData("ends"))
    sides = [
        ends.mark_text(align=align, **half).encode(x=alt.value(at), y=alt.value(8), text=f"{align}:N")
        for align, at in (("left", 0), ("right", "width"))
    ]
    return alt.layer(bars, mark, *sides).properties(height=104)


def _description(condition: published.Condition, sure: int, assumed: published.GapTest | None) -> str:
    """What a reader who cannot see the picture should know."""
    told = (
        f"The two differ on {condition.least:,} to {condition.most:,} items. Up to {condition.items:,} of them the gap "
        f"is real, and up to {sure:,} whatever the rounding hides."
    )
    return f"{told} Supposed: {assumed.differing:,}." if assumed else told
