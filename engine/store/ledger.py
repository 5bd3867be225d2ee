"""The record of battles, written before anything is counted.

A plan is stored before its first item runs, an outcome before it is shown, and every number on a screen is
counted from what is stored here. The key (battle, side, item) makes a second count of the same item
impossible. Several processes read and write at once; readers do not wait for a writer.
This module decides nothing: what the rows mean is `runs/` and `stats/`'s.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engine.battles.battle import Battle, ItemFailure, ItemResult, Outcome, Side
from engine.battles.seal import Seal
from engine.encoding import stored_form
from engine.errors import CallerMistake, DiskFull, Locked, Unknown, Unreadable, shown
from engine.home import home
from engine.store import beginning, queries
from engine.store.database import LOCK_TIMEOUT, Database, NoTables, fault, reason, writing
from engine.store.tables import LEDGER, battles, notices, outcomes

State = Literal["queued", "running", "done", "stopped", "failed"]
OPEN_STATES: tuple[State, ...] = ("queued", "running")

T = TypeVar("T")

_battle = TypeAdapter(Battle)
_outcome: TypeAdapter[Outcome] = TypeAdapter(ItemResult | ItemFailure)
_environment = TypeAdapter(dict[str, dict[str, str]])
_this = battles.update().where(battles.c.id == sa.bindparam("battle"))
_progress = _this.where(battles.c.state == "running").values(attempts=1)
_notice = notices.insert().from_select(
    ["battle", "at", "text"],
    sa.select(battles.c.id, sa.bindparam("at", type_=sa.Double), sa.bindparam("text", type_=sa.Text)).where(
        battles.c.id == sa.bindparam("battle")
    ),
)
_insert_once = {
    "sqlite": sqlite.insert(outcomes).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(outcomes).on_conflict_do_nothing(),
}


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
    owner: str
    """The id of the person on whose behalf it runs; empty from the command line, or from before there were owners."""
    name: str
    """What its owner calls it, untrusted; empty until it has a name."""
    seconds_limit: float | None
    """Seconds its answers may take together, both sides; None for as long as they take."""
    environment: dict[str, dict[str, str]]
    """What ran, by side."""
    seal: Seal | None
    """Of the plan, if it came with a forecast; None for a battle without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableEntry:
    """A battle's line that is damaged, or that a newer release wrote: what it is for sure, and what is wrong with it.

    The columns that repeat its plan are believed as far as they are texts.
    """

    id: str
    state: str
    created: float | None
    device: str
    task: str
    models: tuple[str, str]
    """Addresses of A and B."""
    reason: str
    """What is wrong, in a sentence that names the battle and says the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBattles:
    """How much there is to do, at the moment somebody asks for more."""

    own: int
    """Battles of this owner that are open, probes and repeats too."""
    all: int
    """Everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """On whose behalf battles come into the queue, and on what conditions."""

    owner: str = ""
    """The person's id; empty for the command line."""
    seconds_limit: float | None = None
    """Seconds the answers of each battle may take."""
    check: Callable[[OpenBattles], object] | None = None
    """Asked within the transaction that lets them in, so nobody comes between; what it raises keeps them out."""


UNCONDITIONAL = Admission()


