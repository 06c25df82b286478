"""Companies and customers: their cards, read whole and written field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from core.database import words
from core.database.chunks import chunks
from core.database.schema import companies, company_languages, company_texts, customer_recipients, customers, invoices, mail_accounts
from core.database.schema_delivery import bounce_mailboxes
from core.database.schema_documents import company_mentions
from core.database.searching import finds_customers
from core.errors import AddressInvalid
from core.mailbox import Mailbox, parse
from core.model import Address, DocumentType, Language, RecipientRole
from core.records import AccompanyingText, Company, Customer, Limits, Login, MailAccount, Security, Terms

ADDRESS = ("street", "additional_street", "city", "postcode", "country")


def _address(row: Row[Any]) -> Address:
    return Address(**{name: getattr(row, name) for name in ADDRESS})


# Companies ------------------------------------------------------------------------------------------------------


def add_company(connection: Connection, values: Mapping[str, Any], texts: Mapping[tuple[Language, DocumentType], AccompanyingText]) -> int:
    key = connection.execute(insert(companies).values(**values)).inserted_primary_key
    assert key is not None
    connection.execute(insert(mail_accounts).values(company_id=key[0]))
    connection.execute(insert(company_languages), [{"company_id": key[0], "language": language} for language in Language])
    connection.execute(
        insert(company_texts),
        [
            {"company_id": key[0], "language": language, "type_code": kind, "subject": t.subject, "body": t.body}
            for (language, kind), t in texts.items()
        ],
    )
    return int(key[0])


def company_id(connection: Connection, key: str) -> int | None:
    return connection.scalar(select(companies.c.id).where(companies.c.key == key))


def load_companies(connection: Connection, ids: Collection[int] | None = None) -> dict[int, Company]:
    """Whole cards, with texts, signatures and terms, by id, in the order of their names."""
    query = select(companies).order_by(companies.c.name, companies.c.id)
    if ids is not None:
        query = query.where(companies.c.id.in_(list(ids)))
    rows = connection.execute(query).all()
    texts: dict[int, dict[tuple[Language, DocumentType], AccompanyingText]] = {row.id: {} for row in rows}
    for text in connection.execute(select(company_texts).where(company_texts.c.company_id.in_(list(texts)))):
        texts[text.company_id][text.language, text.type_code] = AccompanyingText(subject=text.subject, body=text.body)
    signatures: dict[int, dict[Language, str]] = {row.id: {} for row in rows}
    terms: dict[int, dict[Language, Terms]] = {row.id: {} for row in rows}
    for part in connection.execute(select(company_languages).where(company_languages.c.company_id.in_(list(texts)))):
        signatures[part.company_id][part.language] = part.signature
        if part.terms_sha256:
            terms[part.company_id][part.language] = Terms(sha256=part.terms_sha256, name=part.terms_name, size=part.terms_size)
    mentions: dict[int, dict[tuple[Language, str], str]] = {row.id: {} for row in rows}
    for mention in connection.execute(select(company_mentions).where(company_mentions.c.company_id.in_(list(texts)))):
        mentions[mention.company_id][mention.language, mention.subject] = mention.words
    plain = set(Company.__dataclass_fields__) - {"address", "texts", "signatures", "terms", "mentions"}
    return {
        row.id: Company(
            **{name: getattr(row, name) for name in plain},
            address=_address(row),
            texts=texts[row.id],
            signatures=signatures[row.id],
            terms=terms[row.id],
            mentions=mentions[row.id],
        )
        for row in rows
    }


def update_company(connection: Connection, identity: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(companies).where(companies.c.id == identity).values(**values))


def bump_company(connection: Connection, identity: int) -> None:
    """What the customer would see changed: queued mails that were made from the older state stop."""
    connection.execute(update(companies).where(companies.c.id == identity).values(version=companies.c.version + 1))


def set_text(connection: Connection, identity: int, language: Language, kind: DocumentType, values: Mapping[str, str]) -> None:
    connection.execute(
        update(company_texts)
        .where(company_texts.c.company_id == identity, company_texts.c.language == language, company_texts.c.type_code == kind)
        .values(**values)
    )


def set_language_part(connection: Connection, identity: int, language: Language, values: Mapping[str, Any]) -> None:
    """Signature or terms of one language."""
    connection.execute(
        update(company_languages).where(company_languages.c.company_id == identity, company_languages.c.language == language).values(**values)
    )


def set_mention(connection: Connection, identity: int, language: Language, subject: str, wording: str) -> None:
    """A legal mention in the company's own words; empty goes back to the standard ones."""
    ours = company_mentions.c
    connection.execute(delete(company_mentions).where(ours.company_id == identity, ours.language == language, ours.subject == subject))
    if wording:
        connection.execute(insert(company_mentions).values(company_id=identity, language=language, subject=subject, words=wording))


# Mail accounts --------------------------------------------------------------------------------------------------


def load_account_row(connection: Connection, identity: int) -> Row[Any]:
    verp = func.coalesce(bounce_mailboxes.c.verp, False).label("verp")
    query = select(mail_accounts, verp).outerjoin(bounce_mailboxes, bounce_mailboxes.c.company_id == mail_accounts.c.company_id)
    return connection.execute(query.where(mail_accounts.c.company_id == identity)).one()


