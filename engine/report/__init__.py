"""Results in words and as JSON. No result knows either; each module here knows one kind of result.

    sentences(result)          any result in plain words, in reading order
    explain(result, register)  a verdict or a published gap by the parts of its story, for anybody or for experts
    as_json(result)            any result as the command line writes it
    figures                    numbers as they stand in a sentence or a table

A forecast also has `prediction` in words before the battle, `outcome_named` after it, and `forecast_json` of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from engine.analysis.calibration import Calibration, Uncalibrated
from engine.analysis.forecasts import ForecastScore, Record, Unscored
from engine.analysis.robustness import RobustnessReport
from engine.analysis.suite_results import SuiteResult
from engine.battles.rescoring import Rescoring
from engine.battles.result import BattleResult
from engine.errors import Unknown
from engine.logs.judging import EveryPair, LogVerdict
from engine.report import (
    calibration,
    decomposition,
    figures,
    forecasts,
    published,
    rescoring,
    robustness,
    verdict,
)
from engine.report.battle import battle_json
from engine.report.figures import outcome_named
from engine.report.forecasts import forecast_json, prediction
from engine.report.logs import every_pair_json, log_verdict_json
from engine.report.suites import suite_json
from engine.report.verdict import Register, Sentences
from engine.stats.decomposition import GapDecomposition
from engine.stats.published import PublishedGap
from engine.stats.verdict import Verdict

__all__ = [
    "Register",
    "Sentences",
    "as_json",
    "explain",
    "figures",
    "forecast_json",
    "outcome_named",
    "prediction",
    "sentences",
]

Result = Verdict | PublishedGap | GapDecomposition | RobustnessReport | Rescoring | Calibration | Uncalibrated | Record
"""What has both words and JSON."""


def explain(result: Verdict | PublishedGap, register: Register = "plain") -> Sentences:
    """A verdict or a published gap in words: headline, gap, noise, why, next step.

    register  for whom: `plain` for anybody, `expert` with every number, its method and its level

    Raises:
        Unknown: there is no such register.

    >>> from engine import compare
    >>> explain(compare([1] * 60 + [0] * 40, [1] * 20 + [0] * 80, names=("Ruby", "Jade"))).headline
    'Ruby is better on this: 40.0 points ahead on 100 items.'
    """
    if register not in get_args(Register):
        raise Unknown.name("register", register, get_args(Register))
    if isinstance(result, Verdict):
        return verdict.plain(result) if register == "plain" else verdict.expert(result)
    return published.plain(result) if register == "plain" else published.expert(result)


def sentences(result: Result | ForecastScore | Unscored) -> tuple[str, ...]:
    """A result in plain words, sentence by sentence in reading order."""
    match result:
        case Verdict() | PublishedGap():
            return explain(result)
        case GapDecomposition():
            return decomposition.sentences(result)
        case RobustnessReport():
            return robustness.sentences(result)
        case Rescoring():
            return (rescoring.sentence(result),)
        case Calibration() | Uncalibrated():
            return calibration.sentences(result)
        case ForecastScore() | Unscored():
            return (forecasts.score_sentence(result),)
        case Record():
            return forecasts.record_sentences(result)


def as_json(result: Result | BattleResult | SuiteResult | LogVerdict | EveryPair) -> Mapping[str, Any]:
    """A result as the command line writes it, a dict ready for `json.dumps`: fractions, A minus B."""
    match result:
        case Verdict():
            return verdict.verdict_json(result)
        case PublishedGap():
            return published.published_json(result)
        case GapDecomposition():
            return decomposition.decomposition_json(result)
        case RobustnessReport():
            return robustness.robustness_json(result)
        case Rescoring():
            return rescoring.rescoring_json(result)
        case Calibration() | Uncalibrated():
            return calibration.calibration_json(result)
        case Record():
            return forecasts.record_json(result)
        case BattleResult():
            return battle_json(result)
        case SuiteResult():
            return suite_json(result)
        case LogVerdict():
            return log_verdict_json(result)
        case EveryPair():
            return every_pair_json(result)