class Ledger:
    """One connection to the record. Cheap to open; close it, or use it as a context manager.

    patience  seconds to wait for another program that keeps it locked

    Raises, whatever is done with it:
        DiskFull: nothing more can be written down; what was, stays.
        Locked: another program kept it for longer than that.
        CallerMistake: the file is damaged, lost, or a newer release wrote it.
    """

    def __init__(self, patience: float | None = None) -> None:
        self.path = home() / "ledger.db"
        self.patience = LOCK_TIMEOUT if patience is None else patience
        beginning.check(self.path)
        # Whoever waits long does so a second at a time: a signal is not heard in the middle of a wait.
        timeout = self.patience if self.patience <= LOCK_TIMEOUT else 1.0
        url = sa.URL.create("sqlite", database=str(self.path))
        database = Database(url=url, schema=LEDGER, begun=beginning.begun(self.path), timeout=timeout)
        try:
            with self._clear_errors():
                self.connection = self._patiently(database.connect)
                beginning.remember(self.path)
        except NoTables as error:
            raise beginning.lost(self.path, "has no tables") from error
        except SQLAlchemyError as error:  # not as any release writes it: nothing has been changed in it
            raise CallerMistake(
                f"The ledger {self.path} cannot be opened ({reason(error)}); it is as it was. Set NOISEFLOOR_HOME to "
                "another folder to start a new one."
            ) from error

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    # Writing

    def check_writable(self) -> None:
        """Raises what writing would raise, without writing anything."""
        with self._writing():
            pass

    def add(self, *planned: Battle, admission: Admission = UNCONDITIONAL) -> None:
        """Stores complete plans, sealed if they have a forecast; nothing has run yet, and they can never be changed.

        Raises, as well:
            CallerMistake: a plan holds what no plan can hold.
            Whatever the admission's check raised.
        """
        rows = [_row(battle, admission) for battle in planned]
        with self._writing():
            self._admit(admission)
            self.connection.execute(battles.insert(), rows)

    def reopen(self, *battle_ids: str, admission: Admission = UNCONDITIONAL) -> None:
        """Puts those that were stopped or failed back into the queue.

        Without a limit in the admission they have none any more; with one, those that had a limit keep theirs. What
        the admission's check raises leaves all as they are.
        """
        limit = admission.seconds_limit and sa.func.coalesce(battles.c.seconds_limit, admission.seconds_limit)
        with self._writing():
            self._admit(admission)
            for battle_id in battle_ids:
                values = _state("queued") | {"seconds_limit": limit}
                self._update(battle_id, only_from=("stopped", "failed"), **values)

    def _admit(self, admission: Admission) -> None:
        if admission.check is not None:
            own, all_ = self.connection.execute(queries.OPEN, {"owner": admission.owner}).one()
            admission.check(OpenBattles(own=own, all=all_))

    def rename(self, battle_id: str, name: str) -> None:
        """Writes down what its owner calls it."""
        with self._writing():
            self._update(battle_id, name=name)

    def delete(self, battle_id: str) -> bool:
        """Removes a battle and its repeats with all that was written for them, in one transaction.

        Returns False, and removes nothing, while one of them is open. A worker that was still at it finds nothing to
        write to.
        """
        with self._writing():
            family = self.connection.execute(queries.FAMILY, {"battle": battle_id}).all()
            if any(state in OPEN_STATES for _, state in family):
                return False
            self._delete([id_ for id_, _ in family])
        return True

    def delete_of(self, owner: str) -> int:
        """Removes every battle of an owner, open ones too, and their repeats, in one transaction.

        Returns how many there were. A worker that was at one finds nothing to write to.
        """
        with self._writing():
            ids = list(self.connection.scalars(queries.OWNED, {"owner": owner}))
            self._delete(ids)
        return len(ids)

    def _delete(self, ids: Sequence[str]) -> None:
        for column in (outcomes.c.battle, notices.c.battle, battles.c.id):
            self.connection.execute(sa.delete(column.table).where(column.in_(ids)))

    def claim(self, device: str) -> Entry | None:
        """The battle a device's worker should run now: an interrupted one first, then the oldest queued.

        The attempt is written down before it is made, so a battle that kills its worker is counted. One that cannot be
        read has failed, and the next one is taken.
        """
        while isinstance(entry := self._next(device), UnreadableEntry):
            self.set_state(entry.id, "failed", only_from=("running",), message=entry.reason, exit_code=2)
        return entry

    def _next(self, device: str) -> Entry | UnreadableEntry | None:
        with self._writing():
            battle_id = self.connection.scalar(queries.NEXT, {"device": device})
            if battle_id is None:
                return None
            self._update(
                battle_id,
                state="running",
                attempts=battles.c.attempts + 1,
                started=sa.func.coalesce(battles.c.started, time.time()),
            )
            return _entry(self.connection.execute(queries.ENTRY, {"battle": battle_id}).one())

    def release(self, battle_id: str) -> None:
        """Takes back the attempt that `claim` wrote down: its worker was asked to end, and the battle did nothing."""
        with self._writing():
            self._update(battle_id, attempts=sa.case((battles.c.attempts > 0, battles.c.attempts - 1), else_=0))

    def append(self, battle_id: str, side: Side, batch: Sequence[Outcome]) -> bool:
        """Writes outcomes down, all of them or nothing. False when the battle is no longer running.

        A stop takes effect here, at once, whatever the worker is in the middle of: what comes after it is
        not recorded. Progress also forgives earlier attempts.

        battle_id  whose they are
        side       who was asked
        batch      one outcome an item; an item that is there already stays as it is
        """
        common = {"battle": battle_id, "side": side, "at": time.time()}
        rows = [
            common
            | {
                "item": outcome.item_id,
                "score": outcome.score if isinstance(outcome, ItemResult) else None,
                "seconds": outcome.seconds,
                "body": _outcome.dump_json(outcome, by_alias=True).decode(),
            }
            for outcome in batch
        ]
        with self._writing():
            running = self.connection.execute(_progress, {"battle": battle_id}).rowcount
            if running and rows:
                self.connection.execute(_insert_once[self.connection.dialect.name], rows)
        return bool(running)

    def set_phase(self, battle_id: str, phase: str) -> None:
        """Writes down what the worker is doing."""
        with self._writing():
            self._update(battle_id, phase=phase)

    def add_notice(self, battle_id: str, text: str) -> None:
        """Writes down what a reader of the result should know; of a battle that is gone, nothing."""
        with self._writing():
            self.connection.execute(_notice, {"battle": battle_id, "at": time.time(), "text": text})

    def set_environment(self, battle_id: str, environment: dict[str, dict[str, str]]) -> None:
        """Writes down what runs, by side."""
        with self._writing():
            self._update(battle_id, environment=json.dumps(environment))

    def set_state(
        self, battle_id: str, state: State, *, only_from: Sequence[State], message: str = "", exit_code: int = 0
    ) -> bool:
        """Moves a battle to another state. Returns whether it was in one that it may come from.

        battle_id  which battle
        state      where it goes
        only_from  the states it may come from; from any other nothing happens
        message    why it stopped or failed, for whoever looks
        exit_code  what a command line should end with
        """
        with self._writing():
            return self._update(battle_id, only_from=only_from, **_state(state, message, exit_code))

    # Reading

    def entry(self, battle_id: str) -> Entry:
        """Raises Unknown when there is no such battle, Unreadable when it cannot be read."""
        ours = battle_id.isascii()  # half a character, as a broken name may have, cannot even be asked for
        for row in self._rows(queries.ENTRY, battle=battle_id) if ours else ():
            entry = _entry(row)
            if isinstance(entry, UnreadableEntry):
                raise Unreadable(entry.reason)
            return entry
        raise Unknown(
            f"There is no battle {shown(battle_id)} in {self.path}. "
            "It may have been fought on another machine, or with another NOISEFLOOR_HOME."
        )

    def lines(
        self, *, states: Sequence[State] = (), owner: str | None = None, measuring: bool = False, limit: int = 200
    ) -> list[Entry | UnreadableEntry]:
        """Battles, newest first, those that cannot be read among them.

        states     those wanted; all where none is named
        owner      whose; None for everybody's
        measuring  with probes and repeats of a battle, which only measure something
        limit      how many at the most
        """
        query = queries.newest(states, owner, measuring=measuring)
        return [_entry(row) for row in self._rows(query, limit=limit)]

    def entries(
        self, *, states: Sequence[State] = (), owner: str | None = None, measuring: bool = False, limit: int = 200
    ) -> list[Entry]:
        """Those of them that can be read. Its parameters are those of `lines`."""
        return _readable(self.lines(states=states, owner=owner, measuring=measuring, limit=limit))

    def sealed(self, by: str | None = None, *, limit: int = 200) -> list[Entry]:
        """Battles that somebody made a forecast for, or only this person, newest first, that can be read."""
        return _readable(_entry(row) for row in self._rows(queries.forecasts(by), limit=limit))

    def repeats(self, battle_id: str) -> list[Entry]:
        """The battles that name this one in their plans, oldest first; itself among them if it names itself.

        One that cannot be read is as if it had not been run.
        """
        return _readable(_entry(row) for row in self._rows(queries.REPEATS, battle=battle_id))

    def ahead(self, entry: Entry) -> int:
        """How many open battles of the same device come before this one."""
        battle = entry.battle
        return int(self._value(queries.AHEAD, battle=battle.id, device=battle.device, created=entry.created))

    def started_since(self, moment: float) -> dict[str, int]:
        """How many battles were started since a moment (Unix time), probes and repeats too, by owner."""
        return dict(map(tuple, self._rows(queries.STARTED, since=moment)))

    def outcomes(self, battle_id: str, side: Side) -> list[Outcome]:
        """In the order they were written down.

        battle_id  whose they are
        side       who was asked

        Raises:
            Unreadable: one of them is damaged: a verdict without it would be another one.
        """
        return [
            _readable_outcome(battle_id, side, *row)
            for row in self._rows(queries.OUTCOMES, battle=battle_id, side=side)
        ]

    def pairs(self, battle_id: str) -> list[tuple[str, float | None, float | None]]:
        """(item, score of A, score of B) of every item both sides are done with; None for an answer that failed."""
        return [tuple(row) for row in self._rows(queries.PAIRS, battle=battle_id)]

    def counts(self, battle_id: str) -> dict[str, tuple[int, float]]:
        """(outcomes written down, seconds they took), by side."""
        return {side: (count, seconds) for side, count, seconds in self._rows(queries.COUNTS, battle=battle_id)}

    def notices(self, battle_id: str) -> list[str]:
        """In the order they were written down."""
        return [text for (text,) in self._rows(queries.NOTICES, battle=battle_id)]

    def pilot(self, models: tuple[str, str], task: str, shots: int) -> str | None:
        """The id of the latest finished battle of two models over a task; None where they have not met.

        models  addresses, in either order
        task    name of the task
        shots   worked examples that both were asked with
        """
        model, other = models
        battle_id = self._value(queries.PILOT, model=model, other_model=other, task=task, shots=shots)
        return None if battle_id is None else str(battle_id)

    def seconds_an_item(self, model: str, task: str, shots: int, device: str) -> float | None:
        """Mean seconds that an item took in a model's latest five battles; None where nothing was measured.

        model   address
        task    name of the task
        shots   worked examples it was asked with
        device  where it ran
        """
        mean = self._value(queries.SECONDS_AN_ITEM, model=model, task=task, shots=shots, device=device)
        return None if mean is None else float(mean)

    # Both

    def _rows(self, query: queries.Query, **given: object) -> Sequence[queries.Line]:
        def read() -> Sequence[queries.Line]:
            with self.connection.begin():
                return self.connection.execute(query, given).all()

        with self._clear_errors():
            return self._patiently(read)

    def _value(self, query: queries.Query, **given: object) -> Any:
        def read() -> Any:
            with self.connection.begin():
                return self.connection.scalar(query, given)

        with self._clear_errors():
            return self._patiently(read)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """What the attempt comes to, as soon as nobody else keeps the ledger locked."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return attempt()
            except SQLAlchemyError as error:
                if fault(error) != "locked" or time.monotonic() >= deadline:
                    raise

    def _update(self, battle_id: str, *, only_from: Sequence[State] = (), **values: object) -> bool:
        """Changes a battle's line, if it is in one of these states where any is named. Returns whether it was there."""
        update = _this.where(battles.c.state.in_(only_from)) if only_from else _this
        return bool(self.connection.execute(update.values(values), {"battle": battle_id}).rowcount)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._clear_errors(), ExitStack() as transaction:
            self._patiently(lambda: transaction.enter_context(writing(self.connection)))
            yield

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            match fault(error):
                case "full":
                    raise DiskFull(
                        f"The disk with {self.path.parent} is full. Free some space and start again: "
                        "everything up to here is kept and the battle goes on where it was."
                    ) from error
                case "damaged":
                    raise CallerMistake(
                        f"The ledger {self.path} is damaged ({reason(error)}). Move it away to start a new one; "
                        "`sqlite3 ledger.db .recover` may save its contents."
                    ) from error
                case "read-only":
                    raise CallerMistake(
                        f"The ledger {self.path} may not be written to ({reason(error)}). Change its permissions, or "
                        "set NOISEFLOOR_HOME to a folder of your own."
                    ) from error
                case "locked":
                    raise Locked(
                        f"Another program kept the ledger {self.path} locked for {self.patience:.0f} seconds. Close "
                        "what has it open, a database browser for instance, and try again: everything up to here is "
                        "kept, and a battle that runs waits for it and goes on by itself."
                    ) from error
            raise


