"""The tables, with every constraint named."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.database.types import Amount, Moment, Said, one_of
from core.model import DeliveryStatus, DispatchStatus, DocumentType, Language, Ledger, RecipientRole, XmlFormat

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _link(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[Any]:
    return Column(name, ForeignKey(target), nullable=nullable, index=index)


def _address() -> list[Column[Any]]:
    return [Column(name, String(200)) for name in ("street", "additional_street", "city", "postcode")] + [Column("country", String(2))]


companies = Table(
    "companies",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
    Column("vat_id", String(40)),
    Column("enterprise_number", String(60)),
    Column("legal_form", String(300)),
    *_address(),
    Column("email", String(320)),
    Column("iban", String(40)),
    Column("bic", String(20)),
    Column("language", one_of(Language, "company_language"), nullable=False),
    Column("colour", String(7)),
    Column("logo_sha256", String(64)),
    Column("go_live", Date),
    Column("renders_pdf", Boolean(), nullable=False, server_default="0"),  # even where the billing program made one
    Column("version", Integer, nullable=False, server_default="1"),  # counts what the customer would see change
)

mail_accounts = Table(
    "mail_accounts",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("host", String(255)),
    Column("port", Integer),
    Column("security", String(10), nullable=False, server_default="starttls"),
    Column("user", String(320)),
    Column("password_encrypted", Text),
    Column("from_mailbox", String(400)),
    Column("reply_to", String(400)),
    Column("envelope_from", String(320)),
    Column("archive_address", String(320)),
    Column("paused_at", Moment),
    Column("paused_until", Moment),  # empty while paused: until a person mends it
    Column("paused_because", Said),
    Column("troubles", Integer, nullable=False, server_default="0"),  # connection failures in a row
    Column("login", String(10), nullable=False, server_default="password"),
    Column("limit_per_minute", Integer),  # mails; empty: none
    Column("limit_per_day", Integer),  # recipients
    Column("limit_connections", Integer),
    Column("limit_size", Integer),  # bytes
    CheckConstraint("security in ('tls', 'starttls', 'none')", name="security"),
)

company_texts = Table(
    "company_texts",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("language", one_of(Language, "text_language"), primary_key=True),
    Column("type_code", one_of(DocumentType, "text_type"), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
)

company_languages = Table(
    "company_languages",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("language", one_of(Language, "company_language_language"), primary_key=True),
    Column("signature", Text, nullable=False, server_default=""),
    Column("terms_sha256", String(64)),
    Column("terms_name", String(200)),
    Column("terms_size", Integer),
)

customers = Table(
    "customers",
    metadata,
    _id(),
    Column("key", String(400), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
    Column("vat_id", String(40)),
    Column("enterprise_number", String(60)),
    Column("endpoint", String(200)),
    *_address(),
    Column("language", one_of(Language, "customer_language"), nullable=False),
    Column("wants_email", Boolean(create_constraint=True, name="wants_email"), nullable=False, server_default="0"),
    Column("xml_format", one_of(XmlFormat, "customer_xml_format"), nullable=False, server_default="efff3"),
    Column("peppol_elsewhere", Boolean(create_constraint=True, name="peppol_elsewhere"), nullable=False, server_default="0"),
    Column("suggested_email", String(320)),  # found in a source; never a recipient by itself
    Column("notes", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("search_text", Text, nullable=False, server_default=""),  # folded: core.database.words
    Index("ix_customers_vat_id", "vat_id"),
    Index("ix_customers_enterprise_number", "enterprise_number"),
)

customer_recipients = Table(
    "customer_recipients",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("role", one_of(RecipientRole, "recipient_role"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("mailbox", String(400), nullable=False),
)

COUNTED = ("ledger", "status", "company_id", "currency", "type_code", "total_with_vat")


def _sorted_by(column: str, name: str) -> list[Index]:
    """A page of 200 rows is read off an index, in each ledger and in all."""
    return [Index(f"ix_invoices_{name}", column, "id"), Index(f"ix_invoices_ledger_{name}", "ledger", column, "id")]


invoices = Table(
    "invoices",
    metadata,
    _id(),
    _link("company_id", "companies.id"),
    _link("customer_id", "customers.id"),
    Column("type_code", one_of(DocumentType, "invoice_type"), nullable=False),
    Column("number", String(200), nullable=False),
    Column("year", Integer, nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("due_date", Date),
    Column("currency", String(3), nullable=False),
    Column("total_without_vat", Amount, nullable=False),
    Column("vat_total", Amount, nullable=False),
    Column("total_with_vat", Amount, nullable=False),
    Column("amount_due", Amount, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("ledger", one_of(Ledger, "invoice_ledger"), nullable=False),
    Column("ledger_fixed", Boolean(create_constraint=True, name="ledger_fixed"), nullable=False, server_default="0"),
    Column("status", one_of(DispatchStatus, "invoice_status"), nullable=False),
    Column("status_at", Moment, nullable=False),
    Column("elsewhere_because", String(500)),
    Column("held_because", String(500)),  # the word of a person; a mail that stopped says why at its delivery
    Column("warning_count", Integer, nullable=False, server_default="0"),
    Column("imported_at", Moment, nullable=False),
    Column("sort_name", String(300), nullable=False, server_default=""),  # the name on the card, folded: core.database.words
    Column("search_text", Text, nullable=False, server_default=""),
    UniqueConstraint("company_id", "type_code", "number", "year", name="uq_invoices_identity"),
    Index("ix_invoices_ledger", "ledger", "status", "issue_date", "id"),
    *_sorted_by("issue_date", "date"),
    *_sorted_by("number", "number"),
    *_sorted_by("total_with_vat", "total"),
    *_sorted_by("sort_name", "name"),
    Index("ix_invoices_counts", *COUNTED),  # the chips and sums of a million rows, without touching one
    Index("ix_invoices_customer", "customer_id", *COUNTED, "issue_date"),
    Index("ix_invoices_status", "status"),
)

invoice_versions = Table(
    "invoice_versions",
    metadata,
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Text, nullable=False),  # the whole invoice as JSON, decimals as strings
    Column("content_sha256", String(64), nullable=False),
    Column("xml_sha256", String(64)),
    Column("pdf_sha256", String(64)),
    Column("pdf_name", String(200)),
    Column("source_name", String(400), nullable=False),
    Column("imported_at", Moment, nullable=False),
    Index("ix_invoice_versions_pdf", "pdf_sha256"),  # the same PDF on two invoices
)

batches = Table(
    "batches",
    metadata,
    _id(),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("leaves_at", Moment),  # the end of the countdown; empty when there was none
    Column("recalled_at", Moment),
    Column("leave_by", Moment),  # what has not left by then waits for a person
    Column("held_at", Moment),
    Column("held_because", Said),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _link("invoice_id", "invoices.id"),
    _link("company_id", "companies.id"),
    _link("batch_id", "batches.id", index=True),
    Column("copy_number", Integer, nullable=False),
    Column("message_id", String(300), nullable=False, unique=True),
    Column("invoice_version", Integer, nullable=False),
    Column("customer_version", Integer, nullable=False),
    Column("company_version", Integer, nullable=False),
    Column("sealed_sha256", String(64)),
    Column("sealed_size", Integer),
    Column("envelope_from", String(320)),
    Column("edited_subject", Text),  # the words of a person at the confirm screen, filled in
    Column("edited_body", Text),
    Column("queued_at", Moment, nullable=False),
    Column("due_at", Moment),  # empty when nothing of it is queued
    Column("claim", String(100)),  # of one claim by one worker
    Column("lease_until", Moment),
    Column("handed_at", Moment),  # when the last final dot was about to be written
    UniqueConstraint("invoice_id", "copy_number", name="uq_messages_copy"),
    Index("ix_messages_due", "due_at", "id"),
    Index("ix_messages_lease", "lease_until"),
    Index("ix_messages_handed", "company_id", "handed_at"),
    Index("ix_messages_company_due", "company_id", "due_at", "id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _link("message_id", "messages.id"),
    Column("recipient", String(320), nullable=False),
    Column("role", one_of(RecipientRole, "delivery_role"), nullable=False),
    Column("status", one_of(DeliveryStatus, "delivery_status"), nullable=False),
    Column("claim", String(100)),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("first_try_at", Moment),
    Column("changed_at", Moment, nullable=False),
    Column("reply_code", Integer),
    Column("reply", Text),
    Column("handed_to", String(300)),  # host and port of the server that had the mail last
    Column("because", Said),  # the same in plain words
    Column("former_status", String(20)),  # where it stood when a person sent it again: a cancelled resend stands there again
    Column("former_because", Said),
    Column("former_changed_at", Moment),
    UniqueConstraint("message_id", "recipient", name="uq_deliveries_recipient"),
    Index("ix_deliveries_newest", "status", "changed_at", "id"),
)

replies = Table(
    "replies",
    metadata,
    _id(),
    _link("delivery_id", "deliveries.id", index=True),
    Column("claim", String(100)),
    Column("stage", String(20), nullable=False),
    Column("reply_code", Integer),
    Column("reply", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    _id(),
    _link("company_id", "companies.id", nullable=True),
    Column("at", Moment, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(50), nullable=False),
    Column("subject", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("previous_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_audit_events_company", "company_id", "id"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

column_mappings = Table(
    "column_mappings",
    metadata,
    Column("source_key", String(64), primary_key=True),  # SHA-256 of the header row
    Column("kind", String(20), nullable=False),
    Column("headers", Text, nullable=False),  # JSON
    Column("mapping", Text, nullable=False),  # JSON: header -> field
    Column("saved_at", Moment, nullable=False),
    Column("saved_by", String(200), nullable=False),
    CheckConstraint("kind in ('invoices', 'customers')", name="kind"),
)

browser_states = Table(
    "browser_states",
    metadata,
    Column("browser", String(64), primary_key=True),  # a random mark that the browser keeps
    Column("name", String(50), primary_key=True),
    Column("content", Text, nullable=False),  # JSON: ticks, filter, order and page of a ledger
    Column("saved_at", Moment, nullable=False),
)
