"""The scores of a battle over its groups of items, as JSON."""

from __future__ import annotations

from engine.stats.groups import Aggregate, Aggregates, Mean
from engine.store.document import GroupsDocument, MeanDocument, MeansDocument

ASSUMED = (
    "The standard errors are lm-eval's. They take the groups as given and every item as drawn by itself: only the "
    "spread inside the groups counts, not how far apart these lie, so they say nothing of other groups, and too little "
    "where items share a passage or a template. The one of the micro average also takes that spread to be the same in "
    "all groups."
)


def groups_json(aggregates: Aggregates) -> GroupsDocument:
    """Fractions; an error of null is unknown, not nought."""
    return {
        "micro": _means(*(side.micro for side in _sides(aggregates))),
        "macro": _means(*(side.macro for side in _sides(aggregates))),
        "groups": [
            {"group": a.name, "n": a.n, **_means(a.mean, b.mean, gap.mean)}
            for a, b, gap in zip(*(side.groups for side in _sides(aggregates)), strict=True)
        ],
        "assumed": ASSUMED,
    }


def _sides(aggregates: Aggregates) -> tuple[Aggregate, Aggregate, Aggregate]:
    return aggregates.a, aggregates.b, aggregates.gap


def _means(a: Mean, b: Mean, gap: Mean) -> MeansDocument:
    return {"a": _mean(a), "b": _mean(b), "gap": _mean(gap)}


def _mean(mean: Mean) -> MeanDocument:
    return {"score": mean.score, "error": mean.error}
