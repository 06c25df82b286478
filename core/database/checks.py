"""What the rules said of each document of an invoice, once per version: kept, found again, and what is still to be asked."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from core.database.chunks import chunks
from core.database.schema import audit_events, customers, invoice_versions, invoices
from core.database.schema_documents import document_checks
from core.database.types import gathered, spread
from core.model import SENDABLE
from core.records import Violation

PDF: Final = "pdf"  # the one that the billing program made


@dataclass(frozen=True, kw_only=True)
class Due:
    """An invoice of which some document was not asked about yet."""

    invoice_id: int
    version: int


def keep(connection: Connection, invoice_id: int, version: int, document: str, found: Sequence[Violation], *, rules: str, now: datetime) -> None:
    """What was found of one document; nothing found is an answer, too. Two workers that asked the same at once agree."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    answer = {
        "rules": rules,
        "findings": json.dumps([[each.rule, spread(each.sentence)] for each in found], ensure_ascii=False),
        "checked_at": now,
    }
    row = insert(document_checks).values(invoice_id=invoice_id, version=version, document=document, **answer)
    connection.execute(row.on_conflict_do_update(index_elements=["invoice_id", "version", "document"], set_=answer))


def found(connection: Connection, invoice_ids: Collection[int]) -> dict[int, dict[str, tuple[Violation, ...]]]:
    """By invoice and document, of the newest version; a document that was not asked about is not there."""
    every: dict[int, dict[str, tuple[Violation, ...]]] = {}
    for part in chunks(list(dict.fromkeys(invoice_ids))):
        query = (
            select(document_checks.c.invoice_id, document_checks.c.document, document_checks.c.findings)
            .join(invoices, (invoices.c.id == document_checks.c.invoice_id) & (invoices.c.version == document_checks.c.version))
            .where(document_checks.c.invoice_id.in_(part))
        )
        for row in connection.execute(query):
            every.setdefault(row.invoice_id, {})[row.document] = _violations(row.findings)
    return every


def _violations(content: str) -> tuple[Violation, ...]:
    parts: list[Any] = json.loads(content)
    return tuple(Violation(rule=rule, sentence=gathered(sentence)) for rule, sentence in parts)


def was_asked(connection: Connection, invoice_id: int, version: int, document: str, *, rules: str) -> bool:
    return bool(connection.scalar(select(_asked(document, rules, invoice_id=invoice_id, version=version))))


def due(connection: Connection, *, rules: str, after: int = 0, limit: int, among: Sequence[int] | None = None) -> list[Due]:
    """Invoices that may leave, by id, whose XML or supplied PDF these rules have not seen in the newest version."""
    query = _unasked(rules).where(invoices.c.id > after, invoices.c.status.in_(SENDABLE)).order_by(invoices.c.id).limit(limit)
    if among is not None:
        query = query.where(invoices.c.id.in_(among))
    return [Due(invoice_id=row.id, version=row.version) for row in connection.execute(query)]


def unasked(connection: Connection, invoice_ids: Sequence[int], *, rules: str) -> frozenset[int]:
    """Those of them that the rules have not seen in the newest version, wherever they stand."""
    return frozenset(connection.scalars(_unasked(rules).where(invoices.c.id.in_(invoice_ids))))


def _unasked(rules: str) -> Select[Any]:
    version = (invoice_versions.c.invoice_id == invoices.c.id) & (invoice_versions.c.version == invoices.c.version)
    documents = ~_asked(customers.c.xml_format, rules)
    pdf = and_(invoice_versions.c.pdf_sha256.is_not(None), ~_asked(PDF, rules))
    return (
        select(invoices.c.id, invoices.c.version)
        .join(customers, customers.c.id == invoices.c.customer_id)
        .join(invoice_versions, version)
        .where(or_(documents, pdf))
    )


def _asked(document: Any, rules: str, *, invoice_id: Any = invoices.c.id, version: Any = invoices.c.version) -> ColumnElement[bool]:
    ours = document_checks.c
    return exists().where(ours.invoice_id == invoice_id, ours.version == version, ours.document == document, ours.rules == rules)


def others_with_pdf(connection: Connection, invoice_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Numbers of other invoices that carry, in their newest version, the very PDF of this one.

    In two steps, each by an index: in one, SQLite reads the whole table.
    """
    mine: dict[int, str] = {}
    for part in chunks(list(dict.fromkeys(invoice_ids))):
        query = _with_pdf(invoices.c.id, invoice_versions.c.pdf_sha256).where(invoices.c.id.in_(part))
        mine |= {row.id: row.pdf_sha256 for row in connection.execute(query)}
    carriers: dict[str, dict[int, str]] = {}
    for digests in chunks(sorted(set(mine.values()))):
        carrying = _with_pdf(invoice_versions.c.pdf_sha256, invoices.c.id, invoices.c.number).where(invoice_versions.c.pdf_sha256.in_(digests))
        for digest, invoice_id, number in connection.execute(carrying):
            carriers.setdefault(digest, {})[invoice_id] = number
    others = {own: sorted(number for each, number in carriers[digest].items() if each != own) for own, digest in mine.items()}
    return {own: tuple(numbers) for own, numbers in others.items() if numbers}


def _with_pdf(*columns: Any) -> Select[Any]:
    newest = (invoice_versions.c.invoice_id == invoices.c.id) & (invoice_versions.c.version == invoices.c.version)
    return select(*columns).join_from(invoices, invoice_versions, newest).where(invoice_versions.c.pdf_sha256.is_not(None))


def revision(connection: Connection) -> int:
    """Grows with every import and every change of a card: as long as it stands still, nothing new is to be asked."""
    return connection.scalar(select(func.max(audit_events.c.id))) or 0