def _row(battle: Battle, admission: Admission) -> dict[str, object]:
    """A plan that could not be read back is not written: one such line would shut the list of all battles."""
    seal = Seal.of(battle)
    try:
        _parsed(seal.plan)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)[0]
        place, given = ".".join(str(each) for each in wrong["loc"]), str(wrong["input"])[:40]
        raise CallerMistake(f"The plan of this battle says {place} {given!r}: {wrong['msg']}.") from error
    return {
        "id": battle.id, "state": "queued", "phase": "", "message": "", "exit_code": 0, "attempts": 0,
        "created": time.time(), "owner": admission.owner, "name": "", "seconds_limit": admission.seconds_limit,
        "device": battle.device, "probe": battle.probe, "task": battle.task,
        "model_a": battle.a.model, "shots_a": battle.a.harness.shots,
        "model_b": battle.b.model, "shots_b": battle.b.harness.shots,
        "repeats": battle.repeat_of or None, "forecaster": battle.forecast and battle.forecast.by,
        "environment": "{}", "seal": seal.digest if battle.forecast else None, "plan": seal.plan,
    }  # fmt: skip


def _state(state: State, message: str = "", exit_code: int = 0) -> dict[str, object]:
    finished = None if state in OPEN_STATES else time.time()
    return {
        "state": state, "message": message, "exit_code": exit_code, "finished": finished, "phase": "", "attempts": 0,
    }  # fmt: skip


