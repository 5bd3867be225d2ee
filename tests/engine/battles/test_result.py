"""What a battle states of itself: the settings of both sides, for the list that says whether they may be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.battles.battle import Battle, Contender, Outcome
from engine.battles.result import BattleResult
from engine.harness.config import HarnessConfig
from engine.tasks.items import digest, load_items
from engine.tasks.task import Task
from tests.conftest import toy_task

RAN = {"dtype": "float32", "device": "cpu", "transformers": "5.23.0"}


@pytest.fixture
def task(add_task: Callable[[Task], Task]) -> Task:
    return add_task(toy_task())


def battle(
    task: Task, b: Mapping[str, Any] | None = None, environment: Mapping[str, Mapping[str, str]] | None = None
) -> BattleResult:
    """A battle before its first item; B is asked as A is, but for the settings given."""
    harness: HarnessConfig = task.harness()
    items = load_items(task)
    plan = Battle(
        id="first", a=Contender(model="a", harness=harness), b=Contender(model="b", harness=replace(harness, **(b or {}))),
        task=task.name, item_ids=tuple(item.id for item in items), seed=0, margin=0.02, level=0.95, device="cpu",
        items_digest=digest(items),
    )  # fmt: skip
    outcomes: dict[str, Outcome] = {}
    return BattleResult(
        battle=plan, state="running", a=outcomes, b=outcomes, environment=environment or {}, notices=(), seconds=None,
        created=1_700_000_000.0,
    )  # fmt: skip


def test_one_harness_on_one_machine_has_every_setting_the_same(task: Task) -> None:
    settings = battle(task, environment={"a": RAN, "b": RAN}).settings
    assert [setting.name for setting in settings] == [
        "Items", "Worked examples", "Prompt template", "System prompt", "Examples as turns", "Reasoning", "Wording",
        "Order of options", "Answer rule", "Normalisation", "Decoding", "Precision", "Device", "transformers",
    ]  # fmt: skip
    assert {setting.outcome for setting in settings} == {"same"}
    assert all(setting.why for setting in settings)


def test_what_was_asked_for_otherwise_differs(task: Task) -> None:
    settings = battle(task, {"system": "Be brief.", "shots": 1}, {"a": RAN, "b": {**RAN, "dtype": "bfloat16"}}).settings
    assert [(setting.name, setting.a, setting.b) for setting in settings if setting.outcome == "differs"] == [
        ("Worked examples", "0", "1"),
        ("System prompt", "none", "Be brief."),
        ("Precision", "float32", "bfloat16"),
    ]


@pytest.mark.parametrize("environment", [{}, {"a": RAN}])
def test_what_has_not_run_is_not_stated(task: Task, environment: dict[str, dict[str, str]]) -> None:
    settings = battle(task, environment=environment).settings
    assert [setting.name for setting in settings if setting.outcome == "not stated"] == [
        "Precision", "Device", "transformers",
    ]  # fmt: skip
