"""Gap decompositions of every shape, for properties that hold of all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from engine.stats.decomposition import (
    GapDecomposition,
    Remeasurement,
    SourceEffect,
    item_sampling_effect,
    scorer_effect,
)
from engine.stats.verdict import compare

NAMES = ("Gemma", "Qwen")


cell = st.sampled_from([0.0, 1.0])


lossy = st.sampled_from([0.0, 1.0, None])


@st.composite
def splits(draw: st.DrawFn) -> GapDecomposition:
    n = draw(st.integers(2, 24))
    ids = [f"i{k}" for k in range(n)]

    def side(values: st.SearchStrategy[Any], count: int = n) -> dict[str, Any]:
        return dict(zip(ids, draw(st.lists(values, min_size=count, max_size=count)), strict=False))

    own = side(cell), side(cell)
    cluster = draw(st.booleans())
    verdict = compare(
        list(own[0].values()),
        list(own[1].values()),
        names=NAMES,
        clusters=[k % 2 for k in range(n)] if cluster else None,
        margin=draw(st.sampled_from([0.02, 0.0125, 0.2])),
    )
    rules = {"own": own} | {name: (side(lossy), side(lossy)) for name in draw(st.sets(st.sampled_from("xyz")))}
    unread = [draw(st.sets(st.sampled_from(ids), max_size=3)) for _ in range(2)]
    unread_a, unread_b = ({i for i in lost if not scores[i]} for lost, scores in zip(unread, own, strict=True))
    read = scorer_effect(NAMES, verdict.gap, own, rules, (unread_a, unread_b))

    def part(source: Any) -> SourceEffect:
        ways = draw(st.lists(st.sampled_from(["bfloat16", "8 worked examples", "the same again"]), max_size=2))
        readings = []
        for way in ways:
            m = draw(st.integers(2, n))
            new, old = [(side(cell, m), side(cell, m)) for _ in range(2)]
            gap, base = ((sum(a.values()) - sum(b.values())) / m for a, b in (new, old))
            flips = sum(x[i] != y[i] for x, y in zip(new, old, strict=True) for i in x)
            readings.append(Remeasurement(label=way, gap=gap, n=m, base=base, flips=flips))
        found = SourceEffect.from_readings(source, "told so", verdict.gap, readings)
        untried = ("reversed",) if draw(st.booleans()) else ()
        return replace(found, untried=untried, applies=bool(readings or untried or draw(st.booleans())))

    parts = item_sampling_effect(verdict), read, part("protocol"), part("rerun")
    head = {"names": NAMES, "gap": verdict.gap, "n": n, "level": 0.95, "margin": verdict.margin}
    return GapDecomposition(parts=parts, **head)
