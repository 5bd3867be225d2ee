"""Whose the files of the data folder are, and what kills left in it."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Iterator
from functools import partial

from engine.doctor.finding import Finding
from engine.home import exposed, home, make_private
from engine.models.checksums import SCRATCH

OURS = ("*.db", "*.db-wal", "*.db-shm", "*.lock", "ledger-*", "endpoints.toml", "server.secret", "models", "logs")
OLD = 3600.0
"""Seconds after which nobody is at work in a scratch folder any more."""


def permissions() -> Iterator[Finding]:
    """Whether the data folder and what is in it are their owner's alone."""
    top = home()
    if top.stat().st_mode & stat.S_ISVTX:
        yield Finding(
            subject="files",
            state="warning",
            says=f"{top} is a folder that everybody shares.",
            mend="Set NOISEFLOOR_HOME to a folder of your own.",
        )
        return
    named = [path for pattern in OURS for path in top.glob(pattern)]
    inside = [path for folder in named if folder.is_dir() for path in folder.rglob("*")]
    open_ = [path for path in (top, *named, *inside) if not path.is_symlink() and exposed(path)]
    if not open_:
        yield Finding(subject="files", state="ok", says=f"{top} and what is in it are their owner's alone.")
        return

    def close() -> None:
        for path in open_:
            make_private(path)

    yield Finding(
        subject="files",
        state="warning",
        says=f"{len(open_):,} in {top} can be looked at or changed by others, {open_[0].name} for one.",
        mend="python -m engine doctor --mend makes them their owner's alone.",
        safe=close,
    )


def scratch() -> Iterator[Finding]:
    """Folders in which weights were being made when a kill came."""
    left = [folder for folder in (home() / "models").glob(f"{SCRATCH}*") if time.time() - folder.stat().st_mtime > OLD]
    if not left:
        yield Finding(subject="scratch folders", state="ok", says="None was left behind.")
    for folder in left:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        yield Finding(
            subject="scratch folders",
            state="warning",
            says=f"models/{folder.name} was left by a worker that was killed, {size / 1e6:,.0f} MB.",
            mend="python -m engine doctor --mend removes it.",
            safe=partial(shutil.rmtree, folder),
        )
