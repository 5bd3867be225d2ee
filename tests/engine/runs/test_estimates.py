"""What earlier battles say of the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import BattleRequest, runs
from engine.runs.worker import work
from tests.conftest import ToyModel
from tests.engine.runs.conftest import started


def test_a_battle_fought_before_is_the_pilot_of_the_next(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    assert runs.pilot(battle_request) is None
    first = started(battle_request)
    assert runs.pilot(battle_request) is None  # not fought yet
    work("cpu")
    differed = len(runs.result(first).discordant_items)
    pilot = runs.pilot(battle_request)
    assert pilot and (pilot.n, pilot.differed) == (20, differed)
    assert pilot.likely == (differed + 1) / 22
    assert runs.pilot(replace(battle_request, a=battle_request.b, b=battle_request.a)) == pilot  # the same two
    assert runs.pilot(replace(battle_request, shots=1)) is None  # asked otherwise
    runs.start(replace(runs.plan(battle_request), repeat_of=first))
    work("cpu")
    assert runs.pilot(battle_request) == pilot  # a repeat is no battle of its own


def test_a_probe_tells_how_long_an_item_takes(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    assert runs.seconds_an_item(battle_request) is None
    runs.probe(battle_request)
    work("cpu")
    assert runs.seconds_an_item(battle_request) == pytest.approx(0.5)  # 0.25 s each side
