"""Battles on behalf of a person. Pages start, stop and change battles through here and nowhere else.

Whatever is not the person's to do, or goes beyond a visitor's limits, raises `NotAllowed` with the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine import runs
from engine.access.person import Person
from engine.access.policy import admission, check_battle, check_owner, check_request, readmission, today
from engine.analysis import repeats
from engine.errors import NotAllowed
from engine.runs import BattleRequest
from engine.store.ledger import OPEN_STATES, Admission, Entry, Ledger, UnreadableEntry

LONGEST_NAME = 60
BY_THE_OPERATOR = "The operator stopped this battle."


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What goes on here."""

    started: Mapping[str, int]
    """Battles started today, by the owner's id; empty for the command line."""
    open: tuple[Entry, ...]
    """All that wait or run, newest first, probes and repeats too."""


def start(person: Person, request: BattleRequest) -> str:
    """Puts a battle into the queue; its id. Raises what `runs.plan` does, too."""
    check_request(person, request)
    return runs.start(runs.plan(request), admission=admission(person))


def probe(person: Person, request: BattleRequest) -> str:
    """Starts a few items of it, to see how long they take; the id."""
    check_request(person, request)
    return runs.probe(request, admission=admission(person))


def stop(person: Person, battle_id: str) -> None:
    """Stops a battle at once; what is done stays."""
    _stop(person, _entry(person, battle_id))


def resume(person: Person, battle_id: str) -> None:
    """Puts a stopped or failed battle back into the queue."""
    _resume(person, _entry(person, battle_id))


def may_resume(person: Person, battle_id: str) -> bool:
    """Whether a stopped or failed battle could go on now, if the queue has room."""
    with Ledger() as ledger:
        entry = ledger.entry(battle_id)
    try:
        _conditions(person, entry)
    except NotAllowed:
        return False
    return True


def rename(person: Person, battle_id: str, name: str) -> None:
    """Gives a battle a name, one line of what can be seen; an empty one takes it away.

    person     who names it
    battle_id  which battle
    name       untrusted; cut after `LONGEST_NAME` characters
    """
    line = " ".join(name.split())
    runs.rename(_entry(person, battle_id).battle.id, "".join(c for c in line if c.isprintable())[:LONGEST_NAME].strip())


def delete(person: Person, battle_id: str) -> None:
    """Removes a battle with its repeats and every answer. Raises `CallerMistake` while one of them is open."""
    runs.delete(_entry(person, battle_id).battle.id)


def delete_own(person: Person) -> int:
    """Removes every battle of a person's own, open ones too, with its repeats; returns how many there were."""
    if not person.id:
        return 0
    with Ledger() as ledger:
        return ledger.delete_of(person.id)


def repeat(person: Person, battle_id: str, items: int) -> None:
    """Queues the battles that ask both contenders again in other ways, to see how far that moves their gap.

    person     who measures
    battle_id  what is repeated
    items      how many of its items are asked again
    """
    battle = _entry(person, battle_id).battle
    check_battle(person, battle)
    planned = repeats.plan_repeats(battle, items)
    runs.start(*planned, admission=admission(person, len(planned)))


def stop_repeats(person: Person, battle_id: str) -> None:
    """Stops what is still open of them, the last first, so that none begins because one before it has ended."""
    family = _repeats(person, battle_id)
    for entry in reversed(family):
        _stop(person, entry)


def resume_repeats(person: Person, battle_id: str) -> None:
    """Puts those that were stopped or failed back into the queue."""
    _resume(person, *(entry for entry in _repeats(person, battle_id) if entry.state in ("stopped", "failed")))


def history(person: Person) -> list[tuple[Entry | UnreadableEntry, int]]:
    """The latest battles, newest first, with the number ahead of each: a visitor's own, and all for an operator."""
    return runs.history(owner=None if person.operator else person.id or "nobody")


def usage(person: Person) -> Usage:
    """What goes on here, for an operator alone."""
    _operator(person)
    with Ledger() as ledger:
        return Usage(
            started=ledger.started_since(today().timestamp()),
            open=tuple(ledger.entries(states=OPEN_STATES, measuring=True, limit=1_000)),
        )


def stop_all(person: Person) -> None:
    """Stops every open battle, the last first; for an operator alone."""
    for entry in usage(person).open:
        _stop(person, entry)


def _operator(person: Person) -> None:
    if not person.operator:
        raise NotAllowed("Only the operator of this server may do this.")


def _entry(person: Person, battle_id: str) -> Entry:
    with Ledger() as ledger:
        entry = ledger.entry(battle_id)
    check_owner(person, entry)
    return entry


def _repeats(person: Person, battle_id: str) -> list[Entry]:
    family = repeats.entries(_entry(person, battle_id).battle.id)
    for entry in family:
        check_owner(person, entry)
    return family


def _stop(person: Person, entry: Entry) -> None:
    runs.stop(entry.battle.id, "" if entry.owner == person.id or not entry.owner else BY_THE_OPERATOR)


def _resume(person: Person, *stopped: Entry) -> None:
    if stopped:
        runs.resume(*(entry.battle.id for entry in stopped), admission=_conditions(person, *stopped))


def _conditions(person: Person, *stopped: Entry) -> Admission:
    with Ledger() as ledger:
        taken = [sum(seconds for _, seconds in ledger.counts(entry.battle.id).values()) for entry in stopped]
    return readmission(person, *zip(stopped, taken, strict=True))
