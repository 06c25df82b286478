"""The card of an invoicing company: identity, mail account, texts, signatures, terms, logo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from stdnum import bic, iban

from core import recording
from core.database import audit, bounce_rows, grants, parties
from core.dispatch import company_files, company_security
from core.dispatch.desk import Desk
from core.dispatch.providers import PROVIDERS
from core.dispatch.values import Value, unknown
from core.errors import CompanyUnknown, Sentence
from core.i18n import N_
from core.model import DocumentType, Language
from core.records import Company, Login, OAuthProvider, PdfChoice, Security
from core.rendering import mail_text, mentions
from core.settings import MIB
from core.sources.identifiers import IBAN_ODD, normalised

LANGUAGES = frozenset(language.value for language in Language)
KINDS = {"invoice": DocumentType.INVOICE, "credit_note": DocumentType.CREDIT_NOTE}
IDENTITY = ("name", "legal_form", "street", "additional_street", "city", "postcode", "country", "email", "iban", "bic")
BIC_ODD = N_("{value} is not a correct BIC.")
SEEN_BY_CUSTOMERS = frozenset({"colour", "logo_sha256", "renders_pdf"})


@dataclass
class _Changes:
    """What a set of values comes to, table by table; nothing is written before all are good."""

    card: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    mailbox: dict[str, Any] = field(default_factory=dict)
    grant: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, int | None] = field(default_factory=dict)
    texts: dict[tuple[Language, DocumentType], dict[str, str]] = field(default_factory=dict)
    languages: dict[Language, dict[str, Any]] = field(default_factory=dict)
    mentions: dict[tuple[Language, str], str] = field(default_factory=dict)
    resumes: bool = False


def names() -> list[str]:
    """All settings of a company."""
    per_language = [f"{what}.{language}" for what in ("signature", "terms") for language in Language]
    per_language += [f"mention.{language}.{subject}" for language in Language for subject in mentions.STANDARD]
    texts = [f"text.{language}.{kind}.{part}" for language in Language for kind in KINDS for part in ("subject", "body")]
    return [*IDENTITY, *_SIMPLE, *per_language, *texts]


def list_companies(desk: Desk) -> list[Company]:
    with desk.database.read() as connection:
        return list(parties.load_companies(connection).values())


def find(desk: Desk, key: str) -> Company:
    """Raises CompanyUnknown, which names the known keys."""
    companies = list_companies(desk)
    for company in companies:
        if company.key in (key, normalised(key)):
            return company
    raise CompanyUnknown(key=key, known=", ".join(company.key for company in companies) or "–")


def change(desk: Desk, key: str, values: Sequence[Value]) -> Company:
    """Set several values at once: all of them, or none when one is no good. Never sends."""
    company = find(desk, key)
    changes = _Changes()
    for value in sorted(values, key=lambda each: each.name != "limits"):  # a preset first: what is named beside it counts more
        _read(desk, value, changes)
    company_security.check(desk, company.id, account=changes.account, mailbox=changes.mailbox)
    with desk.database.write() as connection:
        [before] = parties.load_companies(connection, [company.id]).values()
        if changes.card:
            parties.update_company(connection, company.id, changes.card)
        if changes.account or changes.resumes:
            parties.update_account(connection, company.id, changes.account or {"company_id": company.id})
            (recording.account_mended if changes.resumes else recording.account_changed)(connection, company.id)
        if changes.limits:  # they say nothing of whether the account works
            parties.update_account(connection, company.id, changes.limits)
        if changes.grant:
            _set_grant(connection, company.id, changes.grant)
        if changes.mailbox:
            _set_mailbox(connection, company.id, changes.mailbox)
        for (language, kind), text in changes.texts.items():
            parties.set_text(connection, company.id, language, kind, text)
        for language, part in changes.languages.items():
            parties.set_language_part(connection, company.id, language, part)
        for (language, subject), words in changes.mentions.items():
            parties.set_mention(connection, company.id, language, subject, words)
        [after] = parties.load_companies(connection, [company.id]).values()
        if _customers_see_it(before, after):
            parties.bump_company(connection, company.id)
        changed = ", ".join(value.name for value in values)
        audit.append(connection, company_id=company.id, who=desk.who, what="company changed", subject=company.key, why=changed, now=desk.now())
    return find(desk, company.key)


def _set_mailbox(connection: Connection, company_id: int, values: Mapping[str, Any]) -> None:
    """Another mailbox is read from its beginning; another password is only tried."""
    former = bounce_rows.mailbox_row(connection, company_id, lock=True)
    moved = former is None or any(getattr(former, name) != values[name] for name in ("host", "user", "folder") if name in values)
    fresh = {"uid_validity": None, "last_uid": None, "read_at": None} if moved else {}
    bounce_rows.set_mailbox(connection, company_id, {**values, **fresh, "trouble": None})


def _set_grant(connection: Connection, company_id: int, values: Mapping[str, Any]) -> None:
    """What was granted to one application is of no use to another."""
    former = grants.row(connection, company_id, lock=True)
    other = former is not None and any(getattr(former, name) != values[name] for name in ("provider", "tenant", "client_id") if name in values)
    gone = {"tokens_encrypted": None, "signed_in_as": None, "signed_in_at": None} if other else {}
    grants.keep(connection, company_id, {**values, **gone})


def _customers_see_it(before: Company, after: Company) -> bool:
    names = ("texts", "signatures", "terms", "mentions", *SEEN_BY_CUSTOMERS)
    return any(getattr(before, name) != getattr(after, name) for name in names)


def doubts(company: Company) -> list[Sentence]:
    """What looks wrong on the card and is kept all the same."""
    checks = ((company.iban, _is_iban, IBAN_ODD), (company.bic, bic.is_valid, BIC_ODD))
    return [Sentence(odd, {"value": value}) for value, is_good, odd in checks if value and not (value.isascii() and is_good(value))]


def _is_iban(value: str) -> bool:
    return bool(iban.is_valid(value, check_country=False))


# Reading one value ----------------------------------------------------------------------------------------------


def _read(desk: Desk, value: Value, changes: _Changes) -> None:
    head, *rest = value.name.split(".")
    if value.name in IDENTITY:
        changes.card[value.name] = _identity(value)
    elif value.name in _SIMPLE:
        _SIMPLE[value.name](desk, value, changes)
    elif head == "text" and len(rest) == 3 and rest[0] in LANGUAGES and rest[1] in KINDS and rest[2] in ("subject", "body"):
        _text(value, changes, Language(rest[0]), KINDS[rest[1]], rest[2])
    elif head == "signature" and len(rest) == 1 and rest[0] in LANGUAGES:
        changes.languages.setdefault(Language(rest[0]), {})["signature"] = value.text().strip()
    elif head == "mention" and len(rest) == 2 and rest[0] in LANGUAGES and rest[1] in mentions.STANDARD:
        changes.mentions[Language(rest[0]), rest[1]] = " ".join(value.text().split())
    elif head == "terms" and len(rest) == 1 and rest[0] in LANGUAGES:
        changes.languages.setdefault(Language(rest[0]), {}).update(company_files.terms_columns(desk, value))
    else:
        raise unknown(value.name, names())


def _identity(value: Value) -> str | None:
    text = value.line().strip()
    if value.name == "name" and not text:
        raise value.refuse(N_("a company needs a name"))
    if value.name == "country" and text and not (len(text) == 2 and text.isalpha()):
        raise value.refuse(N_("a country code of two letters is expected"))
    if value.name in ("iban", "bic"):
        text = text.replace(" ", "").upper()
    return text or None


def _text(value: Value, changes: _Changes, language: Language, kind: DocumentType, part: str) -> None:
    text = value.line().strip() if part == "subject" else value.text().strip()
    if not text:
        raise value.refuse(N_("it must not be empty"))
    (mail_text.check_subject if part == "subject" else mail_text.check)(text)
    changes.texts.setdefault((language, kind), {})[part] = text


def _logo(desk: Desk, value: Value, changes: _Changes) -> None:
    changes.card["logo_sha256"] = company_files.logo_column(desk, value)


def _colour(_desk: Desk, value: Value, changes: _Changes) -> None:
    text = value.line().strip().lower()
    if text and not (len(text) == 7 and text[0] == "#" and all(char in "0123456789abcdef" for char in text[1:])):
        raise value.refuse(N_("a colour like #1a6b5a is expected"))
    changes.card["colour"] = text or None


def _secret(table: str, column: str = "password_encrypted") -> Callable[[Desk, Value, _Changes], None]:
    def read(desk: Desk, value: Value, changes: _Changes) -> None:
        secret = value.line()
        getattr(changes, table)[column] = desk.sealed(secret) if secret else None

    return read


def _host(table: str) -> Callable[[Desk, Value, _Changes], None]:
    def read(_desk: Desk, value: Value, changes: _Changes) -> None:
        host = value.line().strip()
        if " " in host or "/" in host or "@" in host:
            raise value.refuse(N_("the name of a server is expected, like smtp.example.be"))
        getattr(changes, table)["host"] = host or None

    return read


def _mailbox(column: str, *, bare: bool) -> Callable[[Desk, Value, _Changes], None]:
    def read(_desk: Desk, value: Value, changes: _Changes) -> None:
        mailbox = value.mailbox()
        changes.account[column] = None if mailbox is None else mailbox.addr_spec if bare else str(mailbox)

    return read


def _simple(table: str, column: str, convert: Callable[[Value], Any]) -> Callable[[Desk, Value, _Changes], None]:
    def read(_desk: Desk, value: Value, changes: _Changes) -> None:
        getattr(changes, table)[column] = convert(value)

    return read


def _word(value: Value) -> str | None:
    """An identifier; it becomes a part of an address."""
    word = value.line().strip()
    if word and not all(char.isalnum() or char in ".-_" for char in word):
        raise value.refuse(N_("an identifier of letters, digits, points and hyphens is expected"))
    return word or None


def _limit(column: str, low: int, high: int, *, times: int = 1) -> Callable[[Desk, Value, _Changes], None]:
    """Empty: the provider names none. Sizes are in MB."""

    def read(_desk: Desk, value: Value, changes: _Changes) -> None:
        changes.limits[column] = value.whole(low, high) * times if value.line().strip() else None

    return read


def _preset(_desk: Desk, value: Value, changes: _Changes) -> None:
    """All that a provider lets an account do; what it does not name is taken away."""
    word = value.line().strip().lower()
    if word not in PROVIDERS:
        raise value.refuse(N_("one of {choices} is expected"), choices=", ".join(sorted(PROVIDERS)))
    limits = PROVIDERS[word].limits
    changes.limits |= {f"limit_{name}": getattr(limits, name) for name in ("per_minute", "per_day", "connections", "size")}


def _resume(_desk: Desk, value: Value, changes: _Changes) -> None:
    if value.boolean():
        raise value.refuse(N_("an account pauses by itself; false resumes it"))
    changes.resumes = True


_SIMPLE: Mapping[str, Callable[[Desk, Value, _Changes], None]] = {
    "language": _simple("card", "language", lambda value: value.one_of(Language)),
    "go_live": _simple("card", "go_live", Value.day),
    "colour": _colour,
    "logo": _logo,
    "pdf": _simple("card", "renders_pdf", lambda value: value.one_of(PdfChoice) is PdfChoice.RENDERED),
    "smtp.host": _host("account"),
    "smtp.port": _simple("account", "port", lambda value: value.whole(1, 65535)),
    "smtp.security": _simple("account", "security", lambda value: value.one_of(Security).value),
    "smtp.user": _simple("account", "user", lambda value: value.line().strip() or None),
    "smtp.password": _secret("account"),
    "smtp.login": _simple("account", "login", lambda value: value.one_of(Login).value),
    "oauth.provider": _simple("grant", "provider", lambda value: value.one_of(OAuthProvider).value),
    "oauth.tenant": _simple("grant", "tenant", lambda value: _word(value)),
    "oauth.client_id": _simple("grant", "client_id", lambda value: _word(value)),
    "oauth.client_secret": _secret("grant", "client_secret_encrypted"),
    "limits": _preset,
    "limits.per_minute": _limit("limit_per_minute", 1, 100_000),
    "limits.per_day": _limit("limit_per_day", 1, 10_000_000),
    "limits.connections": _limit("limit_connections", 1, 100),
    "limits.size": _limit("limit_size", 1, 1000, times=MIB),
    "mail.from": _mailbox("from_mailbox", bare=False),
    "mail.reply_to": _mailbox("reply_to", bare=False),
    "mail.envelope_from": _mailbox("envelope_from", bare=True),
    "mail.archive": _mailbox("archive_address", bare=True),
    "account.paused": _resume,
    "bounces.host": _host("mailbox"),
    "bounces.port": _simple("mailbox", "port", lambda value: value.whole(1, 65535)),
    "bounces.security": _simple("mailbox", "security", lambda value: value.one_of(Security).value),
    "bounces.user": _simple("mailbox", "user", lambda value: value.line().strip() or None),
    "bounces.password": _secret("mailbox"),
    "bounces.login": _simple("mailbox", "login", lambda value: value.one_of(Login).value if value.line().strip() else None),
    "bounces.folder": _simple("mailbox", "folder", lambda value: value.line().strip() or INBOX),
    "bounces.verp": _simple("mailbox", "verp", Value.boolean),
}
INBOX = "INBOX"
