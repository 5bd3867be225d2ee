"""The lock falls with its process, however that dies, and looking at it disturbs nobody."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.home import PROJECT
from engine.runs.lock import busy, device_lock

HOLD = "with device_lock('cpu') as held: print(held, flush=True); time.sleep(600)"


@contextlib.contextmanager
def process(code: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs this code and has printed its first line."""
    prelude = "import os, subprocess, sys, time; from engine.runs.lock import device_lock\n"
    command = [sys.executable, "-c", prelude + code]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout and running.stdout.readline() == "True\n"
            yield running
        finally:
            running.kill()


def test_one_at_a_time(own_home: Path) -> None:
    assert not busy("cpu")
    with device_lock("cpu") as held:
        assert held and busy("cpu") and not busy("cuda")
        with device_lock("cpu") as second:
            assert not second
        assert busy("cpu")  # who came second lets go of nothing
    assert not busy("cpu")


def test_it_is_let_go_when_the_block_ends_badly(own_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), device_lock("cpu"):
        raise ZeroDivisionError
    assert not busy("cpu")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_it_falls_with_its_process(own_home: Path, end: signal.Signals) -> None:
    with process(HOLD) as holder:
        assert busy("cpu")
        holder.send_signal(end)
        holder.wait(20)
        assert not busy("cpu")


@pytest.mark.parametrize(
    "offspring",
    [
        "subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL).pid",
        "os.fork() or time.sleep(600)",  # as multiprocessing does it
    ],
)
def test_what_its_process_left_behind_does_not_keep_it(own_home: Path, offspring: str) -> None:
    code = f"with device_lock('cpu') as held:\n  child = {offspring}\n  print(held, flush=True); print(child, flush=True); time.sleep(600)"
    with process(code) as holder:
        assert holder.stdout
        child = int(holder.stdout.readline())
        assert busy("cpu")
        holder.kill()
        holder.wait(20)
        try:
            with device_lock("cpu", patience=20.0) as free:  # a forked child may not have run yet
                assert free
        finally:
            os.kill(child, signal.SIGKILL)


def test_patience_outlasts_who_only_looks(own_home: Path) -> None:
    """A worker that starts while screens look is not sent away."""
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            busy("cpu")

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(20):
            with device_lock("cpu", patience=5.0) as held:
                assert held
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()


def test_patience_ends(own_home: Path) -> None:
    with device_lock("cpu"):
        begun = time.monotonic()
        with device_lock("cpu", patience=0.2) as held:
            assert not held
        assert 0.2 <= time.monotonic() - begun < 5


def test_a_file_system_without_locks_is_an_error(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no lock file that would outlive its process."""

    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "no flock here")

    monkeypatch.setattr(fcntl, "flock", missing)
    with pytest.raises(OSError, match="no flock here"):
        busy("cpu")
