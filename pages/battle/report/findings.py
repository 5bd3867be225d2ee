"""What a report shows that takes long, once for everybody who looks: a battle's address is there to be shared.

All of it is of a battle in one state with so many answers, and then it is the same whoever asks. What took too much is
remembered like a result.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine import Battle, BattleResult, EngineError, Verdict, compare, runs
from engine.analysis import Repeat
from engine.report import isolated as report
from engine.stats import GapDecomposition
from pages.shared import isolated

Pairs = Sequence[tuple[str, float, float]]


@st.cache_resource(max_entries=4, show_spinner=False)
def result(battle_id: str, state: str, done: int) -> BattleResult:
    """A battle that is over or was stopped."""
    return runs.result(battle_id)


def decomposition(result: BattleResult, repeats: Sequence[Repeat]) -> GapDecomposition | None:
    """Its gap in its sources. Raises EngineError where that takes too much."""
    measured = tuple((repeat.battle.id, repeat.state, len(repeat.scores)) for repeat in repeats)
    return isolated.returned(_decomposition(result.battle.id, *_state(result), measured))


def battle_file(result: BattleResult, *, paths: bool) -> str:
    """It as JSON, with paths of this machine or without. Raises EngineError where that takes too much."""
    return isolated.returned(_battle_file(result.battle.id, *_state(result), paths))


def verdict_after(result: BattleResult, pairs: Pairs, n: int) -> Verdict:
    """The verdict on the first `n` pairs."""
    return _verdict_after(result.battle.id, *_state(result), n, result.battle, pairs)


def _state(result: BattleResult) -> tuple[str, int]:
    return result.state, len(result.a) + len(result.b)


@st.cache_resource(max_entries=64, show_spinner="Reading the answers by the other rules …", show_time=True)
def _decomposition(
    battle_id: str, state: str, done: int, measured: tuple[tuple[str, str, int], ...]
) -> GapDecomposition | EngineError | None:
    return isolated.result_or_error(report.decomposition, battle_id)


# The file is made before anybody asks, and kept: one that is made on demand is gone when two other people's pages have
# been drawn before the browser fetches it, which a class of learners met in one download of ten (docs/LOG.md).
@st.cache_resource(max_entries=16, show_spinner=False)
def _battle_file(battle_id: str, state: str, done: int, paths: bool) -> str | EngineError:
    return isolated.result_or_error(report.battle_file, battle_id, paths=paths)


@st.cache_resource(max_entries=2_000, show_spinner=False)
def _verdict_after(battle_id: str, state: str, done: int, n: int, _battle: Battle, _pairs: Pairs) -> Verdict:
    a, b = [a for _, a, _ in _pairs[:n]], [b for _, _, b in _pairs[:n]]
    return compare(a, b, level=_battle.level, margin=_battle.margin)
