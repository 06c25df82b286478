"""The list of customers, filtered, sorted and cut by the database: fifty thousand cards, two hundred a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, cast, false, func, or_, select

from core.database.chunks import LARGE, chunks
from core.database.schema import customer_recipients, customers, invoices, messages
from core.database.searching import finds_customers
from core.mailbox import is_valid
from core.model import PENDING, DispatchStatus, Language, RecipientRole


class Kind(StrEnum):
    """The chips above the list."""

    MISSING = "missing"
    EMAIL = "email"
    PAPER = "paper"
    PEPPOL = "peppol"


@dataclass(frozen=True, kw_only=True)
class CustomerFilter:
    """What is empty does not narrow."""

    search: str = ""
    kind: Kind | None = None
    language: Language | None = None


@dataclass(frozen=True)
class CustomerSort:
    """`missing` puts the cards on which something is missing first; among equals the name decides."""

    column: str = "missing"
    descending: bool = False


NAME = customers.c.search_text  # begins with the folded name: core.database.words
SORTABLE = ("missing", "name", "town", "language")

# Broader than the rule, so that few addresses are left to look at one by one.
_ODD = ("%..%", "%@%@%", "%.@%", "%@.%", "%@-%", ".%", "%,%", "%;%")


def _no_address() -> ColumnElement[bool]:
    known = select(customer_recipients.c.customer_id).where(customer_recipients.c.role == RecipientRole.TO)
    return customers.c.id.not_in(known)


def _invalid(connection: Connection) -> ColumnElement[bool]:
    """Cards with an address that no server can take; it came in by another way than our forms."""
    mailbox = customer_recipients.c.mailbox
    odd = or_(mailbox.not_like("%_@_%._%"), and_(mailbox.like("% %"), mailbox.not_like("%<%>%")), *(mailbox.like(pattern) for pattern in _ODD))
    found = connection.execute(select(customer_recipients.c.customer_id, mailbox).where(odd))
    bad = {row.customer_id for row in found if not is_valid(row.mailbox)}
    return customers.c.id.in_(sorted(bad)[:LARGE]) if bad else false()


def _odd_number(connection: Connection) -> ColumnElement[bool]:
    """Cards whose Belgian number fails its check: the first eight digits and the last two add up to a multiple of 97."""
    number = func.coalesce(customers.c.vat_id, "BE" + customers.c.enterprise_number)
    matches, pattern = ("~", "^BE[01][0-9]{9}$") if connection.dialect.name == "postgresql" else ("GLOB", "BE[01]" + "[0-9]" * 9)
    added = cast(func.substr(number, 3, 8), Integer) + cast(func.substr(number, 11, 2), Integer)
    right = case((number.op(matches, is_comparison=True)(pattern), and_(added % 97 == 0, added > 0)), else_=false())
    return and_(number.like("BE%"), right.is_(False))


def _missing(connection: Connection) -> ColumnElement[bool]:
    """Ticked without an address, an address or number that is none, or one that a file suggested and nobody decided about."""
    suggested = func.coalesce(customers.c.suggested_email, "") != ""
    return or_(and_(or_(customers.c.wants_email, suggested), _no_address()), _invalid(connection), _odd_number(connection))


def _narrow(connection: Connection, query: Select[Any], chosen: CustomerFilter) -> Select[Any]:
    if chosen.kind is not None:
        query = query.where(_of_kind(connection, chosen.kind))
    if chosen.language is not None:
        query = query.where(customers.c.language == chosen.language)
    for condition in finds_customers(connection.dialect.name, chosen.search):
        query = query.where(condition)
    return query


def _of_kind(connection: Connection, kind: Kind) -> ColumnElement[bool]:
    if kind is Kind.MISSING:
        return _missing(connection)
    if kind is Kind.PEPPOL:
        return customers.c.peppol_elsewhere.is_(True)
    return customers.c.wants_email.is_(kind is Kind.EMAIL)


def ids(connection: Connection, chosen: CustomerFilter, sort: CustomerSort | None = None, *, offset: int = 0, limit: int | None = None) -> list[int]:
    query = _narrow(connection, select(customers.c.id), chosen).order_by(*_order(connection, sort or CustomerSort("name")))
    return list(connection.scalars(query.offset(offset).limit(limit) if limit is not None else query))


def _order(connection: Connection, sort: CustomerSort) -> Sequence[ColumnElement[Any]]:
    if sort.column == "missing":
        first = case((_missing(connection), 1 if sort.descending else 0), else_=0 if sort.descending else 1)
        return (first.asc(), NAME.asc(), customers.c.id.asc())
    column: ColumnElement[Any] = {"town": func.lower(func.coalesce(customers.c.city, "")), "language": customers.c.language}.get(sort.column, NAME)
    return (column.desc() if sort.descending else column.asc(), NAME.asc(), customers.c.id.asc())


def counts(connection: Connection, chosen: CustomerFilter) -> tuple[int, dict[Kind, int]]:
    """How many there are, and of each kind, without the filter's own choice of a kind; in one pass."""

    def times(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns: list[ColumnElement[int]] = [func.count(), *(times(_of_kind(connection, kind)) for kind in Kind)]
    query: Any = select(*columns).select_from(customers)
    numbers = [int(number) for number in connection.execute(_narrow(connection, query, replace(chosen, kind=None))).one()]
    return numbers[0], dict(zip(Kind, numbers[1:], strict=True))


def waiting(connection: Connection, customer_ids: Sequence[int]) -> dict[int, dict[DispatchStatus, int]]:
    """Invoices to send and to print of each of these customers."""
    found: dict[int, dict[DispatchStatus, int]] = {}
    for part in chunks(customer_ids):
        query = (
            select(invoices.c.customer_id, invoices.c.status, func.count().label("rows"))
            .where(invoices.c.customer_id.in_(part), invoices.c.status.in_(sorted(PENDING)))
            .group_by(invoices.c.customer_id, invoices.c.status)
        )
        for row in connection.execute(query):
            found.setdefault(row.customer_id, {})[row.status] = row.rows
    return found


def queued(connection: Connection, customer_ids: Sequence[int]) -> int:
    """Mails in the queue that were made for these cards: another card stops them."""
    count = 0
    for part in chunks(customer_ids, LARGE):
        query = (
            select(func.count())
            .select_from(messages)
            .join(invoices, messages.c.invoice_id == invoices.c.id)
            .where(or_(messages.c.due_at.is_not(None), messages.c.claim.is_not(None)), invoices.c.customer_id.in_(part))
        )
        count += connection.scalar(query) or 0
    return count


def differing(connection: Connection, customer_ids: Sequence[int], values: Mapping[str, Any]) -> int:
    """How many of these cards do not have these values already."""
    others = or_(*(customers.c[name] != value for name, value in values.items()))
    query = select(func.count()).select_from(customers).where(others)
    return sum(connection.scalar(query.where(customers.c.id.in_(part))) or 0 for part in chunks(customer_ids, LARGE))


def without_address(connection: Connection, customer_ids: Sequence[int]) -> list[tuple[str, str]]:
    """Key and name of those among these customers who have no address, by name."""
    found: list[tuple[str, str]] = []
    for part in chunks(customer_ids, LARGE):
        query = select(customers.c.key, customers.c.name).where(customers.c.id.in_(part), _no_address())
        found += [(row.key, row.name) for row in connection.execute(query)]
    return sorted(found, key=lambda each: each[1].casefold())
