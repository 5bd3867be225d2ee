"""Format 5: tables any database can have, with columns for what is searched for in plans and outcomes.

Formats 1 to 4 were files of SQLite that kept their number in `user_version`; each added a table, the last one seals.
Whatever of it there is comes over, plans and outcomes byte for byte; what is no JSON stays as unreadable as it was, and
rows of a battle that is gone are kept in tables `of_lost_battles_…`. The number goes up with them, so that a release
that knows only those formats says that a newer one wrote this file.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.errors import CallerMistake

revision = "5"
down_revision = None

TABLES = ("battles", "outcomes", "notices")
"""In the order in which formats 1 to 3 added them."""
INDEXES = ("battles_by_state", "battles_by_age", "battles_by_original", "ix_notices_battle")
PLAN = "id, plan, seal, created, device, probe, task, model_a, model_b, shots_a, shots_b, repeats, forecaster"
"""The columns that say what was planned."""


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    older = op.get_bind().exec_driver_sql("PRAGMA user_version").scalar_one() if dialect == "sqlite" else 0
    if older >= int(revision):
        raise CallerMistake(
            f"The ledger says that it has format {older}, but not in the table where format {revision} and later say "
            "it: a newer Noise Floor wrote it, or it is damaged. Update, or set NOISEFLOOR_HOME to another folder."
        )
    tables, sealed = _found() if dialect == "sqlite" else ([], False)
    if tables:
        _set_aside(tables)
    _create_tables()
    if tables:
        _bring_over(tables, "seal" if sealed else "NULL")
    _keep_plans(dialect)
    if dialect == "sqlite":
        op.execute("PRAGMA user_version = 5")


def _found() -> tuple[list[str], bool]:
    """The tables of an earlier format that are there, and whether plans are sealed in them."""
    database = sa.inspect(op.get_bind())
    tables = [table for table in TABLES if database.has_table(table)]
    return tables, "battles" in tables and any(c["name"] == "seal" for c in database.get_columns("battles"))


def _create_tables() -> None:
    op.create_table(
        "battles",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("probe", sa.Boolean, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("model_a", sa.Text, nullable=False),
        sa.Column("model_b", sa.Text, nullable=False),
        sa.Column("shots_a", sa.Integer, nullable=False),
        sa.Column("shots_b", sa.Integer, nullable=False),
        sa.Column("repeats", sa.Text),
        sa.Column("forecaster", sa.Text),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("seal", sa.Text),
        sa.Column("plan", sa.Text, nullable=False),
    )
    op.create_index("battles_by_state", "battles", ["state", "device", "created"])
    op.create_index("battles_by_age", "battles", ["created"])
    op.create_index("battles_by_original", "battles", ["repeats"])
    op.create_table(
        "outcomes",
        sa.Column("battle", sa.Text, sa.ForeignKey("battles.id"), primary_key=True),
        sa.Column("side", sa.Text, sa.CheckConstraint("side IN ('a', 'b')", name="one_of_two_sides"), primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("battle", sa.Text, sa.ForeignKey("battles.id"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_notices_battle", "notices", ["battle"])


def _set_aside(tables: list[str]) -> None:
    for index in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {index}")
    for table in tables:
        op.execute(f"ALTER TABLE {table} RENAME TO before_format_5_{table}")


def _bring_over(tables: list[str], seal: str) -> None:
    """Plans up to format 3, and all outcomes, were bytes in a column of text."""
    op.execute(
        f"""INSERT INTO battles
            SELECT id, state, phase, message, exit_code, attempts, created, started, finished, device, probe,
              coalesce(json_extract(json, '$.task'), ''),
              coalesce(json_extract(json, '$.a.model'), ''), coalesce(json_extract(json, '$.b.model'), ''),
              coalesce(json_extract(json, '$.a.harness.shots'), 0),
              coalesce(json_extract(json, '$.b.harness.shots'), 0),
              nullif(json_extract(json, '$.of'), ''), json_extract(json, '$.card.by'), environment, {seal}, text
            FROM (SELECT *, CASE WHEN json_valid(text) THEN text END AS json
                  FROM (SELECT *, CAST(plan AS TEXT) AS text FROM before_format_5_battles))"""
    )
    if "outcomes" in tables:
        op.execute(
            """INSERT INTO outcomes
               SELECT battle, side, item, at, json_extract(json, '$.score'),
                 coalesce(json_extract(json, '$.seconds'), 0), text
               FROM (SELECT *, CASE WHEN json_valid(text) THEN text END AS json
                     FROM (SELECT *, CAST(body AS TEXT) AS text FROM before_format_5_outcomes
                           WHERE battle IN (SELECT id FROM battles)))"""
        )
    if "notices" in tables:
        op.execute(
            """INSERT INTO notices (battle, at, text) SELECT battle, at, text FROM before_format_5_notices
               WHERE battle IN (SELECT id FROM battles) ORDER BY rowid"""
        )
    for table in reversed(tables):
        orphans = f"FROM before_format_5_{table} WHERE battle NOT IN (SELECT id FROM battles)"
        if table != "battles" and op.get_bind().exec_driver_sql(f"SELECT count(*) {orphans}").scalar_one():
            op.execute(f"CREATE TABLE of_lost_battles_{table} AS SELECT * {orphans}")
        op.execute(f"DROP TABLE before_format_5_{table}")


def _keep_plans(dialect: str) -> None:
    """A plan cannot be changed by mistake, nor gain a forecast later."""
    refusal = "a plan stays as it was written down"
    event = f"CREATE TRIGGER plans_stay BEFORE UPDATE OF {PLAN} ON battles"
    if dialect == "sqlite":
        op.execute(f"{event} BEGIN SELECT RAISE (ABORT, '{refusal}'); END")
    elif dialect == "postgresql":
        op.execute(
            f"""CREATE FUNCTION plans_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation'; END $$"""
        )
        op.execute(f"{event} FOR EACH ROW EXECUTE FUNCTION plans_stay()")
