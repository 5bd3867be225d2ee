"""One worker a device: the lock that says so.

The lock is the kernel's (`flock`), on a file in the data folder, so it falls with its process however that dies: no
stale lock files, no guessing from process ids. It needs a Unix kernel (Linux, macOS); where the file system cannot
lock, that is an error, since a lock file that outlives its process would be no lock at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from filelock import FileLock, Timeout

from engine.home import home


@contextlib.contextmanager
def device_lock(device: str, patience: float = 0.0) -> Iterator[bool]:
    """Holds the device's lock for the length of the block; yields False when another process keeps it.

    patience  seconds to go on trying, to outlast a process that only looks whether the lock is free (`busy`)
    """
    lock = FileLock(home() / f"worker-{device}.lock", mode=0o600, poll_interval=0.05, fallback_to_soft=False)
    with contextlib.suppress(Timeout):
        lock.acquire(timeout=patience)
    try:
        yield lock.is_locked
    finally:
        lock.release()


def busy(device: str) -> bool:
    """Whether a worker of the device is alive."""
    with device_lock(device) as free:
        return not free
