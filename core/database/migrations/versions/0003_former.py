"""Where a delivery stood before a person sent it again, so that cancelling puts it back there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database.types import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("former_status", sa.String(20)))
    op.add_column("deliveries", sa.Column("former_because", sa.Text()))
    op.add_column("deliveries", sa.Column("former_changed_at", Moment()))


def downgrade() -> None:
    raise NotImplementedError("what a cancelled resend goes back to cannot be thrown away")
