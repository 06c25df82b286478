"""What the rules said of each document, legal mentions in a company's own words, and whose PDF leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database.types import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("companies", sa.Column("renders_pdf", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "document_checks",
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(20), nullable=False),
        sa.Column("rules", sa.String(80), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", "version", "document", name=op.f("pk_document_checks")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_document_checks_invoice_id")),
    )
    op.create_table(
        "company_mentions",
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "language", "subject", name=op.f("pk_company_mentions")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_company_mentions_company_id")),
        sa.CheckConstraint("language in ('fr', 'nl', 'en')", name=op.f("ck_company_mentions_mention_language")),
    )
    op.create_index("ix_invoice_versions_pdf", "invoice_versions", ["pdf_sha256"])


def downgrade() -> None:
    raise NotImplementedError("a company's own words cannot be thrown away")
