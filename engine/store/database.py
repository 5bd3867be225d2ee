"""Opening a database by its address, its tables brought up to date; the ledger and the journal stand on it.

A file of SQLite is opened with write-ahead logging, so readers do not wait for a writer, and one writer waits for
another. Other databases are whatever SQLAlchemy has a driver for. What a database complains of is told apart here;
the sentences are whose database it is.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import DisconnectionError, OperationalError, ProgrammingError

from engine.errors import CallerMistake
from engine.home import private_file

LOCK_TIMEOUT = 30
"""Seconds a writer waits for another one."""
Fault = Literal["full", "damaged", "locked", "read-only", "other"]
_SIGNS: dict[Fault, tuple[str, ...]] = {
    "full": ("full", "disk I/O"),
    "damaged": ("not a database", "malformed"),
    "locked": ("locked",),
    "read-only": ("readonly",),
}
_migrating = threading.Lock()
"""Alembic's `op` is one for the whole process."""


class NoTables(Exception):
    """A database that was begun and has no tables any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A database's tables through time."""

    name: str
    """What it is called; its format stands in a table `<name>_version`."""
    revisions: Path
    """Folder with its Alembic history; each revision is named by the format it makes."""
    format: int
    """The one this release reads and writes, the newest of them."""
    elsewhere: str
    """How to use another database, in words, for whoever has one of a newer format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database at an address, with the tables of a schema."""

    url: str | sa.URL
    schema: Schema
    begun: bool = False
    """Whether it has tables already: then they are not made where there are none."""
    timeout: float = LOCK_TIMEOUT
    """Seconds that a statement waits for another program that keeps it locked."""
    idle: int = 0
    """Connections to a file that stay open between uses. Faster, and for as long as one is open, what was written last
    lies beside the file: none for a file that people copy."""

    def connect(self) -> sa.Connection:
        """A connection to tables that are up to date. Close it, or use it as a context manager.

        Raises:
            CallerMistake: a newer release wrote this database.
            NoTables: it has none, though it was begun.
            SQLAlchemyError: it cannot be opened; see `fault`.
            ImportError, ValueError: the address names no database, or no driver that is installed.
        """
        connection = _engine(self.url, self.idle, self.timeout).connect()
        try:
            if "up to date" not in connection.info:  # of the driver's connection, which a pool may hand out again
                if self._format(connection) < self.schema.format:
                    if self.begun and not sa.inspect(connection).get_table_names():
                        raise NoTables
                    self._migrate(connection)
                connection.info["up to date"] = True
        except BaseException:
            connection.close()
            raise
        return connection

    def _format(self, connection: sa.Connection) -> int:
        """The format it has; 0 where that is written in no table, in a new database for instance."""
        try:
            with connection.begin():
                written = connection.exec_driver_sql(f"SELECT version_num FROM {self.schema.name}_version").scalar()
                format_ = int(written or 0)
        except (OperationalError, ProgrammingError):  # no such table; another trouble meets the migration as well
            return 0
        if format_ > self.schema.format:
            url = connection.engine.url
            place = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
            raise CallerMistake(
                f"{place} was written by a newer Noise Floor (format {format_}, this one knows "
                f"{self.schema.format}). Update, or {self.schema.elsewhere}."
            )
        return format_

    def _migrate(self, connection: sa.Connection) -> None:
        from alembic import command  # a tenth of a second, and seldom needed
        from alembic.config import Config

        config = Config(attributes={"connection": connection, "version_table": f"{self.schema.name}_version"})
        for option, value in (
            ("script_location", Path(__file__).parent / "migrations"),
            ("version_locations", self.schema.revisions),
            ("path_separator", "newline"),
        ):
            config.set_main_option(option, str(value).replace("%", "%%"))
        with _migrating, writing(connection):
            if connection.dialect.name == "postgresql":  # where beginning to write locks nothing
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(self.schema.name))))
            command.upgrade(config, "head")  # nothing, where another process was faster


def has_tables(file: Path) -> bool | None:
    """Whether a file of SQLite has any; None where it cannot be read. Nothing is changed in it."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0])
    except sqlite3.Error:
        return None


def complaints(file: Path) -> tuple[str, ...]:
    """What SQLite finds wrong with a file when it looks at every page; nothing is changed in it."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(10)")]
            found += [
                f"a row of {table} belongs to nothing" for table, *_ in connection.execute("PRAGMA foreign_key_check")
            ]
    except sqlite3.Error as error:
        return (str(error),)
    return tuple(line for line in found if line != "ok")


def format_of(file: Path, schema: str) -> int | None:
    """The format of a file of SQLite, by the name of its schema; None where that is not written in it."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT version_num FROM {schema}_version").fetchone()[0])
    except (sqlite3.Error, TypeError, ValueError):
        return None


@contextmanager
def writing(connection: sa.Connection) -> Iterator[None]:
    """A transaction that has the write lock from its beginning: what it reads is still so when it writes."""
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield


def fault(error: Exception) -> Fault:
    """What kind of trouble a database is in."""
    words = reason(error)
    return next((kind for kind, signs in _SIGNS.items() if any(sign in words for sign in signs)), "other")


def reason(error: Exception) -> str:
    """The database's own words, without the statement and what was to be written with it."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]


@lru_cache(maxsize=8)
def _engine(url: str | sa.URL, idle: int, timeout: float) -> sa.Engine:
    """Keeps what was compiled for this address, and its connections."""
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, hide_parameters=True)
    engine = sa.create_engine(
        address,
        hide_parameters=True,
        connect_args={"timeout": timeout, "isolation_level": None},  # no transaction but those of `writing`
        **({"poolclass": sa.QueuePool, "pool_size": idle, "max_overflow": -1} if idle else {"poolclass": sa.NullPool}),
    )

    @sa.event.listens_for(engine, "do_connect")
    def on_opening(*_: object) -> None:
        with suppress(OSError):  # of which the driver complains next, if it cannot open the file
            for file in _files(address):
                private_file(file)

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.text_factory = _text
        _configure(connection, timeout)
        record.info["file"] = _identity(address)

    @sa.event.listens_for(engine, "checkout")
    def on_checkout(_: object, record: Any, __: object) -> None:
        if record.info["file"] != _identity(address):
            raise DisconnectionError  # the file was moved away or deleted: the pool opens what is there now

    return engine


def _identity(url: sa.URL) -> tuple[int, int] | None:
    """Which file lies at an address; None where none does, as in memory."""
    try:
        status = os.stat(url.database or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _files(url: sa.URL) -> list[Path]:
    """The file at an address, and what lies beside it already; none where it is in memory, or written as an URI."""
    name = url.database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        return []
    return [Path(name), *(beside for end in ("-wal", "-shm") if (beside := Path(name + end)).exists())]


def _text(raw: bytes) -> str:
    """A cell's text. Bytes that are none are kept apart, so that one bad cell does not hide the rows around it."""
    return raw.decode(errors="surrogateescape")


def _configure(connection: Any, timeout: float) -> None:
    """Switching a new file to WAL needs it alone, and SQLite does not wait for that as it waits for a write."""
    deadline = time.monotonic() + max(5, timeout)
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except Exception as error:
            if time.monotonic() > deadline or "locked" not in str(error):
                raise
            time.sleep(0.05)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
