"""The ledger's tables as they are now. How they came to be so is in `migrations/ledger`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from engine.store.database import Schema

LEDGER = Schema(
    name="ledger",
    revisions=Path(__file__).parent / "migrations" / "ledger",
    format=6,
    elsewhere="set NOISEFLOOR_HOME to another folder",
)
metadata = sa.MetaData()

battles = sa.Table(
    "battles", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # where it stands
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("exit_code", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    # on whose behalf
    sa.Column("owner", sa.Text, nullable=False, server_default=""),  # a person's id; empty from the command line
    sa.Column("name", sa.Text, nullable=False, server_default=""),  # the owner's words
    sa.Column("seconds_limit", sa.Double),  # of answering; null for none
    # what of its plan is searched for
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("probe", sa.Boolean, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("model_a", sa.Text, nullable=False),
    sa.Column("model_b", sa.Text, nullable=False),
    sa.Column("shots_a", sa.Integer, nullable=False),
    sa.Column("shots_b", sa.Integer, nullable=False),
    sa.Column("repeats", sa.Text),  # the battle that this one repeats
    sa.Column("forecaster", sa.Text),  # empty for somebody without a name, null without a forecast
    # long, so it comes last
    sa.Column("environment", sa.Text, nullable=False),  # JSON: what ran, by side
    sa.Column("seal", sa.Text),
    sa.Column("plan", sa.Text, nullable=False),  # JSON, as it was sealed
    sa.Index("battles_by_state", "state", "device", "created"),
    sa.Index("battles_by_age", "created"),
    sa.Index("battles_by_original", "repeats"),
    sa.Index("battles_by_owner", "owner", "created"),
)  # fmt: skip
outcomes = sa.Table(
    "outcomes", metadata,
    sa.Column("battle", sa.ForeignKey("battles.id"), primary_key=True),
    sa.Column("side", sa.Text, sa.CheckConstraint("side IN ('a', 'b')", name="one_of_two_sides"), primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("score", sa.Double),  # null for a failure
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # JSON: all of it
)  # fmt: skip
notices = sa.Table(
    "notices", metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("battle", sa.ForeignKey("battles.id"), nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)  # fmt: skip
