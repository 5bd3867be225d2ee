"""Ends an adaptive battle as soon as its always-valid interval has decided.

Items count in the battle's own order and only as far as both sides have answered all before them: within a block the
short questions are answered first, and those are not a fair sample. Items that failed on either side are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.battles.battle import Battle, ItemResult, Outcome, Side
from engine.stats.sequential import SequentialGap
from engine.tasks.registry import load_task


class StoppingRule:
    """Watches one battle. `a` and `b` are the outcomes there are already, by item, of a battle that is resumed."""

    def __init__(self, battle: Battle, a: Mapping[str, Outcome], b: Mapping[str, Outcome]) -> None:
        population = load_task(battle.task).size if battle.target == "benchmark" else None
        self.battle = battle
        self.gap = SequentialGap(battle.level, battle.margin, population)
        self._seen: dict[Side, dict[str, Outcome]] = {"a": dict(a), "b": dict(b)}
        self._passed = 0
        self._go_on()

    @property
    def decided(self) -> bool:
        return self.battle.stop == "adaptive" and self.gap.decided

    def see(self, side: Side, outcomes: Iterable[Outcome]) -> None:
        """Takes in what has just been written down."""
        self._seen[side].update((outcome.item_id, outcome) for outcome in outcomes)
        self._go_on()

    def _go_on(self) -> None:
        a, b = self._seen["a"], self._seen["b"]
        answered = self.battle.answered(a, b)
        for item in answered[self._passed :]:
            one, other = a[item], b[item]
            if isinstance(one, ItemResult) and isinstance(other, ItemResult):
                self.gap.update(one.score, other.score)
        self._passed = len(answered)
