"""One worker a device: who holds the lock, and where that worker's log is.

The lock is the kernel's, on a file in the data folder, so it falls with its process however that dies: no
stale lock files, no guessing from process ids. It needs a Unix kernel (Linux, macOS).
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from engine.home import home

EXIT_DISK_FULL = 74
"""A worker's exit code when it could not write (EX_IOERR): it has no other way left to say so."""


@contextlib.contextmanager
def device_lock(device: str, patience: float = 0.0) -> Iterator[bool]:
    """Holds the device's lock for the length of the block; yields False when another process keeps it.

    `patience`, in seconds, outlasts a process that only looks whether the lock is free (`busy`).
    """
    deadline = time.monotonic() + patience
    with (home() / f"worker-{device}.lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield False
                    return
                time.sleep(0.05)
            else:
                yield True
                return


def busy(device: str) -> bool:
    """Whether a worker of the device is alive."""
    with device_lock(device) as free:
        return not free


def log_file(device: str) -> Path:
    return home() / "logs" / f"worker-{device}.log"
