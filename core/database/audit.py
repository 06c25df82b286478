"""The audit trail: append-only, each entry sealed with the one before it, one chain per company."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from core.database.schema import audit_events

GENESIS = "0" * 64
AUDIT_LOCK = 1_097_000_000


def append(connection: Connection, *, company_id: int | None, who: str, what: str, subject: str, why: str = "", now: datetime) -> None:
    """Add one act of a person (or of the program, `who` says so) in the caller's transaction."""
    append_all(connection, [(what, subject, why)], company_id=company_id, who=who, now=now)


def append_all(connection: Connection, acts: Iterable[tuple[str, str, str]], *, company_id: int | None, who: str, now: datetime) -> None:
    """The same for many acts, given as what, subject and why, each with an entry of its own."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway; here two would fork the chain
        connection.execute(select(func.pg_advisory_xact_lock(AUDIT_LOCK + (company_id or 0))))
    newest = connection.scalar(
        select(audit_events.c.sha256)
        .where(audit_events.c.company_id == company_id if company_id is not None else audit_events.c.company_id.is_(None))
        .order_by(audit_events.c.id.desc())
        .limit(1)
    )
    digest = newest or GENESIS
    entries = []
    for what, subject, why in acts:
        previous, body = digest, json.dumps([digest, company_id, now.isoformat(), who, what, subject, why], ensure_ascii=False)
        digest = hashlib.sha256(body.encode()).hexdigest()
        entry = {"company_id": company_id, "at": now, "who": who, "what": what, "subject": subject, "why": why}
        entries.append(entry | {"previous_sha256": previous, "sha256": digest})
    if entries:
        connection.execute(insert(audit_events), entries)


def last_subject(connection: Connection, what: str) -> str | None:
    """Of the newest such act that belongs to no company."""
    query = select(audit_events.c.subject).where(audit_events.c.company_id.is_(None), audit_events.c.what == what)
    return connection.scalar(query.order_by(audit_events.c.id.desc()).limit(1))


NAMED = 20  # numbers that an entry about many names


def append_many(
    connection: Connection, invoices: Iterable[tuple[int, str]], *, who: str, what: str, why: str = "", about: str = "", now: datetime
) -> None:
    """One entry per company for an act on many invoices, given as company and number."""
    by_company: dict[int, list[str]] = {}
    for company_id, number in invoices:
        by_company.setdefault(company_id, []).append(number)
    for company_id, numbers in sorted(by_company.items()):
        subject = f"{about}{len(numbers)}: {', '.join(numbers[:NAMED])}{' …' if len(numbers) > NAMED else ''}"
        append(connection, company_id=company_id, who=who, what=what, subject=subject, why=why, now=now)
