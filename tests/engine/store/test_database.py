"""Opening a database: its history leads to the tables that the code uses, and an open door costs nothing."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from engine.errors import CallerMistake
from engine.store import database, tables
from engine.store.database import Database, Schema
from tutor.journal import tables as journal_tables

ROOT = Path(__file__).resolve().parents[3]
BOTH = pytest.mark.parametrize(
    ("schema", "metadata"),
    [(tables.LEDGER, tables.metadata), (journal_tables.JOURNAL, journal_tables.metadata)],
    ids=["ledger", "journal"],
)


def history(schema: Schema) -> ScriptDirectory:
    return ScriptDirectory(ROOT / "engine" / "store" / "migrations", version_locations=[schema.revisions])


@pytest.fixture
def url(tmp_path: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(tmp_path / "50% off? #1 größer.db"))


@BOTH
def test_a_new_database_has_the_tables_that_the_code_knows(schema: Schema, metadata: sa.MetaData, url: sa.URL) -> None:
    with Database(url=url, schema=schema).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": f"{schema.name}_version"})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == history(schema).get_current_head() == str(schema.format)


@BOTH
def test_every_revision_runs_on_postgresql(schema: Schema, metadata: sa.MetaData) -> None:
    """As statements only: they name nothing of SQLite, and plans stay there as well."""
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "literal_binds": True}
    )
    with Operations.context(context):
        for revision in reversed([*history(schema).walk_revisions()]):
            revision.module.upgrade()
    text = written.getvalue()
    assert all(f" {table} (" in text for table in metadata.tables)
    assert not any(word in text for word in ("PRAGMA", "ROWID", "json_extract"))
    assert ("CREATE TRIGGER plans_stay" in text and "plpgsql" in text) == (schema is tables.LEDGER)


def test_a_file_of_sqlite_is_opened_for_many(url: sa.URL) -> None:
    with Database(url=url, schema=tables.LEDGER).connect() as connection:
        settings = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        held = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in settings]
    assert held == ["wal", 1, 1, 30_000]


def test_an_open_transaction_is_rolled_back_by_an_error_and_seen_by_nobody(url: sa.URL) -> None:
    mine = Database(url=url, schema=journal_tables.JOURNAL)
    note = {"name": "a", "value": "b"}
    with mine.connect() as connection, mine.connect() as other:
        with pytest.raises(KeyboardInterrupt), database.writing(connection):
            connection.execute(journal_tables.notes.insert(), note)
            assert other.execute(journal_tables.notes.select()).all() == []
            raise KeyboardInterrupt
        with database.writing(connection):
            connection.execute(journal_tables.notes.insert(), note)
        assert other.execute(journal_tables.notes.select()).all() == [("a", "b")]


@BOTH
def test_a_newer_format_is_said_and_not_touched(schema: Schema, metadata: sa.MetaData, url: sa.URL) -> None:
    mine = Database(url=url, schema=schema)
    with mine.connect() as connection, database.writing(connection):
        connection.exec_driver_sql(f"UPDATE {schema.name}_version SET version_num = '{schema.format + 1}'")
    before = Path(str(url.database)).read_bytes()
    with pytest.raises(CallerMistake, match=rf"größer\.db was written by a newer Noise Floor.*{schema.elsewhere}"):
        mine.connect()
    assert Path(str(url.database)).read_bytes() == before


@pytest.mark.parametrize("idle", [0, 1])
def test_a_file_that_was_moved_away_is_not_written_to(idle: int, url: sa.URL, tmp_path: Path) -> None:
    """As the advice for a damaged one goes; the process that reads it need not be started anew."""
    mine = Database(url=url, schema=journal_tables.JOURNAL, idle=idle)
    for value in ("old", "new"):
        with mine.connect() as connection, database.writing(connection):
            connection.execute(journal_tables.notes.insert(), {"name": "which", "value": value})
        (tmp_path / value).mkdir()
        for file in tmp_path.glob(f"{Path(str(url.database)).name}*"):
            file.rename(tmp_path / value / file.name)
    for value in ("old", "new"):
        there = url.set(database=str(tmp_path / value / Path(str(url.database)).name))
        with Database(url=there, schema=journal_tables.JOURNAL).connect() as connection:
            assert connection.execute(journal_tables.notes.select()).all() == [("which", value)]


def test_what_is_up_to_date_is_opened_without_alembic() -> None:
    code = """
import sys
from engine.store.ledger import Ledger
from tutor import journal
with Ledger() as ledger:
    ledger.entries()
journal.talks("ada")
print("alembic" in sys.modules)
"""
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True) for _ in range(2)]
    assert [(run.stdout, run.stderr) for run in runs] == [("True\n", ""), ("False\n", "")]
