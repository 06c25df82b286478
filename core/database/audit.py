"""The audit trail: append-only, each entry sealed with the one before it, one chain per company."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from core.database import audit_heads
from core.database.audit_heads import GENESIS as GENESIS
from core.database.schema import audit_events
from core.model import DeliveryStatus


def append(connection: Connection, *, company_id: int | None, who: str, what: str, subject: str, why: str = "", now: datetime) -> None:
    """Add one act of a person (or of the program, `who` says so) in the caller's transaction."""
    append_all(connection, [(what, subject, why)], company_id=company_id, who=who, now=now)


def append_all(connection: Connection, acts: Iterable[tuple[str, str, str]], *, company_id: int | None, who: str, now: datetime) -> None:
    """The same for many acts, given as what, subject and why, each with an entry of its own; the head of the chain moves once."""
    todo = list(acts)
    if not todo:
        return
    head = audit_heads.held(connection, company_id)
    digest, at, entries = head.sha256, now.astimezone(UTC), []
    for what, subject, why in todo:
        entry = {"company_id": company_id, "at": at, "who": who, "what": what, "subject": subject, "why": why, "previous_sha256": digest}
        digest = digest_of(entry)
        entries.append(entry | {"sha256": digest})
    connection.execute(_ADD, entries)
    audit_heads.move(connection, head, entries=head.entries + len(entries), sha256=digest)


_ADD = insert(audit_events)


def digest_of(entry: Mapping[str, Any]) -> str:
    """What seals an entry: everything in it, and the entry before."""
    at = entry["at"].isoformat()
    parts = [entry["previous_sha256"], entry["company_id"], at, entry["who"], entry["what"], entry["subject"], entry["why"]]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


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


# What became of mails -------------------------------------------------------------------------------------------

ARROW = " → "
SETTLED = frozenset({DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.BOUNCED})


@dataclass(frozen=True, kw_only=True)
class SettledMail:
    """A sealed mail, and those of its recipients that one answer settled alike."""

    number: str  # of the invoice
    recipients: Sequence[str]
    status: DeliveryStatus  # one of SETTLED
    message_id: str
    sealed_sha256: str
    reply: str  # the server's words with their code, on one line


def sent(connection: Connection, mails: Iterable[SettledMail], *, company_id: int, who: str, now: datetime) -> None:
    """Write into the chain of one company what became of its mails; `who` is the worker."""
    acts = [(mail.status.value, sent_subject(mail.number, mail.recipients), _evidence(mail)) for mail in mails]
    append_all(connection, acts, company_id=company_id, who=who, now=now)


def sent_subject(number: str, recipients: Iterable[str]) -> str:
    return f"{number}{ARROW}{', '.join(recipients)}"


def _evidence(mail: SettledMail) -> str:
    return " ".join(f"{mail.message_id} sha256:{mail.sealed_sha256} {mail.reply}".split())


def evidence(why: str) -> tuple[str, str] | None:
    """Message-ID and SHA-256 of such an entry; nothing for any other."""
    message_id, _, rest = why.partition(" sha256:")
    digest = rest[:64]
    if not message_id or " " in message_id or len(digest) < 64 or rest[64:65] not in ("", " "):
        return None
    return message_id, digest


def recipients_of(subject: str) -> list[str]:
    """The recipients that such an entry names."""
    return subject.rpartition(ARROW)[2].split(", ")