def to_account(row: Row[Any], password: str) -> MailAccount:
    """The account with its decrypted password, which the caller holds only as long as it is needed."""
    return MailAccount(
        company_id=row.company_id,
        host=row.host or "",
        port=row.port or 0,
        security=Security(row.security),
        user=row.user or "",
        password=password,
        from_mailbox=parse(row.from_mailbox) if row.from_mailbox else None,
        reply_to=parse(row.reply_to) if row.reply_to else None,
        envelope_from=row.envelope_from or "",
        archive_address=row.archive_address or "",
        login=Login(row.login),
        limits=Limits(per_minute=row.limit_per_minute, per_day=row.limit_per_day, connections=row.limit_connections, size=row.limit_size),
        verp=bool(row.verp),
        paused_because=row.paused_because if row.paused_at else None,
        paused_until=row.paused_until if row.paused_at else None,
    )


def update_account(connection: Connection, identity: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(mail_accounts).where(mail_accounts.c.company_id == identity).values(**values))


# Customers ------------------------------------------------------------------------------------------------------


def add_customer(connection: Connection, values: Mapping[str, Any]) -> int:
    key = connection.execute(insert(customers).values(**values)).inserted_primary_key
    assert key is not None
    _keep_words(connection, int(key[0]))
    return int(key[0])


SEARCHED = ("name", "key", "vat_id", "enterprise_number", "endpoint", "postcode", "city")


def _keep_words(connection: Connection, identity: int) -> None:
    """What a search finds this customer by."""
    row = connection.execute(select(*(customers.c[name] for name in SEARCHED)).where(customers.c.id == identity)).one()
    mailboxes = connection.scalars(select(customer_recipients.c.mailbox).where(customer_recipients.c.customer_id == identity))
    connection.execute(update(customers).where(customers.c.id == identity).values(search_text=words.of_customer([*row, *mailboxes])))


def same_customer(connection: Connection, *, key: str, vat_id: str | None, enterprise_number: str | None) -> Row[Any] | None:
    """The card of this buyer: by key, else by enterprise number unless the VAT identifiers contradict each other."""
    exact = connection.execute(select(customers).where(customers.c.key == key)).first()
    if exact is not None or enterprise_number is None:
        return exact
    query = select(customers).where(customers.c.enterprise_number == enterprise_number).order_by(customers.c.id)
    if vat_id is not None:
        query = query.where(or_(customers.c.vat_id.is_(None), customers.c.vat_id == vat_id))
    return connection.execute(query).first()


def load_customers(connection: Connection, ids: Iterable[int] | None = None) -> dict[int, Customer]:
    """Whole cards by id, in the order of their names."""
    wanted = None if ids is None else list(dict.fromkeys(ids))
    found: dict[int, Customer] = {}
    for part in [None] if wanted is None else chunks(wanted):
        found.update(_load_part(connection, part))
    return found


def _load_part(connection: Connection, ids: Sequence[int] | None) -> dict[int, Customer]:
    query = select(customers).order_by(customers.c.name, customers.c.id)
    entries = select(customer_recipients).order_by(
        customer_recipients.c.customer_id, customer_recipients.c.role.desc(), customer_recipients.c.position
    )
    if ids is not None:
        query = query.where(customers.c.id.in_(list(ids)))
        entries = entries.where(customer_recipients.c.customer_id.in_(list(ids)))
    recipients: dict[int, list[tuple[RecipientRole, Mailbox]]] = {}
    for entry in connection.execute(entries):
        recipients.setdefault(entry.customer_id, []).append((entry.role, _as_kept(entry.mailbox)))
    plain = set(Customer.__dataclass_fields__) - {"address", "recipients"}
    return {
        row.id: Customer(**{name: getattr(row, name) for name in plain}, address=_address(row), recipients=tuple(recipients.get(row.id, ())))
        for row in connection.execute(query)
    }


def _as_kept(text: str) -> Mailbox:
    """An address that got in by another way than our checks is shown and blocked, not lost."""
    try:
        return parse(text)
    except AddressInvalid:
        return Mailbox(addr_spec=text)


def customer_names(connection: Connection, search: str, *, limit: int) -> list[tuple[int, str, str | None]]:
    """Id, name and town of those with these words, by name."""
    query = select(customers.c.id, customers.c.name, customers.c.city).order_by(customers.c.name, customers.c.id).limit(limit)
    for condition in finds_customers(connection.dialect.name, search):
        query = query.where(condition)
    return [(row.id, row.name, row.city) for row in connection.execute(query)]


def customer_id(connection: Connection, key: str) -> int | None:
    return connection.scalar(select(customers.c.id).where(customers.c.key == key))


def update_customer(connection: Connection, identity: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(customers).where(customers.c.id == identity).values(**values))
    if values.keys() & set(SEARCHED):
        _keep_words(connection, identity)
    if "name" in values:
        connection.execute(update(invoices).where(invoices.c.customer_id == identity).values(sort_name=words.folded(values["name"])[:300]))


def bump_customer(connection: Connection, identity: int) -> None:
    """Where or how the customer gets invoices changed: queued mails that were made from the older card stop."""
    connection.execute(update(customers).where(customers.c.id == identity).values(version=customers.c.version + 1))


def set_recipients(connection: Connection, identity: int, role: RecipientRole, mailboxes: Sequence[Mailbox]) -> None:
    connection.execute(delete(customer_recipients).where(customer_recipients.c.customer_id == identity, customer_recipients.c.role == role))
    if mailboxes:
        connection.execute(
            insert(customer_recipients),
            [{"customer_id": identity, "role": role, "position": place, "mailbox": str(mailbox)} for place, mailbox in enumerate(mailboxes)],
        )
    _keep_words(connection, identity)
