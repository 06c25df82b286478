"""The query behind ledgers and pages: one row per invoice, filtered, sorted and cut by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, case, func, or_, select, type_coerce

from core.database.schema import companies, customer_recipients, customers, invoices
from core.model import DispatchStatus, Ledger, RecipientRole
from core.money import from_minor


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What the person looks at: everything that is empty does not narrow."""

    ledger: Ledger | None = None
    statuses: frozenset[DispatchStatus] = frozenset()
    company_id: int | None = None
    search: str = ""


@dataclass(frozen=True)
class Sort:
    column: str = "issue_date"
    descending: bool = True


SORTABLE: dict[str, ColumnElement[Any]] = {
    "issue_date": invoices.c.issue_date,
    "number": invoices.c.number,
    "buyer": customers.c.name,
    "total_with_vat": type_coerce(invoices.c.total_with_vat, Integer),
    "status": invoices.c.status,
    "company": companies.c.name,
    "due_date": invoices.c.due_date,
}


def _recipients() -> ColumnElement[str]:
    """All `to` addresses of the card, separated by line breaks, in their order."""
    ordered = (
        select(customer_recipients.c.mailbox)
        .where(customer_recipients.c.customer_id == customers.c.id, customer_recipients.c.role == RecipientRole.TO)
        .order_by(customer_recipients.c.position)
        .correlate(customers)
        .subquery()
    )
    return select(func.coalesce(func.aggregate_strings(ordered.c.mailbox, "\n"), "")).scalar_subquery()


def _base() -> Select[Any]:
    return (
        select(
            invoices.c.id,
            invoices.c.number,
            invoices.c.type_code,
            companies.c.key,
            companies.c.name.label("company_name"),
            customers.c.name.label("buyer"),
            customers.c.key.label("customer_key"),
            invoices.c.issue_date,
            invoices.c.due_date,
            invoices.c.currency,
            type_coerce(invoices.c.total_with_vat, Integer).label("total_with_vat"),
            type_coerce(invoices.c.amount_due, Integer).label("amount_due"),
            invoices.c.ledger,
            invoices.c.status,
            invoices.c.status_at,
            _recipients().label("recipients"),
            customers.c.language,
            customers.c.postcode,
            customers.c.city,
            invoices.c.warning_count,
        )
        .select_from(invoices)
        .join(companies, invoices.c.company_id == companies.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
    )


def _narrow(query: Select[Any], chosen: Filter) -> Select[Any]:
    if chosen.ledger is not None:
        query = query.where(invoices.c.ledger == chosen.ledger)
    if chosen.statuses:
        query = query.where(invoices.c.status.in_(sorted(chosen.statuses)))
    if chosen.company_id is not None:
        query = query.where(invoices.c.company_id == chosen.company_id)
    for word in chosen.search.split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(invoices.c.number.ilike(pattern, escape="\\"), customers.c.name.ilike(pattern, escape="\\")))
    return query


def page(connection: Connection, chosen: Filter, sort: Sort, *, offset: int = 0, limit: int | None = None) -> Sequence[Row[Any]]:
    """Rows in the order of `core.frames.COLUMNS`."""
    column = SORTABLE[sort.column]
    order = (column.desc(), invoices.c.id.desc()) if sort.descending else (column.asc(), invoices.c.id.asc())
    return connection.execute(_narrow(_base(), chosen).order_by(*order).offset(offset).limit(limit)).all()


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many, and their sum per currency."""

    count: int
    sums: dict[str, Decimal]


def tally(connection: Connection, chosen: Filter, ids: Sequence[int] | None = None) -> Tally:
    """Count and sums of what the filter shows; with `ids`, of those among them."""
    query = (
        select(
            invoices.c.currency,
            func.count(),
            func.sum(
                case(
                    (invoices.c.type_code == "381", -type_coerce(invoices.c.total_with_vat, Integer)),
                    else_=type_coerce(invoices.c.total_with_vat, Integer),
                )
            ),
        )
        .select_from(invoices)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .group_by(invoices.c.currency)
    )
    query = _narrow(query, chosen)
    if ids is not None:
        query = query.where(invoices.c.id.in_(list(ids)))
    rows = connection.execute(query).all()
    return Tally(count=sum(row[1] for row in rows), sums={row[0]: from_minor(int(row[2] or 0)) for row in rows})


def status_counts(connection: Connection, chosen: Filter) -> dict[DispatchStatus, int]:
    query = (
        select(invoices.c.status, func.count())
        .select_from(invoices)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .group_by(invoices.c.status)
    )
    return {row[0]: row[1] for row in connection.execute(_narrow(query, chosen))}


def ids(connection: Connection, chosen: Filter) -> list[int]:
    query = select(invoices.c.id).select_from(invoices).join(customers, invoices.c.customer_id == customers.c.id)
    return list(connection.scalars(_narrow(query, chosen).order_by(invoices.c.issue_date, invoices.c.id)))
