"""A ledger is begun where there was none, and nowhere else: a lost one is a loss, with a way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine.errors import CallerMistake
from engine.store import beginning
from engine.store.ledger import Ledger
from tests.engine.store.test_ledger import battle, process


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "MOMENT", 0.1)


@pytest.fixture
def file(own_home: Path) -> Path:
    with Ledger() as ledger:
        ledger.add(battle())
    return own_home / "ledger.db"


@pytest.mark.parametrize("empty", [True, False])
def test_a_ledger_that_was_lost_is_not_begun_anew(file: Path, empty: bool) -> None:
    file.write_bytes(b"") if empty else file.unlink()
    with pytest.raises(CallerMistake, match=r"is (empty|missing) .*though battles were kept.*doctor --new-ledger"):
        Ledger()
    assert file.exists() == empty and not (empty and file.stat().st_size)


@pytest.mark.parametrize(
    ("trace", "empty"),
    [("ledger.db-wal", False), ("ledger.db-shm", False), ("logs/worker-cpu.log", False), ("journal.db", True)],
)
def test_traces_of_an_older_release_are_as_good_as_the_marker(own_home: Path, trace: str, empty: bool) -> None:
    (own_home / "logs").mkdir(parents=True)
    (own_home / trace).write_text("a warning")
    if empty:
        (own_home / "ledger.db").touch()
    with pytest.raises(CallerMistake, match=f"{Path(trace).name} is beside it"):
        Ledger()


def test_what_any_folder_may_hold_is_no_trace(own_home: Path) -> None:
    """Weights that a script converted, a journal of talks that needed no battle, the log of a worker without a word."""
    (own_home / "models" / "ruby").mkdir(parents=True)
    (own_home / "logs").mkdir()
    for name in ("journal.db", "logs/worker-cpu.log"):
        (own_home / name).touch()
    with Ledger() as ledger:
        assert ledger.entries() == []


def test_an_empty_file_that_a_first_start_left_is_begun(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "ledger.db").touch()
    with Ledger() as ledger:
        assert ledger.entries() == []


def test_a_copy_put_back_is_opened(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(CallerMistake):
        Ledger()
    file.write_bytes(content)
    with Ledger() as ledger:
        assert [entry.battle.id for entry in ledger.entries()] == ["one"]


def test_a_new_one_is_begun_when_somebody_says_so(file: Path) -> None:
    with pytest.raises(CallerMistake, match="There is a ledger"):
        beginning.begin_anew(file)
    file.write_bytes(b"")
    aside = beginning.begin_anew(file)
    assert aside is not None and "ledger.db" in {left.name for left in aside.iterdir()}
    with Ledger() as ledger:
        assert ledger.entries() == []


def test_a_ledger_without_tables_is_not_filled_with_new_ones(file: Path) -> None:
    """A file that is there, but whose contents are gone with its write-ahead log."""
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE scrap (x)")
        db.execute("DROP TABLE scrap")
    db.close()
    with pytest.raises(CallerMistake, match=r"has no tables.*doctor --new-ledger"):
        Ledger()


def test_many_processes_may_begin_one_at_once_beside_a_journal(own_home: Path) -> None:
    """The first of them makes the file before it has anything in it; that is no loss to the others."""
    own_home.mkdir()
    (own_home / "journal.db").touch()
    others = [process("with Ledger() as mine: print(len(mine.entries()))") for _ in range(4)]
    assert [(other.communicate(timeout=60)[0], other.returncode) for other in others] == [("0\n", 0)] * 4
