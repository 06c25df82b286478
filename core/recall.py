"""Take back what has not left: queued mails that no worker has taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, select, update

from core.database import schema
from core.database.chunks import chunks
from core.database.deliveries import stand_still
from core.database.schema import customers, deliveries, messages, replies
from core.database.statuses import LEFT_OR_MAYBE, refresh_status
from core.errors import Sentence
from core.model import DeliveryStatus, Ledger, RecipientRole


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """The invoices whose mails were taken back, and those of which a mail is on its way or has left."""

    invoice_ids: tuple[int, ...]
    gone: tuple[int, ...]


def batch(connection: Connection, batch_id: int, *, because: Sentence, now: datetime) -> Recalled:
    return _recall(connection, messages.c.batch_id == batch_id, because=because, now=now, keep_retries=True)


def invoices(connection: Connection, invoice_ids: Sequence[int], *, because: Sentence, now: datetime) -> Recalled:
    parts = [_recall(connection, messages.c.invoice_id.in_(part), because=because, now=now) for part in chunks(invoice_ids)]
    return Recalled(
        invoice_ids=tuple(one for part in parts for one in part.invoice_ids),
        gone=tuple(one for part in parts for one in part.gone),
    )


def held(connection: Connection, invoice_ids: Sequence[int], *, template: str, now: datetime) -> list[int]:
    """Take away untried mails that are held for this reason and carry no words of a person; returns their invoices."""
    gone: list[int] = []
    for part in chunks(invoice_ids):
        query = (
            select(messages.c.id, messages.c.invoice_id, deliveries.c.because, deliveries.c.status)
            .join(deliveries, deliveries.c.message_id == messages.c.id)
            .where(messages.c.invoice_id.in_(part), messages.c.due_at.is_(None), messages.c.claim.is_(None), messages.c.edited_subject.is_(None))
            .order_by(messages.c.id)
            .with_for_update()
        )
        rows = connection.execute(query).all()
        kept = {row.id for row in rows if row.status is not DeliveryStatus.HELD or row.because is None or row.because.template != template}
        ids = list(dict.fromkeys(row.id for row in rows if row.id not in kept))
        ids = [message_id for message_id in ids if message_id not in _tried(connection, ids, untried=DeliveryStatus.HELD)]
        connection.execute(delete(deliveries).where(deliveries.c.message_id.in_(ids)))
        connection.execute(delete(messages).where(messages.c.id.in_(ids)))
        gone += dict.fromkeys(row.invoice_id for row in rows if row.id in set(ids))
    _follow_the_card(connection, gone)
    refresh_status(connection, gone, now=now)
    return gone


def _recall(connection: Connection, which: ColumnElement[bool], *, because: Sentence, now: datetime, keep_retries: bool = False) -> Recalled:
    """The rows that wait are locked first: a worker that claims at this moment wins or finds nothing."""
    waits = (messages.c.due_at.is_not(None), messages.c.claim.is_(None))
    query = select(messages.c.id, messages.c.invoice_id).where(which, *waits).order_by(messages.c.id).with_for_update()
    waiting = connection.execute(query).all()
    concerned = set(connection.scalars(select(messages.c.invoice_id).where(which)))
    left = set[int]()
    for part in chunks([row.id for row in waiting]):
        tried = _tried(connection, part)
        left |= _left(connection, part)
        untried = [message_id for message_id in part if message_id not in tried]
        connection.execute(delete(deliveries).where(deliveries.c.message_id.in_(untried)))
        connection.execute(delete(messages).where(messages.c.id.in_(untried)))
        stand_still(connection, tried, because=because, now=now, keep_retries=keep_retries)
    stopped = list(dict.fromkeys(row.invoice_id for row in waiting))
    _follow_the_card(connection, stopped)
    refresh_status(connection, stopped, now=now)
    taken = tuple(dict.fromkeys(row.invoice_id for row in waiting if row.id not in left))
    return Recalled(invoice_ids=taken, gone=tuple(sorted(concerned - set(taken))))


def _left(connection: Connection, message_ids: Sequence[int]) -> set[int]:
    """Messages that one of the customer's addresses has got, or may have."""
    query = select(deliveries.c.message_id).where(
        deliveries.c.message_id.in_(message_ids), deliveries.c.role != RecipientRole.ARCHIVE, deliveries.c.status.in_(LEFT_OR_MAYBE)
    )
    return set(connection.scalars(query))


def _follow_the_card(connection: Connection, invoice_ids: Sequence[int]) -> None:
    """What was never tried is as it was before it was queued: the tick on the card decides its ledger again."""
    kept = schema.invoices
    wants = select(customers.c.wants_email).where(customers.c.id == kept.c.customer_id).scalar_subquery()
    mails = select(messages.c.id).where(messages.c.invoice_id == kept.c.id)
    for part in chunks(invoice_ids):
        connection.execute(select(kept.c.id).where(kept.c.id.in_(part)).order_by(kept.c.id).with_for_update())
        connection.execute(
            update(kept)
            .where(kept.c.id.in_(part), ~mails.exists())
            .values(ledger_fixed=False, ledger=case((wants, Ledger.EMAIL), else_=Ledger.PAPER))
        )


def _tried(connection: Connection, message_ids: Sequence[int], *, untried: DeliveryStatus = DeliveryStatus.QUEUED) -> set[int]:
    """Messages of which a server said something, or whose deliveries have a past: evidence, which is kept."""
    said = (
        select(deliveries.c.message_id)
        .outerjoin(replies, replies.c.delivery_id == deliveries.c.id)
        .where(
            deliveries.c.message_id.in_(message_ids),
            (deliveries.c.status != untried) | (deliveries.c.tries > 0) | deliveries.c.former_status.is_not(None) | replies.c.id.is_not(None),
        )
    )
    return set(connection.scalars(said))
