"""What people keep: the card of an invoicing company, its mail account, the card of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from core.errors import Sentence
from core.i18n import N_
from core.mailbox import Mailbox
from core.model import Address, DispatchStatus, DocumentType, Language, Ledger, RecipientRole, XmlFormat


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # only to this machine itself


class Login(StrEnum):
    """How an account with a user says who it is."""

    PASSWORD = "password"  # noqa: S105 - a kind of login
    OAUTH2 = "oauth2"


class OAuthProvider(StrEnum):
    """Where a person signs in, instead of giving us a password."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"


class PdfChoice(StrEnum):
    """Whose PDF leaves where the billing program made one."""

    SUPPLIED = "supplied"
    RENDERED = "rendered"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the provider lets one account do; None where it names no limit."""

    per_minute: int | None = None  # mails
    per_day: int | None = None  # recipients
    connections: int | None = None
    size: int | None = None  # bytes of one mail


@dataclass(frozen=True, kw_only=True)
class MailAccount:
    """Where the mails of one company are handed over. `password` is in clear only in memory."""

    company_id: int
    host: str = ""
    port: int = 0
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    from_mailbox: Mailbox | None = None
    reply_to: Mailbox | None = None
    envelope_from: str = ""
    archive_address: str = ""
    login: Login = Login.PASSWORD
    limits: Limits = field(default_factory=Limits)
    verp: bool = False  # a return path of its own for each mail
    paused_because: Sentence | None = None
    paused_until: datetime | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.host and self.port and self.from_mailbox)

    @property
    def server(self) -> str:
        """Host and port, as proofs and questions name it."""
        return f"{self.host}:{self.port}" if self.host else ""

    @property
    def sender(self) -> str:
        """The addr-spec of MAIL FROM."""
        return self.envelope_from or (self.from_mailbox.addr_spec if self.from_mailbox else "")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Through which application a company signs in, and what came of it. Secret and tokens are in clear only in memory."""

    company_id: int
    provider: OAuthProvider = OAuthProvider.MICROSOFT
    tenant: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    tokens: str = field(default="", repr=False)
    signed_in_as: str = ""
    signed_in_at: datetime | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.client_id)

    @property
    def is_signed_in(self) -> bool:
        return bool(self.tokens)


@dataclass(frozen=True, kw_only=True)
class BounceMailbox:
    """Where notices about the mails of one company arrive, and how far they were read. `password` is in clear only in memory."""

    company_id: int
    host: str = ""
    port: int = 0
    security: Security = Security.TLS
    user: str = ""
    password: str = field(default="", repr=False)
    login: Login = Login.PASSWORD  # with OAUTH2: the sign-in of the mail account
    signs_in_as: str = ""  # the user where none is named and the sign-in is used
    folder: str = "INBOX"
    verp: bool = False
    uid_validity: int | None = None
    last_uid: int = 0
    read_at: datetime | None = None
    trouble: Sentence | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.host and self.port and self.who)

    @property
    def who(self) -> str:
        """The user that logs in."""
        return self.user or (self.signs_in_as if self.login is Login.OAUTH2 else "")


@dataclass(frozen=True, kw_only=True)
class AccompanyingText:
    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The PDF with the terms of sale, kept in the archive."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Company:
    """An invoicing company (société facturante)."""

    id: int
    key: str
    name: str
    vat_id: str | None = None
    enterprise_number: str | None = None
    legal_form: str | None = None
    address: Address = field(default_factory=Address)
    email: str | None = None
    iban: str | None = None
    bic: str | None = None
    language: Language = Language.FR
    colour: str | None = None
    logo_sha256: str | None = None
    go_live: date | None = None
    renders_pdf: bool = False  # our own PDF leaves even where the billing program made one
    version: int = 1
    texts: Mapping[tuple[Language, DocumentType], AccompanyingText] = field(default_factory=dict)
    signatures: Mapping[Language, str] = field(default_factory=dict)
    terms: Mapping[Language, Terms] = field(default_factory=dict)
    mentions: Mapping[tuple[Language, str], str] = field(default_factory=dict)  # legal mentions in its own words, by subject


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A buyer's card. `recipients` are what a person entered, never what a file suggested."""

    id: int
    key: str
    name: str
    vat_id: str | None = None
    enterprise_number: str | None = None
    address: Address = field(default_factory=Address)
    language: Language = Language.FR
    wants_email: bool = False
    xml_format: XmlFormat = XmlFormat.EFFF3
    peppol_elsewhere: bool = False
    suggested_email: str | None = None
    notes: str = ""
    version: int = 1
    recipients: tuple[tuple[RecipientRole, Mailbox], ...] = ()

    def mailboxes(self, role: RecipientRole) -> tuple[Mailbox, ...]:
        return tuple(mailbox for kind, mailbox in self.recipients if kind is role)


@dataclass(frozen=True, kw_only=True)
class InvoiceRow:
    """What the outbox needs to know of an invoice, without its content."""

    id: int
    company_id: int
    customer_id: int
    number: str
    type_code: DocumentType
    version: int
    ledger: Ledger
    status: DispatchStatus
    held_because: str | None = None


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What a person saw: an invoice whose versions moved since is not sent."""

    invoice: int
    customer: int
    company: int


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A message composed at the confirm screen, already in the archive."""

    message_id: str
    sha256: str
    size: int
    envelope_from: str


# Rules of our own among those of the standards, for what a check finds
SCHEMA = "XSD"  # ours: the XML that we wrote breaks its schema
IMPOSSIBLE = "IMPOSSIBLE"  # ours: the document cannot be made
SUPPLIED = "PDF"  # no rule of a standard: the sentence says all
NOT_GONE_THROUGH = "?"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What a check of a document found."""

    rule: str  # `BR-CO-15`, `EFFF-T10-R017`, `XSD`
    sentence: Sentence


IT_IS_HELD = N_("It is held: {reason}. Release it first.")
THE_INVOICE, THE_CARD, THE_TEXT = N_("The invoice"), N_("The customer card"), N_("The company's text or terms")


def what_moved(now: Versions, then: Versions) -> Sentence | None:
    """The first of invoice, customer card and company's text that is not what it was."""
    for name, what in (("invoice", THE_INVOICE), ("customer", THE_CARD), ("company", THE_TEXT)):
        if getattr(now, name) != getattr(then, name):
            return Sentence(what)
    return None
