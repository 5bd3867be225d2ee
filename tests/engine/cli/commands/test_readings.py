"""`python -m engine readings`: stored answers read by every rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Task, report, runs
from engine.cli import main
from tests.conftest import ToyModel

Capture = pytest.CaptureFixture[str]


def test_a_battle_read_again(
    toy: Task, opened: list[ToyModel], contenders: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    a, b = contenders
    assert main(["battle", "--a", a, "--b", b, "--task", toy.name, "--device", "cpu"]) == 0
    ((entry, _),) = runs.history()
    battle_id = entry.battle.id
    capsys.readouterr()
    assert main(["readings", battle_id, "--json", str(tmp_path / "r.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert [one["rule"] for one in told["readings"]] == ["sum", "characters", "bytes", "tokens", "unconditional"]
    assert lines[0].startswith("highest total (acc): ruby ") and "(as the battle read them)" in lines[0]
    assert lines[5].startswith("All of these read the same answers")
    assert lines[3] == "highest per token: not recomputed, how many tokens each choice has is not stored."
    assert told["calibration"]["a"]["n"] == 40 and lines[6].startswith("ruby gives its choices ")
    own = told["readings"][0]
    stored = json.loads(json.dumps(report.as_json(runs.result(battle_id))))
    assert (own["gap"], own["interval"]) == (stored["gap"], stored["interval"])
    assert stored["readings"] == told["readings"] and stored["calibration"] == told["calibration"]
    assert stored["aggregates"]["macro"]["a"]["score"] == stored["a"]["macro"]


def test_a_battle_nobody_fought(capsys: Capture) -> None:
    assert main(["readings", "nothing"]) == 2
    assert "no battle 'nothing'" in capsys.readouterr().err
