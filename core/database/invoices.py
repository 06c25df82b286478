"""Invoices and their versions: what was imported, in every state it ever had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from core.database import words
from core.database.chunks import chunks
from core.database.schema import companies, customers, invoice_versions, invoices
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.model import DispatchStatus, DocumentType, Invoice, Ledger
from core.records import InvoiceRow

_ADAPTER = TypeAdapter(Invoice)


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """One version of an invoice with the digests of the files it came with."""

    invoice: Invoice
    version: int
    content_sha256: str
    xml_sha256: str | None
    pdf_sha256: str | None
    pdf_name: str | None
    source_name: str


def to_json(invoice: Invoice) -> str:
    return _ADAPTER.dump_json(invoice).decode()


def from_json(content: str) -> Invoice:
    return _ADAPTER.validate_json(content)


def find_identity(connection: Connection, company_id: int, invoice: Invoice) -> Row[Any] | None:
    """The invoice of the same seller, type, number and year of issue, with the source of its newest version; locked."""
    return connection.execute(
        select(invoices, invoice_versions.c.content_sha256, invoice_versions.c.source_name)
        .join(invoice_versions, (invoice_versions.c.invoice_id == invoices.c.id) & (invoice_versions.c.version == invoices.c.version))
        .where(
            invoices.c.company_id == company_id,
            invoices.c.type_code == invoice.type_code,
            invoices.c.number == invoice.number,
            invoices.c.year == invoice.issue_date.year,
        )
        .with_for_update(of=invoices)
    ).first()


def _columns(connection: Connection, invoice: Invoice, customer_id: int) -> dict[str, Any]:
    totals = invoice.totals
    name = connection.scalar(select(customers.c.name).where(customers.c.id == customer_id)) or ""
    return {
        "sort_name": words.folded(name)[:300],
        "search_text": words.of_invoice(invoice),
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "total_without_vat": totals.total_without_vat,
        "vat_total": totals.vat_total,
        "total_with_vat": totals.total_with_vat,
        "amount_due": totals.amount_due,
        "warning_count": len(invoice.warnings),
    }


def add(connection: Connection, invoice: Invoice, *, company_id: int, customer_id: int, ledger: Ledger, now: datetime) -> int:
    status = DispatchStatus.TO_SEND if ledger is Ledger.EMAIL else DispatchStatus.TO_PRINT
    key = connection.execute(
        insert(invoices).values(
            company_id=company_id,
            customer_id=customer_id,
            type_code=invoice.type_code,
            number=invoice.number,
            year=invoice.issue_date.year,
            ledger=ledger,
            status=status,
            status_at=now,
            imported_at=now,
            **_columns(connection, invoice, customer_id),
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def add_version(
    connection: Connection,
    invoice_id: int,
    version: int,
    content: str,
    content_sha256: str,
    *,
    xml_sha256: str | None,
    pdf_sha256: str | None,
    pdf_name: str | None,
    source_name: str,
    now: datetime,
) -> None:
    connection.execute(
        insert(invoice_versions).values(
            invoice_id=invoice_id,
            version=version,
            content=content,
            content_sha256=content_sha256,
            xml_sha256=xml_sha256,
            pdf_sha256=pdf_sha256,
            pdf_name=pdf_name,
            source_name=source_name,
            imported_at=now,
        )
    )


def replace_content(
    connection: Connection, invoice_id: int, invoice: Invoice, *, customer_id: int, ledger: Ledger, version: int, now: datetime
) -> None:
    """Point the row at a new version; the old one is kept beside it."""
    connection.execute(
        update(invoices)
        .where(invoices.c.id == invoice_id)
        .values(version=version, customer_id=customer_id, ledger=ledger, imported_at=now, **_columns(connection, invoice, customer_id))
    )
    refresh_status(connection, [invoice_id], now=now)


def load(connection: Connection, invoice_id: int, version: int | None = None) -> StoredVersion:
    """The newest version, or the named one."""
    wanted = invoices.c.version if version is None else version
    row = connection.execute(
        select(invoice_versions)
        .join(invoices, invoice_versions.c.invoice_id == invoices.c.id)
        .where(invoices.c.id == invoice_id, invoice_versions.c.version == wanted)
    ).one()
    return StoredVersion(
        invoice=from_json(row.content),
        version=row.version,
        content_sha256=row.content_sha256,
        xml_sha256=row.xml_sha256,
        pdf_sha256=row.pdf_sha256,
        pdf_name=row.pdf_name,
        source_name=row.source_name,
    )


def rows(connection: Connection, invoice_ids: Collection[int], *, lock: bool = False) -> dict[int, InvoiceRow]:
    """With `lock` nobody else changes or queues them before the transaction ends."""
    found: dict[int, InvoiceRow] = {}
    for part in chunks(sorted(set(invoice_ids))):
        query = select(*_OF_ROW).where(invoices.c.id.in_(part)).order_by(invoices.c.id)
        for row in connection.execute(query.with_for_update() if lock else query):
            found[row.id] = InvoiceRow(**row._mapping)
    return found


_OF_ROW = tuple(invoices.c[name] for name in InvoiceRow.__dataclass_fields__)


def booked(connection: Connection, invoice_id: int) -> dict[str, Decimal]:
    """The totals that the ledger counts."""
    names = ("total_without_vat", "vat_total", "total_with_vat", "amount_due")
    row = connection.execute(select(*(invoices.c[name] for name in names)).where(invoices.c.id == invoice_id)).one()
    return dict(row._mapping)


def find_number(
    connection: Connection, number: str, *, company_id: int | None = None, year: int | None = None, type_code: DocumentType | None = None
) -> Sequence[Any]:
    """Invoices with that number, narrowed down, with their company's key and name."""
    query = (
        select(invoices.c.id, invoices.c.number, invoices.c.year, invoices.c.type_code, companies.c.key, companies.c.name)
        .join(companies, invoices.c.company_id == companies.c.id)
        .where(invoices.c.number == number)
        .order_by(invoices.c.id)
    )
    for column, value in ((invoices.c.company_id, company_id), (invoices.c.year, year), (invoices.c.type_code, type_code)):
        if value is not None:
            query = query.where(column == value)
    return connection.execute(query).all()


