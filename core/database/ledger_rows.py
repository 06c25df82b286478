"""The query behind ledgers and pages: one row per invoice, filtered, sorted and cut by the database.

Made for a million rows: a page is read off an index and only then joined, chips and sums come from one covering index, and a
search looks words up in an index of trigrams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, and_, case, func, or_, select, true, tuple_, type_coerce

from core.database.chunks import LARGE, chunks
from core.database.schema import companies, customer_recipients, customers, invoices
from core.database.searching import finds
from core.model import DispatchStatus, DocumentType, Language, Ledger, RecipientRole
from core.money import from_minor


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """What stops every invoice of a company: no account, or no usable text in a language for a kind of document."""

    companies: frozenset[int] = frozenset()
    texts: frozenset[tuple[int, Language, DocumentType]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What the person looks at: everything that is empty does not narrow. `since` and `until` are both included."""

    ledger: Ledger | None = None
    statuses: frozenset[DispatchStatus] = frozenset()
    company_id: int | None = None
    customer_id: int | None = None
    since: date | None = None
    until: date | None = None
    search: str = ""
    blocked: bool | None = None  # of what is to send: with `blocks`, only those that are blocked, or only those that are not
    blocks: Blocks = Blocks()


@dataclass(frozen=True)
class Sort:
    column: str = "issue_date"
    descending: bool = True


_sellers = companies.alias("sellers")  # the rows themselves are joined to companies already
SORTABLE: dict[str, ColumnElement[Any]] = {
    "issue_date": invoices.c.issue_date,
    "number": invoices.c.number,
    "buyer": invoices.c.sort_name,
    "total_with_vat": type_coerce(invoices.c.total_with_vat, Integer),
    "status": invoices.c.status,
    "company": select(_sellers.c.name).where(_sellers.c.id == invoices.c.company_id).correlate(invoices).scalar_subquery(),
    "due_date": invoices.c.due_date,
}
SIGNED: ColumnElement[int] = case(
    (invoices.c.type_code == DocumentType.CREDIT_NOTE, -type_coerce(invoices.c.total_with_vat, Integer)),
    else_=type_coerce(invoices.c.total_with_vat, Integer),
)


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
            invoices.c.elsewhere_because,
            invoices.c.held_because,
            customers.c.peppol_elsewhere,
        )
        .select_from(invoices)
        .join(companies, invoices.c.company_id == companies.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
    )


def _narrow(connection: Connection, query: Select[Any], chosen: Filter) -> Select[Any]:
    if chosen.ledger is not None:
        query = query.where(invoices.c.ledger == chosen.ledger)
    for column, value in ((invoices.c.company_id, chosen.company_id), (invoices.c.customer_id, chosen.customer_id)):
        if value is not None:
            query = query.where(column == value)
    if chosen.since is not None:
        query = query.where(invoices.c.issue_date >= chosen.since)
    if chosen.until is not None:
        query = query.where(invoices.c.issue_date <= chosen.until)
    if chosen.statuses:
        query = query.where(_statuses(chosen))
    for condition in finds(connection.dialect.name, chosen.search):
        query = query.where(condition)
    return query


def _statuses(chosen: Filter) -> ColumnElement[bool]:
    """With `blocked`, what is to send counts only when it is blocked, or only when it is not."""
    to_send = invoices.c.status == DispatchStatus.TO_SEND
    if chosen.blocked is None or DispatchStatus.TO_SEND not in chosen.statuses:
        return invoices.c.status.in_(sorted(chosen.statuses))
    stopped = _blocked(chosen.blocks)
    others = chosen.statuses - {DispatchStatus.TO_SEND}
    mine = and_(to_send, stopped if chosen.blocked else ~stopped)
    return or_(mine, invoices.c.status.in_(sorted(others))) if others else mine


