"""What nobody has in hand any more: leases of dead workers, mails that waited too long, times that a jumping clock left behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, update

from core.database import audit, standing
from core.database.audit import SettledMail
from core.database.deliveries import stand_still
from core.database.schema import batches, deliveries, invoices, mail_accounts, messages
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.model import DeliveryStatus

AT_ONCE = 500


def any_lease_over(connection: Connection, *, now: datetime, latest: datetime) -> bool:
    """`latest`: later than any lease that is given now; one beyond it was given before the clock was put back."""
    over = or_(messages.c.lease_until <= now, messages.c.lease_until > latest)
    return connection.scalar(select(messages.c.id).where(over).limit(1)) is not None


def free(connection: Connection, *, now: datetime, latest: datetime, because: Sentence, who: str) -> tuple[int, int]:
    """What dead workers hold: claimed goes back to the queue, sending becomes uncertain, and the chain says so. Returns how many of each."""
    over = or_(messages.c.lease_until <= now, messages.c.lease_until > latest)
    query: Select[Any] = select(*_HELD).join(invoices, messages.c.invoice_id == invoices.c.id).where(over)
    rows = connection.execute(query.limit(AT_ONCE).with_for_update(skip_locked=True, of=messages)).all()
    back = doubtful = 0
    unanswered: dict[int, list[SettledMail]] = {}
    for row in rows:
        mine = (deliveries.c.message_id == row.id, deliveries.c.claim == row.claim)
        unsure = _unsure(connection, *mine, because=because, now=now)
        if unsure:
            unanswered.setdefault(row.company_id, []).append(_unanswered(row, unsure))
        doubtful += len(unsure)
        returned = connection.execute(
            update(deliveries).where(*mine, deliveries.c.status == DeliveryStatus.CLAIMED).values(status=DeliveryStatus.QUEUED, changed_at=now)
        ).rowcount
        back += returned
        values: dict[str, Any] = {"claim": None, "lease_until": None} | ({"due_at": now} if returned else {})
        connection.execute(update(messages).where(messages.c.id == row.id).values(**values))
    refresh_status(connection, [row.invoice_id for row in rows], now=now)
    for company_id, mails in sorted(unanswered.items()):  # last, and in one order: the heads of the chains are locked
        audit.sent(connection, mails, company_id=company_id, who=who, now=now)
    return back, doubtful


_HELD = (
    messages.c.id,
    messages.c.claim,
    messages.c.invoice_id,
    messages.c.company_id,
    messages.c.message_id,
    messages.c.sealed_sha256,
    invoices.c.number,
)


def _unsure(connection: Connection, *mine: ColumnElement[bool], because: Sentence, now: datetime) -> list[str]:
    """Marked, and its worker is gone: nobody knows whether it left. Returns the recipients."""
    query = select(deliveries.c.id, deliveries.c.recipient).where(*mine, deliveries.c.status == DeliveryStatus.SENDING)
    found = connection.execute(query.order_by(deliveries.c.id).with_for_update()).all()
    if found:
        values = {"status": DeliveryStatus.UNCERTAIN, "changed_at": now, "because": because}
        connection.execute(update(deliveries).where(deliveries.c.id.in_([row.id for row in found])).values(**values))
    return [row.recipient for row in found]


def _unanswered(row: Row[Any], recipients: list[str]) -> SettledMail:
    worker = str(row.claim).partition("#")[0]
    return SettledMail(
        number=row.number,
        recipients=recipients,
        status=DeliveryStatus.UNCERTAIN,
        message_id=row.message_id,
        sealed_sha256=row.sealed_sha256,
        reply=f"no answer: {worker} stopped after the hand-over",
    )


def stop_old(connection: Connection, *, now: datetime, because: Sentence) -> int:
    """Mails that should have left long ago do not leave by themselves: they are held. Those of a held batch wait for who holds it.

    Returns how many.
    """
    old = (
        select(messages.c.id, messages.c.invoice_id)
        .join(batches, messages.c.batch_id == batches.c.id)
        .where(standing.queued(), messages.c.claim.is_(None), batches.c.leave_by <= now, batches.c.held_at.is_(None))
        .order_by(messages.c.due_at, messages.c.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=messages)
    )
    rows = connection.execute(old).all()
    ids = [row.id for row in rows]
    stand_still(connection, ids, because=because, now=now)
    refresh_status(connection, [row.invoice_id for row in rows], now=now)
    return len(rows)


def bring_near(connection: Connection, *, now: datetime, latest: datetime) -> int:
    """No wait that the program itself gives is as long as `latest`: what lies beyond was given by a clock that ran ahead.

    The time that a person chose for a batch stays. Returns how many mails and accounts were brought back to now.
    """
    chosen = and_(batches.c.id == messages.c.batch_id, batches.c.leaves_at > now)
    far = select(messages.c.id).where(messages.c.due_at > latest, ~select(batches.c.id).where(chosen).exists())
    mails = connection.execute(update(messages).where(messages.c.id.in_(far)).values(due_at=now)).rowcount
    own = mail_accounts.c
    return mails + connection.execute(update(mail_accounts).where(own.paused_until > latest).values(paused_until=now)).rowcount
