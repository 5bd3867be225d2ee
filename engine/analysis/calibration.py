"""Whether a model is as often right as it is sure: from the stored log-likelihoods of ranked choices.

The confidence in a choice is its share of the choices' probability, exp(total) / sum of exp(totals): what a model
gives to texts that are no choice is left out. How surer than right it is on average is told in bins of equal size
(expected calibration error; Naeini et al. 2015, with the equal-mass bins of Nguyen & O'Connor 2015). Right and wrong
being drawn, even a perfectly calibrated model does not score 0, so the error is put beside what such a model would
show with the very same confidences (consistency resampling, Bröcker & Smith 2007). The Brier score is lm-eval's: the
squared distance of all choices' shares from the truth, summed over the choices (Brier 1950).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.battles.battle import ItemResult, Side
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.stats.groups import mean_of
from engine.stats.interval import Interval, score_interval

BINS = 10
LEAST = 20
"""Items in a bin before another one is opened: the share that is right is still 40 points wide."""
UNLIKELY = 0.05
DRAWS = 1_000
"""Perfectly calibrated models that are simulated; from one seed, so that a battle says the same again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Items of like confidence: how sure the model was, and how often it was right."""

    n: int
    low: float
    high: float
    confidence: float
    accuracy: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One side of a battle. All but `n` in fractions, Brier scores from 0 to 2.

    accuracy, confidence  means over the items
    ece                   mean distance of the two inside the bins, by size
    if_calibrated         what `ece` would be on average with these confidences, were they all true
    limit                 what it would stay below then in 95 of 100 such runs
    p_value               how often it would be as large as here
    brier, brier_error    mean and standard error; `brier_guessing` gives every choice the same share
    """

    name: str
    n: int
    accuracy: float
    confidence: float
    bins: tuple[Bin, ...]
    ece: float
    if_calibrated: float
    limit: float
    p_value: float
    brier: float
    brier_error: float | None
    brier_guessing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncalibrated:
    """Why nothing is said about one side's calibration.

    reason  it `wrote` its answers, so it is not known how sure it was; with `no items` on this machine it
            is not known what is true; `too few` items have one true choice and stored log-likelihoods
    detail  the message of the error, where there was one
    """

    name: str
    reason: Literal["wrote", "no items", "too few"]
    detail: str = ""


def calibration(result: BattleResult, side: Side) -> Calibration | Uncalibrated:
    """From the items this side has a score for, by the choices as its own rule made them."""
    name = result.names[side == "b"]
    if result.task.writes:
        return Uncalibrated(name=name, reason="wrote")
    try:
        items = result.items
    except CallerMistake as error:
        return Uncalibrated(name=name, reason="no items", detail=str(error))
    outcomes = result.a if side == "a" else result.b
    ranked = [answer for answer in outcomes.values() if isinstance(answer, ItemResult) and answer.logliks]
    single = [answer for answer in ranked if not items[answer.item_id].golds]
    return calibration_of(name, [(answer.logliks, answer.choice, items[answer.item_id].gold) for answer in single])


def calibration_of(
    name: str, answers: Iterable[tuple[Sequence[float], int | None, int | None]]
) -> Calibration | Uncalibrated:
    """From stored answers.

    name     whose answers they are
    answers  of each item: the log-likelihoods of its choices, the index of the one chosen and that of the true one

    Source: expected calibration error in bins of equal mass (Naeini et al. 2015; Nguyen & O'Connor 2015).

    >>> sure = [((0.0, -2.0), 0, 0), ((0.0, -2.0), 0, 1)]  # 88% sure of both, right once
    >>> round(calibration_of("A", sure).ece, 2)
    0.38
    """
    valid = [(_shares(sums), choice, gold) for sums, choice, gold in answers if choice is not None and gold is not None]
    if len(valid) < 2:
        return Uncalibrated(name=name, reason="too few")
    confidence = np.array([shares[choice] for shares, choice, _ in valid])
    right = np.array([float(choice == gold) for _, choice, gold in valid])
    order = np.argsort(confidence, kind="stable")
    confidence, right = confidence[order], right[order]
    starts = _starts(confidence)
    ece, simulated = _error(confidence, right, starts), _simulated_errors(confidence, starts)
    brier = mean_of([float(((shares - np.eye(shares.size)[gold]) ** 2).sum()) for shares, _, gold in valid])
    return Calibration(
        name=name,
        n=len(valid),
        accuracy=float(right.mean()),
        confidence=float(confidence.mean()),
        bins=_bins(confidence, right, starts),
        ece=ece,
        if_calibrated=float(simulated.mean()),
        limit=float(np.quantile(simulated, 1 - UNLIKELY)),
        p_value=float((1 + (simulated >= ece).sum()) / (1 + simulated.size)),
        brier=brier.score,
        brier_error=brier.error,
        brier_guessing=fmean(1 - 1 / shares.size for shares, *_ in valid),
    )


def _shares(logliks: Sequence[float]) -> NDArray[np.float64]:
    masses: NDArray[np.float64] = np.exp(np.array(logliks) - max(logliks))
    return masses / float(masses.sum())


def _starts(confidence: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where each bin begins in the sorted confidences: bins of equal size, except that equal values stay together."""
    count = max(1, min(BINS, confidence.size // LEAST))
    equal = (np.arange(count) * confidence.size) // count
    return np.unique(np.searchsorted(confidence, confidence[equal], side="left"))


def _error(confidence: NDArray[np.float64], right: NDArray[np.float64], starts: NDArray[np.intp]) -> float:
    return float(np.abs(np.add.reduceat(confidence - right, starts)).sum() / confidence.size)


def _simulated_errors(confidence: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """The error of models for which the confidences are the chances of being right."""
    rng = np.random.default_rng(0)
    draws = ((rng.random(confidence.size) < confidence).astype(np.float64) for _ in range(DRAWS))
    return np.array([_error(confidence, right, starts) for right in draws])


def _bins(confidence: NDArray[np.float64], right: NDArray[np.float64], starts: NDArray[np.intp]) -> tuple[Bin, ...]:
    ends = [*starts[1:], confidence.size]
    return tuple(
        Bin(
            n=int(end - start),
            low=float(confidence[start]),
            high=float(confidence[end - 1]),
            confidence=float(confidence[start:end].mean()),
            accuracy=float(right[start:end].mean()),
            interval=score_interval(int(right[start:end].sum()), int(end - start)),
        )
        for start, end in zip(starts, ends, strict=True)
    )
