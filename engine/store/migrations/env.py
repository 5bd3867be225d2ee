"""How Alembic runs a history: over the connection it is given, in the transaction that is open there."""

from __future__ import annotations

from alembic import context

context.configure(**context.config.attributes)
with context.begin_transaction():
    context.run_migrations()
