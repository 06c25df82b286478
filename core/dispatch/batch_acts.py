"""What a person does with a whole batch that has not left: hold it with a reason, resume it, give it another time, or take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core import reasons, recall
from core.database import audit, batch_rows
from core.database import invoices as invoice_rows
from core.database.schema import batches, invoices, messages
from core.dispatch import budget
from core.dispatch.desk import Desk
from core.errors import BatchBegan, BatchDone, BatchHeld, BatchNotHeld, BatchUnknown, ReasonMissing, Sentence
from core.i18n import N_
from core.outbox import WAITED

BATCH_HELD_BY = N_("The batch is held by {who}: {reason}")


def hold(desk: Desk, batch_id: int, *, reason: str) -> int:
    """What is being handed over finishes, the rest waits. Returns how many invoices wait. Raises ReasonMissing, BatchUnknown, BatchDone."""
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        batch = _locked(connection, batch_id)
        batch_rows.take_from_workers(connection, messages.c.batch_id == batch_id, now=now)
        waiting = _waiting(connection, batch_id)
        if not waiting:
            raise BatchDone(batch=batch_id)
        if batch.held_at is None:  # whoever was first keeps the word
            because = Sentence(BATCH_HELD_BY, {"who": desk.who, "reason": reasons.said(reason.strip()[:500])})
            connection.execute(update(batches).where(batches.c.id == batch_id).values(held_at=now, held_because=because))
            _write_down(connection, desk, batch_id, waiting, "batch held", reason.strip(), now)
    return len(waiting)


def resume(desk: Desk, batch_id: int, *, reason: str = "") -> int:
    """It leaves, or waits on for its time; the time it was held does not count. Raises BatchUnknown, BatchNotHeld."""
    now = desk.now()
    with desk.database.write() as connection:
        batch = _locked(connection, batch_id)
        if batch.held_at is None:
            raise BatchNotHeld(batch=batch_id)
        values: dict[str, Any] = {"held_at": None, "held_because": None}
        if batch.leave_by is not None:
            values["leave_by"] = batch.leave_by + max(timedelta(), now - batch.held_at)
        connection.execute(update(batches).where(batches.c.id == batch_id).values(**values))
        waiting = _waiting(connection, batch_id)
        _write_down(connection, desk, batch_id, waiting, "batch resumed", reason.strip(), now)
    desk.wake(batch.leaves_at if batch.leaves_at and batch.leaves_at > now else None)
    return len(waiting)


def move(desk: Desk, batch_id: int, leaves_at: datetime) -> None:
    """Another time for what has not begun to leave. Raises BatchUnknown, BatchDone, BatchHeld, BatchBegan."""
    now = desk.now()
    ends_at = budget.ends_at(desk, batch_id)
    with desk.database.write() as connection:
        batch = _locked(connection, batch_id)
        if batch.held_at is not None:
            raise BatchHeld(batch=batch_id)
        waiting = _waiting(connection, batch_id)
        if not waiting:
            raise BatchDone(batch=batch_id)
        if batch.leaves_at is None or batch.leaves_at <= now:
            raise BatchBegan(batch=batch_id)
        room = max(timedelta(), ends_at - batch.leaves_at) if ends_at else timedelta()  # for limits that make it take days
        leave_by = leaves_at + room + timedelta(hours=desk.settings.leave_within_hours)
        connection.execute(update(batches).where(batches.c.id == batch_id).values(leaves_at=leaves_at, leave_by=leave_by))
        mine = (messages.c.batch_id == batch_id, messages.c.due_at.is_not(None), messages.c.claim.is_(None))
        connection.execute(update(messages).where(*mine).values(due_at=leaves_at))
        _write_down(connection, desk, batch_id, waiting, "batch moved", leaves_at.isoformat(timespec="minutes"), now)
    desk.wake(leaves_at)


def give_back(desk: Desk, invoice_ids: Sequence[int]) -> list[int]:
    """What waited too long, and was never tried, waits in the ledger again, as before the click. Returns those that do."""
    now = desk.now()
    with desk.database.write() as connection:
        taken = recall.held(connection, invoice_ids, template=WAITED, now=now)
        found = invoice_rows.rows(connection, taken)
        audit.append_many(connection, [(row.company_id, row.number) for row in found.values()], who=desk.who, what="given back", now=now)
    return taken


def _locked(connection: Connection, batch_id: int) -> Row[Any]:
    batch = connection.execute(select(batches).where(batches.c.id == batch_id).with_for_update()).first()
    if batch is None:
        raise BatchUnknown(batch=batch_id)
    return batch


def _waiting(connection: Connection, batch_id: int) -> list[tuple[int, str]]:
    """Company and number of each invoice of it that no worker has taken."""
    query = (
        select(invoices.c.company_id, invoices.c.number)
        .join(messages, messages.c.invoice_id == invoices.c.id)
        .where(messages.c.batch_id == batch_id, messages.c.due_at.is_not(None), messages.c.claim.is_(None))
    )
    return [(row.company_id, row.number) for row in connection.execute(query.order_by(messages.c.id))]


def _write_down(connection: Connection, desk: Desk, batch_id: int, named: Sequence[tuple[int, str]], what: str, why: str, now: datetime) -> None:
    audit.append_many(connection, named, who=desk.who, what=what, why=why, about=f"batch {batch_id}: ", now=now)
