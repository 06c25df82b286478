"""Sending on many machines: lines and limits, sign-ins, what came back, rehearsals, heads of the audit chains, chores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database.types import Moment, Said

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("done_at", Moment()),
        sa.Column("done_by", sa.String(200)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.create_table(
        "domain_checks",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_checks")),
    )
    op.create_table(
        "rehearsals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsals")),
    )
    op.create_table(
        "account_lines",
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("lease_until", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_account_lines_company_id")),
        sa.PrimaryKeyConstraint("company_id", "slot", name=op.f("pk_account_lines")),
    )
    op.create_table(
        "bounce_mailboxes",
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("port", sa.Integer()),
        sa.Column("security", sa.String(10), server_default="tls", nullable=False),
        sa.Column("user", sa.String(320)),
        sa.Column("password_encrypted", sa.Text()),
        sa.Column("folder", sa.String(200), server_default="INBOX", nullable=False),
        sa.Column("verp", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger()),
        sa.Column("last_uid", sa.BigInteger()),
        sa.Column("read_at", Moment()),
        sa.Column("trouble", Said()),
        sa.CheckConstraint("security in ('tls', 'starttls', 'none')", name=op.f("ck_bounce_mailboxes_security")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_bounce_mailboxes_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_bounce_mailboxes")),
    )
    op.create_table(
        "flagged_addresses",
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("because", Said(), nullable=False),
        sa.Column("flagged_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_flagged_addresses_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "address", name=op.f("pk_flagged_addresses")),
    )
    op.create_table(
        "oauth_grants",
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("tenant", sa.String(200)),
        sa.Column("client_id", sa.String(300)),
        sa.Column("client_secret_encrypted", sa.Text()),
        sa.Column("tokens_encrypted", sa.Text()),
        sa.Column("signed_in_as", sa.String(320)),
        sa.Column("signed_in_at", Moment()),
        sa.CheckConstraint("provider in ('microsoft', 'google')", name=op.f("ck_oauth_grants_provider")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_oauth_grants_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_oauth_grants")),
    )
    op.create_table(
        "rehearsed_mails",
        sa.Column("rehearsal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(300), nullable=False),
        sa.Column("sealed_sha256", sa.String(64), nullable=False),
        sa.Column("sealed_size", sa.Integer(), nullable=False),
        sa.Column("envelope_from", sa.String(320), nullable=False),
        sa.Column("invoice_version", sa.Integer(), nullable=False),
        sa.Column("customer_version", sa.Integer(), nullable=False),
        sa.Column("company_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_rehearsed_mails_invoice_id")),
        sa.ForeignKeyConstraint(["rehearsal_id"], ["rehearsals.id"], name=op.f("fk_rehearsed_mails_rehearsal_id")),
        sa.PrimaryKeyConstraint("rehearsal_id", "invoice_id", name=op.f("pk_rehearsed_mails")),
    )
    op.create_index("ix_rehearsed_mails_invoice_id", "rehearsed_mails", ["invoice_id"])
    op.create_table(
        "bounces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("notice_sha256", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(320), server_default="", nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status_code", sa.String(20), server_default="", nullable=False),
        sa.Column("diagnostic", sa.Text(), server_default="", nullable=False),
        sa.Column("found_by", sa.String(20), server_default="", nullable=False),
        sa.Column("read_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_bounces_company_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_bounces_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("company_id", "notice_sha256", "recipient", name="uq_bounces_notice"),
    )
    op.create_index(op.f("ix_bounces_company_id"), "bounces", ["company_id"])
    op.create_index(op.f("ix_bounces_delivery_id"), "bounces", ["delivery_id"])
    op.add_column("batches", sa.Column("leave_by", Moment()))
    op.add_column("batches", sa.Column("held_at", Moment()))
    op.add_column("batches", sa.Column("held_because", Said()))
    op.add_column("mail_accounts", sa.Column("login", sa.String(10), server_default="password", nullable=False))
    op.add_column("mail_accounts", sa.Column("limit_per_minute", sa.Integer()))
    op.add_column("mail_accounts", sa.Column("limit_per_day", sa.Integer()))
    op.add_column("mail_accounts", sa.Column("limit_connections", sa.Integer()))
    op.add_column("mail_accounts", sa.Column("limit_size", sa.Integer()))
    op.add_column("messages", sa.Column("handed_at", Moment()))
    op.create_index("ix_messages_handed", "messages", ["company_id", "handed_at"])
    op.create_index("ix_messages_company_due", "messages", ["company_id", "due_at", "id"])


def downgrade() -> None:
    raise NotImplementedError("what came back and who signed in cannot be thrown away")
