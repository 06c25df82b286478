"""Rehearsals: which mails were made, from which versions, and what became of their invoices since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.database.chunks import chunks
from core.database.schema import companies, customers, invoices, messages
from core.database.schema_delivery import rehearsals, rehearsed_mails


def add(connection: Connection, mails: Sequence[Mapping[str, Any]], *, destination: str, who: str, now: datetime) -> int:
    """Keep one rehearsal with its mails; returns its number."""
    key = connection.execute(insert(rehearsals).values(created_at=now, created_by=who, destination=destination)).inserted_primary_key
    assert key is not None
    connection.execute(insert(rehearsed_mails), [{"rehearsal_id": key[0]} | dict(mail) for mail in mails])
    return int(key[0])


def load(connection: Connection, rehearsal_id: int) -> Row[Any] | None:
    return connection.execute(select(rehearsals).where(rehearsals.c.id == rehearsal_id)).first()


def newest(connection: Connection, *, since: datetime, limit: int) -> list[Row[Any]]:
    """The newest first."""
    return list(connection.execute(select(rehearsals).where(rehearsals.c.created_at >= since).order_by(rehearsals.c.id.desc()).limit(limit)).all())


def set_destination(connection: Connection, rehearsal_id: int, destination: str) -> None:
    connection.execute(update(rehearsals).where(rehearsals.c.id == rehearsal_id).values(destination=destination))


def set_sent(connection: Connection, rehearsal_id: int, *, now: datetime) -> None:
    connection.execute(update(rehearsals).where(rehearsals.c.id == rehearsal_id).values(sent_at=now))


def mails(connection: Connection, rehearsal_id: int) -> list[Row[Any]]:
    """In the order of their numbers, with where each invoice and its cards stand now."""
    query = (
        select(
            rehearsed_mails,
            invoices.c.number,
            invoices.c.status,
            invoices.c.held_because,
            invoices.c.company_id,
            customers.c.id.label("customer_id"),
            customers.c.name.label("customer_name"),
            invoices.c.version.label("invoice_now"),
            customers.c.version.label("customer_now"),
            companies.c.version.label("company_now"),
        )
        .join(invoices, rehearsed_mails.c.invoice_id == invoices.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .join(companies, invoices.c.company_id == companies.c.id)
        .where(rehearsed_mails.c.rehearsal_id == rehearsal_id)
        .order_by(invoices.c.number, invoices.c.id)
    )
    return list(connection.execute(query).all())


def tried_on(connection: Connection, message_ids: Collection[str]) -> set[str]:
    """Where these mails went on trial before they went to a customer: a notice about that is none about the customer."""
    query = select(rehearsals.c.destination).join(rehearsed_mails, rehearsed_mails.c.rehearsal_id == rehearsals.c.id)
    found = connection.scalars(query.where(rehearsed_mails.c.message_id.in_(list(message_ids))))
    return {destination.lower() for destination in found if "@" in destination}


def newest_of(connection: Connection, invoice_ids: Collection[int]) -> dict[int, int]:
    """The newest rehearsal of each invoice."""
    found: dict[int, int] = {}
    for part in chunks(list(invoice_ids)):
        query = select(rehearsed_mails.c.invoice_id, func.max(rehearsed_mails.c.rehearsal_id)).where(rehearsed_mails.c.invoice_id.in_(part))
        found |= {row[0]: row[1] for row in connection.execute(query.group_by(rehearsed_mails.c.invoice_id))}
    return found


def queued_since(connection: Connection, invoice_ids: Collection[int], since: datetime) -> set[int]:
    """Invoices of which a mail was queued since, whatever became of it."""
    found: set[int] = set()
    for part in chunks(list(invoice_ids)):
        query = select(messages.c.invoice_id).where(messages.c.invoice_id.in_(part), messages.c.queued_at >= since)
        found |= set(connection.scalars(query))
    return found
