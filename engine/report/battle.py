"""A battle as JSON, whole: `engine.store.document` has its schema."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import cast

from engine.analysis.calibration import calibration
from engine.analysis.forecasts import score_forecast
from engine.battles.battle import SIDES, ItemFailure, Outcome, Side
from engine.battles.rescoring import rescorings
from engine.battles.result import BattleResult
from engine.home import without_paths
from engine.report.calibration import calibration_json
from engine.report.forecasts import forecast_json
from engine.report.rescoring import rescoring_json
from engine.report.verdict import verdict_json
from engine.stats.groups import Aggregates, Mean
from engine.store.document import (
    BattleDocument,
    ContenderDocument,
    GroupsDocument,
    ItemDocument,
    MeansDocument,
    OutcomeDocument,
    VerdictDocument,
)

NO_VERDICT: VerdictDocument = {"winner": None, "sentence": "Fewer than two pairs are complete."}
ASSUMED = (
    "The standard errors are lm-eval's. They take the groups as given and every item as drawn by itself: only the "
    "spread inside the groups counts, not how far apart these lie, so they say nothing of other groups, and too little "
    "where items share a passage or a template. The one of the micro average also takes that spread to be the same in "
    "all groups."
)


def battle_json(result: BattleResult, *, paths: bool = True) -> BattleDocument:
    """The result as the command line writes it. Scores, gaps and intervals are fractions, A minus B.

    result  the battle
    paths   whether what went wrong is told with paths of this machine, which are no stranger's business
    """
    tell = str if paths else without_paths
    battle, verdict = result.battle, result.verdict
    head: BattleDocument = {
        "battle_id": battle.id,
        "task": battle.task,
        "state": result.state,
        "n": len(result.pairs),
        "planned": battle.n,
        "stop": battle.stop,
        "a": _contender(result, "a", verdict.a_score if verdict else None),
        "b": _contender(result, "b", verdict.b_score if verdict else None),
        "seed": battle.seed,
    }
    document: BattleDocument = {**head, **(verdict_json(verdict) if verdict else NO_VERDICT)}
    if score := score_forecast(result):
        document["card"] = forecast_json(battle.forecast, result.seal, score)
    if aggregates := result.aggregates:
        document["aggregates"] = aggregates_json(aggregates)
    return {
        **document,
        "readings": [rescoring_json(rescoring) for rescoring in rescorings(result)],
        "calibration": {side: calibration_json(calibration(result, side)) for side in SIDES},
        "failures": [
            {"side": side, "id": failure.item_id, "reason": failure.reason, "message": tell(failure.message)}
            for side, failure in result.failures
        ],
        "notices": [tell(notice) for notice in result.notices],
        "seconds": result.seconds,
        "date": datetime.fromtimestamp(result.created, UTC).date().isoformat(),
        "environment": {side: dict(result.environment.get(side, {})) for side in SIDES},
        "items": [_item(result, item) for item in battle.item_ids],
    }


def aggregates_json(aggregates: Aggregates) -> GroupsDocument:
    """Fractions; an error of null is unknown, not nought."""

    def means(a: Mean, b: Mean, gap: Mean) -> MeansDocument:
        return cast(MeansDocument, {"a": asdict(a), "b": asdict(b), "gap": asdict(gap)})

    sides = aggregates.a, aggregates.b, aggregates.gap
    return {
        "micro": means(*(side.micro for side in sides)),
        "macro": means(*(side.macro for side in sides)),
        "groups": [
            {"group": a.name, "n": a.n, **means(a.mean, b.mean, gap.mean)}
            for a, b, gap in zip(*(side.groups for side in sides), strict=True)
        ],
        "assumed": ASSUMED,
    }


def _contender(result: BattleResult, side: Side, score: float | None) -> ContenderDocument:
    contender, macro = result.battle.contender(side), result.macro(side)
    document: ContenderDocument = {"name": contender.name, "score": score}
    if macro is not None:
        document["macro"] = macro
    if contender.stands_for:
        document["stands_for"] = contender.stands_for
    return {
        **document,
        "shots": contender.harness.shots,
        "normalisation": contender.harness.normalisation,
        "extraction": contender.harness.extraction,
        "fingerprint": contender.harness.fingerprint,
    }


def _item(result: BattleResult, item: str) -> ItemDocument:
    document: ItemDocument = {"id": item, "group": item.rpartition("/")[0]}
    if a := result.a.get(item):
        document["a"] = _outcome(a)
    if b := result.b.get(item):
        document["b"] = _outcome(b)
    return document


def _outcome(outcome: Outcome) -> OutcomeDocument:
    if isinstance(outcome, ItemFailure):
        return {"correct": None, "score": None, "failure": outcome.reason}
    document: OutcomeDocument = {
        "correct": bool(outcome.score) if outcome.score in (0.0, 1.0) else None,
        "score": outcome.score,
        "choice": outcome.choice,
        "logliks": list(outcome.logliks) if outcome.text is None else [],
    }
    if outcome.text is not None:
        return {**document, "text": outcome.text, "answer": outcome.answer}
    if outcome.scored:
        document["scored"] = list(outcome.scored)
    if outcome.unconditional:
        document["alone"] = list(outcome.unconditional)
    return document
