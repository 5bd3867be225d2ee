"""How forecasts did: one by its Brier score, many by their mean against guessing.

The Brier score is the sum over the four outcomes of (probability - what happened)^2, with 1 for the outcome that
happened and 0 for the others (Brier 1950, Monthly Weather Review 78:1): 0 is perfect, 2 is worst. Nobody can expect
less than by saying what they really think. Only what was sealed before the run and run to its end is scored:
somebody who may stop a battle at will may also wait until it looks as forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Literal

from engine import runs
from engine.battles.battle import Battle
from engine.battles.forecast import Forecast, OutcomeProbabilities
from engine.battles.result import BattleResult
from engine.battles.seal import Seal
from engine.errors import EngineError
from engine.stats.interval import Interval, score_interval
from engine.stats.paired import Winner
from engine.stats.verdict import compare
from engine.store.ledger import Entry, Ledger

WORST, GUESSING = 2.0, 0.75
"""Brier scores of certainty in what does not happen, and of a quarter for each outcome, (3/4)^2 + 3 (1/4)^2."""
ENOUGH = 20
"""Forecasts before their calibration is spoken of: even now a share's interval is 40 points wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """A forecast and what happened."""

    probabilities: OutcomeProbabilities
    outcome: Winner

    @property
    def probability(self) -> float:
        """What was given to what happened."""
        return float(getattr(self.probabilities, self.outcome))

    @property
    def brier(self) -> float:
        """Brier's score over the four outcomes (Brier 1950): 0 is best, 2 is worst."""
        return math.fsum(
            (probability - (outcome == self.outcome)) ** 2
            for outcome, probability in asdict(self.probabilities).items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscored:
    """Why a forecast has no score.

    reason  it was `not sealed` before the run, or the plan is no longer the one that was (`seal broken`); the battle
            is `not over`, was `stopped` by hand or `failed`; it gave `no verdict`; its model or its task are no longer
            known here (`unreadable`)
    detail  the message of the error, where there was one
    """

    reason: Literal["not sealed", "seal broken", "not over", "stopped", "failed", "no verdict", "unreadable"]
    detail: str = ""


def score_forecast(result: BattleResult) -> ForecastScore | Unscored | None:
    """How a battle's forecast did, or why that is not said; None for a battle without a forecast."""
    if result.battle.forecast is None and result.seal is None:
        return None
    verdict = result.verdict
    return score_sealed(result.battle.forecast, result.seal, result.state, verdict.winner if verdict else None)


def score_sealed(
    card: Forecast | None, seal: Seal | None, state: str, winner: Winner | None
) -> ForecastScore | Unscored:
    """Score a forecast by what came of its battle.

    card    the forecast, as the plan has it now
    seal    of the plan; None where it was not sealed
    state   of the battle, as the ledger says it
    winner  of its verdict; None without one
    """
    if seal is None:
        return Unscored(reason="not sealed")
    if card is None or not seal.intact:
        return Unscored(reason="seal broken")
    if state != "done":
        return Unscored(reason="stopped" if state == "stopped" else "failed" if state == "failed" else "not over")
    if winner is None:
        return Unscored(reason="no verdict")
    return ForecastScore(probabilities=card.probabilities, outcome=winner)


def scored_battles(by: str | None = None) -> list[tuple[Entry, ForecastScore | Unscored]]:
    """The latest battles with a sealed forecast, newest first, with its score; only this person's if `by` is given."""
    with Ledger() as ledger:
        entries = ledger.sealed(by)
    return [(entry, score) for entry in entries if (score := _score(entry.battle))]


def _score(battle: Battle) -> ForecastScore | Unscored | None:
    try:
        return score_forecast(runs.result(battle.id))
    except EngineError as error:
        return Unscored(reason="unreadable", detail=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourites:
    """The likeliest outcomes of forecasts that had one: whether they come true as often as they are said to.

    given      the mean probability they got
    came_true  how many of the n happened
    interval   of the share that comes true
    """

    n: int
    given: float
    came_true: int
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A forecaster's scores, taken together. All but the number of forecasts is in Brier scores.

    brier        the mean; None without a score
    interval     by how much that is better than equal guesses on the same battles; None for fewer than two scores
    above_noise  whether forecasting and guessing can be told apart
    caveats      sentences on how far to believe the rest
    favourites   None until enough forecasts had one favourite
    """

    n: int
    brier: float | None
    interval: Interval | None
    above_noise: bool
    caveats: tuple[str, ...]
    favourites: Favourites | None


def record(scores: Sequence[ForecastScore]) -> Record:
    """What a forecaster's scores show. Their order does not matter."""
    n = len(scores)
    brier = fmean(score.brier for score in scores) if scores else None
    if n < 2:
        return Record(n=n, brier=brier, interval=None, above_noise=False, caveats=(), favourites=None)
    # In halves, Brier scores lie between 0 and 1, as scores of items do; guesses are A, so a lead is positive.
    verdict = compare([GUESSING / 2] * n, [score.brier / 2 for score in scores])
    low, high = 2 * verdict.interval.low, 2 * verdict.interval.high
    return Record(
        n=n,
        brier=brier,
        interval=replace(verdict.interval, low=max(GUESSING - WORST, low), high=min(GUESSING, high)),
        above_noise=verdict.above_noise,
        caveats=verdict.caveats,
        favourites=_favourites(scores),
    )


def _favourites(scores: Sequence[ForecastScore]) -> Favourites | None:
    favourites = []
    for score in scores:
        *_, second, first = sorted(asdict(score.probabilities).values())
        if first > second:
            favourites.append((first, score.probability == first))
    if (n := len(favourites)) < ENOUGH:
        return None
    probabilities, hits = zip(*favourites, strict=True)
    interval = score_interval(sum(hits), n)
    return Favourites(n=n, given=fmean(probabilities), came_true=sum(hits), interval=interval)