@lru_cache(maxsize=8)
def _parsed(plan: str) -> Battle:
    """Whoever watches a battle asks again and again; its plan stays, and may name ten thousand items."""
    battle = _battle.validate_json(plan)
    if unknown := sorted(_keys(json.loads(plan)) - _keys(stored_form(battle))):
        raise ValueError(f"its plan has {unknown[0]!r}, of which this version knows nothing")
    if len(set(battle.item_ids)) < battle.n:
        raise ValueError("its plan names an item twice, which would count twice")
    return battle


def _keys(plan: Mapping[str, Any]) -> set[str]:
    """All settings of a plan, those of its contenders as `a.harness.shots`."""
    inner = {name: _keys(value) for name, value in plan.items() if isinstance(value, dict)}
    return {*plan, *(f"{name}.{key}" for name, keys in inner.items() for key in keys)}


def _readable(lines: Iterable[Entry | UnreadableEntry]) -> list[Entry]:
    return [line for line in lines if isinstance(line, Entry)]


def _entry(row: queries.Line) -> Entry | UnreadableEntry:
    try:
        return _readable_entry(row)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = (
            f"Battle {_text(row.id)} cannot be read: {_in_short(error)}. A newer Noise Floor may have written it, or "
            "the ledger is damaged (see: python -m engine doctor). It stays as it is; other battles are not concerned."
        )
        return UnreadableEntry(
            id=_text(row.id),
            state=_text(row.state),
            created=row.created if isinstance(row.created, int | float) else None,
            device=_text(row.device),
            task=_text(row.task),
            models=(_text(row.model_a), _text(row.model_b)),
            reason=reason,
        )


