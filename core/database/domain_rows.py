"""What DNS said of domains, and which domains there are to ask about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from core.database.chunks import chunks
from core.database.schema import customer_recipients, customers
from core.database.schema_delivery import domain_checks


def load(connection: Connection, domains: Collection[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for part in chunks(list(domains)):
        for row in connection.execute(select(domain_checks).where(domain_checks.c.domain.in_(part))):
            found[row.domain] = row
    return found


def keep(connection: Connection, domain: str, findings: str, *, now: datetime) -> None:
    """Call within a write transaction; the newest answer counts."""
    connection.execute(delete(domain_checks).where(domain_checks.c.domain == domain))
    connection.execute(insert(domain_checks).values(domain=domain, findings=findings, checked_at=now))


def wanted_mailboxes(connection: Connection) -> list[str]:
    """The addresses of customers who want invoices by e-mail."""
    query = select(customer_recipients.c.mailbox).join(customers, customers.c.id == customer_recipients.c.customer_id)
    return list(connection.scalars(query.where(customers.c.wants_email).distinct()))
