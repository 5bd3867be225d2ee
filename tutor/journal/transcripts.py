"""Talks and their turns: each thing is written down before anything is done with it, and once."""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError

from engine import CallerMistake
from tutor.errors import TutorError
from tutor.exchange import Assessment, Exchange, Point
from tutor.journal import tables
from tutor.journal.connection import to_read, to_write
from tutor.journal.tables import turns

_assessment = TypeAdapter(Assessment)
_talks = tables.talks  # `talks` is what they are asked for with


class TurnTaken(TutorError):
    """This turn was already said, in another tab for instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One learner's way through one lab: where it stands, and every exchange so far, oldest first."""

    id: str
    learner: str
    lab: str
    begun: str
    case: str
    point: Point
    question: str  # the tutor's words that wait for an answer
    exchanges: tuple[Exchange, ...]


def draft(learner: str, lab: str, case: str, point: Point, question: str) -> Talk:
    """A talk as it would begin. Nothing of it is written down until `keep`: whoever merely looks leaves nothing.

    learner   who talks
    lab       the lab's slug
    case      the case that is open first, and in it
    point     what is asked about
    question  the tutor's words
    """
    first = hashlib.sha256(f"{learner} {lab}".encode()).hexdigest()[:16]  # the same in every tab
    return Talk(
        id=first, learner=learner, lab=lab, begun=now(), case=case, point=point, question=question, exchanges=()
    )


def keep(talk: Talk) -> None:
    """Writes a draft down; one that is in the journal is left as it is."""
    with to_write() as connection:
        if connection.scalar(sa.select(_talks.c.id).where(_talks.c.id == talk.id)) is None:
            ordinal = sa.select(sa.func.coalesce(sa.func.max(_talks.c.ordinal), 0) + 1).scalar_subquery()
            row = {name: getattr(talk, name) for name in ("id", "learner", "lab", "begun", "case", "question")}
            connection.execute(sa.insert(_talks).values(**row, point=str(talk.point), ordinal=ordinal))


def begin(learner: str, lab: str, case: str, point: Point, question: str) -> Talk:
    """A new talk, written down. Earlier ones of the same lab are kept. The parameters are those of `draft`."""
    talk = replace(draft(learner, lab, case, point, question), id=secrets.token_hex(8))
    keep(talk)
    return talk


def read(talk: str) -> Talk:
    """Raises CallerMistake when there is no such talk."""
    with to_read() as connection:
        for found in _read(connection, _talks.c.id == talk):
            return found
    raise CallerMistake(f"There is no talk “{talk}” in the journal; it may have been deleted. Begin the lab anew.")


def latest(learner: str, lab: str) -> Talk | None:
    """The learner's newest talk in this lab."""
    newest = (
        sa.select(_talks.c.id)
        .where(_talks.c.learner == learner, _talks.c.lab == lab)
        .order_by(_talks.c.ordinal.desc())
        .limit(1)
    )
    with to_read() as connection:
        return next(_read(connection, _talks.c.id == newest.scalar_subquery()), None)


def latest_by_lab(learner: str) -> dict[str, Talk]:
    """The learner's newest talk in each lab they began, by its slug."""
    newest = sa.select(sa.func.max(_talks.c.ordinal)).where(_talks.c.learner == learner).group_by(_talks.c.lab)
    with to_read() as connection:
        which = sa.and_(_talks.c.learner == learner, _talks.c.ordinal.in_(newest))
        return {talk.lab: talk for talk in _read(connection, which)}


def talks(learner: str) -> tuple[Talk, ...]:
    """All of a learner's talks, oldest first."""
    with to_read() as connection:
        return tuple(_read(connection, _talks.c.learner == learner))


