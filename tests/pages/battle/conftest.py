"""Battles between toy models, fought where the test says so."""

from __future__ import annotations

from typing import Any

import pytest

import engine.runs.worker
from engine import BattleRequest, battles, runs
from engine.report import isolated
from engine.runs import service
from engine.tasks.task import Task
from tests.conftest import Idle, ToyModel
from tests.in_process import InProcess
from tests.pages.driving import Start, Work


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody spawns a worker; a test calls `work` or `fight`, whatever is opened is a toy, and no other process knows."""
    monkeypatch.setattr(isolated, "_POOL", InProcess())
    monkeypatch.setattr(service, "executor", Idle())
    monkeypatch.setattr(engine.runs.worker, "open_model", lambda address, device, dtype: ToyModel(address))


@pytest.fixture
def work() -> Work:
    """Fights whatever waits."""
    return lambda: engine.runs.worker.work("cpu")


@pytest.fixture
def start(toy: Task, contenders: tuple[str, str]) -> Start:
    """Puts a battle of the toys into the queue; its id."""

    def started(expected: battles.Forecast | None = None, **settings: Any) -> str:
        a, b = contenders
        return runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu", forecast=expected, **settings)))

    return started


@pytest.fixture
def fight(start: Start, work: Work) -> Start:
    """The same to its end."""

    def fought(expected: battles.Forecast | None = None, **settings: Any) -> str:
        battle_id = start(expected, **settings)
        work()
        return battle_id

    return fought


@pytest.fixture
def fought(fight: Start) -> str:
    return fight()
