"""Verdicts between stored logs, as JSON."""

from __future__ import annotations

from engine.logs.judging import EveryPair, LogVerdict
from engine.logs.log import Log
from engine.report.verdict import verdict_json
from engine.store.document import Json


def log_verdict_json(result: LogVerdict) -> Json:
    """As the command line writes it. Scores, gaps and intervals are fractions, A minus B."""
    aligned, verdict, comparability = result.aligned, result.verdict, result.comparability
    a_failed, b_failed, both_failed = aligned.unscored
    return {
        "n": verdict.n,
        "a": {"name": verdict.names[0], "score": verdict.a_score},
        "b": {"name": verdict.names[1], "score": verdict.b_score},
        **verdict_json(verdict),
        "logs": {"a": _log(aligned.a), "b": _log(aligned.b)},
        "matched_by": aligned.by,
        "left_out": {
            "only_a": aligned.only_a,
            "only_b": aligned.only_b,
            "unscored_a": a_failed,
            "unscored_b": b_failed,
            "unscored_both": both_failed,
        },
        "clusters": result.clusters,
        "comparability": {
            "grade": comparability.grade,
            "compared": comparability.compared,
            "sentence": comparability.sentence,
            "settings": [
                {"setting": c.setting, "a": c.a, "b": c.b, "outcome": c.outcome, "reason": c.reason}
                for c in comparability.checks
            ],
        },
        "groups": _groups(result),
    }


def every_pair_json(result: EveryPair) -> Json:
    """Each pair as `log_verdict_json`, with the p-value that allows for their number."""
    pairs = zip(result.verdicts, result.p_values, strict=True)
    return {"pairs": [{**log_verdict_json(pair), "p_holm": p_value} for pair, p_value in pairs]}


def _groups(result: LogVerdict) -> list[Json]:
    groups = result.groups
    if groups is None:
        return []
    return [
        {
            "group": name,
            "n": verdict.n,
            "a": verdict.a_score,
            "b": verdict.b_score,
            **verdict_json(verdict),
            "p_holm": groups.p_values[name],
            "winner_holm": groups.outcomes[name],
        }
        for name, verdict in groups.verdicts.items()
    ]


def _log(log: Log) -> Json:
    return {"file": log.file, "selector": log.selector, "format": log.format, "settings": dict(log.settings)}
