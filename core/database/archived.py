"""The sealed mails as the archive page lists them: found by words, day and company, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from core.database import searching
from core.database.schema import batches, companies, customers, deliveries, invoices, messages, replies

FEW = 5000  # invoices that lead to their mails
Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person looks for; empty is everything."""

    search: str = ""
    company_ids: Sequence[int] = ()  # all of them when none is chosen: the index of days begins with the company
    since: datetime | None = None
    until: datetime | None = None  # not included


def page(connection: Connection, wanted: Wanted, *, before: int | None, limit: int) -> list[Row[Any]]:
    """Sealed mails that were handed over or may yet be, the newest first; `before` is the last one of the page before."""
    conditions = [messages.c.sealed_sha256.is_not(None), *_conditions(connection, wanted)]
    finds = _finds(connection, wanted.search)
    if finds and _are_many(connection, finds):
        return _walked(connection, conditions, finds, before=before, limit=limit)
    if finds:
        conditions.append(messages.c.invoice_id.in_(_invoices(finds)))
    if before is not None:
        conditions.append(messages.c.id < before)
    newest = select(messages.c.id).where(*conditions).order_by(messages.c.id.desc()).limit(limit)
    return list(connection.execute(_listed().where(messages.c.id.in_(newest)).order_by(messages.c.id.desc())).all())


def _walked(connection: Connection, conditions: Conditions, finds: Conditions, *, before: int | None, limit: int) -> list[Row[Any]]:
    """What many have is met soon on the way down from the newest mail: read so, in growing strides, nothing is sorted."""
    found: list[Row[Any]] = []
    stride = 2000
    while len(found) < limit:
        below = [messages.c.id < before] if before is not None else []
        newest = select(messages.c.id).where(*conditions, *below).order_by(messages.c.id.desc()).limit(stride)
        last = connection.scalar(select(func.min(newest.subquery().c.id)))
        if last is None:
            break
        query = _listed().where(messages.c.id.in_(newest), *finds)
        found += connection.execute(query.order_by(messages.c.id.desc()).limit(limit - len(found))).all()
        before, stride = last, min(stride * 4, 30_000)
    return found


def _finds(connection: Connection, search: str) -> Conditions:
    """What is no address is looked for in the invoice and on the card."""
    words = " ".join(word for word in search.split() if "@" not in word)
    return searching.finds(connection.dialect.name, words)


def _invoices(finds: Conditions) -> Select[tuple[int]]:
    return select(invoices.c.id).join(customers, invoices.c.customer_id == customers.c.id).where(*finds)


def _are_many(connection: Connection, finds: Conditions) -> bool:
    counted = select(func.count()).select_from(_invoices(finds).limit(FEW + 1).subquery())
    return (connection.scalar(counted) or 0) > FEW


def one(connection: Connection, message_row_id: int) -> Row[Any] | None:
    return connection.execute(_listed().where(messages.c.id == message_row_id)).first()


def latest_of(connection: Connection, invoice_id: int) -> int | None:
    """The newest sealed copy of an invoice."""
    query = select(messages.c.id).where(messages.c.invoice_id == invoice_id, messages.c.sealed_sha256.is_not(None))
    return connection.scalar(query.order_by(messages.c.copy_number.desc()).limit(1))


def recipients(connection: Connection, message_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The deliveries of each mail, in their order."""
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(deliveries).where(deliveries.c.message_id.in_(message_ids)).order_by(deliveries.c.id)):
        found.setdefault(row.message_id, []).append(row)
    return found


def said(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Everything that servers said of these deliveries, oldest first."""
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(replies).where(replies.c.delivery_id.in_(delivery_ids)).order_by(replies.c.id)):
        found.setdefault(row.delivery_id, []).append(row)
    return found


def _listed() -> Select[Any]:
    return (
        select(
            messages,
            invoices.c.number,
            invoices.c.type_code,
            invoices.c.issue_date,
            invoices.c.total_with_vat,
            invoices.c.currency,
            companies.c.key.label("company_key"),
            companies.c.name.label("company_name"),
            companies.c.vat_id.label("company_vat_id"),
            customers.c.name.label("customer_name"),
            batches.c.created_by,
        )
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .join(companies, messages.c.company_id == companies.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .join(batches, messages.c.batch_id == batches.c.id)
    )


def _conditions(connection: Connection, wanted: Wanted) -> Conditions:
    found = [_addressed(connection, word) for word in wanted.search.split() if "@" in word]
    if wanted.company_ids:
        found.append(messages.c.company_id.in_(wanted.company_ids))
    if wanted.since is not None:
        found.append(_left(messages.c.handed_at >= wanted.since, messages.c.queued_at >= wanted.since))
    if wanted.until is not None:
        found.append(_left(messages.c.handed_at < wanted.until, messages.c.queued_at < wanted.until))
    return found


def _left(handed: ColumnElement[bool], queued: ColumnElement[bool]) -> ColumnElement[bool]:
    """Mails from before the time of handing over was kept are found by when they were queued."""
    return or_(handed, and_(messages.c.handed_at.is_(None), queued))


def _addressed(connection: Connection, word: str) -> ColumnElement[bool]:
    """A Message-ID, with or without its brackets, or a part of a recipient's address."""
    named = connection.scalar(select(messages.c.id).where(messages.c.message_id == f"<{word.strip('<>')}>"))
    if named is not None:
        return messages.c.id.in_([named])
    return messages.c.id.in_(select(deliveries.c.message_id).where(deliveries.c.recipient.icontains(word, autoescape=True)))
