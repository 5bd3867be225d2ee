"""What a pairing would change: one gap against its noise on separate items, and on the same items."""

from collections.abc import Mapping

import altair as alt

from labs import intervals
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette


def show(gaps: Mapping[str, intervals.Gap], *, key: str) -> None:
    """A line a way of pairing, by its name. The band reaches as far as luck alone would take a gap of nothing."""
    rows = [
        {
            "way": way,
            "gap": gap.points,
            "low": gap.points - gap.newcombe.high,
            "high": gap.points - gap.newcombe.low,
            "place": "out" if gap.newcombe.excludes_zero else "in",
            "ahead": marks.ahead(gap.points),
        }
        for way, gap in gaps.items()
    ]
    lines = [f"{row['way']}: {row['gap']:.1f} points, {row['place']}side the band" for row in rows]
    drawing.show(draw(palette(), tuple(gaps)), key=key, description=f"Gap and noise. {'; '.join(lines)}.", rows=rows)


@drawing.drawn_once
def draw(colours: Palette, ways: tuple[str, ...]) -> alt.TopLevelMixin:
    y = alt.Y(
        "way:N", sort=list(ways), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelPadding=8)
    )
    axis = alt.Axis(grid=False, tickCount=7, labelFlush=False)
    rows = marks.table("rows")
    band = rows.mark_bar(height=26, color=colours.noise, opacity=0.26).encode(
        x=alt.X("low:Q", title="gap in points", axis=axis, scale=alt.Scale(padding=16, nice=False)), x2="high:Q", y=y
    )
    zero = rows.mark_rule(color=colours.noise, strokeWidth=1.5).encode(x=alt.datum(0))
    mark = rows.mark_point(filled=True, size=150, opacity=1).encode(
        x="gap:Q",
        y=y,
        color=marks.ahead_colour(colours),
        shape=marks.out_shape(),
        tooltip=[alt.Tooltip("way:N"), alt.Tooltip("gap:Q", format=".1f")],
    )
    return alt.layer(band, zero, mark).properties(height=alt.Step(46))
