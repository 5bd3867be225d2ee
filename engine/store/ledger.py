"""The record of battles: one SQLite file, written before anything is counted.

A plan is stored before its first item runs, an outcome before it is shown, and every number on a screen is
counted from what is stored here. The key (battle, side, item) makes a second count of the same item
impossible. Several processes read and write at once; write-ahead logging keeps readers from waiting.
This module decides nothing: what the rows mean is `arena.py`'s and `verdict.py`'s.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from engine.battles.battle import Battle, ItemFailure, ItemResult, Outcome, Side
from engine.battles.seal import Seal
from engine.errors import CallerMistake, DiskFull, Unknown
from engine.home import home

State = Literal["queued", "running", "done", "stopped", "failed"]
OPEN_STATES: tuple[State, ...] = ("queued", "running")

_battle = TypeAdapter(Battle)
_outcome: TypeAdapter[Outcome] = TypeAdapter(ItemResult | ItemFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A battle's line in the ledger."""

    battle: Battle
    state: State
    phase: str
    """What the worker is doing, in words."""
    message: str
    """Why it stopped or failed."""
    exit_code: int
    """What a command line should end with when it failed."""
    attempts: int
    """How many workers have taken it up since it last got anywhere."""
    created: float
    started: float | None
    finished: float | None
    environment: dict[str, dict[str, str]]
    """What ran, by side."""
    seal: Seal | None
    """Of the plan, if it came with a card; None for a battle without one."""


def _m001_battles(db: sqlite3.Connection) -> None:
    db.execute(
        """CREATE TABLE battles (
            id TEXT PRIMARY KEY, plan TEXT NOT NULL, state TEXT NOT NULL, device TEXT NOT NULL,
            probe INTEGER NOT NULL, phase TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
            exit_code INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
            created REAL NOT NULL, started REAL, finished REAL, environment TEXT NOT NULL DEFAULT '{}')"""
    )
    db.execute("CREATE INDEX battles_by_state ON battles (state, device, created)")


def _m002_outcomes(db: sqlite3.Connection) -> None:
    db.execute(
        """CREATE TABLE outcomes (
            battle TEXT NOT NULL REFERENCES battles (id), side TEXT NOT NULL CHECK (side IN ('a', 'b')),
            item TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (battle, side, item)) WITHOUT ROWID"""
    )


def _m003_notices(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE notices (battle TEXT NOT NULL REFERENCES battles (id), at REAL NOT NULL, text TEXT NOT NULL)"
    )


