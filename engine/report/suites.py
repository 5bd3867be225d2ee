"""What the battles of a suite come to, as JSON."""

from __future__ import annotations

from dataclasses import asdict

from engine.analysis.suite_results import ScorePair, SuiteResult, SuiteTaskResult
from engine.report.verdict import verdict_json
from engine.stats.interval import Interval
from engine.store.document import Json


def suite_json(result: SuiteResult) -> Json:
    """Fractions, A minus B."""
    a, b = result.raw.names
    return {
        "preset": result.suite.name,
        "a": a,
        "b": b,
        "tasks": [_task(result, name, task) for name, task in result.tasks.items()],
        "skipped": dict(result.skipped),
        "mean_gap": _gap(result.raw.gap, result.raw.interval),
        "mean_gap_above_chance": _gap(result.above.gap, result.above.interval),
        "average": {"scale": result.suite.scale, **_sides(result.average)} if result.average else None,
    }


def _task(result: SuiteResult, name: str, task: SuiteTaskResult) -> Json:
    return {
        "task": name,
        "battle_id": task.battle_id,
        "shots": task.task.shots,
        **task.task.settings,
        "n": task.verdict.n,
        "failed": task.failed,
        "a": task.verdict.a_score,
        "b": task.verdict.b_score,
        **verdict_json(task.verdict),
        "p_holm": result.raw.p_values[name],
        "winner_holm": result.raw.outcomes[name],
        "above_chance": {
            **_sides(task.shown),
            "averaged": task.task.averaged,
            **_gap(task.above.gap, task.above.interval),
        },
    }


def _sides(scores: ScorePair) -> dict[str, float]:
    return {"a": scores[0], "b": scores[1]}


def _gap(gap: float, interval: Interval) -> Json:
    return {"gap": gap, "interval": asdict(interval)}
