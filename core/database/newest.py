"""The newest deliveries, found by words and by how they stand: as fast in an archive of a million mails as in an empty one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, false, or_, select, union_all

from core.database import searching
from core.database.outbox_views import listed
from core.database.schema import customers, deliveries, invoices, messages
from core.model import DeliveryStatus

NEAR = 20_000  # of the newest: these are looked at one by one
FEW = 5000  # invoices that lead to their mails

Conditions = list[ColumnElement[bool]]


def newest(connection: Connection, *, search: str = "", statuses: Collection[DeliveryStatus] = (), limit: int) -> list[Row[Any]]:
    """Newest first; each word of the search is in the number, the recipient or the customer's name."""
    wanted = sorted(statuses or DeliveryStatus)
    if not search.split():
        return _rows(connection, [deliveries.c.id.in_(_last(wanted, limit))], limit)
    conditions: Conditions = [_has(word) for word in search.split()]
    found = _rows(connection, [deliveries.c.id.in_(_last(wanted, NEAR)), *conditions], limit)
    if len(found) == limit:
        return found
    older = [deliveries.c.status.in_(wanted), *conditions]
    if not any("@" in word for word in search.split()):  # an address may stand on no card any more: all recipients are looked through
        finds = searching.finds(connection.dialect.name, search)
        named = select(invoices.c.id).join(customers, invoices.c.customer_id == customers.c.id).where(*finds)
        few = list(connection.scalars(named.limit(FEW + 1)))
        if len(few) <= FEW:
            theirs = select(deliveries.c.id).join(messages, deliveries.c.message_id == messages.c.id).where(messages.c.invoice_id.in_(few))
            older.append(deliveries.c.id.in_(theirs) if few else false())
    rows = {row.id: row for row in [*found, *_rows(connection, older, limit)]}
    return sorted(rows.values(), key=lambda row: (row.changed_at, row.id), reverse=True)[:limit]


def _has(word: str) -> ColumnElement[bool]:
    return or_(*(column.icontains(word, autoescape=True) for column in (invoices.c.number, deliveries.c.recipient, customers.c.name)))


def _rows(connection: Connection, conditions: Conditions, limit: int) -> list[Row[Any]]:
    query = listed().where(*conditions).order_by(deliveries.c.changed_at.desc(), deliveries.c.id.desc())
    return list(connection.execute(query.limit(limit)).all())


def _last(statuses: Collection[DeliveryStatus], limit: int) -> Select[tuple[int]]:
    """The ids of the newest, each status by its own stretch of the index: no table is sorted."""
    own = deliveries.c
    each = [
        select(own.id, own.changed_at).where(own.status == status).order_by(own.changed_at.desc(), own.id.desc()).limit(limit).subquery()
        for status in statuses
    ]
    found = union_all(*(select(part.c.id, part.c.changed_at) for part in each)).subquery()
    return select(found.c.id).order_by(found.c.changed_at.desc(), found.c.id.desc()).limit(limit)
