"""Take back what has not left: queued mails that no worker has taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from core.database.chunks import chunks
from core.database.schema import deliveries, messages, replies
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.model import DeliveryStatus


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """The invoices whose mails were taken back, and those of which a mail is on its way or has left."""

    invoice_ids: tuple[int, ...]
    gone: tuple[int, ...]


def batch(connection: Connection, batch_id: int, *, because: Sentence, now: datetime) -> Recalled:
    return _recall(connection, messages.c.batch_id == batch_id, because=because, now=now)


def invoices(connection: Connection, invoice_ids: Sequence[int], *, because: Sentence, now: datetime) -> Recalled:
    parts = [_recall(connection, messages.c.invoice_id.in_(part), because=because, now=now) for part in chunks(invoice_ids)]
    return Recalled(
        invoice_ids=tuple(one for part in parts for one in part.invoice_ids),
        gone=tuple(one for part in parts for one in part.gone),
    )


def _recall(connection: Connection, which: ColumnElement[bool], *, because: Sentence, now: datetime) -> Recalled:
    """The rows are locked first: a worker that claims at this moment wins or finds nothing."""
    query = select(messages.c.id, messages.c.invoice_id, messages.c.due_at, messages.c.claim).where(which).order_by(messages.c.id).with_for_update()
    found = connection.execute(query).all()
    waiting = [row for row in found if row.due_at is not None and row.claim is None]
    for part in chunks([row.id for row in waiting]):
        tried = _tried(connection, part)
        untried = [message_id for message_id in part if message_id not in tried]
        connection.execute(delete(deliveries).where(deliveries.c.message_id.in_(untried)))
        connection.execute(delete(messages).where(messages.c.id.in_(untried)))
        connection.execute(update(messages).where(messages.c.id.in_(tried)).values(due_at=None))
        connection.execute(
            update(deliveries)
            .where(deliveries.c.message_id.in_(tried), deliveries.c.status == DeliveryStatus.QUEUED)
            .values(status=DeliveryStatus.HELD, because=because, changed_at=now)
        )
    taken = tuple(dict.fromkeys(row.invoice_id for row in waiting))
    refresh_status(connection, taken, now=now)
    return Recalled(invoice_ids=taken, gone=tuple(sorted({row.invoice_id for row in found} - set(taken))))


def _tried(connection: Connection, message_ids: Sequence[int]) -> set[int]:
    """Messages of which a server said something, or whose deliveries have a past: evidence, which is kept."""
    said = (
        select(deliveries.c.message_id)
        .outerjoin(replies, replies.c.delivery_id == deliveries.c.id)
        .where(
            deliveries.c.message_id.in_(message_ids),
            (deliveries.c.status != DeliveryStatus.QUEUED) | (deliveries.c.tries > 0) | replies.c.id.is_not(None),
        )
    )
    return set(connection.scalars(said))
