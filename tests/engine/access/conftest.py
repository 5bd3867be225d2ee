"""A visitor, another one, the operator; two toys that are open to visitors; and nobody who carries battles out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import BattleRequest, Task
from engine.access import Person
from engine.models.registry import PACKAGED, ModelCard
from engine.runs.worker import work
from tests.conftest import ToyModel

ANN, BOB = Person(id="f1:ann", operator=False), Person(id="f1:bob", operator=False)
OPERATOR = Person(id="f1:op", operator=True)


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ruby", "jade"):
        monkeypatch.setitem(PACKAGED, name, ModelCard(address=name, title=name.title(), kind="pack", visitors=True))


@pytest.fixture
def toys(toy: Task, packaged: None, idle: None, monkeypatch: pytest.MonkeyPatch) -> BattleRequest:
    """A request that a visitor may make."""
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    return BattleRequest(a="ruby", b="jade", task=toy.name, limit=20, device="cpu")


def carry_out() -> None:
    """Fights whatever waits."""
    work("cpu")
