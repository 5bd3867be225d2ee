"""The stopping rule: ends an adaptive battle as soon as its always-valid interval has decided.

Items count in the battle's own order and only as far as both sides have answered all before them: within a block the
short questions are answered first, and those are not a fair sample. Items that failed on either side are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.battles.battle import Battle, ItemResult, Outcome, Side
from engine.stats.sequential import SequentialGap
from engine.tasks.registry import load_task


class StoppingRule:
    """Watches one battle.

    battle  its plan
    a, b    outcomes there are already, by item id, of a battle that is resumed
    """

    def __init__(self, battle: Battle, a: Mapping[str, Outcome], b: Mapping[str, Outcome]) -> None:
        population = load_task(battle.task).size if battle.estimand == "benchmark" else None
        self.battle = battle
        self.gap = SequentialGap(battle.level, battle.margin, population)
        self._outcomes: dict[Side, dict[str, Outcome]] = {"a": {}, "b": {}}
        self._counted = 0
        self.update("a", a.values())
        self.update("b", b.values())

    @property
    def decided(self) -> bool:
        return self.battle.stop == "adaptive" and self.gap.decided

    def update(self, side: Side, outcomes: Iterable[Outcome]) -> None:
        """Takes in outcomes that have just been written down."""
        self._outcomes[side].update((outcome.item_id, outcome) for outcome in outcomes)
        a, b = self._outcomes["a"], self._outcomes["b"]
        answered = self.battle.answered(a, b)
        for item in answered[self._counted :]:
            result_a, result_b = a[item], b[item]
            if isinstance(result_a, ItemResult) and isinstance(result_b, ItemResult):
                self.gap.update(result_a.score, result_b.score)
        self._counted = len(answered)
