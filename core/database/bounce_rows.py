"""What came back, in the database: the mailboxes that are read, the notices in them, the addresses that they warn of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from core.database.chunks import chunks
from core.database.schema import deliveries, invoices, mail_accounts, messages
from core.database.schema_delivery import bounce_mailboxes, bounces, flagged_addresses
from core.errors import Sentence
from core.records import BounceMailbox, Login, Security

# Mailboxes -------------------------------------------------------------------------------------------------------


def mailbox_row(connection: Connection, company_id: int, *, lock: bool = False) -> Row[Any] | None:
    query = select(bounce_mailboxes).where(bounce_mailboxes.c.company_id == company_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def to_mailbox(row: Row[Any], password: str, *, login: Login = Login.PASSWORD, signs_in_as: str = "") -> BounceMailbox:
    """The mailbox with its decrypted password, which the caller holds only as long as it is needed; `login` where none is kept."""
    return BounceMailbox(
        company_id=row.company_id,
        host=row.host or "",
        port=row.port or 0,
        security=Security(row.security),
        user=row.user or "",
        password=password,
        login=Login(row.login) if row.login else login,
        signs_in_as=signs_in_as,
        folder=row.folder,
        verp=row.verp,
        uid_validity=row.uid_validity,
        last_uid=row.last_uid or 0,
        read_at=row.read_at,
        trouble=row.trouble,
    )


def set_mailbox(connection: Connection, company_id: int, values: Mapping[str, Any]) -> None:
    changed = connection.execute(update(bounce_mailboxes).where(bounce_mailboxes.c.company_id == company_id).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(bounce_mailboxes).values(company_id=company_id, **values))


def read_companies(connection: Connection) -> list[int]:
    """Companies with a mailbox to read."""
    query = select(bounce_mailboxes.c.company_id).where(bounce_mailboxes.c.host.is_not(None)).order_by(bounce_mailboxes.c.company_id)
    return list(connection.scalars(query))


def sharing(connection: Connection, company_id: int) -> set[int]:
    """Companies whose notices may arrive in this company's mailbox: itself, and those with the same sender domain or the same mailbox."""
    query = select(
        mail_accounts.c.company_id,
        mail_accounts.c.from_mailbox,
        mail_accounts.c.envelope_from,
        bounce_mailboxes.c.host,
        bounce_mailboxes.c.user,
    ).outerjoin(bounce_mailboxes, bounce_mailboxes.c.company_id == mail_accounts.c.company_id)
    found = connection.execute(query).all()
    own = next((_places(row) for row in found if row.company_id == company_id), set())
    return {company_id} | {row.company_id for row in found if _places(row) & own}


def _places(row: Row[*tuple[Any, ...]]) -> set[tuple[str, str]]:
    domain = _domain(row.envelope_from or row.from_mailbox)
    places = {("domain", domain)} if domain else set()
    return places | ({(row.host.lower(), row.user.lower())} if row.host and row.user else set())


def _domain(mailbox: str | None) -> str:
    return (mailbox or "").rpartition("@")[2].strip("> ").lower()


def sender_domains(connection: Connection) -> set[str]:
    """After the @ of our Message-IDs."""
    rows = connection.execute(select(mail_accounts.c.from_mailbox, mail_accounts.c.envelope_from))
    return {domain for row in rows for mailbox in row if (domain := (mailbox or "").rpartition("@")[2].strip("> "))}


def first_queued_at(connection: Connection, company_ids: Collection[int]) -> datetime | None:
    query = select(messages.c.queued_at).where(messages.c.company_id.in_(list(company_ids))).order_by(messages.c.id).limit(1)
    return connection.scalar(query)


# Mails that came back --------------------------------------------------------------------------------------------


def deliveries_of(connection: Connection, message_ids: Collection[str], company_ids: Collection[int]) -> list[Row[*tuple[Any, ...]]]:
    """All deliveries of the first of these mails that these companies sent, locked."""
    query = select(messages.c.id).where(messages.c.message_id.in_(list(message_ids)), messages.c.company_id.in_(list(company_ids)))
    found = connection.scalar(query.order_by(messages.c.id).limit(1))
    if found is None:
        return []
    columns = (deliveries.c.id, deliveries.c.recipient, deliveries.c.role, deliveries.c.status, messages.c.invoice_id, messages.c.message_id)
    of_invoice = (invoices.c.number, invoices.c.company_id, invoices.c.customer_id)
    rows = (
        select(*columns, *of_invoice)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .where(messages.c.id == found)
        .order_by(deliveries.c.id)
        .with_for_update(of=deliveries)
    )
    return list(connection.execute(rows).all())


def set_delivery(connection: Connection, delivery_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def is_kept(connection: Connection, company_id: int, notice_sha256: str, recipient: str) -> bool:
    ours = bounces.c
    query = select(ours.id).where(ours.company_id == company_id, ours.notice_sha256 == notice_sha256, ours.recipient == recipient)
    return connection.scalar(query) is not None


def keep(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(bounces).values(**values))


def kept(connection: Connection, company_id: int) -> list[Row[Any]]:
    """Every notice about this company's mailbox, the newest first."""
    return list(connection.execute(select(bounces).where(bounces.c.company_id == company_id).order_by(bounces.c.id.desc())).all())


def count(connection: Connection, company_id: int) -> int:
    """Notices about mails of ours."""
    query = select(func.count()).select_from(bounces).where(bounces.c.company_id == company_id, bounces.c.delivery_id.is_not(None))
    return connection.scalar(query) or 0


# Addresses -------------------------------------------------------------------------------------------------------


def flag(connection: Connection, customer_id: int, address: str, because: Sentence, *, at: datetime) -> None:
    """The newest word counts."""
    unflag(connection, customer_id, address)
    connection.execute(insert(flagged_addresses).values(customer_id=customer_id, address=address.lower(), because=because, flagged_at=at))


def unflag(connection: Connection, customer_id: int, address: str) -> Row[Any] | None:
    """Returns what stood there."""
    ours = flagged_addresses.c
    same = (ours.customer_id == customer_id, ours.address == address.lower())
    row = connection.execute(select(flagged_addresses).where(*same)).first()
    if row is not None:
        connection.execute(delete(flagged_addresses).where(*same))
    return row


def flagged(connection: Connection, customer_ids: Iterable[int]) -> dict[int, dict[str, tuple[Sentence, datetime]]]:
    """Why and when, by customer and small address."""
    found: dict[int, dict[str, tuple[Sentence, datetime]]] = {}
    wanted: Sequence[int] = sorted(set(customer_ids))
    for part in chunks(wanted):
        for row in connection.execute(select(flagged_addresses).where(flagged_addresses.c.customer_id.in_(part))):
            found.setdefault(row.customer_id, {})[row.address] = (row.because, row.flagged_at)
    return found
