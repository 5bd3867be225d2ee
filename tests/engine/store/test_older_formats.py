"""Ledgers that earlier releases wrote: everything is still in them, and they go on. `tests/data/store` has them."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError

from engine.battles.battle import Battle, ItemFailure, ItemResult
from engine.errors import CallerMistake, DiskFull, Unreadable
from engine.store.ledger import Ledger
from tests.full_disk import full_disk

DATA = Path(__file__).resolve().parents[2] / "data" / "store"
FORMATS = {"ledger_1": 1, "ledger_2": 2, "ledger_3": 3, "ledger_4_first": 4, "ledger_4": 4, "ledger_5": 5}
Read = dict[str, Any]


@pytest.fixture(params=FORMATS)
def name(request: pytest.FixtureRequest, own_home: Path) -> str:
    own_home.mkdir()
    (own_home / "ledger.db").write_bytes(gzip.decompress((DATA / f"{request.param}.db.gz").read_bytes()))
    return request.param


@pytest.fixture
def read(name: str) -> Read:
    """What the release that wrote it read from it."""
    return json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))


def rows(ledger: Ledger, query: str, *given: str) -> list[Any]:
    with ledger.connection.begin():
        return [tuple(row) for row in ledger.connection.exec_driver_sql(query, given)]


def test_it_is_what_it_says(name: str, own_home: Path) -> None:
    with sqlite3.connect(own_home / "ledger.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (FORMATS[name],)
    db.close()


def test_every_battle_is_as_it_was(read: Read) -> None:
    with Ledger() as ledger:
        assert {entry.battle.id for entry in ledger.entries(measuring=True)} == read.keys()
        for battle_id, was in read.items():
            row, entry = was["row"], ledger.entry(battle_id)
            for field in ("state", "phase", "message", "exit_code", "attempts", "created", "started", "finished"):
                assert getattr(entry, field) == row[field]
            assert entry.environment == json.loads(row["environment"])
            assert entry.battle == TypeAdapter(Battle).validate_json(row["plan"])
            assert ledger.notices(battle_id) == was["notices"]


def test_plans_and_seals_are_the_same_byte_for_byte(read: Read) -> None:
    with Ledger() as ledger:
        assert {*rows(ledger, "SELECT id, plan, seal FROM battles")} == {
            (id, was["row"]["plan"], was["row"].get("seal")) for id, was in read.items()
        }
        sealed = {entry.battle.id for entry in ledger.sealed() if entry.seal and entry.seal.intact}
        assert sealed == {id for id, was in read.items() if was["row"].get("seal")}


def test_every_outcome_is_as_it_was(read: Read) -> None:
    outcome: TypeAdapter[ItemResult | ItemFailure] = TypeAdapter(ItemResult | ItemFailure)
    with Ledger() as ledger:
        for battle_id, was in read.items():
            query = "SELECT side, item, body, at FROM outcomes WHERE battle = ? ORDER BY side, item"
            assert rows(ledger, query, battle_id) == [*map(tuple, was["outcomes"])]
            for side in ("a", "b"):
                theirs = sorted((row for row in was["outcomes"] if row[0] == side), key=lambda row: (row[3], row[1]))
                assert ledger.outcomes(battle_id, side) == [outcome.validate_json(body) for _, _, body, _ in theirs]  # type: ignore[arg-type]


def test_it_counts_what_it_counted(name: str, read: Read) -> None:
    with Ledger() as ledger:
        for battle_id, was in read.items():
            assert ledger.counts(battle_id) == {side: tuple(count) for side, count in was["counts"].items()}
            if FORMATS[name] >= 4:
                assert sorted(ledger.pairs(battle_id)) == [*map(tuple, was["pairs"])]
        fought = FORMATS[name] > 1
        assert ledger.seconds_an_item("jade", "toy", 0, "cpu") == (1.25 if fought else None)
        assert ledger.pilot(("jade", "ruby"), "toy", 0) == ("nameless" if FORMATS[name] >= 4 else "done")
        assert ledger.pilot(("jade", "ruby"), "toy", 5) is None  # that one was stopped


def test_it_finds_what_it_found(name: str, read: Read) -> None:
    known = FORMATS[name] >= 4  # forecasts and repeats
    with Ledger() as ledger:
        assert [entry.battle.id for entry in ledger.sealed("f1:ann")] == ["sealed"] * known
        assert [entry.battle.id for entry in ledger.sealed("")] == ["nameless"] * known
        assert [entry.battle.id for entry in ledger.repeats("done")] == ["repeat"] * known
        shown = {entry.battle.id for entry in ledger.entries()}
        assert shown == read.keys() - {"probe", "repeat"}


def test_its_battles_are_nobodys_and_have_no_limit(read: Read) -> None:
    with Ledger() as ledger:
        for battle_id in read:
            entry = ledger.entry(battle_id)
            assert (entry.owner, entry.name, entry.seconds_limit) == ("", "", None)
        assert ledger.entries(owner="ann", measuring=True) == []
        ledger.rename("done", "the first one")
        assert ledger.entry("done").name == "the first one"


def test_it_goes_on(name: str) -> None:
    with Ledger() as ledger:
        claimed = ledger.claim("cpu")
        assert claimed is not None and claimed.battle.id == "running"
        fresh, again = (ItemResult(item_id=f"sky/{i}", score=0.0, seconds=4.0) for i in (5, 0))
        before = ledger.counts("running").get("a", (0, 0.0))
        assert ledger.append("running", "a", [fresh, again])
        count, seconds = ledger.counts("running")["a"]
        added = 1 if FORMATS[name] > 1 else 2  # sky/0 was there already
        assert (count, seconds) == (before[0] + added, before[1] + 4 * added)
        ledger.add_notice("running", "still here")
        assert ledger.notices("running") == ["still here"]
        assert ledger.set_state("stopped", "queued", only_from=("stopped",))
        assert ledger.set_state("running", "done", only_from=("running",))
        claimed = ledger.claim("cpu")
        assert claimed is not None and claimed.battle.id == "stopped"
    with Ledger() as ledger:
        assert ledger.entry("running").state == "done"


def test_its_plans_can_no_longer_be_changed(name: str) -> None:
    with Ledger() as ledger, pytest.raises(IntegrityError, match="a plan stays as it was written down"):
        ledger.connection.exec_driver_sql("UPDATE battles SET plan = '{}'")


def test_an_earlier_release_would_say_that_a_newer_one_wrote_it(name: str, own_home: Path) -> None:
    """Up to format 4 they looked at `user_version`."""
    Ledger().connection.close()
    with sqlite3.connect(own_home / "ledger.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() > (4,)
    db.close()


@pytest.mark.parametrize("spoilt", ["not JSON", "[]", '{"a": 7}'])
def test_one_spoilt_plan_does_not_keep_the_others_from_coming_over(spoilt: str, name: str, own_home: Path) -> None:
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER IF EXISTS plans_stay")
        db.execute("UPDATE battles SET plan = ? WHERE id = 'failed'", (spoilt,))
    db.close()
    with Ledger() as ledger:
        assert ledger.entry("done").state == "done"
        assert rows(ledger, "SELECT plan FROM battles WHERE id = 'failed'") == [(spoilt,)]


def test_a_disk_that_fills_up_in_between_leaves_it_as_it_was(name: str, read: Read, own_home: Path) -> None:
    with full_disk(), pytest.raises(DiskFull, match="Free some space"):
        Ledger()
    with sqlite3.connect(own_home / "ledger.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (FORMATS[name],)
        assert db.execute("SELECT count(*) FROM battles").fetchone() == (len(read),)
    db.close()
    with Ledger() as ledger:
        assert len(ledger.entries(measuring=True)) == len(read)


# ---- odd, but the release before could open it


def spoilt(home: Path, script: str) -> None:
    with sqlite3.connect(home / "ledger.db") as db:
        db.executescript(script)
    db.close()


@pytest.mark.parametrize("name", ["ledger_4"], indirect=True)
@pytest.mark.parametrize(
    "script",
    [
        "INSERT INTO outcomes (battle, side, item, at, body) VALUES ('gone', 'a', 'x', 1, '{}');",
        "INSERT INTO notices (battle, at, text) VALUES ('gone', 1, 'lost');",
        "CREATE INDEX battles_by_age ON battles (created); CREATE TABLE old_outcomes (mine TEXT);",
        "CREATE TABLE mine (text TEXT); INSERT INTO mine VALUES ('kept');",
        "DROP INDEX battles_by_state;",
    ],
)
def test_what_somebody_did_to_it_by_hand_does_not_shut_it(read: Read, own_home: Path, script: str) -> None:
    spoilt(own_home, script)
    test_every_battle_is_as_it_was(read)
    if "gone" in script:
        table = "outcomes" if "outcomes" in script else "notices"
        with Ledger() as ledger:
            assert len(rows(ledger, f"SELECT * FROM of_lost_battles_{table} WHERE battle = 'gone'")) == 1


@pytest.mark.parametrize("name", ["ledger_4"], indirect=True)
def test_an_outcome_that_is_no_json_concerns_its_battle_alone(read: Read, own_home: Path) -> None:
    with sqlite3.connect(own_home / "ledger.db") as db:
        battle, side, item = db.execute("SELECT battle, side, item FROM outcomes ORDER BY battle, item").fetchone()
        which = (battle, side, item)
        db.execute("UPDATE outcomes SET body = '{\"id\": ' WHERE battle = ? AND side = ? AND item = ?", which)
    db.close()
    test_every_battle_is_as_it_was(read)
    with Ledger() as ledger:
        with pytest.raises(Unreadable, match=rf"{battle} cannot be judged.*{item}.*JSON"):
            ledger.outcomes(battle, side)
        others = [other for other in read if other != battle]
        assert others
        for other in others:
            ledger.outcomes(other, "a")


@pytest.mark.parametrize("name", ["ledger_4"], indirect=True)
@pytest.mark.parametrize("version", [5, 99])
def test_a_number_from_the_future_is_left_alone(name: str, own_home: Path, version: int) -> None:
    spoilt(own_home, f"PRAGMA user_version = {version};")
    with pytest.raises(CallerMistake, match=f"says that it has format {version}.*NOISEFLOOR_HOME"):
        Ledger()
    with sqlite3.connect(own_home / "ledger.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_version'").fetchall()
    db.close()


@pytest.mark.parametrize("name", ["ledger_4"], indirect=True)
def test_a_table_that_is_missing_is_empty(read: Read, own_home: Path) -> None:
    spoilt(own_home, "DROP TABLE notices;")
    with Ledger() as ledger:
        assert {entry.battle.id for entry in ledger.entries(measuring=True)} == read.keys()
        assert all(not ledger.notices(battle_id) for battle_id in read)
