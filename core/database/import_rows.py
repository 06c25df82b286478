"""What an import asks the database, for many invoices at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping, Select, func, select

from core.database.schema import companies, invoice_versions, invoices
from core.model import DispatchStatus, DocumentType, Invoice, Language, Ledger

Identity: TypeAlias = tuple[str, DocumentType, str, int]  # company key, type, number, year of issue
_AT_ONCE = 400


@dataclass(frozen=True, kw_only=True)
class Former:
    """The newest version of an invoice that is kept already."""

    id: int
    version: int
    number: str
    type_code: DocumentType
    status: DispatchStatus
    ledger: Ledger
    ledger_fixed: bool
    content_sha256: str
    xml_sha256: str | None
    pdf_sha256: str | None
    source_name: str


@dataclass(frozen=True, kw_only=True)
class CompanyRow:
    id: int
    name: str
    language: Language
    go_live: date | None = None  # what was issued before it is history


def identity(company_key: str, invoice: Invoice) -> Identity:
    return company_key, invoice.type_code, invoice.number, invoice.issue_date.year


_TURN = 7_402_026  # any number of our own


def take_turns(connection: Connection) -> None:
    """One import writes at a time, as on SQLite: of two with the same invoices or customers, the second sees what the first kept."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def company_rows(connection: Connection, keys: Iterable[str]) -> dict[str, CompanyRow]:
    """Invoicing companies by key."""
    columns = (companies.c.id, companies.c.key, companies.c.name, companies.c.language, companies.c.go_live)
    query = select(*columns).where(companies.c.key.in_(sorted(set(keys))))
    return {row.key: CompanyRow(id=row.id, name=row.name, language=row.language, go_live=row.go_live) for row in connection.execute(query)}


def formers(connection: Connection, wanted: Collection[Identity], *, lock: bool = False) -> dict[Identity, Former]:
    """Those of the invoices that are kept already; with `lock` nobody else changes them before the transaction ends."""
    found: dict[Identity, Former] = {}
    by_company: dict[str, set[str]] = {}
    for key, _, number, _ in wanted:
        by_company.setdefault(key, set()).add(number)
    for key, numbers in by_company.items():
        for part in _pieces(sorted(numbers)):
            query = _versions().where(companies.c.key == key, invoices.c.number.in_(part))
            for row in connection.execute(query.order_by(invoices.c.id).with_for_update(of=invoices) if lock else query):
                found[key, row.type_code, row.number, row.year] = _former(row._mapping)
    return found


def numbered(connection: Connection, numbers: Collection[str]) -> list[Former]:
    """All invoices with one of these numbers, of whatever company."""
    return [
        _former(row._mapping)
        for part in _pieces(sorted(set(numbers)))
        for row in connection.execute(_versions().where(invoices.c.number.in_(part)).order_by(invoices.c.id))
    ]


def _versions() -> Select[Any]:
    return select(
        companies.c.key,
        invoices.c.id,
        invoices.c.number,
        invoices.c.type_code,
        invoices.c.year,
        invoices.c.version,
        invoices.c.status,
        invoices.c.ledger,
        invoices.c.ledger_fixed,
        invoice_versions.c.content_sha256,
        invoice_versions.c.xml_sha256,
        invoice_versions.c.pdf_sha256,
        invoice_versions.c.source_name,
    ).select_from(
        invoices.join(companies, invoices.c.company_id == companies.c.id).join(
            invoice_versions, (invoice_versions.c.invoice_id == invoices.c.id) & (invoice_versions.c.version == invoices.c.version)
        )
    )


def _former(row: RowMapping) -> Former:
    return Former(**{name: row[name] for name in Former.__dataclass_fields__})


def _pieces(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
