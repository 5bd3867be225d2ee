"""Doubles for commands: toys that are opened instead of weights, and a device that nobody gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import service
from engine.runs.lock import device_lock
from tests.conftest import InProcess, ToyModel


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToyModel]:
    """Toys are opened instead of weights, by a worker in this process."""
    models: list[ToyModel] = []

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        models.append(ToyModel(Path(address).name))
        return models[-1]

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    monkeypatch.setattr(service, "executor", InProcess())
    return models


@pytest.fixture
def nobody_fights() -> Iterator[None]:
    """The device is taken, so a mistake that gets through starts no worker; it would wait for ever instead."""
    with device_lock("cpu") as mine:
        assert mine
        yield
