"""The newest invoices of a company, and whose an address is: for previews and trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select

from core.database.schema import customer_recipients, customers, invoices
from core.errors import AddressInvalid
from core.mailbox import parse
from core.model import DocumentType, Language


def newest(
    connection: Connection, company_id: int, *, type_code: DocumentType | None = None, language: Language | None = None, limit: int = 1
) -> Sequence[Any]:
    """`id number issue_date buyer`, those of customers in that language first."""
    query = (
        select(invoices.c.id, invoices.c.number, invoices.c.issue_date, customers.c.name.label("buyer"))
        .join(customers, invoices.c.customer_id == customers.c.id)
        .where(invoices.c.company_id == company_id)
    )
    if type_code is not None:
        query = query.where(invoices.c.type_code == type_code)
    if language is not None:
        query = query.order_by(case((customers.c.language == language, 0), else_=1))
    return connection.execute(query.order_by(invoices.c.issue_date.desc(), invoices.c.id.desc()).limit(limit)).all()


def customer_with(connection: Connection, addr_spec: str) -> str | None:
    """The name of a customer on whose card the address stands."""
    wanted = addr_spec.lower()
    query = (
        select(customers.c.name, customer_recipients.c.mailbox)
        .join(customers, customer_recipients.c.customer_id == customers.c.id)
        .where(func.lower(customer_recipients.c.mailbox).contains(wanted, autoescape=True))
        .order_by(customers.c.name)
    )
    return next((row.name for row in connection.execute(query) if _addr_spec(row.mailbox) == wanted), None)


def _addr_spec(text: str) -> str:
    try:
        return parse(text).addr_spec.lower()
    except AddressInvalid:
        return text.strip().lower()
