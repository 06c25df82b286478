"""Messages, deliveries and replies: the rows behind the outbox."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from core.database.schema import batches, companies, customers, deliveries, invoices, mail_accounts, messages, replies, workers
from core.errors import Sentence
from core.model import TO_HANDLE, DeliveryStatus, RecipientRole, dispatch_status
from core.outcome import Reply

CHUNK = 500  # below SQLite's limit of bound values


@dataclass(frozen=True, kw_only=True)
class ClaimedMessage:
    """A message that one worker may work on until its lease is over."""

    id: int
    invoice_id: int
    company_id: int
    message_id: str
    copy_number: int
    invoice_version: int
    customer_version: int
    company_version: int
    sealed_sha256: str | None
    envelope_from: str | None
    queued_at: datetime
    claim: str
    lease_until: datetime
    recipients: Mapping[str, RecipientRole]  # those that are due
    first_try_at: datetime
    tries: int


def chunks(items: Sequence[int], size: int = CHUNK) -> Iterable[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def new_batch(connection: Connection, *, who: str, now: datetime) -> int:
    key = connection.execute(insert(batches).values(created_at=now, created_by=who)).inserted_primary_key
    assert key is not None
    return int(key[0])


# Claiming -------------------------------------------------------------------------------------------------------


def claim_due(connection: Connection, *, claim: str, limit: int, now: datetime, lease_until: datetime) -> list[ClaimedMessage]:
    """Take up to `limit` messages that are due and whose account is not paused; nobody else gets them before the lease is over."""
    paused = select(mail_accounts.c.company_id).where(
        mail_accounts.c.paused_at.is_not(None), or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until > now)
    )
    due = (
        select(messages.c.id)
        .where(messages.c.due_at <= now, messages.c.claim.is_(None), messages.c.company_id.not_in(paused))
        .order_by(messages.c.due_at, messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(due))
    if not ids:
        return []
    connection.execute(update(messages).where(messages.c.id.in_(ids)).values(claim=claim, lease_until=lease_until, due_at=None))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.message_id.in_(ids), deliveries.c.status == DeliveryStatus.QUEUED)
        .values(
            status=DeliveryStatus.CLAIMED,
            claim=claim,
            tries=deliveries.c.tries + 1,
            first_try_at=func.coalesce(deliveries.c.first_try_at, now),
            changed_at=now,
        )
    )
    claimed = _claimed(connection, claim)
    refresh_status(connection, [message.invoice_id for message in claimed], now=now)
    return claimed


def _claimed(connection: Connection, claim: str) -> list[ClaimedMessage]:
    rows = connection.execute(
        select(messages, deliveries.c.recipient, deliveries.c.role, deliveries.c.first_try_at, deliveries.c.tries)
        .join(deliveries, and_(deliveries.c.message_id == messages.c.id, deliveries.c.claim == messages.c.claim))
        .where(messages.c.claim == claim, deliveries.c.status == DeliveryStatus.CLAIMED)
        .order_by(messages.c.id, deliveries.c.id)
    ).all()
    grouped: dict[int, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.id, []).append(row)
    return [_message(group) for group in grouped.values()]


def _message(group: list[Row[Any]]) -> ClaimedMessage:
    first = group[0]
    names = set(ClaimedMessage.__dataclass_fields__) - {"recipients", "first_try_at", "tries"}
    return ClaimedMessage(
        **{name: getattr(first, name) for name in names},
        recipients={row.recipient: row.role for row in group},
        first_try_at=min(row.first_try_at for row in group),
        tries=max(row.tries for row in group),
    )


def renew_lease(connection: Connection, message: ClaimedMessage, *, now: datetime, lease_until: datetime, **seal: object) -> bool:
    """Extend a lease that is still ours and not over; `seal` fills the message's sealing columns."""
    result = connection.execute(
        update(messages)
        .where(messages.c.id == message.id, messages.c.claim == message.claim, messages.c.lease_until > now)
        .values(lease_until=lease_until, **seal)
    )
    return result.rowcount == 1


def to_sending(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, now: datetime) -> int:
    result = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id == message.id,
            deliveries.c.claim == message.claim,
            deliveries.c.status == DeliveryStatus.CLAIMED,
            deliveries.c.recipient.in_(list(recipients)),
        )
        .values(status=DeliveryStatus.SENDING, changed_at=now)
    )
    return result.rowcount


