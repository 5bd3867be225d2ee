"""A battle: its plan, its evaluation item by item, its result."""

from engine.battles.battle import SIDES, Battle, Contender, ItemFailure, ItemResult, Outcome, Side
from engine.battles.forecast import FORM, LONGEST_HYPOTHESIS, Forecast, OutcomeProbabilities, author
from engine.battles.result import BattleResult
from engine.battles.seal import Seal

__all__ = [
    "FORM",
    "LONGEST_HYPOTHESIS",
    "SIDES",
    "Battle",
    "BattleResult",
    "Contender",
    "Forecast",
    "ItemFailure",
    "ItemResult",
    "Outcome",
    "OutcomeProbabilities",
    "Seal",
    "Side",
    "author",
]
