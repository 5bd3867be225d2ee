"""Whether a ledger was begun here: an empty place beside one that was is a loss, and not a place to begin another.

A ledger that is new writes its marker as soon as its tables stand. Where there is the marker, or a trace of older
releases, and no ledger, somebody has to say that a new one may be begun.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import CallerMistake
from engine.home import private_file
from engine.store.database import has_tables

MARKER = "ledger-begun"
MOMENT = 2.0
"""Seconds in which another process that just begins one has its tables."""


def check(ledger: Path) -> None:
    """Raises CallerMistake where a ledger was begun and is gone: the file is missing, or has nothing in it."""
    deadline = time.monotonic() + MOMENT
    while not _written(ledger):
        trace = next(_traces(ledger), None)
        if trace is None:
            return
        if time.monotonic() > deadline:
            raise lost(ledger, f"is {'empty' if ledger.exists() else 'missing'} ({trace.name} is beside it)")
        time.sleep(0.05)


def lost(ledger: Path, what: str) -> CallerMistake:
    """The error for a ledger that is gone; `what` is wrong with its file."""
    return CallerMistake(
        f"The ledger {ledger} {what}, though battles were kept in it before. Put a copy of it back if there is one. "
        "To begin a new one, and keep what is left beside it: python -m engine doctor --new-ledger"
    )


def begun(ledger: Path) -> bool:
    """Whether the marker says that this ledger has had its tables."""
    return ledger.with_name(MARKER).exists()


def remember(ledger: Path) -> None:
    """Writes down that there is a ledger. It has its tables by now."""
    if not begun(ledger):
        private_file(ledger.with_name(MARKER))


def begin_anew(ledger: Path) -> Path | None:
    """Moves what is left of a lost ledger aside, so that the next one who opens it begins a new one.

    Returns where it was moved; None where nothing was left.

    Raises:
        CallerMistake: there is a ledger, which nobody has lost.
    """
    if _written(ledger) and has_tables(ledger) is not False:
        raise CallerMistake(f"There is a ledger at {ledger}. Move it away yourself to begin another one.")
    left = [file for end in ("", "-wal", "-shm") if (file := ledger.with_name(ledger.name + end)).exists()]
    aside = ledger.with_name(f"ledger-lost-{time.strftime('%Y%m%d-%H%M%S')}")
    aside.mkdir(mode=0o700)
    for file in (*left, *ledger.parent.glob("logs/worker-*.log")):
        os.replace(file, aside / file.name)
    ledger.with_name(MARKER).unlink(missing_ok=True)
    if not any(aside.iterdir()):
        aside.rmdir()
        return None
    return aside


def _written(ledger: Path) -> bool:
    try:
        return ledger.stat().st_size > 0
    except FileNotFoundError:
        return False


def _traces(ledger: Path) -> Iterator[Path]:
    """What a ledger leaves beside it. A journal alone is none: talks need no battle; beside an empty file it is."""
    beside = [MARKER, f"{ledger.name}-wal", f"{ledger.name}-shm", *(["journal.db"] if ledger.exists() else [])]
    yield from (path for name in beside if (path := ledger.with_name(name)).exists())
    yield from (log for log in ledger.parent.glob("logs/worker-*.log") if log.stat().st_size)
