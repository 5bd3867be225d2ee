"""`python -m engine battle` on toys, to the end or to where it is interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Task, runs
from engine.cli import main
from tests.conftest import ToyModel

Capture = pytest.CaptureFixture[str]


def battle(toy: Task, contenders: tuple[str, str], *more: str) -> int:
    a, b = contenders
    return main(["battle", "--a", a, "--b", b, "--task", toy.name, "--device", "cpu", *more])


def test_a_battle(
    toy: Task, contenders: tuple[str, str], opened: list[ToyModel], tmp_path: Path, capsys: Capture
) -> None:
    assert battle(toy, contenders, "--limit", "12", "--json", str(tmp_path / "r.json")) == 0
    out, err = capsys.readouterr()
    assert "ruby" in out and "jade" in out and "12 items" in out
    assert err.startswith("12 items find a gap of 65.4 points") and "\nbattle " in err  # (z.975 + z.8)^2 / 12
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["n"], told["planned"], told["state"], len(told["items"])) == (12, 12, "done", 12)
    assert out.count("Gap split: ") == 3
    assert [part["source"] for part in told["split"]["parts"]] == ["item luck", "instrument", "protocol", "rerun"]


def test_a_battle_that_failed_says_why_and_ends_with_1(
    toy: Task, contenders: tuple[str, str], opened: list[ToyModel], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(address: str, device: str, dtype: str) -> ToyModel:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("engine.runs.worker.open_model", broken)
    assert battle(toy, contenders) == 1
    assert "an error nobody foresaw (ZeroDivisionError: a bug)" in capsys.readouterr().err


def test_too_few_pairs_for_a_verdict(
    toy: Task, contenders: tuple[str, str], opened: list[ToyModel], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = [f"{group}/{i}" for group in ("sky", "sea") for i in range(30)]
    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: ToyModel("ruby", fails=everything))
    assert battle(toy, contenders, "--limit", "6") == 1
    assert "0 complete pairs of 6: too few for a verdict. First failure: told to fail." in capsys.readouterr().err


def test_an_interrupt_stops_the_battle_and_says_how_to_go_on(
    toy: Task, contenders: tuple[str, str], capsys: Capture, taken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(SystemExit) as ended:
        battle(toy, contenders)
    assert ended.value.code == 130
    (battle_id,) = [entry.battle.id for entry, _ in runs.history()]
    assert runs.watch(battle_id).state == "stopped"
    assert f"--resume {battle_id}" in capsys.readouterr().err
