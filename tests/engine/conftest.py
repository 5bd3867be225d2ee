"""What several rooms' tests of the engine start from: a task with written answers, and toys instead of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.harness.config import Decoding
from engine.runs import service
from engine.runs.lock import device_lock
from engine.tasks.task import Task
from tests.conftest import InProcess, ToyModel, toy_task
from tests.engine.toy_battles import FLEXIBLE, STRICT

AddTask = Callable[[Task], Task]


@pytest.fixture
def essay(add_task: AddTask) -> Task:
    """Ten sums, all with the answer 7, read by two rules after the manner of GSM8K's."""
    return add_task(
        toy_task(
            rows=[{"group": "sum", "text": f"{i} and what?", "gold": 0} for i in range(10)],
            decoding=Decoding(max_tokens=9, until=("Q:",)),
            extractions={"strict-match": STRICT, "flexible-extract": FLEXIBLE},
        )
    )


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToyModel]:
    """Opens toys instead of weights; the list holds them in the order they were opened."""
    models: list[ToyModel] = []

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        models.append(ToyModel(Path(address).name))
        return models[-1]

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    return models


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker runs here, to the end, as soon as somebody would have spawned one."""
    monkeypatch.setattr(service, "executor", InProcess())


@pytest.fixture
def taken() -> Iterator[None]:
    """Nobody spawns a worker, since this process is one; the test calls it."""
    with device_lock("cpu") as mine:
        assert mine
        yield
