"""What is written is its owner's alone, from its first moment, whatever the process's umask is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.home import exposed, home
from engine.runs.executor import log_file, spawn_worker
from engine.runs.lock import device_lock
from engine.store.ledger import Ledger
from tests.engine.store.test_ledger import battle
from tutor import journal


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """Everybody may do everything, unless it is said otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder.parent)): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))
    }


def test_ledger_journal_locks_and_logs_are_their_owners_alone(own_home: Path) -> None:
    with Ledger() as ledger, device_lock("cpu"):
        ledger.add(battle())
        journal.save_note("which", "this")
        there = modes(own_home)
    assert there.pop("home") == 0o700
    assert {
        "home/ledger.db",
        "home/ledger.db-wal",
        "home/ledger.db-shm",
        "home/journal.db",
        "home/worker-cpu.lock",
    } <= {*there}
    assert {*there.values()} == {0o600}


def test_a_real_worker_leaves_nothing_that_others_may_read(own_home: Path) -> None:
    with Ledger():
        pass
    assert spawn_worker("cpu").wait(60) == 0, log_file("cpu").read_text()
    assert [path for path in (own_home, *own_home.rglob("*")) if exposed(path)] == []


def test_what_an_earlier_release_left_open_is_closed_when_it_is_opened(own_home: Path) -> None:
    with Ledger() as ledger:
        ledger.add(battle())
        for path in (own_home, *own_home.glob("ledger.db*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with Ledger() as again:
            assert len(again.entries()) == 1
        assert not any(exposed(path) for path in (own_home, *own_home.glob("ledger.db*")))


@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_folder_that_is_no_data_folder_yet_keeps_its_permissions(own_home: Path, mode: int) -> None:
    """Somebody may name /tmp, or a project that others work in."""
    own_home.mkdir()
    own_home.chmod(mode)
    (own_home / "theirs").touch(0o644)
    home()
    assert stat.S_IMODE(own_home.stat().st_mode) == mode
    assert stat.S_IMODE((own_home / "theirs").stat().st_mode) == 0o644