def _blocked(blocks: Blocks) -> ColumnElement[bool]:
    """The card has no address, or the company cannot send; pre-flight says the same in words."""
    has_address = select(customer_recipients.c.customer_id).where(customer_recipients.c.role == RecipientRole.TO)
    without = select(customers.c.id).where(customers.c.wants_email, customers.c.id.not_in(has_address))
    reasons: list[ColumnElement[bool]] = [invoices.c.customer_id.in_(without)]
    if blocks.companies:
        reasons.append(invoices.c.company_id.in_(sorted(blocks.companies)))
    if blocks.texts:
        language = select(customers.c.language).where(customers.c.id == invoices.c.customer_id).scalar_subquery()
        reasons.append(tuple_(invoices.c.company_id, language, invoices.c.type_code).in_(sorted(blocks.texts)))
    return or_(*reasons)


def page(connection: Connection, chosen: Filter, sort: Sort, *, offset: int = 0, limit: int | None = None) -> Sequence[Row[Any]]:
    """Rows in the order of `core.frames.COLUMNS`."""
    order = _order(sort)
    if limit is None or limit < 0:
        return connection.execute(_narrow(connection, _base(), chosen).order_by(*order)).all()
    wanted = _narrow(connection, select(invoices.c.id), chosen).order_by(*order).offset(offset).limit(limit)
    ids = list(connection.scalars(wanted))
    found = {row.id: row for part in chunks(ids) for row in connection.execute(_base().where(invoices.c.id.in_(part)))}
    return [found[identity] for identity in ids]


def _order(sort: Sort) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    column = SORTABLE[sort.column]
    if sort.column == "due_date":  # an invoice may have none, which every database would put elsewhere
        order = column.desc() if sort.descending else column.asc()
        return order.nulls_last(), invoices.c.id.desc() if sort.descending else invoices.c.id.asc()
    return (column.desc(), invoices.c.id.desc()) if sort.descending else (column.asc(), invoices.c.id.asc())


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many, and their sum per currency; credit notes count negative."""

    count: int
    sums: Mapping[str, Decimal]


def tally(connection: Connection, chosen: Filter, ids: Sequence[int] | None = None) -> Tally:
    """Count and sums of what the filter shows; with `ids`, of those among them."""
    parts = [true()] if ids is None else [invoices.c.id.in_(part) for part in chunks(ids, LARGE)]
    count, sums = 0, dict[str, int]()
    for part in parts:
        query = select(invoices.c.currency, func.count(), func.sum(SIGNED)).where(part).group_by(invoices.c.currency)
        for currency, rows, total in connection.execute(_narrow(connection, query, chosen)):
            count += rows
            sums[currency] = sums.get(currency, 0) + int(total or 0)
    return Tally(count=count, sums={currency: from_minor(total) for currency, total in sums.items()})


def counts(connection: Connection, chosen: Filter) -> dict[DispatchStatus, Tally]:
    """Count and sums by status, without the filter's own choice of statuses, in one pass over one index."""
    grouping = (invoices.c.status, invoices.c.company_id, invoices.c.currency, invoices.c.type_code)
    total = func.sum(type_coerce(invoices.c.total_with_vat, Integer))
    query = select(*grouping, func.count().label("rows"), total.label("total")).group_by(invoices.c.ledger, *grouping)
    found: dict[DispatchStatus, tuple[int, dict[str, int]]] = {}
    for row in connection.execute(_narrow(connection, query, replace(chosen, statuses=frozenset(), blocked=None))):
        count, sums = found.get(row.status, (0, {}))
        signed = -int(row.total) if row.type_code is DocumentType.CREDIT_NOTE else int(row.total)
        found[row.status] = (count + row.rows, sums | {row.currency: sums.get(row.currency, 0) + signed})
    return {
        status: Tally(count=count, sums={currency: from_minor(total) for currency, total in sums.items()}) for status, (count, sums) in found.items()
    }


def ids(connection: Connection, chosen: Filter) -> list[int]:
    """Oldest first."""
    query = _narrow(connection, select(invoices.c.id), chosen)
    return list(connection.scalars(query.order_by(invoices.c.issue_date, invoices.c.id)))
