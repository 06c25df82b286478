"""What an account used of its limits, what waits before it, and how fast it is: read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, union_all

from core.database import handovers
from core.database.chunks import chunks
from core.database.handovers import DAY
from core.database.schema import batches, customer_recipients, deliveries, invoices, mail_accounts, messages
from core.database.standing import in_hand, queued
from core.model import DeliveryStatus

NEWEST = 200  # mails that tell the pace


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Mails that are to leave and are alike: when they may, each to how many, and how many mails."""

    batch_id: int
    due_at: datetime
    recipients: int
    mails: int = 1


def _to_leave() -> ColumnElement[bool]:
    """Of a message with its batch: it is queued or in a worker's hand, and nobody holds its batch."""
    return and_(or_(queued(), in_hand()), batches.c.held_at.is_(None))


def account(connection: Connection, company_id: int) -> Row[*tuple[Any, ...]]:
    own = mail_accounts.c
    columns = (own.limit_per_minute, own.limit_per_day, own.archive_address, own.paused_at, own.paused_until)
    return connection.execute(select(*columns).where(own.company_id == company_id)).one()


def handed(connection: Connection, company_id: int, *, now: datetime) -> list[tuple[datetime, int]]:
    """What was handed over in the last day, trials too, oldest first: when, and to how many."""
    return handovers.since(connection, company_id, now - DAY)


def waiting(connection: Connection, company_id: int, *, now: datetime) -> list[Waiting]:
    """What is to leave by itself, in its order; what a worker holds goes first. Held batches do not count."""
    to_how_many = func.count().label("recipients")
    each = [
        select(messages.c.id, messages.c.batch_id, messages.c.due_at, to_how_many)
        .join(batches, batches.c.id == messages.c.batch_id)
        .join(deliveries, deliveries.c.message_id == messages.c.id)
        .where(*those, batches.c.held_at.is_(None), deliveries.c.status.in_((DeliveryStatus.QUEUED, DeliveryStatus.CLAIMED)))
        .group_by(messages.c.id, messages.c.batch_id, messages.c.due_at)
        for those in _by_index(company_id)
    ]
    mails = union_all(*each).subquery()
    alike = (mails.c.batch_id, mails.c.due_at, mails.c.recipients)
    query = select(*alike, func.count(), func.min(mails.c.id)).group_by(*alike).order_by(mails.c.due_at.nulls_first(), func.min(mails.c.id))
    found = [Waiting(batch_id=row[0], due_at=row[1] or now, recipients=row[2], mails=row[3]) for row in connection.execute(query)]
    return sorted(found, key=lambda each: max(each.due_at, now))


def _by_index(company_id: int) -> tuple[tuple[ColumnElement[bool], ...], ...]:
    """What is queued and what a worker holds, each by its own index: an `or`, or the company first, would read its whole archive."""
    return (messages.c.company_id == company_id, queued(), messages.c.claim.is_(None)), (messages.c.company_id + 0 == company_id, in_hand())


def companies_of_batch(connection: Connection, batch_id: int) -> list[int]:
    """Those with something of it that is to leave."""
    query = select(messages.c.company_id).join(batches, batches.c.id == messages.c.batch_id).where(messages.c.batch_id == batch_id, _to_leave())
    return list(connection.scalars(query.distinct()))


def recipients(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, list[int]]:
    """How many addresses the card of each invoice's customer has, by company."""
    found: dict[int, list[int]] = {}
    count = func.count(customer_recipients.c.customer_id)
    for part in chunks(invoice_ids):
        query = (
            select(invoices.c.company_id, count)
            .outerjoin(customer_recipients, customer_recipients.c.customer_id == invoices.c.customer_id)
            .where(invoices.c.id.in_(part))
            .group_by(invoices.c.id, invoices.c.company_id)
        )
        for row in connection.execute(query):
            found.setdefault(row[0], []).append(max(1, int(row[1])))
    return found


def gaps(connection: Connection, company_id: int) -> list[float]:
    """Seconds between the newest mails of an account, as they were handed over."""
    query = select(messages.c.handed_at).where(messages.c.company_id == company_id, messages.c.handed_at.is_not(None))
    times = list(connection.scalars(query.order_by(messages.c.handed_at.desc()).limit(NEWEST)))
    return [(later - earlier).total_seconds() for later, earlier in pairwise(times)]


def used_today(connection: Connection, company_id: int, *, now: datetime) -> int:
    """Recipients of the last day."""
    return handovers.recipients_since(connection, company_id, now - DAY)
