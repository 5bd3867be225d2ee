"""Forecasts in words and as JSON: what was expected, how it did, and what many of them show together."""

from __future__ import annotations

import json
from dataclasses import asdict

from engine.analysis.forecasts import GUESSING, WORST, Favourites, ForecastScore, Record, Unscored
from engine.battles.forecast import Forecast, OutcomeProbabilities
from engine.battles.seal import Seal
from engine.report.figures import exact_percent, outcome_named
from engine.store.document import ForecastDocument, Json

UNSCORED = {
    "not sealed": "The forecast is not graded: it was not sealed before the run.",
    "seal broken": "The forecast is not graded: the plan is no longer the one that was sealed.",
    "stopped": "The forecast is not graded: the battle was stopped by hand. It can be resumed.",
    "failed": "The forecast is not graded: the battle failed. It can be resumed.",
    "not over": "The forecast is not graded yet: the battle is not over.",
    "no verdict": "The forecast is not graded: too few pairs are complete for a verdict.",
    "unreadable": "The forecast is not graded: ",
}


def prediction(forecast: OutcomeProbabilities, names: tuple[str, str]) -> str:
    """The forecast in words, the likeliest outcome first."""
    likeliest_first = sorted(asdict(forecast).items(), key=lambda given: -given[1])
    return ", ".join(f"{outcome_named(name, names)} {exact_percent(given)}" for name, given in likeliest_first)


def score_sentence(score: ForecastScore | Unscored) -> str:
    """How one forecast did, or why that is not said."""
    if isinstance(score, Unscored):
        return f"{UNSCORED[score.reason]}{score.detail}"
    return (
        f"You gave {exact_percent(score.probability)} to what happened. Brier score {_brier(score.brier)} "
        f"(0 is perfect, {GUESSING} is what equal guesses get, {WORST:g} is worst)."
    )


def record_sentences(record: Record) -> tuple[str, ...]:
    """What the scores show, in reading order, and no more than so many can."""
    if record.brier is None:
        return ("No forecast has been graded yet.",)
    are, mean = (f"{record.n:,} forecasts are", "mean ") if record.n > 1 else ("One forecast is", "")
    score = f"{are} graded: {mean}Brier score {_brier(record.brier)}, where equal guesses get {GUESSING}."
    if (interval := record.interval) is None:
        return (score, "One forecast says little about a forecaster.")
    if record.above_noise:
        conclusion = f"you do {'better' if record.brier < GUESSING else 'worse'} than guessing"
    else:
        conclusion = "forecasting and guessing cannot be told apart yet"
    lead = (
        f"That is {_lead(GUESSING - record.brier)} guessing; the {interval.level:.0%} interval, "
        f"by {interval.method}, goes from {_lead(interval.low)} to {_lead(interval.high)} it: {conclusion}."
    )
    return (score, lead, *_notes(record))


def forecast_json(card: Forecast | None, seal: Seal | None, score: ForecastScore | Unscored) -> ForecastDocument:
    """The forecast's part of the command line's JSON, with what became of it.

    card   the forecast as the plan has it; None where the plan has lost it
    seal   of the plan; None where it was not sealed
    score  how it did, or why that is not said
    """
    scored = score if isinstance(score, ForecastScore) else None
    return {
        "hypothesis": card.hypothesis if card else None,
        "forecast": asdict(card.probabilities) if card else None,
        "by": card.by if card else None,
        "seal": seal.digest if seal else None,
        "intact": seal.intact if seal else None,
        "outcome": scored.outcome if scored else None,
        "probability": scored.probability if scored else None,
        "brier": scored.brier if scored else None,
        "sentence": score_sentence(score),
        "plan": json.loads(seal.plan) if seal else None,
    }


def record_json(record: Record) -> Json:
    """In Brier scores; `guessing` is what equal guesses get."""
    return {
        "n": record.n,
        "brier": record.brier,
        "interval": record.interval and asdict(record.interval),
        "above_noise": record.above_noise,
        "notes": _notes(record),
        "guessing": GUESSING,
        "sentences": list(record_sentences(record)),
    }


def _notes(record: Record) -> tuple[str, ...]:
    """How far to believe the rest, and how well the favourites did."""
    return (*record.caveats, *([_calibration(record.favourites)] if record.favourites else []))


def _calibration(favourites: Favourites) -> str:
    interval = favourites.interval
    if favourites.given > interval.high:
        means = "you were surer than that warrants"
    elif favourites.given < interval.low:
        means = "you could have been surer"
    else:
        means = "that fits"
    return (
        f"You gave your favourites {favourites.given:.0%} on average and {favourites.came_true} of {favourites.n} came "
        f"true ({interval.level:.0%} interval {interval.low:.0%} to {interval.high:.0%}, {interval.method}): {means}."
    )


def _brier(brier: float) -> str:
    return "less than 0.01" if 0 < brier < 0.005 else f"{brier:.2f}"


def _lead(brier: float) -> str:
    return f"{abs(brier):.2f} {'ahead of' if brier >= 0 else 'behind'}"
