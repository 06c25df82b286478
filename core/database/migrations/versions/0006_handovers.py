"""Every hand-over counts in the limits; which server had a mail; how the mailbox of what came back is opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from core.database.types import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_handovers_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_company_at", "handovers", ["company_id", "at"])
    op.drop_index("ix_deliveries_status", "deliveries")
    op.create_index("ix_deliveries_newest", "deliveries", ["status", "changed_at", "id"])
    op.add_column("deliveries", sa.Column("handed_to", sa.String(300)))
    op.add_column("bounce_mailboxes", sa.Column("login", sa.String(10)))
    _count_what_left()


def _count_what_left() -> None:
    """The last hand-over of each mail of the last day, as far as it was kept."""
    messages = sa.table("messages", sa.column("id"), sa.column("company_id"), sa.column("handed_at", Moment()))
    deliveries = sa.table("deliveries", sa.column("message_id"))
    handovers = sa.table("handovers", sa.column("company_id"), sa.column("at", Moment()), sa.column("recipients"))
    left = (
        sa.select(messages.c.company_id, messages.c.handed_at, sa.func.count())
        .select_from(messages.join(deliveries, deliveries.c.message_id == messages.c.id))
        .where(messages.c.handed_at > datetime.now(UTC) - timedelta(hours=24))
        .group_by(messages.c.id, messages.c.company_id, messages.c.handed_at)
    )
    op.execute(handovers.insert().from_select(["company_id", "at", "recipients"], left))


def downgrade() -> None:
    raise NotImplementedError("what was handed over cannot be thrown away")
