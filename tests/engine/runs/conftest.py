"""A request for a battle between toys, and nobody who carries it out but the test itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, Task, runs
from tests.conftest import ToyModel


@pytest.fixture
def battle_request(toy: Task, contenders: tuple[str, str], idle: None) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task=toy.name, limit=20, seed=3, device="cpu")


def started(battle_request: BattleRequest, **other: Any) -> str:
    return runs.start(runs.plan(replace(battle_request, **other)))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToyModel]:
    """Opens toys instead of weights; the list holds them in the order they were opened."""
    models: list[ToyModel] = []

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        models.append(ToyModel(Path(address).name))
        return models[-1]

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    return models
