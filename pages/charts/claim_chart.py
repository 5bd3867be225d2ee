"""What a measured number was made of: each figure as a mark with its interval, all on one scale."""

import altair as alt

from labs.measurement import MeasuredClaim
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette

ENDS = ("low", "high")


def show(claim: MeasuredClaim, *, key: str) -> None:
    """One row a part, in the claim's order; a line at 0 where the scale has both signs."""
    decimals = 0 if all(float(part.value).is_integer() for part in claim.parts) else 1
    rows = [
        {
            "row": number,
            "line": f"{part.label}: {_figure(part.value, decimals)}",
            "value": part.value,
            "low": part.low,
            "high": part.high,
        }
        for number, part in enumerate(claim.parts)
    ]
    told = "; ".join(
        f"{row['line']} ({_figure(part.low, decimals)} to {_figure(part.high, decimals)})"
        for row, part in zip(rows, claim.parts, strict=True)
    )
    crossing = any(part.low < 0 for part in claim.parts)
    drawing.show(
        draw(palette(), len(rows), crossing, claim.scale),
        key=key,
        description=f"{claim.scale}: {told}.",
        rows=rows,
    )


def _figure(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", "−")


@drawing.drawn_once
def draw(colours: Palette, count: int, crossing: bool, scale: str) -> alt.TopLevelMixin:
    axis = alt.Axis(grid=False, tickCount=6, labelOverlap=True)
    x = alt.Scale(padding=14, nice=False, zero=False)
    y = alt.Y("row:O", title=None, axis=None, scale=alt.Scale(domain=list(range(count))))
    rows = marks.table("rows")
    band = rows.mark_bar(height=12, yOffset=11, color=colours.noise, opacity=0.35, cornerRadius=3).encode(
        x=alt.X("low:Q", title=scale, axis=axis, scale=x), x2="high:Q", y=y
    )
    mark = rows.mark_point(filled=True, size=120, opacity=1, yOffset=11, color=colours.a).encode(
        x="value:Q", y=y, tooltip=[alt.Tooltip("line:N"), *(alt.Tooltip(f"{end}:Q", format=",.1f") for end in ENDS)]
    )
    zero = [rows.mark_rule(color=colours.ink, strokeWidth=1, opacity=0.5).encode(x=alt.datum(0))] if crossing else []
    lines = rows.mark_text(
        align="left", baseline="bottom", fontSize=13, color=colours.ink, yOffset=1, limit=alt.expr("width")
    ).encode(x=alt.value(0), y=y, text="line:N")
    return alt.layer(band, *zero, mark, lines).properties(height=alt.Step(44))