def _text(cell: object) -> str:
    """Whatever lies in a cell, as a text that can be shown."""
    return str(cell).encode(errors="replace").decode()


def _readable_entry(row: queries.Line) -> Entry:
    """Raises ValueError, TypeError or AttributeError where the line is not as any release writes it."""
    if row.state not in get_args(State):
        raise ValueError(f"its state {row.state!r} is unknown")
    plan = row.plan if isinstance(row.plan, str) else row.plan.decode()  # bytes only after somebody changed it
    battle = _parsed(plan)
    if battle.id != row.id:
        raise ValueError("its plan is another battle's")
    for text in (row.phase, row.message, row.name, row.seal or ""):
        text.encode()
    return Entry(
        battle=battle,
        seal=Seal(digest=row.seal, plan=plan) if row.seal is not None else None,
        environment=_environment.validate_json(row.environment),
        state=row.state,
        phase=row.phase,
        message=row.message,
        exit_code=int(row.exit_code),
        attempts=int(row.attempts),
        created=float(row.created),
        started=None if row.started is None else float(row.started),
        finished=None if row.finished is None else float(row.finished),
        owner=str(row.owner),
        name=row.name,
        seconds_limit=None if row.seconds_limit is None else float(row.seconds_limit),
    )


def _readable_outcome(battle_id: str, side: Side, item: str, score: float | None, body: str) -> Outcome:
    """An outcome that says the same as the columns which are counted by."""
    try:
        outcome = _outcome.validate_json(body)
        if (outcome.item_id, outcome.score if isinstance(outcome, ItemResult) else None) != (item, score):
            raise ValueError("its item or its score is not what is counted")
    except (ValueError, TypeError, RecursionError) as error:
        raise Unreadable(
            f"Battle {battle_id} cannot be judged: the answer of contender {side.upper()} to {str(item)!r} is damaged "
            f"({_in_short(error)}). A verdict without it would be another one; other battles are not concerned."
        ) from error
    return outcome


def _in_short(error: Exception) -> str:
    """What a plan, an answer or an environment has that it should not have, without its contents."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    if isinstance(error, UnicodeError):
        return "it holds bytes that are no text"
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
