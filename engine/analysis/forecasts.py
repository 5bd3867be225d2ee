"""How forecasts did: one by its Brier score, many by their mean against guessing.

The Brier score is the sum over the four outcomes of (probability - what happened)^2, with 1 for the outcome that
happened and 0 for the others (Brier 1950, Monthly Weather Review 78:1): 0 is perfect, 2 is worst. Nobody can expect
less than by saying what they really think. Only what was sealed before the run and fought to its end is graded:
somebody who may stop a battle at will may also wait until it looks as forecast.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from engine import runs
from engine.battles.forecast import Card, Forecast
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

    forecast: Forecast
    outcome: Winner

    @property
    def probability(self) -> float:
        """What was given to what happened."""
        return float(getattr(self.forecast, self.outcome))

    @property
    def brier(self) -> float:
        return math.fsum((given - (name == self.outcome)) ** 2 for name, given in asdict(self.forecast).items())

    @property
    def sentence(self) -> str:
        return (
            f"You gave {_percent(self.probability)} to what happened. Brier score {_score(self.brier)} "
            f"(0 is perfect, {GUESSING} is what equal guesses get, {WORST:g} is worst)."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscored:
    """Why a forecast has no grade."""

    sentence: str


def scored(card: Card | None, seal: Seal | None, state: str, winner: Winner | None) -> ForecastScore | Unscored:
    """Grades the card of a battle in this state (as the ledger says it) with this winner (None: no verdict)."""
    if seal is None:
        return Unscored(sentence="The forecast is not graded: it was not sealed before the run.")
    if card is None or not seal.intact:
        return Unscored(sentence="The forecast is not graded: the plan is no longer the one that was sealed.")
    if state == "stopped":
        return Unscored(sentence="The forecast is not graded: the battle was stopped by hand. It can be resumed.")
    if state == "failed":
        return Unscored(sentence="The forecast is not graded: the battle failed. It can be resumed.")
    if state != "done":
        return Unscored(sentence="The forecast is not graded yet: the battle is not over.")
    if winner is None:
        return Unscored(sentence="The forecast is not graded: too few pairs are complete for a verdict.")
    return ForecastScore(forecast=card.forecast, outcome=winner)


def scored_battles(by: str | None = None) -> list[tuple[Entry, ForecastScore | Unscored]]:
    """The latest battles with a sealed forecast, newest first, with its grade; only this person's if `by` is given."""
    with Ledger() as ledger:
        entries = ledger.sealed(by)
    found = []
    for entry in entries:
        try:
            grade = runs.result(entry.battle.id).grade
        except EngineError as error:  # its model or its task may be gone by now
            grade = Unscored(sentence=f"The forecast is not graded: {error}")
        if grade:
            found.append((entry, grade))
    return found


def prediction(forecast: Forecast, names: tuple[str, str]) -> str:
    """The forecast in words, the likeliest outcome first."""
    likeliest_first = sorted(asdict(forecast).items(), key=lambda given: -given[1])
    return ", ".join(f"{outcome_named(name, names)} {_percent(given)}" for name, given in likeliest_first)


def outcome_named(outcome: str, names: tuple[str, str]) -> str:
    return {"a": f"{names[0]} is better", "b": f"{names[1]} is better"}.get(outcome, outcome)


def card_json(card: Card | None, seal: Seal | None, grade: ForecastScore | Unscored) -> dict[str, Any]:
    """The card's part of the command line's JSON. With `plan` and `seal` anybody can check what was sealed:
    SHA-256 of the plan as JSON with sorted keys and no spaces, in UTF-8."""
    happened: dict[str, Any] = dict.fromkeys(("outcome", "probability", "brier"))
    if isinstance(grade, ForecastScore):
        happened = {"outcome": grade.outcome, "probability": grade.probability, "brier": grade.brier}
    return {
        "hypothesis": card.hypothesis if card else None,
        "forecast": asdict(card.forecast) if card else None,
        "by": card.by if card else None,
        "seal": seal.digest if seal else None,
        "intact": seal.intact if seal else None,
        **happened,
        "sentence": grade.sentence,
        "plan": json.loads(seal.plan) if seal else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A forecaster's grades, taken together. All but the number of forecasts is in Brier scores.

    brier        the mean; None without a grade
    interval     by how much that is better than equal guesses on the same battles; None for fewer than two grades
    above_noise  whether forecasting and guessing can be told apart
    notes        sentences on how far to believe the rest, and on calibration
    """

    n: int
    brier: float | None
    interval: Interval | None
    above_noise: bool
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the grades show, in reading order, and no more than so many can."""
        if self.brier is None:
            return ("No forecast has been graded yet.",)
        are, mean = (f"{self.n:,} forecasts are", "mean ") if self.n > 1 else ("One forecast is", "")
        score = f"{are} graded: {mean}Brier score {_score(self.brier)}, where equal guesses get {GUESSING}."
        if (interval := self.interval) is None:
            return (score, "One forecast says little about a forecaster.")
        if self.above_noise:
            conclusion = f"you do {'better' if self.brier < GUESSING else 'worse'} than guessing"
        else:
            conclusion = "forecasting and guessing cannot be told apart yet"
        lead = (
            f"That is {_lead(GUESSING - self.brier)} guessing; the {interval.level:.0%} interval, "
            f"by {interval.method}, goes from {_lead(interval.low)} to {_lead(interval.high)} it: {conclusion}."
        )
        return (score, lead, *self.notes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"guessing": GUESSING, "sentences": list(self.sentences)}


def record(grades: Sequence[ForecastScore]) -> Record:
    """What a forecaster's grades show. Their order does not matter."""
    n = len(grades)
    brier = fmean(grade.brier for grade in grades) if grades else None
    if n < 2:
        return Record(n=n, brier=brier, interval=None, above_noise=False, notes=())
    # In halves, Brier scores lie between 0 and 1, as scores of items do; guesses are A, so a lead is positive.
    against = compare([GUESSING / 2] * n, [grade.brier / 2 for grade in grades])
    low, high = 2 * against.interval.low, 2 * against.interval.high
    return Record(
        n=n,
        brier=brier,
        interval=replace(against.interval, low=max(GUESSING - WORST, low), high=min(GUESSING, high)),
        above_noise=against.above_noise,
        notes=(*against.caveats, *_calibration(grades)),
    )


def _calibration(grades: Sequence[ForecastScore]) -> Iterator[str]:
    """Whether favourites win as often as they are said to; silent until enough forecasts had one favourite."""
    favourites = []
    for grade in grades:
        *_, second, first = sorted(asdict(grade.forecast).values())
        if first > second:
            favourites.append((first, grade.probability == first))
    n = len(favourites)
    if n < ENOUGH:
        return
    given, came_true = fmean(first for first, _ in favourites), sum(hit for _, hit in favourites)
    interval = score_interval(came_true, n)
    if given > interval.high:
        means = "you were surer than that warrants"
    elif given < interval.low:
        means = "you could have been surer"
    else:
        means = "that fits"
    yield (
        f"You gave your favourites {given:.0%} on average and {came_true} of {n} came true "
        f"({interval.level:.0%} interval {interval.low:.0%} to {interval.high:.0%}, {interval.method}): {means}."
    )


def _percent(probability: float) -> str:
    return f"{100 * probability:g}%"


def _score(brier: float) -> str:
    return "less than 0.01" if 0 < brier < 0.005 else f"{brier:.2f}"


def _lead(brier: float) -> str:
    return f"{abs(brier):.2f} {'ahead of' if brier >= 0 else 'behind'}"
