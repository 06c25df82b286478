"""The outbox as people look at it: deliveries, counts, what waits for a person, which workers live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, delete, func, insert, or_, select, update

from core.database.chunks import chunks
from core.database.schema import batches, companies, customers, deliveries, invoices, mail_accounts, messages, workers
from core.database.standing import in_hand, queued
from core.errors import Sentence
from core.model import TO_HANDLE, DeliveryStatus, DispatchStatus, RecipientRole


def listed() -> Select[Any]:
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
            batches.c.created_by.label("queued_by"),
            invoices.c.number,
            invoices.c.type_code,
            invoices.c.status.label("invoice_status"),
            companies.c.key.label("company_key"),
            companies.c.name.label("company_name"),
            customers.c.id.label("customer_id"),
            customers.c.key.label("customer_key"),
            customers.c.name.label("customer_name"),
        )
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(batches, messages.c.batch_id == batches.c.id)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .join(companies, messages.c.company_id == companies.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
    )


def listing(connection: Connection, *, batch_id: int | None = None, invoice_id: int | None = None) -> list[Row[Any]]:
    """Deliveries in the order of queueing."""
    query = listed()
    if batch_id is not None:
        query = query.where(messages.c.batch_id == batch_id)
    if invoice_id is not None:
        query = query.where(messages.c.invoice_id == invoice_id)
    return list(connection.execute(query.order_by(messages.c.id, deliveries.c.id)).all())


OPEN_STATES = (DeliveryStatus.UNCERTAIN, DeliveryStatus.BOUNCED, DeliveryStatus.FAILED, DeliveryStatus.HELD)


def _unsettled() -> ColumnElement[bool]:
    """What counts for each invoice (statuses.sendings), and its failed archive copy. What a person holds waits in the ledger, not here,

    unless a part of it has left: then it looks like any other here.
    """
    newest, newer = messages.alias("newest"), messages.alias("newer")
    latest = select(func.max(newest.c.copy_number)).where(newest.c.invoice_id == invoices.c.id).correlate(invoices).scalar_subquery()
    queued = select(func.max(newer.c.queued_at)).where(newer.c.invoice_id == invoices.c.id).correlate(invoices).scalar_subquery()
    since = and_(deliveries.c.role != RecipientRole.ARCHIVE, deliveries.c.changed_at > queued)
    not_held = or_(invoices.c.held_because.is_(None), invoices.c.status == DispatchStatus.PARTLY_SENT)
    stopped = and_(invoices.c.status.in_(sorted(TO_HANDLE | {DispatchStatus.HELD})), not_held)
    archive = and_(deliveries.c.role == RecipientRole.ARCHIVE, invoices.c.status == DispatchStatus.SENT)
    return and_(deliveries.c.status.in_(OPEN_STATES), or_(messages.c.copy_number == latest, since), or_(stopped, archive))


def unsettled(connection: Connection, *, limit: int) -> list[Row[Any]]:
    """Deliveries that wait for a person: uncertain ones first, then what came back, failed and was held; the newest first."""
    urgency = case({status: place for place, status in enumerate(OPEN_STATES)}, value=deliveries.c.status)
    query = listed().where(_unsettled()).order_by(urgency, deliveries.c.changed_at.desc(), deliveries.c.id)
    return list(connection.execute(query.limit(limit)).all())


def unsettled_marks(connection: Connection, *, limit: int) -> frozenset[tuple[int, DeliveryStatus]]:
    """Which deliveries those are, and how they stand: cheap enough to be asked every other second."""
    query = (
        select(deliveries.c.id, deliveries.c.status)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .where(_unsettled())
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    return frozenset((row.id, row.status) for row in connection.execute(query))


def newest_batches(connection: Connection, *, limit: int) -> list[Row[Any]]:
    """With the number of their invoices; one that was cancelled whole has none."""
    count = select(func.count(messages.c.invoice_id.distinct())).where(messages.c.batch_id == batches.c.id).correlate(batches).scalar_subquery()
    return list(connection.execute(select(batches, count.label("invoices")).order_by(batches.c.id.desc()).limit(limit)).all())


def paused(connection: Connection, *, now: datetime) -> list[Row[Any]]:
    """Accounts that are paused, or wait and have something to wait for, with the number of their mails."""
    open_of_it = and_(messages.c.company_id == mail_accounts.c.company_id, queued())
    count = select(func.count()).select_from(messages).where(open_of_it).correlate(mail_accounts).scalar_subquery()
    query: Any = (
        select(
            companies.c.id, companies.c.key, companies.c.name, mail_accounts.c.paused_because, mail_accounts.c.paused_until, count.label("waiting")
        )
        .join(companies, mail_accounts.c.company_id == companies.c.id)
        .where(mail_accounts.c.paused_at.is_not(None), or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until > now, count > 0))
    )
    return list(connection.execute(query.order_by(companies.c.name)).all())


def because(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, Sentence]:
    """What was said of the latest copy of each invoice, by server or person; of several recipients the one that went wrong."""
    found: dict[int, Sentence] = {}
    for part in chunks(invoice_ids):
        query = (
            select(messages.c.invoice_id, deliveries.c.because)
            .join(deliveries, deliveries.c.message_id == messages.c.id)
            .where(messages.c.invoice_id.in_(part), deliveries.c.because.is_not(None), deliveries.c.status != DeliveryStatus.SENT)
            .order_by(messages.c.copy_number, deliveries.c.changed_at)
        )
        found.update({row.invoice_id: row.because for row in connection.execute(query)})
    return found


def queued_until(connection: Connection, invoice_ids: Sequence[int]) -> list[Row[Any]]:
    """Of what is queued: invoice, when its batch leaves, and why somebody holds it."""
    found: list[Row[Any]] = []
    for part in chunks(invoice_ids):
        query: Select[Any] = select(messages.c.invoice_id, batches.c.leaves_at, batches.c.held_because, batches.c.held_at)
        query = query.join(batches, messages.c.batch_id == batches.c.id)
        found += connection.execute(query.where(messages.c.invoice_id.in_(part), messages.c.due_at.is_not(None))).all()
    return found


def served(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, set[str]]:
    """The customer's addresses of each invoice, small, that a server took any copy for."""
    found: dict[int, set[str]] = {}
    for part in chunks(invoice_ids):
        query = (
            select(messages.c.invoice_id, deliveries.c.recipient)
            .join(deliveries, deliveries.c.message_id == messages.c.id)
            .where(messages.c.invoice_id.in_(part), deliveries.c.status == DeliveryStatus.SENT, deliveries.c.role != RecipientRole.ARCHIVE)
        )
        for row in connection.execute(query):
            found.setdefault(row.invoice_id, set()).add(row.recipient.lower())
    return found


