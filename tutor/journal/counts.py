"""How much was said since a moment, for limits and for whoever runs the server."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from tutor.journal.connection import to_read
from tutor.journal.tables import talks, turns


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


def model_replies_since(moment: datetime.datetime) -> int:
    """Replies that a model wrote or began, to anybody."""
    spoken = sa.select(sa.func.count()).where(turns.c.voice.not_in(("", "authored")), _said_since(moment))
    with to_read() as connection:
        return connection.scalar(spoken) or 0


def _said_since(moment: datetime.datetime) -> sa.ColumnElement[bool]:
    """Times are kept as text of one length, in UTC, so that they compare as texts."""
    return turns.c.said_at >= moment.astimezone(datetime.UTC).isoformat(timespec="microseconds")