def record(
    connection: Connection,
    message: ClaimedMessage,
    recipient: str,
    status: DeliveryStatus,
    *,
    reply: Reply | None,
    because: Sentence | None,
    now: datetime,
    only_from: Collection[DeliveryStatus] = (DeliveryStatus.CLAIMED, DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN),
) -> bool:
    """Settle one delivery of this very claim, an `uncertain` one included: a late reply still counts for its own attempt."""
    row = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id == message.id,
            deliveries.c.recipient == recipient,
            deliveries.c.claim == message.claim,
            deliveries.c.status.in_(list(only_from)),
        )
        .values(
            status=status,
            changed_at=now,
            because=because,
            **({"reply_code": reply.code, "reply": reply.text} if reply else {}),
        )
        .returning(deliveries.c.id)
    ).first()
    if row and reply:
        add_reply(connection, row.id, message.claim, reply, now=now)
    return row is not None


def add_reply(connection: Connection, delivery_id: int, claim: str | None, reply: Reply, *, now: datetime) -> None:
    connection.execute(
        insert(replies).values(
            delivery_id=delivery_id, claim=claim, stage=reply.stage.value, reply_code=reply.code, reply=reply.text, received_at=now
        )
    )


def release_if_done(connection: Connection, message: ClaimedMessage) -> None:
    """Give the message back unless one of its deliveries is still claimed or in sending under this claim."""
    busy = select(deliveries.c.id).where(
        deliveries.c.message_id == message.id,
        deliveries.c.claim == message.claim,
        deliveries.c.status.in_([DeliveryStatus.CLAIMED, DeliveryStatus.SENDING]),
    )
    connection.execute(
        update(messages).where(messages.c.id == message.id, messages.c.claim == message.claim, ~busy.exists()).values(claim=None, lease_until=None)
    )


def troubles(connection: Connection, company_id: int) -> int:
    return connection.scalar(select(mail_accounts.c.troubles).where(mail_accounts.c.company_id == company_id)) or 0


def set_due(connection: Connection, message_row_id: int, due_at: datetime) -> None:
    connection.execute(update(messages).where(messages.c.id == message_row_id).values(due_at=due_at))


def see_current_versions(connection: Connection, message_row_id: int) -> None:
    """A person decided with what is true now before the eyes: later changes count from here."""
    invoice = select(invoices.c.version).where(invoices.c.id == messages.c.invoice_id).scalar_subquery()
    company = select(companies.c.version).where(companies.c.id == messages.c.company_id).scalar_subquery()
    customer = (
        select(customers.c.version)
        .join(invoices, invoices.c.customer_id == customers.c.id)
        .where(invoices.c.id == messages.c.invoice_id)
        .scalar_subquery()
    )
    connection.execute(
        update(messages).where(messages.c.id == message_row_id).values(invoice_version=invoice, company_version=company, customer_version=customer)
    )


# Sweeping -------------------------------------------------------------------------------------------------------


def any_lease_over(connection: Connection, *, now: datetime) -> bool:
    return connection.scalar(select(messages.c.id).where(messages.c.lease_until <= now).limit(1)) is not None


def sweep(connection: Connection, *, now: datetime, because: Sentence) -> tuple[int, int]:
    """Free what dead workers hold: claimed goes back to the queue, sending becomes uncertain. Returns how many of each."""
    rows = connection.execute(
        select(messages.c.id, messages.c.claim, messages.c.invoice_id)
        .where(messages.c.lease_until <= now)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    ).all()
    back = doubtful = 0
    for row in rows:
        mine = (deliveries.c.message_id == row.id, deliveries.c.claim == row.claim)
        doubtful += connection.execute(
            update(deliveries)
            .where(*mine, deliveries.c.status == DeliveryStatus.SENDING)
            .values(status=DeliveryStatus.UNCERTAIN, changed_at=now, because=because)
        ).rowcount
        returned = connection.execute(
            update(deliveries).where(*mine, deliveries.c.status == DeliveryStatus.CLAIMED).values(status=DeliveryStatus.QUEUED, changed_at=now)
        ).rowcount
        back += returned
        values: dict[str, Any] = {"claim": None, "lease_until": None} | ({"due_at": now} if returned else {})
        connection.execute(update(messages).where(messages.c.id == row.id).values(**values))
    refresh_status(connection, [row.invoice_id for row in rows], now=now)
    return back, doubtful


# The derived status ---------------------------------------------------------------------------------------------


def latest_deliveries(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, list[DeliveryStatus]]:
    """Statuses of the latest copy's deliveries per invoice, without the archive copy."""
    found: dict[int, list[DeliveryStatus]] = {invoice_id: [] for invoice_id in invoice_ids}
    for part in chunks(list(found)):
        newest = (
            select(messages.c.invoice_id, func.max(messages.c.copy_number).label("copy_number"))
            .where(messages.c.invoice_id.in_(part))
            .group_by(messages.c.invoice_id)
            .subquery()
        )
        rows = connection.execute(
            select(messages.c.invoice_id, deliveries.c.status)
            .join(newest, and_(newest.c.invoice_id == messages.c.invoice_id, newest.c.copy_number == messages.c.copy_number))
            .join(deliveries, deliveries.c.message_id == messages.c.id)
            .where(deliveries.c.role != RecipientRole.ARCHIVE)
        )
        for row in rows:
            found[row.invoice_id].append(row.status)
    return found


