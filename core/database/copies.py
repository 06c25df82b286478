"""The copies of an invoice's mail: the newest, whether it was tried, a person's words in it, who has one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from core.database.schema import deliveries, messages, replies
from core.model import DeliveryStatus, RecipientRole
from core.records import AccompanyingText


def served(connection: Connection, invoice_id: int) -> set[str]:
    """The customer's addresses, small, that a server took any copy for."""
    taken = connection.scalars(
        select(deliveries.c.recipient)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .where(messages.c.invoice_id == invoice_id, deliveries.c.status == DeliveryStatus.SENT, deliveries.c.role != RecipientRole.ARCHIVE)
    )
    return {recipient.lower() for recipient in taken}


def newest(connection: Connection, invoice_id: int) -> Row[Any] | None:
    return connection.execute(select(messages).where(messages.c.invoice_id == invoice_id).order_by(messages.c.copy_number.desc()).limit(1)).first()


def was_never_tried(connection: Connection, message: Row[Any]) -> bool:
    """Held before anything was said to a server: it can be queued again as itself. Replies are evidence and are never deleted."""
    states = set(connection.scalars(select(deliveries.c.status).where(deliveries.c.message_id == message.id)))
    if states != {DeliveryStatus.HELD} or message.sealed_sha256 is not None:
        return False
    said = select(replies.c.id).join(deliveries, replies.c.delivery_id == deliveries.c.id).where(deliveries.c.message_id == message.id)
    return connection.execute(said.limit(1)).first() is None


def words_of(former: Row[Any] | None, invoice_version: int) -> AccompanyingText | None:
    """What a person had written for a copy that did not reach everybody, unless the invoice is another one since."""
    if former is None or former.edited_subject is None or former.invoice_version != invoice_version:
        return None
    return AccompanyingText(subject=former.edited_subject, body=former.edited_body)


def former_words(connection: Connection, invoice_id: int, invoice_version: int) -> AccompanyingText | None:
    """The same for the confirm screen, which starts from them."""
    return words_of(newest(connection, invoice_id), invoice_version)
