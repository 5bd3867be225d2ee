"""A forecast as four bars, one an outcome; what happened is marked by a shape as well as by strength of colour."""

import altair as alt

from engine import battles, report
from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette

OUTCOMES = ("a", "b", "equal", "undecided")


def show(forecast: battles.OutcomeProbabilities, names: tuple[str, str], happened: str | None, *, key: str) -> None:
    """`happened` is the outcome, or None while nobody knows."""
    rows = [
        {
            "outcome": outcome,
            "percent": 100 * getattr(forecast, outcome),
            "line": f"{100 * getattr(forecast, outcome):.0f}%  {report.outcome_named(outcome, names)}",
            "happened": outcome == happened,
            "strength": 0.85 if happened in (None, outcome) else 0.45,
        }
        for outcome in OUTCOMES
    ]
    description = f"The forecast: {report.prediction(forecast, names)}."
    if happened is not None:
        description += f" What happened: {report.outcome_named(happened, names)}."
    drawing.show(draw(palette()), key=key, description=description, rows=rows)


@drawing.drawn_once
def draw(colours: Palette) -> alt.TopLevelMixin:
    x = alt.X("percent:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 100]))
    y = alt.Y("outcome:N", title=None, axis=None, scale=alt.Scale(domain=OUTCOMES))
    colour = alt.Color(
        "outcome:N",
        legend=None,
        scale=alt.Scale(domain=OUTCOMES, range=[colours.a, colours.b, colours.equal, colours.noise]),
    )
    rows = marks.table("rows")
    start = rows.mark_tick(color=colours.noise, thickness=1.5, size=16, yOffset=8).encode(x=alt.value(0), y=y)
    bars = rows.mark_bar(height=10, cornerRadiusEnd=3, yOffset=8).encode(
        x=x, y=y, color=colour, opacity=alt.Opacity("strength:Q", scale=None)
    )
    lines = rows.mark_text(
        align="left", baseline="bottom", fontSize=14, color=colours.ink, limit=alt.expr("width")
    ).encode(x=alt.value(0), y=y, text="line:N")
    mark = (
        rows.transform_filter(alt.datum.happened)
        .mark_point(filled=True, shape="diamond", size=170, opacity=1, color=colours.ink, yOffset=8)
        .encode(x=x, y=y)
    )
    return alt.layer(start, bars, lines, mark).properties(height=42 * len(OUTCOMES))
