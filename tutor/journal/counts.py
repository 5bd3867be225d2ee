"""How much was said since a moment, for limits and for whoever runs the server."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from tutor.journal.connection import to_read, to_write
from tutor.journal.tables import notes, talks, turns

MODEL_TURNS = "turns of a model on "
"""What the note is called, before its day."""


def messages_since(moment: datetime.datetime) -> dict[str, int]:
    """Messages of each learner who sent any."""
    by_learner = (
        sa.select(talks.c.learner, sa.func.count())
        .join_from(turns, talks)
        .where(_said_since(moment))
        .group_by(talks.c.learner)
    )
    with to_read() as connection:
        return dict(map(tuple, connection.execute(by_learner)))


def messages_of(learner: str, moment: datetime.datetime) -> int:
    """Messages that this learner sent since then."""
    theirs = (
        sa.select(sa.func.count()).select_from(turns.join(talks)).where(talks.c.learner == learner, _said_since(moment))
    )
    with to_read() as connection:
        return connection.scalar(theirs) or 0


def count_model_turn(day: datetime.date) -> int:
    """Counts a turn for which a model is about to be asked. Kept apart from the turns: whoever deletes what they wrote,
    or leaves before the reply is whole, has asked all the same.

    day  in UTC; what was counted on earlier days goes

    Returns how many there are with this one.
    """
    today = notes.c.name == _of_day(day)
    one_more = sa.cast(sa.cast(notes.c.value, sa.Integer) + 1, sa.Text)
    with to_write() as connection:
        if not connection.execute(sa.update(notes).where(today).values(value=one_more)).rowcount:
            connection.execute(sa.delete(notes).where(notes.c.name.startswith(MODEL_TURNS)))
            connection.execute(sa.insert(notes).values(name=_of_day(day), value="1"))
        return int(connection.scalar(sa.select(notes.c.value).where(today)) or 0)


def model_turns(day: datetime.date) -> int:
    """Turns of this day (in UTC) for which a model was asked, by anybody."""
    with to_read() as connection:
        return int(connection.scalar(sa.select(notes.c.value).where(notes.c.name == _of_day(day))) or 0)


def size() -> int:
    """Bytes of the journal's file; 0 where it is in a database of another kind, whose operator minds its size."""
    with to_read() as connection:
        if connection.dialect.name != "sqlite":
            return 0
        pages, free, page = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * page)


def _of_day(day: datetime.date) -> str:
    return f"{MODEL_TURNS}{day.isoformat()}"


def _said_since(moment: datetime.datetime) -> sa.ColumnElement[bool]:
    """Times are kept as text of one length, in UTC, so that they compare as texts."""
    return turns.c.said_at >= moment.astimezone(datetime.UTC).isoformat(timespec="microseconds")
