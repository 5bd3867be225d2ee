"""Format 1: the tables of the first journals, which did not say their format. Those keep what they have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "talks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("lab", sa.String(40), nullable=False),
        sa.Column("begun", sa.String(32), nullable=False),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("point", sa.String(80), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_talks_learner", "talks", ["learner"], if_not_exists=True)
    op.create_table(
        "turns",
        sa.Column("talk", sa.String(32), sa.ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("point", sa.String(80), nullable=False),
        sa.Column("tutor", sa.Text, nullable=False),
        sa.Column("learner", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("said_at", sa.String(32), nullable=False),
        sa.Column("assessment", sa.Text),
        sa.Column("reply", sa.Text),
        sa.Column("voice", sa.String(120), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "sheets",
        sa.Column("talk", sa.String(32), sa.ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("saved_at", sa.String(32), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "notes",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        if_not_exists=True,
    )