def pending(connection: Connection, *, company_id: int | None = None) -> list[int]:
    """E-mail ledger, to send, oldest first."""
    query = select(invoices.c.id).where(invoices.c.ledger == Ledger.EMAIL, invoices.c.status == DispatchStatus.TO_SEND)
    if company_id is not None:
        query = query.where(invoices.c.company_id == company_id)
    return list(connection.scalars(query.order_by(invoices.c.issue_date, invoices.c.id)))


def issued_before(connection: Connection, day: date, *, ledger: Ledger | None = None, company_id: int | None = None) -> list[int]:
    query = select(invoices.c.id).where(invoices.c.issue_date < day, invoices.c.status.in_([DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT]))
    if company_id is not None:
        query = query.where(invoices.c.company_id == company_id)
    if ledger is not None:
        query = query.where(invoices.c.ledger == ledger)
    return list(connection.scalars(query.order_by(invoices.c.id)))


def move_customer(connection: Connection, customer_id: int, ledger: Ledger, *, now: datetime) -> None:
    """The tick on the card decides the ledger of every invoice that was not queued or printed yet."""
    ids = list(
        connection.scalars(
            select(invoices.c.id).where(invoices.c.customer_id == customer_id, invoices.c.ledger_fixed.is_(False), invoices.c.ledger != ledger)
        )
    )
    for part in chunks(ids):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(ledger=ledger))
    refresh_status(connection, ids, now=now)


def set_elsewhere(connection: Connection, invoice_ids: Sequence[int], because: str | None, *, now: datetime) -> None:
    for part in chunks(invoice_ids):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(elsewhere_because=because))
    refresh_status(connection, invoice_ids, now=now)


def set_held(connection: Connection, invoice_ids: Sequence[int], because: str | None, *, now: datetime) -> None:
    for part in chunks(invoice_ids):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(held_because=because))
    refresh_status(connection, invoice_ids, now=now)


def warnings(connection: Connection, invoice_ids: Collection[int]) -> dict[int, tuple[Sentence, ...]]:
    """What is odd in the sources of those invoices that have something odd."""
    found: dict[int, tuple[Sentence, ...]] = {}
    for part in chunks(list(dict.fromkeys(invoice_ids))):
        query = (
            select(invoices.c.id, invoice_versions.c.content)
            .join(invoice_versions, (invoice_versions.c.invoice_id == invoices.c.id) & (invoice_versions.c.version == invoices.c.version))
            .where(invoices.c.id.in_(part), invoices.c.warning_count > 0)
        )
        found.update({row.id: from_json(row.content).warnings for row in connection.execute(query)})
    return found
