"""A request for a battle between toys, and nobody who carries it out but the test itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import BattleRequest, Task, runs


@pytest.fixture
def battle_request(toy: Task, contenders: tuple[str, str], idle: None) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task=toy.name, limit=20, seed=3, device="cpu")


def started(battle_request: BattleRequest, **other: Any) -> str:
    return runs.start(runs.plan(replace(battle_request, **other)))
