"""A real battle with real weights: from the command line, and through a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import BattleRequest, runs
from engine.battles.battle import ItemResult
from engine.runs import service
from engine.runs.executor import LocalExecutor

from .conftest import MODELS, ROOT, served

pytestmark = pytest.mark.slow
A, B = MODELS


def test_command_line_ends_in_a_verdict(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    arguments = ["battle", "--a", A, "--b", B, "--task", "arc_easy", "--limit", "40", "--json", str(file)]
    ran = subprocess.run(
        [sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stderr
    out = json.loads(file.read_text(encoding="utf-8"))
    assert out["n"] == len(out["items"]) == 40
    assert out["failures"] == []
    assert out["winner"] in ("a", "b", "equal", "undecided")
    assert ran.stdout.startswith(out["sentences"][0])
    assert out["gap"] == pytest.approx(out["a"]["score"] - out["b"]["score"])
    assert out["interval"]["low"] <= out["gap"] <= out["interval"]["high"]
    for item in out["items"]:
        for side in ("a", "b"):
            assert len(item[side]["logliks"]) >= 3
            assert all(value < 0 for value in item[side]["logliks"])
    # Both know more than guessing would, by far, or the weights or the prompts are broken.
    assert out["b"]["score"] > 0.4


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice() -> None:
    challenge = BattleRequest(a=A, b=B, task="arc_easy", limit=48, seed=7)
    whole = runs.start(runs.plan(challenge))
    assert runs.wait(whole).state == "done"
    killed = runs.start(runs.plan(challenge))
    progress = runs.watch(killed)
    while progress.done < 20:
        progress = runs.watch(killed)
        assert progress.open
    kill_latest_worker(progress.battle.device)
    left = runs.watch(killed).done
    assert 20 <= left < 96, "the kill was meant to land in the middle"
    assert runs.wait(killed).state == "done"

    first, second = runs.result(whole), runs.result(killed)
    for one, other in ((first.a, second.a), (first.b, second.b)):
        assert {i: _measured(o) for i, o in one.items()} == {i: _measured(o) for i, o in other.items()}
    assert len(second.a) == len(second.b) == 48
    assert first.verdict == second.verdict


def test_a_killed_app_goes_on_when_it_is_started_again(real_home: Path) -> None:
    battle = runs.plan(BattleRequest(a=A, b=B, task="arc_easy", limit=40, seed=3))
    battle_id = runs.start(battle)
    while runs.watch(battle_id).done < 4:
        time.sleep(0.1)
    kill_latest_worker(battle.device)
    before = runs.result(battle_id)  # looks without setting anybody to it, as `watch` would
    assert before.state == "running"
    assert len(before.a) + len(before.b) < 80
    with served(real_home):
        deadline = time.monotonic() + 240
        while (after := runs.result(battle_id)).state == "running":
            assert time.monotonic() < deadline, "nobody went on with it"
            time.sleep(0.5)
    assert after.state == "done"
    assert len(after.pairs) == 40


def kill_latest_worker(device: str) -> None:
    assert isinstance(service.executor, LocalExecutor)
    worker = service.executor.workers[device][-1].process
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(10)


def _measured(outcome: object) -> tuple[object, ...]:
    """All of an outcome but the time it took."""
    assert isinstance(outcome, ItemResult)
    return outcome.score, outcome.choice, outcome.logliks, outcome.tokens