def _m004_seals(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE battles ADD COLUMN seal TEXT")
    db.execute(
        """CREATE TRIGGER plans_stay BEFORE UPDATE OF id, plan, seal, created ON battles
           BEGIN SELECT RAISE (ABORT, 'a plan stays as it was written down'); END"""
    )


MIGRATIONS = (_m001_battles, _m002_outcomes, _m003_notices, _m004_seals)


class Ledger:
    """One connection to the record. Cheap to open; close it, or use it as a context manager."""

    def __init__(self) -> None:
        self.path = home() / "ledger.db"
        with self._clear_errors():
            self.db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            self.db.row_factory = sqlite3.Row
            self._write_ahead()
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.execute("PRAGMA foreign_keys = ON")
            self._migrate()

    def _write_ahead(self) -> None:
        """Switching a new file to WAL needs it alone, and SQLite does not wait for that as it waits for a write."""
        for left in reversed(range(100)):
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if not left or "locked" not in str(error):
                    raise
                time.sleep(0.05)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.db.close()
        if isinstance(error, sqlite3.DatabaseError):  # reading met what only writing looks out for
            with self._clear_errors():
                raise error

    def _migrate(self) -> None:
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise CallerMistake(
                f"{self.path} was written by a newer Noise Floor (format {version}, this one knows "
                f"{len(MIGRATIONS)}). Update, or set NOISEFLOOR_HOME to another folder."
            )
        if version == len(MIGRATIONS):
            return
        with self._transaction():
            (version,) = self.db.execute("PRAGMA user_version").fetchone()  # another process may have been faster
            for number, migrate in enumerate(MIGRATIONS[version:], start=version + 1):
                migrate(self.db)
                self.db.execute(f"PRAGMA user_version = {number}")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._clear_errors():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            text = str(error)
            if "full" in text or "disk I/O" in text:
                raise DiskFull(
                    f"The disk with {self.path.parent} is full. Free some space and start again: "
                    "everything up to here is kept and the battle goes on where it was."
                ) from error
            if "not a database" in text or "malformed" in text:
                raise CallerMistake(
                    f"The ledger {self.path} is damaged ({text}). Move it away to start a new one; "
                    "`sqlite3 ledger.db .recover` may save its contents."
                ) from error
            raise

    # Writing

    def add(self, battle: Battle) -> None:
        """Stores a complete plan, sealed if it has a card; nothing has run yet, and it can never be changed."""
        seal = Seal.of(battle)
        digest = seal.digest if battle.card else None
        with self._transaction():
            self.db.execute(
                "INSERT INTO battles (id, plan, seal, state, device, probe, created) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                (battle.id, seal.plan, digest, battle.device, battle.probe, time.time()),
            )

    def claim(self, device: str) -> Entry | None:
        """The battle a device's worker should fight now: an interrupted one first, then the oldest queued.

        The attempt is written down before it is made, so a battle that kills its worker is counted.
        """
        with self._transaction():
            row = self.db.execute(
                "SELECT id FROM battles WHERE device = ? AND state IN ('queued', 'running') "
                "ORDER BY state = 'queued', created LIMIT 1",
                (device,),
            ).fetchone()
            if row is None:
                return None
            self.db.execute(
                "UPDATE battles SET state = 'running', attempts = attempts + 1, "
                "started = coalesce(started, ?) WHERE id = ?",
                (time.time(), row["id"]),
            )
        return self.entry(row["id"])

    def append(self, battle_id: str, side: Side, outcomes: Sequence[Outcome]) -> bool:
        """Writes a batch down, all of it or nothing. False when the battle is no longer running.

        A stop takes effect here, at once, whatever the worker is in the middle of: what comes after it is
        not recorded. Progress also forgives earlier attempts.
        """
        now = time.time()
        with self._transaction():
            running = self.db.execute(
                "UPDATE battles SET attempts = 1 WHERE id = ? AND state = 'running'", (battle_id,)
            ).rowcount
            if running:
                self.db.executemany(
                    "INSERT INTO outcomes (battle, side, item, body, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    [(battle_id, side, o.item_id, _outcome.dump_json(o), now) for o in outcomes],
                )
        return bool(running)

    def say(self, battle_id: str, phase: str) -> None:
        with self._transaction():
            self.db.execute("UPDATE battles SET phase = ? WHERE id = ?", (phase, battle_id))

    def note(self, battle_id: str, text: str) -> None:
        with self._transaction():
            self.db.execute("INSERT INTO notices VALUES (?, ?, ?)", (battle_id, time.time(), text))

    def describe(self, battle_id: str, environment: dict[str, dict[str, str]]) -> None:
        with self._transaction():
            self.db.execute("UPDATE battles SET environment = ? WHERE id = ?", (json.dumps(environment), battle_id))

    def settle(
        self, battle_id: str, state: State, *, only_from: Sequence[State], message: str = "", exit_code: int = 0
    ) -> bool:
        """Moves a battle to another state if it is in one of `only_from`. Returns whether it was."""
        finished = None if state in OPEN_STATES else time.time()
        marks = ", ".join("?" * len(only_from))
        with self._transaction():
            changed = self.db.execute(
                f"UPDATE battles SET state = ?, message = ?, exit_code = ?, finished = ?, phase = '', attempts = 0 "
                f"WHERE id = ? AND state IN ({marks})",
                (state, message, exit_code, finished, battle_id, *only_from),
            ).rowcount
        return bool(changed)

    # Reading

    def entry(self, battle_id: str) -> Entry:
        """Raises Unknown when there is no such battle."""
        row = self.db.execute("SELECT * FROM battles WHERE id = ?", (battle_id,)).fetchone()
        if row is None:
            raise Unknown(
                f"There is no battle {battle_id!r} in {self.path}. "
                "It may have been fought on another machine, or with another NOISEFLOOR_HOME."
            )
        return _entry(row)

    def entries(self, *, states: Sequence[State] = (), measuring: bool = False, limit: int = 200) -> list[Entry]:
        """Newest first. Probes and repeats of a battle only measure something: they are left out unless asked for."""
        marks = ", ".join("?" * len(states))
        where = f"state IN ({marks})" if states else "1"
        rows = self.db.execute(
            f"SELECT * FROM battles WHERE {where} "
            "AND (? OR NOT probe AND coalesce(json_extract(plan, '$.of'), '') = '') ORDER BY created DESC LIMIT ?",
            (*states, measuring, limit),
        )
        return [_entry(row) for row in rows]

    def sealed(self, by: str | None = None, *, limit: int = 200) -> list[Entry]:
        """Battles that somebody made a forecast for, or only this person, newest first."""
        rows = self.db.execute(
            "SELECT * FROM battles WHERE seal IS NOT NULL AND (?1 IS NULL OR json_extract(plan, '$.card.by') = ?1) "
            "ORDER BY created DESC LIMIT ?2",
            (by, limit),
        )
        return [_entry(row) for row in rows]

    def family(self, battle_id: str) -> list[Entry]:
        """The battles that name this one in their plans, oldest first; itself among them if it names itself."""
        rows = self.db.execute(
            "SELECT * FROM battles WHERE json_extract(plan, '$.of') = ? ORDER BY created, rowid", (battle_id,)
        )
        return [_entry(row) for row in rows]

    def ahead(self, entry: Entry) -> int:
        """How many open battles of the same device come before this one."""
        (count,) = self.db.execute(
            "SELECT count(*) FROM battles WHERE device = ? AND (state = 'running' OR "
            "(state = 'queued' AND created < ?)) AND id != ?",
            (entry.battle.device, entry.created, entry.battle.id),
        ).fetchone()
        return int(count)

    def outcomes(self, battle_id: str, side: Side) -> list[Outcome]:
        """In the order they were written down."""
        rows = self.db.execute(
            "SELECT body FROM outcomes WHERE battle = ? AND side = ? ORDER BY at, item", (battle_id, side)
        )
        return [_outcome.validate_json(row["body"]) for row in rows]

    def pairs(self, battle_id: str) -> list[tuple[str, float | None, float | None]]:
        """(item, score of A, score of B) of every item both sides are done with; None for an answer that failed."""
        rows = self.db.execute(
            """SELECT a.item, json_extract(a.body, '$.score'), json_extract(b.body, '$.score')
               FROM outcomes a JOIN outcomes b ON b.battle = a.battle AND b.item = a.item AND b.side = 'b'
               WHERE a.battle = ? AND a.side = 'a'""",
            (battle_id,),
        )
        return [tuple(row) for row in rows]

    def counts(self, battle_id: str) -> dict[str, tuple[int, float]]:
        """(outcomes written down, seconds they took), by side."""
        rows = self.db.execute(
            """SELECT side, count(*), total(json_extract(body, '$.seconds')) FROM outcomes
               WHERE battle = ? GROUP BY side""",
            (battle_id,),
        )
        return {side: (count, seconds) for side, count, seconds in rows}

    def finished_items(self, battle_id: str, side: Side) -> set[str]:
        rows = self.db.execute("SELECT item FROM outcomes WHERE battle = ? AND side = ?", (battle_id, side))
        return {row["item"] for row in rows}

    def notices(self, battle_id: str) -> list[str]:
        rows = self.db.execute("SELECT text FROM notices WHERE battle = ? ORDER BY at", (battle_id,))
        return [row["text"] for row in rows]

    def pilot(self, models: tuple[str, str], task: str, shots: int) -> str | None:
        """The id of the latest finished battle of these two over this task, asked with as many examples."""
        row = self.db.execute(
            """SELECT id FROM battles WHERE state = 'done' AND NOT probe AND json_extract(plan, '$.task') = ?
                 AND json_extract(plan, '$.a.model') IN (?, ?) AND json_extract(plan, '$.b.model') IN (?, ?)
                 AND json_extract(plan, '$.a.harness.shots') = ? AND json_extract(plan, '$.b.harness.shots') = ?
                 AND coalesce(json_extract(plan, '$.of'), '') = ''
               ORDER BY created DESC LIMIT 1""",
            (task, *models, *models, shots, shots),
        ).fetchone()
        return row and str(row["id"])

    def seconds_an_item(self, model: str, task: str, shots: int, device: str) -> float | None:
        """Mean measured seconds an item of this task took this model on this device, from its latest five battles.

        The battles are chosen first: their plans are long, and history grows.
        """
        (mean,) = self.db.execute(
            """SELECT avg(json_extract(o.body, '$.seconds')) FROM (
                   SELECT b.id, s.side FROM battles b, (SELECT 'a' AS side UNION ALL SELECT 'b') s
                   WHERE b.device = ? AND json_extract(b.plan, '$.task') = ?
                     AND coalesce(json_extract(b.plan, '$.of'), '') = ''
                     AND json_extract(b.plan, '$.' || s.side || '.model') = ?
                     AND json_extract(b.plan, '$.' || s.side || '.harness.shots') = ?
                     AND EXISTS (SELECT 1 FROM outcomes WHERE battle = b.id AND side = s.side)
                   ORDER BY b.created DESC LIMIT 5) latest
               CROSS JOIN outcomes o ON o.battle = latest.id AND o.side = latest.side
               WHERE json_extract(o.body, '$.kind') = 'result'""",
            (device, task, model, shots),
        ).fetchone()
        return None if mean is None else float(mean)


def _entry(row: sqlite3.Row) -> Entry:
    plan = row["plan"] if isinstance(row["plan"], str) else row["plan"].decode()  # format 3 and before wrote bytes
    return Entry(
        battle=_battle.validate_json(plan),
        seal=Seal(digest=row["seal"], plan=plan) if row["seal"] is not None else None,
        environment=json.loads(row["environment"]),
        **{
            name: row[name]
            for name in ("state", "phase", "message", "exit_code", "attempts", "created", "started", "finished")
        },
    )
