"""Hold and release, cancel within the countdown: what has not left does not leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from core import reasons, recall
from core.database import audit, batch_rows
from core.database import invoices as invoice_rows
from core.database.chunks import chunks
from core.database.schema import batches, messages
from core.dispatch import budget
from core.dispatch.desk import Desk
from core.errors import BatchUnknown, ReasonMissing, Sentence
from core.i18n import N_
from core.model import DispatchStatus
from core.records import InvoiceRow

HOLDABLE = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT, DispatchStatus.FAILED, DispatchStatus.BOUNCED, DispatchStatus.PARTLY_SENT})
CANNOT_HOLD = N_("It has left, is being sent, or is held already; only what waits can be held.")
NOT_HELD = N_("Nobody holds it.")
HELD_BY = N_("Held by {who}: {reason}")
CANCELLED_BY = N_("Cancelled by {who}.")


def hold(desk: Desk, invoice_ids: Sequence[int], *, reason: str) -> dict[int, Sentence]:
    """What waits or is queued stays until somebody releases it. Returns what could not be held, with the reason."""
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        because = Sentence(HELD_BY, {"who": desk.who, "reason": reasons.said(reason.strip())})
        for part in chunks(invoice_ids):
            batch_rows.take_from_workers(connection, messages.c.invoice_id.in_(part), now=now)
        recall.invoices(connection, invoice_ids, because=because, now=now)  # messages before invoices, as workers lock them
        found = invoice_rows.rows(connection, invoice_ids, lock=True)
        held = [row for row in found.values() if row.status in HOLDABLE or (row.status is DispatchStatus.HELD and row.held_because is None)]
        invoice_rows.set_held(connection, [row.id for row in held], reason.strip()[:500], now=now)
        _write_down(connection, desk, held, "held", reason, now)
    return _refused(found, [row.id for row in held], CANNOT_HOLD)


def release(desk: Desk, invoice_ids: Sequence[int]) -> dict[int, Sentence]:
    """What a person held waits again; nothing is sent by it."""
    now = desk.now()
    with desk.database.write() as connection:
        found = invoice_rows.rows(connection, invoice_ids, lock=True)
        held = [row for row in found.values() if row.held_because is not None]
        invoice_rows.set_held(connection, [row.id for row in held], None, now=now)
        _write_down(connection, desk, held, "released", "", now)
    return _refused(found, [row.id for row in held], NOT_HELD)


def _refused(found: Mapping[int, InvoiceRow], done: Collection[int], why: str) -> dict[int, Sentence]:
    return {identity: Sentence(why) for identity in found if identity not in done}


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """Invoices that wait again as before the click, and how many had already been taken by a worker."""

    invoice_ids: tuple[int, ...]
    gone: int


def cancel(desk: Desk, batch_id: int, *, reason: str = "") -> Cancelled:
    """Take back a batch as far as no worker has begun with it. Raises BatchUnknown."""
    now = desk.now()
    with desk.database.write() as connection:
        if batch_rows.load(connection, batch_id) is None:
            raise BatchUnknown(batch=batch_id)
        connection.execute(update(batches).where(batches.c.id == batch_id).values(recalled_at=now))  # first: nothing joins it any more
        taken = recall.batch(connection, batch_id, because=Sentence(CANCELLED_BY, {"who": desk.who}), now=now)
        rows = invoice_rows.rows(connection, taken.invoice_ids).values()
        _write_down(connection, desk, list(rows), "cancelled", reason.strip(), now)
    return Cancelled(invoice_ids=taken.invoice_ids, gone=len(taken.gone))


def leave_now(desk: Desk, batch_id: int) -> None:
    """End the countdown, or the wait for a chosen time."""
    now = desk.now()
    leave_by = max(now, budget.ends_at(desk, batch_id) or now) + timedelta(hours=desk.settings.leave_within_hours)
    with desk.database.write() as connection:
        connection.execute(update(batches).where(batches.c.id == batch_id).values(leaves_at=now, leave_by=leave_by))
        waiting = select(messages.c.id).where(messages.c.batch_id == batch_id, messages.c.due_at > now).order_by(messages.c.id)
        for part in chunks(list(connection.scalars(waiting.with_for_update()))):
            connection.execute(update(messages).where(messages.c.id.in_(part)).values(due_at=now))
    desk.wake(None)


def _write_down(connection: Connection, desk: Desk, rows: Sequence[InvoiceRow], what: str, why: str, now: datetime) -> None:
    audit.append_many(connection, [(row.company_id, row.number) for row in rows], who=desk.who, what=what, why=why, now=now)
