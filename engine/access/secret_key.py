"""The server's own secret: what it signs, nobody else can make."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import tempfile
from pathlib import Path

from engine.errors import CallerMistake
from engine.home import home

SHORTEST = 32


def secret_key() -> str:
    """The secret in the data folder, made once and readable by its owner alone.

    Raises:
        CallerMistake: it cannot be read or written, or somebody shortened it.
    """
    return _read(home() / "server.secret")


@functools.lru_cache(maxsize=8)
def _read(file: Path) -> str:
    """Read once: every page asks for it several times."""
    try:
        if not file.exists():
            _make(file)
        key = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise CallerMistake(f"The server's secret {file} cannot be read ({error}). Mend it, or delete it.") from error
    if len(key) < SHORTEST:
        raise CallerMistake(
            f"The server's secret {file} is too short. Delete it: a new one is made, and browsers are new learners."
        )
    return key


def _make(file: Path) -> None:
    """Whole or not at all, and never over one that another process made meanwhile."""
    handle, draft = tempfile.mkstemp(dir=file.parent)  # 0600 from the first moment
    try:
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(48))
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        os.unlink(draft)