def _read(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Talk]:
    rows = connection.execute(sa.select(_talks).where(which).order_by(_talks.c.ordinal)).mappings().all()
    said: dict[str, list[Exchange]] = {row["id"]: [] for row in rows}
    if said:
        of_these = sa.select(turns).where(turns.c.talk.in_(said)).order_by(turns.c.talk, turns.c.number)
        for turn in connection.execute(of_these).mappings():
            said[turn["talk"]].append(_exchange(turn))
    for row in rows:
        yield Talk(
            **{
                **{name: row[name] for name in ("id", "learner", "lab", "begun", "case", "question")},
                "point": Point.parse(row["point"]),
                "exchanges": tuple(said[row["id"]]),
            }
        )


def record_message(talk: Talk, text: str, *, told: bool = False) -> Exchange:
    """Writes the learner's message down before anything is done with it.

    talk  as the learner saw it: the message is the turn after its last
    text  the message
    told  whether the learner asked to be told

    Raises:
        TurnTaken: the turn with this number exists already; read the talk again.
    """
    exchange = Exchange(
        number=len(talk.exchanges) + 1, case=talk.case, point=talk.point, tutor=talk.question, learner=text,
        said_at=now(), told=told,
    )  # fmt: skip
    row = {
        "talk": talk.id, "number": exchange.number, "case": exchange.case, "point": str(exchange.point),
        "tutor": exchange.tutor, "learner": text, "told": told, "said_at": exchange.said_at, "voice": "",
    }  # fmt: skip
    try:
        with to_write() as connection:
            connection.execute(sa.insert(turns).values(row))
    except IntegrityError as error:
        raise TurnTaken(
            "This turn was answered already, perhaps in another tab. Reload to go on from there."
        ) from error
    return exchange


def record_assessment(talk: str, number: int, assessment: Assessment) -> None:
    """Writes a judgement down, once: a second one for the same turn changes nothing.

    talk        the talk's id
    number      of the turn that is judged
    assessment  what a judge made of the learner's message
    """
    unjudged = sa.update(turns).where(turns.c.talk == talk, turns.c.number == number, turns.c.assessment.is_(None))
    with to_write() as connection:
        connection.execute(unjudged.values(assessment=json.dumps(asdict(assessment))))


def record_reply(talk: str, number: int, reply: str, voice: str, onwards: tuple[str, Point, str]) -> None:
    """Writes the whole reply and where the talk goes next, in one transaction, once.

    talk     the talk's id
    number   of the turn that is replied to; one that nobody said, or that has its reply, is left alone
    voice    who wrote the reply: "authored" or a model's name
    onwards  the case, the point and the question that are open from now on
    """
    answered = sa.update(turns).where(turns.c.talk == talk, turns.c.number == number, turns.c.reply.is_(None))
    with to_write() as connection:
        if connection.execute(answered.values(reply=reply, voice=voice)).rowcount:
            _open(connection, talk, *onwards)


def set_open_question(talk: str, case: str, point: Point, question: str) -> None:
    """Another case, chosen by the learner between two turns.

    talk      the talk's id
    case      the case that is open from now on, and in it
    point     what is asked about
    question  the tutor's words
    """
    with to_write() as connection:
        _open(connection, talk, case, point, question)


def _open(connection: sa.Connection, talk: str, case: str, point: Point, question: str) -> None:
    values = {"case": case, "point": str(point), "question": question}
    connection.execute(sa.update(_talks).where(_talks.c.id == talk).values(values))


def _exchange(row: sa.RowMapping) -> Exchange:
    """A turn. A judgement that cannot be read is none: the turn does not count, and says so."""
    assessment, damage = None, ""
    if row["assessment"]:
        try:
            assessment = _assessment.validate_json(row["assessment"])
        except ValueError:
            damage = "The judgement of this message is damaged and cannot be read, so the message does not count."
    fields = {name: row[name] for name in ("number", "case", "reply", "voice", "said_at", "told")}
    fields |= {name: row[name].encode(errors="replace").decode() for name in ("tutor", "learner")}
    return Exchange(**fields, point=Point.parse(row["point"]), assessment=assessment, damage=damage)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
