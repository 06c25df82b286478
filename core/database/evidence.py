"""What `verify` goes through, page by page: entries of a chain, sealed mails, named files, stored statuses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from core.database.schema import audit_events, companies, company_languages, deliveries, invoice_versions, invoices, messages
from core.database.schema_delivery import bounces, rehearsed_mails
from core.database.statuses import sendings
from core.model import DeliveryStatus, DispatchStatus, dispatch_status

Found = Sequence[Row[Any]]


def _of(chain: int) -> ColumnElement[bool]:
    return audit_events.c.company_id == chain if chain else audit_events.c.company_id.is_(None)


def entries(connection: Connection, chain: int, *, after: int, limit: int) -> Found:
    """Of one chain, 0 for that of no company, in the order of writing."""
    query = select(audit_events).where(_of(chain), audit_events.c.id > after)
    return connection.execute(query.order_by(audit_events.c.id).limit(limit)).all()


def position(connection: Connection, chain: int, entry_id: int) -> int:
    """Of an entry within its chain, from 1."""
    return connection.scalar(select(func.count()).select_from(audit_events).where(_of(chain), audit_events.c.id <= entry_id)) or 0


def about(connection: Connection, chain: int, start: str, *, since: int = 0, whats: Collection[str]) -> Found:
    """Entries of these kinds whose words begin so, newest first."""
    query = select(audit_events).where(_of(chain), audit_events.c.id > since, audit_events.c.what.in_(whats))
    return connection.execute(query.where(audit_events.c.why.startswith(start, autoescape=True)).order_by(audit_events.c.id.desc())).all()


def newer(connection: Connection, chain: int, *, since: int, whats: Collection[str]) -> Found:
    """Entries of these kinds that came after that one."""
    return connection.execute(select(audit_events).where(_of(chain), audit_events.c.id > since, audit_events.c.what.in_(whats))).all()


def sizes(connection: Connection) -> tuple[int, int, int, int]:
    """How many entries, sealed mails, versions of invoices and invoices there are."""
    mails = select(func.count()).select_from(messages).where(messages.c.sealed_sha256.is_not(None))
    counted = (select(func.count()).select_from(table) for table in (audit_events, invoice_versions, invoices))
    every, versions, numbers = (connection.scalar(query) or 0 for query in counted)
    return every, connection.scalar(mails) or 0, versions, numbers


_MAIL = (messages.c.id, messages.c.message_id, messages.c.sealed_sha256, messages.c.company_id, messages.c.queued_at, messages.c.handed_at)


def mails_by_message_id(connection: Connection, message_ids: Collection[str]) -> dict[str, Row[Any]]:
    query: Select[Any] = select(*_MAIL).where(messages.c.message_id.in_(message_ids))
    return {row.message_id: row for row in connection.execute(query)}


def sealed_mails(connection: Connection, *, after: int, limit: int) -> Found:
    query: Select[Any] = select(*_MAIL, invoices.c.number).join(invoices, messages.c.invoice_id == invoices.c.id)
    return connection.execute(query.where(messages.c.id > after, messages.c.sealed_sha256.is_not(None)).order_by(messages.c.id).limit(limit)).all()


def taken(connection: Connection, message_ids: Collection[int]) -> dict[int, dict[str, datetime]]:
    """The recipients of each mail that stand as sent, and since when."""
    found: dict[int, dict[str, datetime]] = {}
    query = select(deliveries.c.message_id, deliveries.c.recipient, deliveries.c.changed_at)
    for row in connection.execute(query.where(deliveries.c.message_id.in_(message_ids), deliveries.c.status == DeliveryStatus.SENT)):
        found.setdefault(row.message_id, {})[row.recipient] = row.changed_at
    return found


# Files -----------------------------------------------------------------------------------------------------------


def files_of_invoices(connection: Connection, *, after: tuple[int, int], limit: int) -> Found:
    """Source XML and PDF of every version, with the invoice."""
    key = (invoice_versions.c.invoice_id, invoice_versions.c.version)
    query: Select[Any] = (
        select(*key, invoice_versions.c.xml_sha256, invoice_versions.c.pdf_sha256, invoices.c.number, invoices.c.company_id)
        .join(invoices, invoice_versions.c.invoice_id == invoices.c.id)
        .where(tuple_(*key) > tuple_(*after))
    )
    return connection.execute(query.order_by(*key).limit(limit)).all()


def other_files(connection: Connection) -> Iterator[tuple[int, str, str]]:
    """Company, name and digest of logos, terms, notices that came back, and rehearsed mails."""
    queries: list[tuple[Select[Any], str]] = [
        (select(companies.c.id, companies.c.logo_sha256), "logo"),
        (select(company_languages.c.company_id, company_languages.c.terms_sha256), "terms"),
        (select(bounces.c.company_id, bounces.c.notice_sha256).distinct(), "notice"),
        (
            select(invoices.c.company_id, rehearsed_mails.c.sealed_sha256).join(invoices, rehearsed_mails.c.invoice_id == invoices.c.id).distinct(),
            "rehearsal",
        ),
    ]
    for query, name in queries:
        for company_id, digest in connection.execute(query):
            if digest:
                yield company_id, name, digest


# Statuses --------------------------------------------------------------------------------------------------------


def statuses(connection: Connection, *, after: int, limit: int) -> tuple[int, list[tuple[Row[Any], DispatchStatus]]]:
    """The last invoice of the page, 0 after the end, and those whose stored status does not follow from their deliveries, with what does."""
    columns = (invoices.c.id, invoices.c.number, invoices.c.company_id, invoices.c.status, invoices.c.ledger)
    marks = (invoices.c.elsewhere_because, invoices.c.held_because)
    query: Select[Any] = select(*columns, *marks).where(invoices.c.id > after).order_by(invoices.c.id).limit(limit)
    rows = connection.execute(query).all()
    if not rows:
        return 0, []
    found = sendings(connection, [row.id for row in rows])
    differing: list[tuple[Row[Any], DispatchStatus]] = []
    for row in rows:
        what = found[row.id]
        marked = {"elsewhere": row.elsewhere_because is not None, "held": row.held_because is not None}
        follows = dispatch_status(what.latest, ledger=row.ledger, left_before=what.left_before, **marked)
        if follows is not row.status:
            differing.append((row, follows))
    return int(rows[-1].id), differing
