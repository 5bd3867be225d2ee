"""All that a battle's report shows, put together in one trip: the result, its repeats, its gap decomposed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.analysis.decomposition import decompose
from engine.analysis.repeats import Repeat, repeats_of
from engine.battles.result import BattleResult
from engine.stats.decomposition import GapDecomposition


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleAnalysis:
    """A battle as it stands, and what moves its gap.

    repeats        the battles that repeat it under another setting, as far as they have come
    decomposition  of its gap; None while there is no verdict
    """

    result: BattleResult
    repeats: tuple[Repeat, ...]
    decomposition: GapDecomposition | None


def analyse(result: BattleResult) -> BattleAnalysis:
    """Looks up the battle's repeats in the ledger, and decomposes its gap."""
    repeats = repeats_of(result.battle.id)
    return BattleAnalysis(result=result, repeats=repeats, decomposition=decompose(result, repeats))
