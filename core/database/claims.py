"""Who may take what: due mails of accounts that are not paused, within each account's limits, over the lines that all workers share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, delete, func, insert, or_, select, update

from core.database import handovers
from core.database.deliveries import ClaimedMessage
from core.database.handovers import DAY, MINUTE
from core.database.schema import batches, companies, customers, deliveries, invoices, mail_accounts, messages
from core.database.schema_delivery import account_lines
from core.database.statuses import refresh_status
from core.model import DeliveryStatus
from core.records import Limits, Versions


def may_leave(now: datetime) -> ColumnElement[bool]:
    """Of a message with its batch: due, nobody has it, its batch is not held and not too old."""
    return and_(
        messages.c.due_at <= now,
        messages.c.claim.is_(None),
        batches.c.held_at.is_(None),
        or_(batches.c.leave_by.is_(None), batches.c.leave_by > now),
    )


def not_paused(now: datetime) -> ColumnElement[bool]:
    own = mail_accounts.c
    return or_(own.paused_at.is_(None), own.paused_until <= now)


def accounts_with_work(connection: Connection, *, now: datetime) -> list[Row[*tuple[Any, ...]]]:
    """Accounts that may send and have something to send, the longest waiting first."""
    due = (
        select(messages.c.due_at)
        .join(batches, messages.c.batch_id == batches.c.id)
        .where(messages.c.company_id == mail_accounts.c.company_id, may_leave(now))
        .order_by(messages.c.due_at)
        .limit(1)
        .correlate(mail_accounts)
        .scalar_subquery()
        .label("oldest")
    )
    own = mail_accounts.c
    rows = connection.execute(select(own.company_id, due).where(not_paused(now))).all()
    return sorted((row for row in rows if row.oldest is not None), key=lambda row: (row.oldest, row.company_id))


def lock_account(connection: Connection, company_id: int, *, now: datetime, paused_too: bool = False) -> Row[*tuple[Any, ...]] | None:
    """Limits and lines of one account are counted by one worker at a time; nothing when it was paused while we waited."""
    own = mail_accounts.c
    columns = (own.company_id, own.limit_per_minute, own.limit_per_day, own.limit_connections, own.troubles, own.paused_at)
    which = [own.company_id == company_id, *(() if paused_too else (not_paused(now),))]
    return connection.execute(select(*columns).where(*which).with_for_update()).first()


# The budget -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What an account used: mails in the last minute, recipients in the last day; what workers hold counts as used."""

    mails_of_minute: int
    recipients_of_day: int


_UNDER_WAY = (  # by the index of statuses: what workers hold is little
    select(func.count(deliveries.c.message_id.distinct()), func.count())
    .select_from(deliveries)
    .join(messages, deliveries.c.message_id == messages.c.id)
    .where(deliveries.c.status == DeliveryStatus.CLAIMED, messages.c.company_id == bindparam("of_company"))
)


def under_way(connection: Connection, company_id: int) -> tuple[int, int]:
    """Mails and recipients that workers hold and have not handed over yet."""
    mails, recipients = connection.execute(_UNDER_WAY, {"of_company": company_id}).one()
    return int(mails), int(recipients)


def spent(connection: Connection, company_id: int, *, now: datetime, with_day: bool = True) -> Spent:
    mails, recipients = under_way(connection, company_id)  # first: one that is handed over meanwhile is counted twice rather than not at all
    mails += handovers.mails_since(connection, company_id, now - MINUTE)
    recipients += handovers.recipients_since(connection, company_id, now - DAY) if with_day else 0
    return Spent(mails_of_minute=mails, recipients_of_day=recipients)


@dataclass(frozen=True, kw_only=True)
class Left:
    """What may be handed over now; None where nothing limits it."""

    mails: int | None = None
    recipients: int | None = None

    @property
    def is_nothing(self) -> bool:
        return 0 in (self.mails, self.recipients)


def left(connection: Connection, company_id: int, limits: Limits, *, now: datetime) -> Left:
    if limits.per_minute is None and limits.per_day is None:
        return Left()
    used = spent(connection, company_id, now=now, with_day=limits.per_day is not None)
    return Left(
        mails=None if limits.per_minute is None else max(0, limits.per_minute - used.mails_of_minute),
        recipients=None if limits.per_day is None else max(0, limits.per_day - used.recipients_of_day),
    )


# Lines ----------------------------------------------------------------------------------------------------------


def hold_line(connection: Connection, company_id: int, holder: str, *, limit: int, now: datetime, lease_until: datetime) -> bool:
    """Whether this holder has, or gets, one of the account's lines. Call with the account locked."""
    own = account_lines.c
    kept = update(account_lines).where(own.company_id == company_id, own.holder == holder, own.slot < limit).values(lease_until=lease_until)
    if connection.execute(kept).rowcount:
        return True
    taken = set(connection.scalars(select(own.slot).where(own.company_id == company_id, own.lease_until > now, own.holder != holder)))
    free = next((slot for slot in range(limit) if slot not in taken), None)
    if free is None:
        return False
    connection.execute(delete(account_lines).where(own.company_id == company_id, or_(own.slot == free, own.holder == holder)))
    connection.execute(insert(account_lines).values(company_id=company_id, slot=free, holder=holder, lease_until=lease_until))
    return True


