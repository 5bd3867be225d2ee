"""Workers of this machine: one a device, replaced when it died, and not for ever."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import BattleRequest, runs
from engine.errors import BattleFailed, DiskFull
from engine.home import PROJECT
from engine.runs import service
from engine.runs.ending import Ending
from engine.runs.executor import (
    DISK_FULL_PAUSE,
    EXIT_DISK_FULL,
    RESPAWN_PAUSE,
    Delay,
    LocalExecutor,
    log_file,
    spawn_worker,
)
from engine.runs.lock import busy, device_lock
from engine.store.ledger import Ledger
from tests.engine.runs.conftest import started

STARTING = Delay(reason="starting a worker")


class Process:
    """A process that was spawned, as far as anybody can see."""

    returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode


class Machine:
    """What an executor sees of its surroundings: the processes it spawned, and a clock that a test moves."""

    def __init__(self) -> None:
        self.spawned: list[Process] = []
        self.told: list[Ending | None] = []
        self.now = 100.0

    def spawn(self, device: str, before: Ending | None = None) -> Process:
        self.told.append(before)
        self.spawned.append(Process())
        return self.spawned[-1]

    def clock(self) -> float:
        return self.now


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def executor(machine: Machine) -> LocalExecutor:
    return LocalExecutor(spawn=machine.spawn, clock=machine.clock)


def test_one_worker_however_many_look(executor: LocalExecutor, machine: Machine) -> None:
    assert {executor.ensure("cpu") for _ in range(3)} == {STARTING}
    assert len(machine.spawned) == 1
    machine.now += 3600
    assert executor.ensure("cpu") == STARTING  # it is still importing, or loses the race for the lock
    assert len(machine.spawned) == 1


def test_one_worker_for_many_threads_that_look_at_once(machine: Machine) -> None:
    """Starting one takes a while, in which the others look as well."""

    def slow_spawn(device: str, before: Ending | None) -> Process:
        time.sleep(0.2)
        return machine.spawn(device)

    executor = LocalExecutor(spawn=slow_spawn, clock=machine.clock)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(executor.ensure, ["cpu"] * 8)) == {STARTING}
    assert len(machine.spawned) == 1


def test_a_worker_that_holds_the_lock_is_left_alone(executor: LocalExecutor, machine: Machine) -> None:
    """Whoever started it: another process may have."""
    with device_lock("cpu"):
        assert executor.ensure("cpu") is None
    assert machine.spawned == []


def test_every_device_has_its_own(executor: LocalExecutor, machine: Machine) -> None:
    executor.ensure("cpu"), executor.ensure("endpoint")
    assert len(machine.spawned) == 2


@pytest.mark.parametrize("code", [0, -9, 1])
def test_a_worker_that_ended_is_replaced_but_not_in_a_flurry(
    executor: LocalExecutor, machine: Machine, code: int
) -> None:
    executor.ensure("cpu")
    machine.spawned[0].returncode = code
    assert executor.ensure("cpu") == STARTING
    assert len(machine.spawned) == 1
    machine.now += RESPAWN_PAUSE
    assert executor.ensure("cpu") == STARTING
    assert len(machine.spawned) == 2


def test_workers_that_cannot_start_are_reported(executor: LocalExecutor, machine: Machine) -> None:
    executor.ensure("cpu")
    with pytest.raises(BattleFailed, match=r"could not start\. The reason is in .*worker-cpu\.log"):
        for _ in range(4):
            machine.spawned[-1].returncode = 1
            machine.now += 60
            executor.ensure("cpu")
    assert len(machine.spawned) == 3


def test_failures_in_a_row_are_what_counts(executor: LocalExecutor, machine: Machine) -> None:
    """A worker that was killed, or came to the end of its queue, shows that workers can start."""
    executor.ensure("cpu")
    for code in (1, 1, -9, 1, 1, 0, 1, 1):
        machine.spawned[-1].returncode = code
        machine.now += 60
        executor.ensure("cpu")
    assert len(machine.spawned) == 9


def test_a_worker_that_could_not_write_is_tried_again_after_a_pause(executor: LocalExecutor, machine: Machine) -> None:
    executor.ensure("cpu")
    machine.spawned[0].returncode = EXIT_DISK_FULL
    machine.now += RESPAWN_PAUSE
    with pytest.raises(DiskFull, match="Free some space"):
        executor.ensure("cpu")
    machine.now += DISK_FULL_PAUSE
    executor.ensure("cpu")
    assert len(machine.spawned) == 2


def test_no_worker_without_disk_space(machine: Machine) -> None:
    delay = LocalExecutor(spawn=machine.spawn, space_needed=1 << 60).ensure("cpu")
    assert delay and delay.short_of_disk
    assert delay.reason.startswith("The disk is almost full: ") and "MB are needed" in delay.reason
    assert machine.spawned == []


def test_starting_watching_and_going_on_see_to_a_worker(
    battle_request: BattleRequest, executor: LocalExecutor, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "executor", executor)
    battle_id = started(battle_request)
    assert len(machine.spawned) == 1
    assert runs.watch(battle_id).phase == "starting a worker"
    for expected, go_on in ((2, runs.watch), (3, runs.resume), (4, lambda _: runs.resume_open())):
        machine.spawned[-1].returncode = -9
        machine.now += RESPAWN_PAUSE
        go_on(battle_id)
        assert len(machine.spawned) == expected


def test_a_worker_outlives_who_started_it_and_writes_to_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: (command, options))
    command, options = spawn_worker("mps")
    assert command == [sys.executable, "-m", "engine.runs.worker", "mps"]
    assert options["start_new_session"] and options["cwd"] == PROJECT
    assert options["stdout"].name == options["stderr"].name == str(log_file("mps"))


def test_a_real_worker_ends_when_its_queue_is_empty() -> None:
    worker = spawn_worker("cpu")
    assert worker.wait(60) == 0, log_file("cpu").read_text()


def test_a_worker_is_told_how_the_one_before_it_ended(
    executor: LocalExecutor, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = iter([3, 3, 3, 3, 4, 4, 4])  # counted at each start, and where a worker did not end in order
    monkeypatch.setattr("engine.runs.executor.kills_for_want_of_memory", lambda: next(kills))
    monkeypatch.setattr("engine.runs.ending.kills_for_want_of_memory", lambda: next(kills))
    for code in (0, -9, -9, None):
        executor.ensure("cpu")
        machine.spawned[-1].returncode = code
        machine.now += RESPAWN_PAUSE
    assert machine.told == [
        None,
        None,
        Ending(code=-9, for_want_of_memory=False),
        Ending(code=-9, for_want_of_memory=True),
    ]


def test_it_is_handed_over_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: command)
    ending = Ending(code=-9, for_want_of_memory=None)
    assert spawn_worker("cpu", ending)[-1] == ending.written()
    assert Ending.read(ending.written()) == ending


def test_a_worker_that_was_asked_to_end_has_not_failed(executor: LocalExecutor, machine: Machine) -> None:
    for code in (143, -15, 143, -15):
        executor.ensure("cpu")
        machine.spawned[-1].returncode = code
        machine.now += RESPAWN_PAUSE
    assert len(machine.spawned) == 4


def test_a_real_worker_that_is_asked_to_end_lets_its_battle_be(own_home: Path) -> None:
    """While it waits for a ledger that somebody else keeps locked, too."""
    with Ledger(), sqlite3.connect(own_home / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        worker = spawn_worker("cpu")
        while not busy("cpu"):
            assert worker.poll() is None
            time.sleep(0.05)
        time.sleep(1)
        worker.terminate()
        assert worker.wait(20) == 143
        other.execute("ROLLBACK")
    other.close()