def counts(connection: Connection, *, batch_id: int | None = None) -> dict[DeliveryStatus, int]:
    query = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
    if batch_id is not None:
        query = query.join(messages, deliveries.c.message_id == messages.c.id).where(messages.c.batch_id == batch_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def pace(connection: Connection) -> float | None:
    """Seconds for one mail, as the newest batch of some size went, if there was one lately."""
    lately = select(batches.c.id).order_by(batches.c.id.desc()).limit(LATELY)
    went = (
        select(messages.c.batch_id, func.count().label("mails"), func.max(messages.c.handed_at).label("last"))
        .where(messages.c.batch_id.in_(lately), messages.c.handed_at.is_not(None))
        .group_by(messages.c.batch_id)
        .having(func.count() >= PACED)
        .order_by(messages.c.batch_id.desc())
        .limit(1)
        .subquery()
    )
    query = select(went.c.mails, went.c.last, batches.c.leaves_at, batches.c.created_at).join(went, went.c.batch_id == batches.c.id)
    row = connection.execute(query).first()
    if row is None:
        return None
    seconds = float((row.last - (row.leaves_at or row.created_at)).total_seconds())
    return max(seconds / float(row.mails), 0.01)


LATELY = 20  # batches
PACED = 5  # mails that tell something about the pace


def anything_open(connection: Connection) -> bool:
    """Whether a mail is queued, or a worker has one."""
    return any(connection.scalar(select(messages.c.id).where(those).limit(1)) is not None for those in (queued(), in_hand()))


def open_count(connection: Connection, *, workable_at: datetime | None = None, due_by: datetime | None = None) -> int:
    """Messages with something queued, claimed or sending.

    With `workable_at` only those whose account is not paused then, whose batch nobody holds and whose chosen time has come by then;
    with `due_by` only those that are due by then.
    """
    waiting = [queued(), messages.c.claim.is_(None)]
    if workable_at is not None:
        paused = select(mail_accounts.c.company_id).where(
            mail_accounts.c.paused_at.is_not(None),
            or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until > workable_at),
        )
        stays = select(batches.c.id).where(or_(batches.c.held_at.is_not(None), batches.c.leaves_at > workable_at))
        waiting += [messages.c.company_id.not_in(paused), messages.c.batch_id.not_in(stays)]
    if due_by is not None:
        waiting.append(messages.c.due_at <= due_by)
    return sum(connection.scalar(select(func.count()).select_from(messages).where(*those)) or 0 for those in (waiting, [in_hand()]))


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """The worker's sign of life."""
    if connection.execute(update(workers).where(workers.c.name == name).values(seen_at=now)).rowcount == 0:
        connection.execute(insert(workers).values(name=name, started_at=now, seen_at=now))


def forget_worker(connection: Connection, name: str) -> None:
    connection.execute(delete(workers).where(workers.c.name == name))


def forget_workers(connection: Connection, *, before: datetime) -> None:
    """Those that nobody has heard of since."""
    connection.execute(delete(workers).where(workers.c.seen_at < before))


def seen_since(connection: Connection, *, since: datetime) -> list[Row[Any]]:
    return list(connection.execute(select(workers).where(workers.c.seen_at >= since).order_by(workers.c.name)).all())