def keep_lines(connection: Connection, holder: str, company_ids: Collection[int], *, lease_until: datetime) -> None:
    """Of the accounts whose line is in use; the place of one that lies idle behind another company's server goes to others."""
    own = account_lines.c
    mine = update(account_lines).where(own.holder == holder, own.company_id.in_(list(company_ids)))
    connection.execute(mine.values(lease_until=lease_until))


def drop_line(connection: Connection, company_id: int, holder: str) -> None:
    connection.execute(delete(account_lines).where(account_lines.c.company_id == company_id, account_lines.c.holder == holder))


# Claiming -------------------------------------------------------------------------------------------------------


def claim_due(
    connection: Connection,
    company_id: int,
    *,
    claim: str,
    limit: int,
    recipients: int | None = None,
    at_least_one: bool = False,
    now: datetime,
    lease_until: datetime,
) -> list[ClaimedMessage]:
    """Take up to `limit` mails of one account, with at most `recipients` in all; nobody else gets them before the lease is over.

    `at_least_one`: a mail to more recipients than a whole day allows must not block itself and all behind it.
    """
    ids = list(connection.scalars(_due(company_id, now, limit)))
    if recipients is not None:
        ids = _within(connection, ids, recipients) or (ids[:1] if at_least_one else [])
    if not ids:
        return []
    connection.execute(update(messages).where(messages.c.id.in_(ids)).values(claim=claim, lease_until=lease_until, due_at=None))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.message_id.in_(ids), deliveries.c.status == DeliveryStatus.QUEUED)
        .values(status=DeliveryStatus.CLAIMED, claim=claim, changed_at=now)
    )
    claimed = _claimed(connection, claim)
    refresh_status(connection, [message.invoice_id for message in claimed], now=now)
    return claimed


def _due(company_id: int, now: datetime, limit: int) -> Select[Any]:
    return (
        select(messages.c.id)
        .join(batches, messages.c.batch_id == batches.c.id)
        .where(messages.c.company_id == company_id, may_leave(now))
        .order_by(messages.c.due_at, messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=messages)
    )


def _within(connection: Connection, ids: Sequence[int], recipients: int) -> list[int]:
    """As many of them, in their order, as the day still has room for."""
    query = (
        select(deliveries.c.message_id, func.count())
        .where(deliveries.c.message_id.in_(ids), deliveries.c.status == DeliveryStatus.QUEUED)
        .group_by(deliveries.c.message_id)
    )
    counts = {row[0]: row[1] for row in connection.execute(query)}
    chosen: list[int] = []
    for identity in ids:
        recipients -= counts.get(identity, 0)
        if recipients < 0:
            break
        chosen.append(identity)
    return chosen


_CLAIMED = (
    select(
        messages,
        deliveries.c.id.label("delivery_id"),
        deliveries.c.recipient,
        deliveries.c.role,
        deliveries.c.first_try_at,
        deliveries.c.tries,
        invoices.c.number,
        invoices.c.version.label("invoice_now"),
        customers.c.version.label("customer_now"),
        companies.c.version.label("company_now"),
    )
    .join(deliveries, and_(deliveries.c.message_id == messages.c.id, deliveries.c.claim == messages.c.claim))
    .join(invoices, invoices.c.id == messages.c.invoice_id)
    .join(customers, customers.c.id == invoices.c.customer_id)
    .join(companies, companies.c.id == messages.c.company_id)
    .where(messages.c.claim == bindparam("of_claim"), deliveries.c.status == DeliveryStatus.CLAIMED)
    .order_by(messages.c.id, deliveries.c.id)
)


def _claimed(connection: Connection, claim: str) -> list[ClaimedMessage]:
    grouped: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(_CLAIMED, {"of_claim": claim}):
        grouped.setdefault(row.id, []).append(row)
    return [_message(group) for group in grouped.values()]


_OF_DELIVERIES = frozenset({"recipients", "delivery_ids", "first_try_at", "tries", "versions_now"})


def _message(group: list[Row[Any]]) -> ClaimedMessage:
    first = group[0]
    names = set(ClaimedMessage.__dataclass_fields__) - _OF_DELIVERIES
    return ClaimedMessage(
        **{name: getattr(first, name) for name in names},
        recipients={row.recipient: row.role for row in group},
        delivery_ids={row.recipient: row.delivery_id for row in group},
        first_try_at=min((row.first_try_at for row in group if row.first_try_at), default=None),
        tries=max(row.tries for row in group),
        versions_now=Versions(invoice=first.invoice_now, customer=first.customer_now, company=first.company_now),
    )
