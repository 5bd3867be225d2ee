"""What a visitor may ask for, within which limits; an operator may ask for everything."""

from __future__ import annotations

import datetime

from engine.access.limits import Limits
from engine.access.person import Person
from engine.battles.battle import SIDES, Battle
from engine.errors import NotAllowed
from engine.models.registry import listed
from engine.runs.request import BattleRequest
from engine.store.ledger import UNCONDITIONAL, Admission, Entry, OpenBattles
from engine.tasks.registry import load_task

SETTINGS = {"normalisation", "unconditional", "extraction", "template", "system"}
"""Of a harness, that visitors may choose."""
LONGEST_SYSTEM_PROMPT = 2_000  # characters
MOST_SHOTS = 25
ELSEWHERE = "or run Noise Floor on your own machine, where there are no limits"


def today() -> datetime.datetime:
    """When the day began by which things are counted: midnight in UTC."""
    return datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def limits_of(person: Person) -> Limits | None:
    """A visitor's limits; None for an operator, who has none."""
    return None if person.operator else Limits.configured()


def open_to_visitors(address: str) -> bool:
    """Whether visitors may let the model at this address fight. Nothing is looked up at the address itself."""
    card = listed().get(address)
    return card is not None and card.visitors


def may_change(person: Person, owner: str) -> bool:
    """Whether a battle with this owner is the person's to stop, resume, repeat, name and delete."""
    return person.operator or (owner != "" and owner == person.id)


def check_owner(person: Person, entry: Entry) -> None:
    """Raises `NotAllowed` unless the battle is the person's to change."""
    if not may_change(person, entry.owner):
        raise NotAllowed(
            f"Battle {entry.battle.id} is somebody else's: you may look at it, and only who started it may change "
            "it. Start one of your own."
        )


def check_request(person: Person, request: BattleRequest) -> None:
    """Before anything of a request is looked up.

    Raises:
        NotAllowed: a contender that is not open to visitors, too many items, or settings beyond a visitor's.
        Unknown: there is no such task.
    """
    limits = limits_of(person)
    if limits is None:
        return
    _check_contenders(request.a, request.b)
    task = load_task(request.task)
    items = request.limit or task.size
    if items is None or items > limits.items:
        asked = "all of them" if items is None else f"{items:,}"
        raise NotAllowed(
            f"A visitor's battle has up to {limits.items:,} questions, and this one asks for {asked}. Choose fewer, "
            f"{ELSEWHERE}."
        )
    shots = task.shots if request.shots is None else request.shots
    if task.advice(shots):  # items that would have to be fetched first
        raise NotAllowed(f"{task.title} is not open to visitors: what it asks is not on this machine. Choose another.")
    if shots > MOST_SHOTS:
        raise NotAllowed(f"{shots:,} worked examples are too many: a visitor's battle has up to {MOST_SHOTS}.")
    if other := request.settings.keys() - SETTINGS:
        raise NotAllowed(f"Visitors cannot set {', '.join(sorted(other))}. Leave it out, {ELSEWHERE}.")
    system = str(request.settings.get("system", ""))
    if len(system) > LONGEST_SYSTEM_PROMPT:
        raise NotAllowed(
            f"The system prompt has {len(system):,} characters, and a visitor's up to {LONGEST_SYSTEM_PROMPT:,}. "
            "Shorten it."
        )


def check_battle(person: Person, battle: Battle) -> None:
    """Raises `NotAllowed` for a battle that is to be asked on or again, and that the person could not start."""
    limits = limits_of(person)
    if limits is None:
        return
    _check_contenders(*(battle.contender(side).model for side in SIDES))
    if battle.n > limits.items:
        raise NotAllowed(
            f"A visitor's battle has up to {limits.items:,} questions, and this one has {battle.n:,}. Start one with "
            f"fewer, {ELSEWHERE}."
        )


def admission(person: Person, battles: int = 1) -> Admission:
    """On what conditions battles of a person come into the queue.

    battles  that come in together; they share the time of one

    Whoever lets them in counts and adds in one transaction, so no two get through a gap for one.
    """
    limits = limits_of(person)
    if limits is None:
        return Admission(owner=person.id)

    def check(there: OpenBattles) -> None:
        if there.own >= limits.open_battles:
            raise NotAllowed(
                f"You have {_battles(there.own)} waiting or running, and a visitor may have {limits.open_battles} at a "
                "time, with those that measure something. Wait until one is over, or stop one: they are under All "
                "battles."
            )
        if there.all + battles > limits.queue:
            raise NotAllowed(
                f"The queue is full: {_battles(there.all)} waiting or running here, of at most {limits.queue}. "
                f"Try again in a few minutes, {ELSEWHERE}."
            )

    return Admission(owner=person.id, seconds_limit=60 * limits.minutes / battles, check=check)


def readmission(person: Person, *going_on: tuple[Entry, float]) -> Admission:
    """On what conditions a person's stopped battles go on: a visitor's keep the time that they had, an operator's have
    no limit any more.

    going_on  battles, each with the seconds its answers have taken

    Raises:
        NotAllowed: one of them is not the person's, could not be started today, or has used its time up.
    """
    for entry, seconds in going_on:
        check_owner(person, entry)
        check_battle(person, entry.battle)
        if not person.operator and entry.seconds_limit is not None and seconds >= entry.seconds_limit:
            raise NotAllowed(
                f"The {entry.seconds_limit / 60:.3g} minutes that the answers of battle {entry.battle.id} may take are "
                f"used up, so it cannot go on. What is done is kept. Start one with fewer questions, {ELSEWHERE}."
            )
    return UNCONDITIONAL if person.operator else admission(person, len(going_on))


def check_storage(person: Person, *, stored: int) -> None:
    """Raises `NotAllowed` when a person may write nothing more into the journal.

    stored  bytes of it, of everybody together
    """
    limits = limits_of(person)
    if limits is not None and stored >= limits.storage * 1_000_000:
        raise NotAllowed(
            f"This server keeps no more of what visitors write: its {limits.storage:,} MB are full. Take along what "
            "you have under “Keep”, and tell who runs it."
        )


def check_message(person: Person, *, sent_today: int, stored: int) -> None:
    """Raises `NotAllowed` when a person may send the tutor no more today.

    sent_today  messages of this person since `today`
    stored      bytes of the journal, of everybody together
    """
    check_storage(person, stored=stored)
    limits = limits_of(person)
    if limits is not None and sent_today >= limits.messages:
        raise NotAllowed(
            f"You have sent the tutor {sent_today:,} messages today, and a visitor may send {limits.messages:,}. "
            "Go on tomorrow (the day ends at midnight UTC): your talk is kept."
        )


def model_may_reply(person: Person, *, replies_today: int) -> bool:
    """Whether a tutor's model may speak to this person, or the labs' own words do.

    replies_today  for which the model was asked since `today`, by anybody
    """
    limits = limits_of(person)
    return limits is None or replies_today < limits.replies


def _check_contenders(*addresses: str) -> None:
    for address in addresses:
        if not open_to_visitors(address):
            raise NotAllowed(
                f"Visitors may not use a model of their own choosing ({address[:80]!r}). Choose one of the list, "
                f"{ELSEWHERE}."
            )


def _battles(n: int) -> str:
    return "1 battle" if n == 1 else f"{n:,} battles"
