"""Format 2: which learner a device is, codes to come back with, and talks in the order in which they were begun.

The address was the key to a learner's work until now. It opens nothing any more, but it may be typed where a code is
asked for: those of the app's own making become codes. A name that somebody chose (`?s=ann`) is one that others guess.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from alembic import op

from tutor.journal.codes import digest, is_old_key

revision = "2"
down_revision = "1"


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
    )
    op.create_index("ix_devices_learner", "devices", ["learner"])
    op.create_table(
        "codes",
        sa.Column("learner", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.add_column("talks", sa.Column("ordinal", sa.Integer, nullable=False, server_default="0"))
    if not op.get_context().as_sql:  # where statements are only written out there is nothing to read
        _carry_over(op.get_bind())


def _carry_over(connection: sa.Connection) -> None:
    """Numbers the talks that are there, and makes the keys of their learners codes."""
    oldest_first = connection.execute(sa.text("SELECT id, learner FROM talks ORDER BY begun, id")).all()
    for ordinal, (talk, _) in enumerate(oldest_first, start=1):
        place = sa.text("UPDATE talks SET ordinal = :ordinal WHERE id = :talk")
        connection.execute(place, {"ordinal": ordinal, "talk": talk})
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    for learner in sorted({learner for _, learner in oldest_first if is_old_key(learner)}):
        code = sa.text("INSERT INTO codes (learner, digest, created) VALUES (:learner, :digest, :created)")
        connection.execute(code, {"learner": learner, "digest": digest(learner), "created": now})
