"""Batches as they wait: how many mails of each company, and what stands in their way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, update

from core.database.schema import batches, deliveries, mail_accounts, messages
from core.database.standing import in_hand
from core.database.statuses import refresh_status
from core.model import DeliveryStatus
from core.records import Limits


def load(connection: Connection, batch_id: int) -> Row[Any] | None:
    return connection.execute(select(batches).where(batches.c.id == batch_id)).first()


def waiting(connection: Connection, batch_id: int, *, now: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """Mails that no worker has taken, by company: those that are due, and those that are due later."""
    found = []
    for when in (messages.c.due_at <= now, messages.c.due_at > now):
        query = select(messages.c.company_id, func.count()).where(messages.c.batch_id == batch_id, messages.c.claim.is_(None), when)
        found.append({int(row[0]): int(row[1]) for row in connection.execute(query.group_by(messages.c.company_id))})
    return found[0], found[1]


def paused(connection: Connection, company_ids: Sequence[int], *, now: datetime) -> set[int]:
    own = mail_accounts.c
    waits = or_(own.paused_until.is_(None), own.paused_until > now)
    return set(connection.scalars(select(own.company_id).where(own.company_id.in_(company_ids), own.paused_at.is_not(None), waits)))


def limits(connection: Connection, company_id: int) -> Limits:
    own = mail_accounts.c
    row = connection.execute(select(own.limit_per_minute, own.limit_per_day).where(own.company_id == company_id)).one()
    return Limits(per_minute=row.limit_per_minute, per_day=row.limit_per_day)


def take_from_workers(connection: Connection, which: ColumnElement[bool], *, now: datetime) -> int:
    """What workers have taken and not begun to hand over goes back to the queue; without its claim a worker writes no dot. Returns how many.

    What is locked at this moment is under way.
    """
    held = select(messages.c.id, messages.c.invoice_id).where(which, in_hand())
    rows = connection.execute(held.order_by(messages.c.id).with_for_update(skip_locked=True)).all()
    # Looked at after the lock: a mark may have been committed in between.
    begun = set(
        connection.scalars(
            select(deliveries.c.message_id).where(
                deliveries.c.message_id.in_([row.id for row in rows]), deliveries.c.status == DeliveryStatus.SENDING
            )
        )
    )
    free = [row for row in rows if row.id not in begun]
    ids = [row.id for row in free]
    mine = (deliveries.c.message_id.in_(ids), deliveries.c.status == DeliveryStatus.CLAIMED)
    connection.execute(update(deliveries).where(*mine).values(status=DeliveryStatus.QUEUED, changed_at=now))
    connection.execute(update(messages).where(messages.c.id.in_(ids)).values(claim=None, lease_until=None, due_at=now))
    refresh_status(connection, [row.invoice_id for row in free], now=now)
    return len(free)
