"""A connection to the journal: SQLite in the data folder, unless `NOISEFLOOR_JOURNAL_URL` names another database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engine import CallerMistake
from engine.home import home
from engine.store import database
from tutor.errors import TutorError
from tutor.journal.tables import JOURNAL


@contextmanager
def to_write() -> Iterator[sa.Connection]:
    """A transaction that is written whole when the block ends, or not at all.

    Raises:
        TutorError: the database would not write. An `IntegrityError` is the caller's to explain.
        CallerMistake: it cannot be opened.
    """
    with _connect() as connection:
        try:
            with database.writing(connection):
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise TutorError(
                f"The journal could not be written: {database.reason(error)}. Your last message is not saved."
            ) from error


@contextmanager
def to_read() -> Iterator[sa.Connection]:
    """Raises `TutorError` when the database would not read, `CallerMistake` when it cannot be opened."""
    with _connect() as connection:
        try:
            yield connection
        except SQLAlchemyError as error:
            raise TutorError(f"The journal could not be read: {database.reason(error)}.") from error


def check_writable() -> None:
    """Raises what writing would raise, without writing anything."""
    with to_write():
        pass


def _connect() -> sa.Connection:
    given = os.environ.get("NOISEFLOOR_JOURNAL_URL", "").strip()
    try:
        url = given or sa.URL.create("sqlite", database=str(home() / "journal.db"))
        return database.Database(url=url, schema=JOURNAL, idle=5).connect()
    except (SQLAlchemyError, ImportError, ValueError) as error:
        kind = given.split(":", 1)[0] if given else "sqlite"  # all that is shown of an address: it may hold a password
        why = str(error) if isinstance(error, ImportError) else database.reason(error)
        raise CallerMistake(
            f"The journal cannot be opened ({kind}): {why}. Mend NOISEFLOOR_JOURNAL_URL, or unset it to use a file."
        ) from error
