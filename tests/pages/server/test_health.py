"""The health address: one look at a time, away from the event loop, and nothing in it that a stranger should not read."""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from engine.runs import health as runs_health
from pages.server import health

FIT = {"checks": {"ledger": "ok"}}
Usage = namedtuple("Usage", "total used free")


def client(check: health.HealthCheck) -> TestClient:
    return TestClient(Starlette(routes=[Route("/health", check.answer)]))


def test_all_is_well_on_a_fresh_machine() -> None:
    assert health.look()["checks"] == {"ledger": "ok", "journal": "ok", "disk": "ok"}


def test_an_answer_is_given_again_for_a_moment() -> None:
    looks, now = [], [0.0]
    with client(health.HealthCheck(lambda: looks.append(1) or FIT, clock=lambda: now[0])) as asked:
        for _ in range(50):
            assert asked.get("/health").status_code == 200
        assert len(looks) == 1
        now[0] = 2.1
        assert asked.get("/health").json() == {"status": "ok", **FIT}
        assert len(looks) == 2


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    freed = threading.Event()
    yield freed
    freed.set()


def test_a_look_that_takes_too_long_is_an_answer_and_is_not_begun_twice(
    stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    looks = []

    def look() -> health.Report:
        looks.append(1)
        stuck.wait(20)
        return FIT

    with client(health.HealthCheck(look)) as asked:
        for _ in range(5):
            answer = asked.get("/health")
            assert answer.status_code == 503 and answer.json()["status"] == "failing"
        assert len(looks) == 1
        stuck.set()


def test_a_full_disk_and_a_broken_journal_are_failures_without_paths(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_home.mkdir()
    (own_home / "journal.db").write_text("a year of work\n" * 100)
    monkeypatch.setattr(runs_health.shutil, "disk_usage", lambda _: Usage(1 << 30, 1 << 30, 1 << 20))
    with client(health.HealthCheck(health.look)) as asked:
        answer = asked.get("/health")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"ledger": "ok", "journal": "failing", "disk": "failing"}
    assert str(own_home) not in answer.text and answer.headers["cache-control"] == "no-store"


def test_open_battles_are_counted_by_device(idle: None, contenders: tuple[str, str], toy: object) -> None:
    from engine import BattleRequest, runs

    a, b = contenders
    for seed in (1, 2):
        runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", limit=4, seed=seed, device="cpu")))
    assert health.look()["queues"] == {"cpu": {"open": 2, "worker": False}}
