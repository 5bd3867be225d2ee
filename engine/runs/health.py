"""Whether runs can be carried out here: the ledger takes what is written, the disk has room, battles have workers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from engine.errors import DiskFull
from engine.home import home
from engine.runs.executor import SPACE_NEEDED
from engine.runs.lock import busy
from engine.store.ledger import OPEN_STATES, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The open battles of a device."""

    open: int
    worker: bool
    """Whether somebody is at them. Nobody is for a moment after each start, and until somebody looks at one."""


def check_disk() -> None:
    """Raises `DiskFull` where a worker would not start for want of room."""
    free = shutil.disk_usage(home()).free
    if free < SPACE_NEEDED:
        raise DiskFull(f"{free / 1e6:.1f} MB are free at {home()}, {SPACE_NEEDED / 1e6:.0f} MB are needed.")


def queues() -> dict[str, Queue]:
    """The open battles by device, from a ledger that takes what is written.

    Raises:
        EngineError: it cannot be opened or written to.
    """
    with Ledger() as ledger:
        ledger.check_writable()
        devices = [entry.battle.device for entry in ledger.entries(states=OPEN_STATES, measuring=True)]
    return {device: Queue(open=devices.count(device), worker=busy(device)) for device in sorted({*devices})}
