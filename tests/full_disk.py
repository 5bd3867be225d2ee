"""A disk without room, as SQLite itself can play it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def full_disk() -> Iterator[None]:
    """Whatever database is opened in this block cannot grow."""

    def no_more_room(connection: sqlite3.Connection, _: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(sa.Engine, "connect", no_more_room)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", no_more_room)
