"""Who changed a card, a company or an invoice lately, and in which fields, as the audit trail has it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from core.database.schema import audit_events, companies, customers, deliveries, invoices, messages
from core.model import RecipientRole

LOOKED_AT = 5000  # of the newest entries of a chain: what is older is not told


def acts(
    connection: Connection, company_id: int | None, whats: Collection[str], subject: str, *, since: datetime | None, limit: int
) -> list[Row[Any]]:
    """`at who why` of the newest such entries about one thing, the newest first."""
    chain = audit_events.c.company_id.is_(None) if company_id is None else audit_events.c.company_id == company_id
    lately = select(audit_events).where(chain).order_by(audit_events.c.id.desc()).limit(LOOKED_AT).subquery()
    query: Select[Any] = select(lately.c.at, lately.c.who, lately.c.why).where(lately.c.what.in_(sorted(whats)), lately.c.subject == subject)
    if since is not None:
        query = query.where(lately.c.at >= since)
    return list(connection.execute(query.order_by(lately.c.id.desc()).limit(limit)).all())


def about(connection: Connection, invoice_id: int) -> Row[Any]:
    """`number company_id company_key customer_id customer_key`."""
    query: Select[Any] = (
        select(
            invoices.c.number,
            invoices.c.company_id,
            companies.c.key.label("company_key"),
            invoices.c.customer_id,
            customers.c.key.label("customer_key"),
        )
        .join(companies, invoices.c.company_id == companies.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .where(invoices.c.id == invoice_id)
    )
    return connection.execute(query).one()


def queued_for(connection: Connection, message_row_id: int) -> tuple[datetime, list[str]]:
    """When a mail was queued, and for which of the customer's addresses."""
    at: datetime = connection.execute(select(messages.c.queued_at).where(messages.c.id == message_row_id)).scalar_one()
    to = select(deliveries.c.recipient).where(deliveries.c.message_id == message_row_id, deliveries.c.role != RecipientRole.ARCHIVE)
    return at, list(connection.scalars(to.order_by(deliveries.c.id)))