def refresh_status(connection: Connection, invoice_ids: Collection[int], *, now: datetime) -> None:
    """Store the dispatch status that follows from the deliveries, in the caller's transaction."""
    ids = sorted(set(invoice_ids))
    states = latest_deliveries(connection, ids)
    for part in chunks(ids):
        rows = connection.execute(
            select(invoices.c.id, invoices.c.status, invoices.c.ledger, invoices.c.elsewhere_because).where(invoices.c.id.in_(part))
        ).all()
        for row in rows:
            status = dispatch_status(states[row.id], ledger=row.ledger, elsewhere=row.elsewhere_because is not None)
            if status is not row.status:
                connection.execute(update(invoices).where(invoices.c.id == row.id).values(status=status, status_at=now))


# Reading --------------------------------------------------------------------------------------------------------


def _listed() -> Select[Any]:
    """Deliveries with number, company and message."""
    return (
        select(
            deliveries,
            messages.c.message_id.label("rfc_message_id"),
            messages.c.copy_number,
            messages.c.batch_id,
            messages.c.invoice_id,
            messages.c.sealed_sha256,
            messages.c.due_at,
            invoices.c.number,
            companies.c.name.label("company_name"),
        )
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .join(companies, messages.c.company_id == companies.c.id)
    )


def listing(connection: Connection, *, batch_id: int | None = None, invoice_id: int | None = None, limit: int | None = None) -> list[Row[Any]]:
    """Deliveries in the order of queueing; with a limit, the newest ones, newest first."""
    query = _listed()
    if batch_id is not None:
        query = query.where(messages.c.batch_id == batch_id)
    if invoice_id is not None:
        query = query.where(messages.c.invoice_id == invoice_id)
    if limit is None:
        return list(connection.execute(query.order_by(messages.c.id, deliveries.c.id)).all())
    return list(connection.execute(query.order_by(deliveries.c.changed_at.desc(), deliveries.c.id.desc()).limit(limit)).all())


def unsettled(connection: Connection, *, limit: int) -> list[Row[Any]]:
    """Uncertain and failed deliveries of each invoice's latest copy, uncertain first."""
    copies = messages.alias("copies")
    newest = select(func.max(copies.c.copy_number)).where(copies.c.invoice_id == invoices.c.id).correlate(invoices).scalar_subquery()
    query = (
        _listed()
        .where(
            deliveries.c.status.in_([DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED]),
            messages.c.copy_number == newest,
            invoices.c.status.in_(sorted(TO_HANDLE)),
        )
        .order_by(deliveries.c.status.desc(), deliveries.c.changed_at.desc())
    )
    return list(connection.execute(query.limit(limit)).all())


def counts(connection: Connection, *, batch_id: int | None = None) -> dict[DeliveryStatus, int]:
    query = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
    if batch_id is not None:
        query = query.join(messages, deliveries.c.message_id == messages.c.id).where(messages.c.batch_id == batch_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def open_count(connection: Connection, *, workable_at: datetime | None = None, due_by: datetime | None = None) -> int:
    """Messages with something queued, claimed or sending.

    With `workable_at` only those whose account is not paused then, with `due_by` only those that are due by then.
    """
    query = select(func.count()).select_from(messages).where(or_(messages.c.due_at.is_not(None), messages.c.claim.is_not(None)))
    if workable_at is not None:
        paused = select(mail_accounts.c.company_id).where(
            mail_accounts.c.paused_at.is_not(None),
            or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until > workable_at),
        )
        query = query.where(or_(messages.c.claim.is_not(None), messages.c.company_id.not_in(paused)))
    if due_by is not None:
        query = query.where(or_(messages.c.claim.is_not(None), messages.c.due_at <= due_by))
    return connection.scalar(query) or 0


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """The worker's sign of life."""
    if connection.execute(update(workers).where(workers.c.name == name).values(seen_at=now)).rowcount == 0:
        connection.execute(insert(workers).values(name=name, started_at=now, seen_at=now))


def seen_since(connection: Connection, *, since: datetime) -> list[Row[Any]]:
    return list(connection.execute(select(workers).where(workers.c.seen_at >= since).order_by(workers.c.name)).all())
