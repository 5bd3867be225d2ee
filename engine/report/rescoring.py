"""A rescoring in words and as JSON."""

from __future__ import annotations

from engine.battles.battle import SIDES
from engine.battles.rescoring import Rescoring
from engine.report.figures import favoured, outcome_named, percent, points
from engine.report.verdict import verdict_json
from engine.store.document import RescoringDocument


def sentence(rescoring: Rescoring) -> str:
    """Both scores, the gap and the outcome under this rule, and what changes with it."""
    verdict = rescoring.verdict
    if verdict is None:
        return f"{rescoring.label}: not recomputed, {rescoring.why}."
    (a, b), (x, y) = verdict.names, rescoring.changed
    scores = f"{a} {percent(verdict.a_score)}, {b} {percent(verdict.b_score)} on {verdict.n:,} items"
    gap = "no gap"
    if verdict.gap:
        gap = f"{points(verdict.gap, verdict.margin)} for {favoured(verdict.gap, verdict.names)}"
    changes = f"{x:,} predictions of {a} and {y:,} of {b} change, {sum(rescoring.flips):,} scores with them"
    how = "as the battle read them" if rescoring.own else changes
    return f"{rescoring.label}: {scores}, {gap}: {outcome_named(verdict.winner, verdict.names)} ({how})."


def rescoring_json(rescoring: Rescoring) -> RescoringDocument:
    """Fractions, A minus B."""
    head: RescoringDocument = {"rule": rescoring.rule, "label": rescoring.label, "own": rescoring.own}
    verdict = rescoring.verdict
    if verdict is None:
        return {**head, "not_recomputed": rescoring.why}
    return {
        **head,
        "n": verdict.n,
        "a": verdict.a_score,
        "b": verdict.b_score,
        **verdict_json(verdict),
        "changed": dict(zip(SIDES, rescoring.changed, strict=True)),
        "flips": dict(zip(SIDES, rescoring.flips, strict=True)),
    }
