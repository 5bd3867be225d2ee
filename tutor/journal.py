"""What learners said, were told, and filled in: the personal half of what Noise Floor writes down.

A message is written before anybody judges it, a judgement before the reply, so that a kill or a reload loses nothing;
(talk, number) is unique, so nothing is there twice. SQLite in the data folder unless `NOISEFLOOR_JOURNAL_URL` names
another database for SQLAlchemy. It decides nothing and counts nothing.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engine import CallerMistake
from engine.home import home
from tutor.errors import TutorError
from tutor.exchange import Assessment, Exchange, Point

_meta = sa.MetaData()
_talks = sa.Table(
    "talks", _meta,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("lab", sa.String(40), nullable=False),
    sa.Column("begun", sa.String(32), nullable=False),
    sa.Column("case", sa.String(80), nullable=False),  # the case, point and question that are open now
    sa.Column("point", sa.String(80), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
)  # fmt: skip
_turns = sa.Table(
    "turns", _meta,
    sa.Column("talk", sa.ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("case", sa.String(80), nullable=False),
    sa.Column("point", sa.String(80), nullable=False),
    sa.Column("tutor", sa.Text, nullable=False),
    sa.Column("learner", sa.Text, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False),
    sa.Column("said_at", sa.String(32), nullable=False),
    sa.Column("assessment", sa.Text),  # JSON, null until judged
    sa.Column("reply", sa.Text),  # null until saved whole
    sa.Column("voice", sa.String(120), nullable=False),
)  # fmt: skip
_sheets = sa.Table(
    "sheets", _meta,
    sa.Column("talk", sa.ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("answers", sa.Text, nullable=False),  # JSON: row id to answer
    sa.Column("saved_at", sa.String(32), nullable=False),
)  # fmt: skip
_notes = sa.Table(
    "notes", _meta, sa.Column("name", sa.String(200), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)


class Taken(TutorError):
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


def new_learner() -> str:
    """A name nobody can guess: it is the only key to a learner's transcripts."""
    return secrets.token_urlsafe(16)


def begin(learner: str, lab: str, case: str, point: Point, question: str) -> Talk:
    """A new talk, written down. Earlier ones of the same lab are kept."""
    id = secrets.token_hex(8)
    row = {
        "id": id,
        "learner": learner,
        "lab": lab,
        "begun": _now(),
        "case": case,
        "point": str(point),
        "question": question,
    }
    with _writing() as connection:
        connection.execute(sa.insert(_talks).values(row))
    return read(id)


def read(talk: str) -> Talk:
    """Raises CallerMistake when there is no such talk."""
    with _reading() as connection:
        row = connection.execute(sa.select(_talks).where(_talks.c.id == talk)).mappings().first()
        if row is None:
            raise CallerMistake(
                f"There is no talk “{talk}” in the journal; it may have been deleted. Begin the lab anew."
            )
        turns = connection.execute(sa.select(_turns).where(_turns.c.talk == talk).order_by(_turns.c.number)).mappings()
        exchanges = tuple(_exchange(turn) for turn in turns)
    return Talk(**{**row, "point": Point.parse(row["point"]), "exchanges": exchanges})


def latest(learner: str, lab: str) -> Talk | None:
    """The learner's newest talk in this lab."""
    order = sa.select(_talks.c.id).where(_talks.c.learner == learner, _talks.c.lab == lab)
    with _reading() as connection:
        id = connection.execute(order.order_by(_talks.c.begun.desc(), _talks.c.id)).scalar()
    return read(id) if id else None


def talks(learner: str) -> tuple[Talk, ...]:
    """All of a learner's talks, oldest first."""
    with _reading() as connection:
        ids = connection.execute(sa.select(_talks.c.id).where(_talks.c.learner == learner).order_by(_talks.c.begun))
        found = [id for (id,) in ids]
    return tuple(read(id) for id in found)


def said(talk: Talk, text: str, *, told: bool = False) -> Exchange:
    """Writes the learner's message down before anything is done with it.

    Raises:
        Taken: the turn with this number exists already; read the talk again.
    """
    exchange = Exchange(
        number=len(talk.exchanges) + 1, case=talk.case, point=talk.point, tutor=talk.question, learner=text,
        said_at=_now(), told=told,
    )  # fmt: skip
    row = {
        "talk": talk.id, "number": exchange.number, "case": exchange.case, "point": str(exchange.point),
        "tutor": exchange.tutor, "learner": text, "told": told, "said_at": exchange.said_at, "voice": "",
    }  # fmt: skip
    try:
        with _writing() as connection:
            connection.execute(sa.insert(_turns).values(row))
    except IntegrityError as error:
        raise Taken("This turn was answered already, perhaps in another tab. Reload to go on from there.") from error
    return exchange


