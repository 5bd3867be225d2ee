"""A battle's JSON is what it was before results were parted from it, to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Task
from engine.home import PROJECT
from engine.report import as_json
from engine.report.battle import battle_json
from tests.engine.report.battles import Recorded, recorded
from tests.engine.toy_battles import decomposed

GOLDEN = json.loads(Path(__file__).with_name("battles.json").read_text(encoding="utf-8"))
AddTask = Callable[[Task], Task]


def written(recorded: Recorded) -> dict[str, Any]:
    """The document with the split that the command line adds."""
    parts = decomposed(recorded.result, recorded.repeats)
    return {**as_json(recorded.result), **({"split": as_json(parts)} if parts else {})}


def text(document: Any) -> str:
    """As it is written, but floats to twelve digits: the last ones depend on the processor."""
    return json.dumps(
        json.loads(json.dumps(document), parse_float=lambda figure: f"float {float(figure):.12g}"), indent=1
    )


@pytest.mark.parametrize("name", recorded())
def test_a_battle_is_written_as_it_always_was(name: str, add_task: AddTask) -> None:
    battle = recorded()[name]()
    add_task(battle.task)
    assert text(written(battle)) == text(GOLDEN[name])


def test_the_battles_show_all_there_is() -> None:
    """Otherwise a key could change its name unseen."""
    assert recorded().keys() == GOLDEN.keys()
    assert {"card", "aggregates", "split"} <= GOLDEN["ranked"].keys()
    assert {failure["side"] for failure in GOLDEN["ranked"]["failures"]} == {"a", "b"}
    keys = {
        key for battle in GOLDEN.values() for item in battle["items"] for side in "ab" for key in item.get(side, {})
    }
    assert keys == {"correct", "score", "choice", "logliks", "scored", "alone", "text", "answer", "failure"}
    assert any("b" not in item for item in GOLDEN["stopped"]["items"])
    assert GOLDEN["too few"]["winner"] is None and GOLDEN["in part"]["discordant"] is None
    assert {"not_computed"} == GOLDEN["written"]["calibration"]["a"].keys()


def test_a_stranger_is_not_told_where_things_lie(add_task: AddTask) -> None:
    """Failed before: notices and failures had the server's paths in the file that anybody with the address may take."""
    battle = recorded()["ranked"]()
    add_task(battle.task)
    notice = f"Weights in {PROJECT}/models/x were damaged."
    result = replace(battle.result, notices=(notice,))
    assert battle_json(result)["notices"] == [notice]
    document = battle_json(result, paths=False)
    assert document["notices"] == ["Weights in …/x were damaged."]
    assert str(PROJECT) not in json.dumps(document)
