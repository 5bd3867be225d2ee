"""Format 6: whose a battle is, what it is called, and how long it may take.

Battles of earlier formats belong to nobody, which makes them the operator's; they have no name and no limit.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    op.add_column("battles", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.add_column("battles", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("battles", sa.Column("seconds_limit", sa.Double))
    op.create_index("battles_by_owner", "battles", ["owner", "created"])
