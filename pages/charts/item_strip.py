"""The latest items, one column each: a dot is right, a cross is wrong, a ring is part of a point."""

from collections.abc import Sequence

import altair as alt

from pages import drawing
from pages.drawing import marks
from pages.drawing.palette import Palette, palette

LATEST = 40
ANSWERS = ["right", "in part", "wrong"]
CROSS = "M-1,-1L1,1M1,-1L-1,1"


def show(pairs: Sequence[tuple[str, float, float]], names: Sequence[str], *, key: str) -> None:
    first = max(0, len(pairs) - LATEST)
    rows = [
        {"item": first + i + 1, "contender": name, "answer": _answer(score)}
        for i, (_, *scores) in enumerate(pairs[first:])
        for name, score in zip(names, scores, strict=True)
    ]
    description = f"The latest {len(pairs) - first} items: dots are right, crosses wrong, rings right in part."
    drawing.show(draw(palette(), tuple(names)), key=key, description=description, rows=rows)


def _answer(score: float) -> str:
    right, partly, wrong = ANSWERS
    return {1.0: right, 0.0: wrong}.get(score, partly)


@drawing.drawn_once
def draw(colours: Palette, names: tuple[str, ...]) -> alt.TopLevelMixin:
    def by_answer(*values: str) -> alt.Scale:
        return alt.Scale(domain=ANSWERS, range=list(values))

    strip: alt.Chart = (
        marks.table("rows")
        .mark_point(size=42, strokeWidth=2)
        .encode(
            x=alt.X("item:O", title=f"latest {LATEST} items", axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("contender:N", sort=list(names), title=None, axis=alt.Axis(labelLimit=140)),
            shape=alt.Shape("answer:N", legend=None, scale=by_answer("circle", "circle", CROSS)),
            color=alt.Color("answer:N", legend=None, scale=by_answer(colours.equal, colours.equal, colours.b)),
            fill=alt.Fill("answer:N", legend=None, scale=by_answer(colours.equal, "transparent", "transparent")),
            tooltip=["item:O", "contender:N", "answer:N"],
        )
    )
    return strip.properties(height=90)
