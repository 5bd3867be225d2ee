"""The journal's tables as they are now. How they came to be so is in `migrations/`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from engine.store import database

JOURNAL = database.Schema(
    name="journal",
    revisions=Path(__file__).parent / "migrations",
    format=2,
    elsewhere="set NOISEFLOOR_JOURNAL_URL to another database",
)
metadata = sa.MetaData()

talks = sa.Table(
    "talks", metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("lab", sa.String(40), nullable=False),
    sa.Column("begun", sa.String(32), nullable=False),
    sa.Column("case", sa.String(80), nullable=False),  # the case, point and question that are open now
    sa.Column("point", sa.String(80), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),  # a talk begun later has a larger one, whatever the clock says
)  # fmt: skip
turns = sa.Table(
    "turns", metadata,
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
sheets = sa.Table(
    "sheets", metadata,
    sa.Column("talk", sa.ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("answers", sa.Text, nullable=False),  # JSON: row id to answer
    sa.Column("saved_at", sa.String(32), nullable=False),
)  # fmt: skip
notes = sa.Table(
    "notes", metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)  # fmt: skip
devices = sa.Table(
    "devices", metadata,
    sa.Column("device", sa.String(64), primary_key=True),  # only those that were handed to another learner
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("since", sa.String(32), nullable=False),
)  # fmt: skip
codes = sa.Table(
    "codes", metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created", sa.String(32), nullable=False),
)  # fmt: skip