def judged(talk: str, number: int, assessment: Assessment) -> None:
    """Writes a judgement down, once: a second one for the same turn changes nothing."""
    where = (_turns.c.talk == talk, _turns.c.number == number, _turns.c.assessment.is_(None))
    with _writing() as connection:
        connection.execute(sa.update(_turns).where(*where).values(assessment=json.dumps(asdict(assessment))))


def replied(talk: str, number: int, reply: str, voice: str, onwards: tuple[str, Point, str]) -> None:
    """Writes the whole reply and where the talk goes next (case, point, question), in one transaction, once."""
    case, point, question = onwards
    with _writing() as connection:
        where = (_turns.c.talk == talk, _turns.c.number == number, _turns.c.reply.is_(None))
        changed = connection.execute(sa.update(_turns).where(*where).values(reply=reply, voice=voice)).rowcount
        if changed:
            values = {"case": case, "point": str(point), "question": question}
            connection.execute(sa.update(_talks).where(_talks.c.id == talk).values(values))


def turned_to(talk: str, case: str, point: Point, question: str) -> None:
    """Another case, chosen by the learner between two turns."""
    with _writing() as connection:
        values = {"case": case, "point": str(point), "question": question}
        connection.execute(sa.update(_talks).where(_talks.c.id == talk).values(values))


def sheet(talk: str) -> dict[str, str]:
    """What the learner filled in so far, by row."""
    with _reading() as connection:
        found = connection.execute(sa.select(_sheets.c.answers).where(_sheets.c.talk == talk)).scalar()
    return json.loads(found) if found else {}


def filled(talk: str, answers: Mapping[str, str]) -> None:
    """Keeps the sheet as it is now; empty answers are not kept."""
    text = json.dumps({row: answer for row, answer in answers.items() if answer})
    with _writing() as connection:
        connection.execute(sa.delete(_sheets).where(_sheets.c.talk == talk))
        connection.execute(sa.insert(_sheets).values(talk=talk, answers=text, saved_at=_now()))


def delete(learner: str) -> int:
    """Removes everything this learner wrote; returns how many talks there were."""
    mine = sa.select(_talks.c.id).where(_talks.c.learner == learner)
    with _writing() as connection:
        for table in (_turns, _sheets):
            connection.execute(sa.delete(table).where(table.c.talk.in_(mine)))
        return connection.execute(sa.delete(_talks).where(_talks.c.learner == learner)).rowcount


def note(name: str) -> str | None:
    """A small fact the tutor keeps, such as which mode an endpoint understands. Never a key."""
    with _reading() as connection:
        return connection.execute(sa.select(_notes.c.value).where(_notes.c.name == name)).scalar()


def keep_note(name: str, value: str) -> None:
    """Writes a small fact down, over the old one."""
    with _writing() as connection:
        connection.execute(sa.delete(_notes).where(_notes.c.name == name))
        connection.execute(sa.insert(_notes).values(name=name, value=value))


def _exchange(row: sa.RowMapping) -> Exchange:
    assessment = None
    if row["assessment"]:
        given = json.loads(row["assessment"])
        assessment = Assessment(**{**given, "concepts": tuple(given["concepts"])})
    fields = {name: row[name] for name in ("number", "case", "tutor", "learner", "reply", "voice", "said_at", "told")}
    return Exchange(**fields, point=Point.parse(row["point"]), assessment=assessment)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")


@contextmanager
def _writing() -> Iterator[sa.Connection]:
    try:
        with _engine(_url()).begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise TutorError(
            f"The journal could not be written: {_reason(error)}. Your last message is not saved."
        ) from error


@contextmanager
def _reading() -> Iterator[sa.Connection]:
    try:
        with _engine(_url()).connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise TutorError(f"The journal could not be read: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """The database's own words, without the statement: that holds what learners wrote."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]


def _url() -> str:
    return os.environ.get("NOISEFLOOR_JOURNAL_URL", "").strip() or f"sqlite:///{home() / 'journal.db'}"


@cache
def _engine(url: str) -> sa.Engine:
    try:
        made = sa.create_engine(url, hide_parameters=True)
        if made.dialect.name == "sqlite":
            sa.event.listen(made, "connect", _prepare_sqlite)
        _make_tables(made)
    except (SQLAlchemyError, ImportError, ValueError) as error:  # a ValueError may quote the password
        name = url.split(":", 1)[0]
        reason = str(error) if isinstance(error, ImportError) else _reason(error)
        raise CallerMistake(
            f"The journal cannot be opened ({name}): {reason}. Mend NOISEFLOOR_JOURNAL_URL, or unset it to use a file."
        ) from error
    return made


def _make_tables(made: sa.Engine) -> None:
    """Another visitor, or another process, may be making them at the same moment; what is there by then is no error."""
    for left in reversed(range(6)):
        try:
            _meta.create_all(made)
            return
        except SQLAlchemyError:
            if not left:
                raise
            time.sleep(0.05)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA foreign_keys=ON")
