"""The tables around the sending of mails: lines, hand-overs, limits, sign-ins, what came back, rehearsals, the heads of the audit chains, chores."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.database.schema import _id, _link, metadata
from core.database.types import Moment, Said

account_lines = Table(
    "account_lines",  # connections that are open, or about to be; all workers share an account's limit
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("lease_until", Moment, nullable=False),
)

handovers = Table(
    "handovers",  # of the last days, trials included: what the limits count
    metadata,
    _id(),
    _link("company_id", "companies.id"),
    Column("at", Moment, nullable=False),
    Column("recipients", Integer, nullable=False),
    Index("ix_handovers_company_at", "company_id", "at"),
)

oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("tenant", String(200)),
    Column("client_id", String(300)),
    Column("client_secret_encrypted", Text),
    Column("tokens_encrypted", Text),  # what the provider's library keeps; empty until somebody signed in
    Column("signed_in_as", String(320)),
    Column("signed_in_at", Moment),
    CheckConstraint("provider in ('microsoft', 'google')", name="provider"),
)

bounce_mailboxes = Table(
    "bounce_mailboxes",
    metadata,
    Column("company_id", ForeignKey("companies.id"), primary_key=True),
    Column("host", String(255)),
    Column("port", Integer),
    Column("security", String(10), nullable=False, server_default="tls"),
    Column("user", String(320)),
    Column("password_encrypted", Text),
    Column("login", String(10)),  # empty: a password where there is one, else the sign-in of the mail account where it fits
    Column("folder", String(200), nullable=False, server_default="INBOX"),
    Column("verp", Boolean, nullable=False, server_default="0"),  # a return path of its own for each mail
    Column("uid_validity", BigInteger),
    Column("last_uid", BigInteger),  # read so far
    Column("read_at", Moment),
    Column("trouble", Said),  # why it could not be read the last time
    CheckConstraint("security in ('tls', 'starttls', 'none')", name="security"),
)

bounces = Table(
    "bounces",
    metadata,
    _id(),
    _link("company_id", "companies.id", index=True),
    Column("delivery_id", ForeignKey("deliveries.id"), index=True),  # empty: a notice about no mail of ours
    Column("notice_sha256", String(64), nullable=False),  # the notice as it came, in the archive
    Column("recipient", String(320), nullable=False, server_default=""),
    Column("kind", String(20), nullable=False),  # permanent, temporary, other
    Column("status_code", String(20), nullable=False, server_default=""),  # RFC 3463
    Column("diagnostic", Text, nullable=False, server_default=""),
    Column("found_by", String(20), nullable=False, server_default=""),  # verp, envid, message-id
    Column("read_at", Moment, nullable=False),
    UniqueConstraint("company_id", "notice_sha256", "recipient", name="uq_bounces_notice"),
)

flagged_addresses = Table(
    "flagged_addresses",  # what came back: the next pre-flight warns
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("address", String(320), primary_key=True),  # small letters
    Column("because", Said, nullable=False),
    Column("flagged_at", Moment, nullable=False),
)

domain_checks = Table(
    "domain_checks",  # what DNS said of a sender's or a recipient's domain
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("findings", Text, nullable=False),  # JSON
    Column("checked_at", Moment, nullable=False),
)

rehearsals = Table(
    "rehearsals",
    metadata,
    _id(),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("destination", Text, nullable=False),  # a folder, or the address of whoever tried
    Column("sent_at", Moment),  # when what was rehearsed was sent
)

rehearsed_mails = Table(
    "rehearsed_mails",
    metadata,
    Column("rehearsal_id", ForeignKey("rehearsals.id"), primary_key=True),
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),
    Column("message_id", String(300), nullable=False),
    Column("sealed_sha256", String(64), nullable=False),
    Column("sealed_size", Integer, nullable=False),
    Column("envelope_from", String(320), nullable=False),
    Column("invoice_version", Integer, nullable=False),
    Column("customer_version", Integer, nullable=False),
    Column("company_version", Integer, nullable=False),
    Index("ix_rehearsed_mails_invoice_id", "invoice_id"),
)

audit_heads = Table(
    "audit_heads",  # how long each chain is and how it ends, under a seal that the database alone cannot make
    metadata,
    Column("company_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),  # 0: of no company
    Column("entries", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)

chores = Table(
    "chores",  # background work that comes round: whoever takes it first moves its time
    metadata,
    Column("name", String(60), primary_key=True),
    Column("due_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", String(200)),
)
