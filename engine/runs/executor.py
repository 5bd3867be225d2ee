"""Where battles are carried out: the seam between what is in the ledger and whoever works through it.

The run service knows an `Executor` and no more. Today there is one: a process of its own on this machine for each
device. Whatever else can run `engine.runs.worker` where the ledger is, a cluster's scheduler for instance, is another.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.errors import BattleFailed, DiskFull
from engine.home import PROJECT, home, make_folder, private_file
from engine.runs.ending import Ending, kills_for_want_of_memory
from engine.runs.lock import busy

EXIT_DISK_FULL = 74
"""A worker's exit code when it could not write (EX_IOERR): it has no other way left to say so."""
SPACE_NEEDED = 8 << 20
RESPAWN_PAUSE = 3.0
"""Seconds between one worker's start and the next one's, whatever became of it."""
DISK_FULL_PAUSE = 20.0
"""The same after a worker that could not write; `SPACE_NEEDED` sees most full disks first."""
FAILED_STARTS = 3
"""Workers in a row that may end with an error before no more are started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Why nobody is at the battles of a device yet."""

    reason: str
    """In words, for whoever watches."""
    short_of_disk: bool = False
    """Nothing runs until there is space again; then it goes on by itself as soon as somebody watches."""


class Executor(Protocol):
    """Carries out the open battles of a device, in the order in which the ledger hands them out."""

    def ensure(self, device: str) -> Delay | None:
        """Sees to it that the device has a worker. Cheap: it is called whenever somebody looks at an open battle.

        device  as battles name it: cpu, cuda, mps, or endpoint

        Returns why it has none yet; None while one is at work.

        Raises:
            DiskFull: a worker could not write down what it did.
            BattleFailed: workers cannot be started here.
        """


def log_file(device: str) -> Path:
    """Where the workers of a device write what they have to say."""
    return home() / "logs" / f"worker-{device}.log"


def spawn_worker(device: str, before: Ending | None = None) -> subprocess.Popen[bytes]:
    """Starts a worker of the device, which ends by itself when its queue is empty.

    before  how the one before it ended, where that is known: it says so of a battle that it has to give up
    """
    log = private_file(make_folder("logs") / log_file(device).name)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "engine.runs.worker", device, *([before.written()] if before else [])],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a closed terminal or a stopped app does not take the battle with it
        )


@dataclass(frozen=True, slots=True)
class SpawnedWorker:
    """A worker that was started here, and when, by the executor's clock."""

    process: subprocess.Popen[bytes]
    started: float
    kills_before: int | None = None
    """What the kernel had killed for want of memory when it was started."""

    @property
    def failed(self) -> bool:
        """Whether it ended with an error of its own. A kill is none, and a full disk is not the worker's fault."""
        code = self.process.returncode
        return code not in (0, None, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM, EXIT_DISK_FULL)

    @property
    def ending(self) -> Ending | None:
        """How it ended; None while it works, and where it ended in order."""
        code = self.process.returncode
        return Ending.of(code, self.kills_before) if code else None


@dataclass(slots=True)
class LocalExecutor:
    """A worker process a device, on this machine. The device's lock says whether one is alive, whoever started it."""

    spawn: Callable[[str, Ending | None], subprocess.Popen[bytes]] = spawn_worker
    clock: Callable[[], float] = time.monotonic
    space_needed: int = SPACE_NEEDED
    workers: dict[str, tuple[SpawnedWorker, ...]] = field(default_factory=dict)
    """The latest that this process started, by device."""
    looking: threading.Lock = field(default_factory=threading.Lock)
    """A class that watches one battle is many threads: they start one worker, and none takes another's look for it."""

    def ensure(self, device: str) -> Delay | None:
        free = shutil.disk_usage(home()).free
        if free < self.space_needed:
            reason = f"{free / 1e6:.1f} MB are free at {home()}, {self.space_needed / 1e6:.0f} MB are needed"
            return Delay(reason=f"The disk is almost full: {reason}", short_of_disk=True)
        with self.looking:
            if busy(device):
                return None
            workers = self.workers.get(device, ())
            if self._may_spawn(device, workers):
                kills = kills_for_want_of_memory()
                process = self.spawn(device, workers[-1].ending if workers else None)
                worker = SpawnedWorker(process, self.clock(), kills)
                self.workers[device] = (*workers, worker)[-FAILED_STARTS:]
        return Delay(reason="starting a worker")

    def _may_spawn(self, device: str, workers: Sequence[SpawnedWorker]) -> bool:
        """Whether it is time for one more, after `workers`; raises for what their ends say against it."""
        if not workers:
            return True
        alive = [worker for worker in workers if worker.process.poll() is None]
        latest, age = workers[-1], self.clock() - workers[-1].started
        if alive or age < RESPAWN_PAUSE:
            return False
        if latest.process.returncode == EXIT_DISK_FULL and age < DISK_FULL_PAUSE:
            raise DiskFull(f"The disk with {home()} is full. Free some space: the battle then goes on where it was.")
        if len(workers) == FAILED_STARTS and all(worker.failed for worker in workers):
            raise BattleFailed(f"Three workers in a row could not start. The reason is in {log_file(device)}.")
        return True
