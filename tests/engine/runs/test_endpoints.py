"""Battles whose contenders are behind endpoints: stopped while one is waited for, and resumed after a name has moved."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, Task, runs
from engine.battles.battle import Contender
from engine.harness.config import Decoding
from engine.runs.worker import work
from tests.conftest import toy_task
from tests.engine.toy_battles import FLEXIBLE
from tests.raw_server import Script, serving, whole

LIST = json.dumps({"object": "list", "data": [{"id": "m"}, {"id": "n"}]}).encode()
ANSWER = json.dumps(
    {"choices": [{"index": 0, "message": {"content": "#### 7"}, "finish_reason": "stop"}], "usage": {"total_tokens": 5}}
).encode()
SOON = 6.0  # seconds


@pytest.fixture
def sums(add_task: Any) -> Task:
    return add_task(
        toy_task(
            rows=[{"group": "sum", "text": f"{i} and what?", "gold": 0} for i in range(10)],
            decoding=Decoding(max_tokens=9, until=("Q:",)),
            extractions={"flexible-extract": FLEXIBLE},
        )
    )


def serves(chat: Script) -> Script:
    return lambda asked: [whole(LIST)] if asked.startswith(b"GET") else chat(asked)


def configure(home: Path, **urls: str) -> None:
    home.mkdir(exist_ok=True)
    lines = (f'[{name}]\nurl = "{url}"\nmodel = "{name}"\n' for name, url in urls.items())
    (home / "endpoints.toml").write_text("\n".join(lines), encoding="utf-8")


def asked_for(sums: Task) -> BattleRequest:
    return BattleRequest(a="endpoint:m", b="endpoint:n", task=sums.name, limit=4, seed=1)


def test_a_battle_between_names_keeps_what_they_stand_for(sums: Task, own_home: Path, idle: None) -> None:
    with serving(serves(lambda asked: [whole(ANSWER)])) as server:
        configure(own_home, m=server.url, n=server.url)
        battle = runs.plan(asked_for(sums))
        assert battle.device == "endpoint"
        assert (battle.a.name, battle.a.address) == ("endpoint:m", f"openai:m@{server.url}")
        runs.start(battle)
        work("endpoint")
        assert runs.watch(battle.id).state == "done"
        assert [outcome.score for outcome in runs.result(battle.id).a.values()] == [1.0] * 4  # type: ignore[union-attr]


def test_a_stop_ends_the_request_that_is_under_way(sums: Task, own_home: Path, idle: None) -> None:
    asked = threading.Event()

    def silent(request: bytes) -> Any:
        asked.set()
        time.sleep(30)
        yield b""

    with serving(serves(silent)) as server:
        configure(own_home, m=server.url, n=server.url)
        battle = runs.plan(asked_for(sums))
        runs.start(battle)
        worker = threading.Thread(target=work, args=("endpoint",))
        worker.start()
        assert asked.wait(SOON)
        runs.stop(battle.id)
        worker.join(SOON)
        assert not worker.is_alive()
        progress = runs.watch(battle.id)
        assert (progress.state, progress.done, progress.message) == ("stopped", 0, "")


def test_a_stop_while_a_server_is_being_opened_is_one_too(sums: Task, own_home: Path, idle: None) -> None:
    asked = threading.Event()

    def silent(request: bytes) -> Any:
        asked.set()
        time.sleep(30)
        yield b""

    with serving(silent) as server:
        configure(own_home, m=server.url, n=server.url)
        battle = runs.plan(asked_for(sums))
        runs.start(battle)
        worker = threading.Thread(target=work, args=("endpoint",))
        worker.start()
        assert asked.wait(SOON)
        runs.stop(battle.id)
        worker.join(SOON)
        assert not worker.is_alive()
        assert runs.watch(battle.id).state == "stopped"


def test_after_a_stop_the_next_battle_has_its_turn(sums: Task, own_home: Path, idle: None) -> None:
    """One whose server says nothing does not hold the queue of all endpoints."""
    asked = threading.Event()

    def silent(request: bytes) -> Any:
        asked.set()
        time.sleep(30)
        yield b""

    with serving(serves(silent)) as bad, serving(serves(lambda request: [whole(ANSWER)])) as good:
        configure(own_home, m=bad.url, n=bad.url, o=good.url, p=good.url)
        first = runs.plan(asked_for(sums))
        second = runs.plan(replace(asked_for(sums), a="endpoint:o", b="endpoint:p"))
        runs.start(first)
        runs.start(second)
        worker = threading.Thread(target=work, args=("endpoint",))
        worker.start()
        assert asked.wait(SOON)
        runs.stop(first.id)
        worker.join(2 * SOON)
        assert not worker.is_alive()
        assert runs.watch(second.id).state == "done"


@pytest.mark.parametrize("changed", ["url", "model", "gone"])
def test_a_resumed_battle_whose_name_stands_for_something_else_says_so(
    sums: Task, own_home: Path, idle: None, changed: str
) -> None:
    with serving(serves(lambda asked: [whole(ANSWER)])) as server, serving(lambda asked: [whole(LIST)]) as other:
        configure(own_home, m=server.url, n=server.url)
        battle = runs.plan(asked_for(sums))
        runs.start(battle)
        runs.stop(battle.id)
        if changed == "url":
            configure(own_home, m=other.url, n=server.url)
        elif changed == "model":
            file = own_home / "endpoints.toml"
            file.write_text(file.read_text().replace('model = "m"', 'model = "larger"'), encoding="utf-8")
        else:
            configure(own_home, n=server.url)
        runs.resume(battle.id)
        work("endpoint")
        progress = runs.watch(battle.id)
        assert progress.state == "failed"
        assert "no endpoint called 'm'" in progress.message or (
            "endpoint:m is not what this battle was planned with" in progress.message
            and f"openai:m@{server.url}" in progress.message
        )
        assert progress.done == 0
        assert other.heads == [] and server.heads == []
        configure(own_home, m=server.url, n=server.url)
        runs.resume(battle.id)
        work("endpoint")
        assert runs.watch(battle.id).state == "done"


def test_a_contender_of_an_older_plan_stands_for_nothing_but_itself() -> None:
    assert Contender(model="openai:m@http://h/v1", harness=None).address == "openai:m@http://h/v1"  # type: ignore[arg-type]


def test_no_answer_that_failed_is_in_a_score_or_a_total(sums: Task, own_home: Path, idle: None) -> None:
    def lies(request: bytes) -> Any:
        wrong = json.loads(ANSWER) | {"usage": {"total_tokens": -5_000}}
        return [whole(json.dumps(wrong).encode())]

    with serving(serves(lies)) as bad, serving(serves(lambda request: [whole(ANSWER)])) as good:
        configure(own_home, m=bad.url, n=good.url)
        battle = runs.plan(asked_for(sums))
        runs.start(battle)
        work("endpoint")
        result = runs.result(battle.id)
        assert {outcome.kind for outcome in result.a.values()} == {"failure"}
        assert {outcome.kind for outcome in result.b.values()} == {"result"}
        assert result.verdict is None
