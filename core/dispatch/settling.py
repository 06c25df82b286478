"""What only a person can say: sent after all, send again, already sent elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from core import recording
from core.database import audit, parties
from core.database import deliveries as rows
from core.database import invoices as invoice_rows
from core.database.schema import deliveries, invoices, messages
from core.dispatch.desk import Desk
from core.errors import DeliveryNotOpen, DeliveryUnknown, ReasonMissing, Sentence
from core.i18n import N_
from core.model import DeliveryStatus, DispatchStatus

SETTLED = N_("Settled by {who}: {reason}")
AGAIN = N_("Sent again by {who}: {reason}")
SETTLABLE = frozenset({DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED, DeliveryStatus.BOUNCED})
MARKABLE = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT, DispatchStatus.HELD, DispatchStatus.FAILED, DispatchStatus.BOUNCED})
CANNOT_MARK = N_("It has left, is about to, or is marked already; only what has not left can be marked as sent elsewhere.")
NOT_MARKED = N_("It is not marked as sent elsewhere.")


def resolve(desk: Desk, delivery_id: int, *, as_sent: bool, reason: str) -> None:
    """Settle an uncertain or failed delivery: it did leave, or the same sealed mail goes to that address again."""
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        row = connection.execute(
            select(deliveries.c.status, deliveries.c.recipient, messages.c.id.label("message"))
            .add_columns(messages.c.invoice_id, invoices.c.number, invoices.c.company_id)
            .join(messages, deliveries.c.message_id == messages.c.id)
            .join(invoices, messages.c.invoice_id == invoices.c.id)
            .where(deliveries.c.id == delivery_id)
        ).first()
        if row is None:
            raise DeliveryUnknown(delivery=delivery_id)
        if row.status not in SETTLABLE:
            raise DeliveryNotOpen(delivery=delivery_id, status=row.status.value)
        status = DeliveryStatus.SENT if as_sent else DeliveryStatus.QUEUED
        because = Sentence(SETTLED if as_sent else AGAIN, {"who": desk.who, "reason": reason})
        values = {"status": status, "changed_at": now, "because": because, "claim": None}
        if not as_sent:
            values |= {"first_try_at": None, "tries": 0}
            rows.set_due(connection, row.message, now)
            rows.see_current_versions(connection, row.message)
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
        rows.refresh_status(connection, [row.invoice_id], now=now)
        what = "settled as sent" if as_sent else "sent again"
        audit.append(connection, company_id=row.company_id, who=desk.who, what=what, subject=f"{row.number} → {row.recipient}", why=reason, now=now)


def mark_elsewhere(desk: Desk, invoice_ids: Sequence[int], *, reason: str) -> dict[int, Sentence]:
    """Mark as sent by another way, so that “select all” does not mail it. Returns what could not be marked, with the reason."""
    if not reason.strip():
        raise ReasonMissing
    return _mark(desk, invoice_ids, reason.strip(), MARKABLE, CANNOT_MARK, what="marked elsewhere")


def unmark_elsewhere(desk: Desk, invoice_ids: Sequence[int], *, reason: str) -> dict[int, Sentence]:
    """Undo the mark."""
    return _mark(desk, invoice_ids, None, frozenset({DispatchStatus.ELSEWHERE}), NOT_MARKED, what="unmarked elsewhere", why=reason)


def _mark(
    desk: Desk, invoice_ids: Sequence[int], because: str | None, allowed: frozenset[DispatchStatus], refusal: str, *, what: str, why: str = ""
) -> dict[int, Sentence]:
    now = desk.now()
    with desk.database.write() as connection:
        found = invoice_rows.rows(connection, invoice_ids)
        refused = {row.id: Sentence(refusal) for row in found.values() if row.status not in allowed}
        chosen = [row for row in found.values() if row.id not in refused]
        invoice_rows.set_elsewhere(connection, [row.id for row in chosen], because, now=now)
        for company_id in sorted({row.company_id for row in chosen}):
            numbers = [row.number for row in chosen if row.company_id == company_id]
            subject = f"{len(numbers)}: {', '.join(numbers[:20])}{' …' if len(numbers) > 20 else ''}"
            audit.append(connection, company_id=company_id, who=desk.who, what=what, subject=subject, why=because or why, now=now)
    return refused


def resume(desk: Desk, company_id: int) -> None:
    """Somebody mended the account: its queued mails leave."""
    now = desk.now()
    with desk.database.write() as connection:
        recording.account_well(connection, company_id)
        audit.append(connection, company_id=company_id, who=desk.who, what="account resumed", subject="", now=now)


def paused_accounts(desk: Desk) -> list[tuple[str, str, Sentence, datetime | None]]:
    """Key, name, reason and end of each account that waits or is paused."""
    with desk.database.read() as connection:
        found = []
        for company in parties.load_companies(connection).values():
            row = parties.load_account_row(connection, company.id)
            if row.paused_at:
                found.append((company.key, company.name, row.paused_because, row.paused_until))
    return found
