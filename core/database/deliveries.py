"""Messages, deliveries and replies: the rows behind the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from core.database.schema import batches, companies, customers, deliveries, invoices, mail_accounts, messages, replies
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.model import DeliveryStatus, RecipientRole
from core.outcome import Reply
from core.records import Versions


@dataclass(frozen=True, kw_only=True)
class ClaimedMessage:
    """A message that one worker may work on until its lease is over."""

    id: int
    invoice_id: int
    company_id: int
    message_id: str
    copy_number: int
    invoice_version: int
    customer_version: int
    company_version: int
    sealed_sha256: str | None
    envelope_from: str | None
    edited_subject: str | None
    edited_body: str | None
    queued_at: datetime
    claim: str
    lease_until: datetime
    recipients: Mapping[str, RecipientRole]  # those that are due
    first_try_at: datetime | None  # when a server first asked to come back later
    tries: int  # how often one did

    @property
    def versions(self) -> Versions:
        """What the mail was, or is to be, made from."""
        return Versions(invoice=self.invoice_version, customer=self.customer_version, company=self.company_version)


def new_batch(connection: Connection, *, who: str, now: datetime, leaves_at: datetime | None = None) -> int:
    key = connection.execute(insert(batches).values(created_at=now, created_by=who, leaves_at=leaves_at)).inserted_primary_key
    assert key is not None
    return int(key[0])


def is_recalled(connection: Connection, batch_id: int) -> bool:
    """Whether somebody took the batch back; nobody does before the transaction ends."""
    return connection.scalar(select(batches.c.recalled_at).where(batches.c.id == batch_id).with_for_update()) is not None


SWEEP_AT_ONCE = 500


# Claiming -------------------------------------------------------------------------------------------------------


def claim_due(connection: Connection, *, claim: str, limit: int, now: datetime, lease_until: datetime) -> list[ClaimedMessage]:
    """Take up to `limit` messages that are due and whose account is not paused; nobody else gets them before the lease is over."""
    paused = select(mail_accounts.c.company_id).where(
        mail_accounts.c.paused_at.is_not(None), or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until > now)
    )
    due = (
        select(messages.c.id)
        .where(messages.c.due_at <= now, messages.c.claim.is_(None), messages.c.company_id.not_in(paused))
        .order_by(messages.c.due_at, messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(due))
    if not ids:
        return []
    connection.execute(update(messages).where(messages.c.id.in_(ids)).values(claim=claim, lease_until=lease_until, due_at=None))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.message_id.in_(ids), deliveries.c.status == DeliveryStatus.QUEUED)
        .values(status=DeliveryStatus.CLAIMED, claim=claim, changed_at=now)
    )
    claimed = _claimed(connection, claim)
    refresh_status(connection, [message.invoice_id for message in claimed], now=now)
    return claimed


def _claimed(connection: Connection, claim: str) -> list[ClaimedMessage]:
    rows = connection.execute(
        select(messages, deliveries.c.recipient, deliveries.c.role, deliveries.c.first_try_at, deliveries.c.tries)
        .join(deliveries, and_(deliveries.c.message_id == messages.c.id, deliveries.c.claim == messages.c.claim))
        .where(messages.c.claim == claim, deliveries.c.status == DeliveryStatus.CLAIMED)
        .order_by(messages.c.id, deliveries.c.id)
    ).all()
    grouped: dict[int, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.id, []).append(row)
    return [_message(group) for group in grouped.values()]


def _message(group: list[Row[Any]]) -> ClaimedMessage:
    first = group[0]
    names = set(ClaimedMessage.__dataclass_fields__) - {"recipients", "first_try_at", "tries"}
    return ClaimedMessage(
        **{name: getattr(first, name) for name in names},
        recipients={row.recipient: row.role for row in group},
        first_try_at=min((row.first_try_at for row in group if row.first_try_at), default=None),
        tries=max(row.tries for row in group),
    )


def renew_lease(connection: Connection, message: ClaimedMessage, *, now: datetime, lease_until: datetime, **seal: object) -> bool:
    """Extend a lease that is still ours and not over; `seal` fills the message's sealing columns."""
    result = connection.execute(
        update(messages)
        .where(messages.c.id == message.id, messages.c.claim == message.claim, messages.c.lease_until > now)
        .values(lease_until=lease_until, **seal)
    )
    return result.rowcount == 1


def to_sending(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, now: datetime) -> int:
    result = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id == message.id,
            deliveries.c.claim == message.claim,
            deliveries.c.status == DeliveryStatus.CLAIMED,
            deliveries.c.recipient.in_(list(recipients)),
        )
        .values(status=DeliveryStatus.SENDING, changed_at=now)
    )
    return result.rowcount


CLAIM_STATES = (DeliveryStatus.CLAIMED, DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN)


def record(
    connection: Connection,
    message: ClaimedMessage,
    recipient: str,
    status: DeliveryStatus,
    *,
    reply: Reply | None,
    because: Sentence | None,
    now: datetime,
    only_from: Collection[DeliveryStatus] = CLAIM_STATES,
    asked_to_wait: bool = False,
) -> bool:
    """Settle one delivery of this very claim, an `uncertain` one included: a late reply still counts for its own attempt.

    The reply is kept in any case, even when a person was faster.
    """
    mine = (deliveries.c.message_id == message.id, deliveries.c.recipient == recipient)
    values: dict[str, Any] = {"status": status, "changed_at": now, "because": because}
    if reply:
        values |= {"reply_code": reply.code, "reply": reply.text}
    if asked_to_wait:
        values |= {"tries": deliveries.c.tries + 1, "first_try_at": func.coalesce(deliveries.c.first_try_at, now)}
    changed = connection.execute(
        update(deliveries).where(*mine, deliveries.c.claim == message.claim, deliveries.c.status.in_(list(only_from))).values(**values)
    ).rowcount
    if reply:
        delivery_id = connection.scalar(select(deliveries.c.id).where(*mine))
        if delivery_id is not None:
            add_reply(connection, delivery_id, message.claim, reply, now=now)
    return changed == 1


def add_reply(connection: Connection, delivery_id: int, claim: str | None, reply: Reply, *, now: datetime) -> None:
    connection.execute(
        insert(replies).values(
            delivery_id=delivery_id, claim=claim, stage=reply.stage.value, reply_code=reply.code, reply=reply.text, received_at=now
        )
    )


def release_if_done(connection: Connection, message: ClaimedMessage) -> None:
    """Give the message back unless one of its deliveries is still claimed or in sending under this claim."""
    busy = select(deliveries.c.id).where(
        deliveries.c.message_id == message.id,
        deliveries.c.claim == message.claim,
        deliveries.c.status.in_([DeliveryStatus.CLAIMED, DeliveryStatus.SENDING]),
    )
    connection.execute(
        update(messages).where(messages.c.id == message.id, messages.c.claim == message.claim, ~busy.exists()).values(claim=None, lease_until=None)
    )


def troubles(connection: Connection, company_id: int) -> int:
    return connection.scalar(select(mail_accounts.c.troubles).where(mail_accounts.c.company_id == company_id)) or 0


def send_again(connection: Connection, message_row_id: int, *, who: str, now: datetime, leaves_at: datetime | None) -> int:
    """The message waits in a batch of its own, so that its countdown can be followed and cancelled by itself. Returns the batch."""
    batch_id = new_batch(connection, who=who, now=now, leaves_at=leaves_at)
    connection.execute(update(messages).where(messages.c.id == message_row_id).values(batch_id=batch_id, due_at=leaves_at or now))
    return batch_id


def set_due(connection: Connection, message_row_id: int, due_at: datetime) -> None:
    connection.execute(update(messages).where(messages.c.id == message_row_id).values(due_at=due_at))


def versions_now(connection: Connection, message_row_id: int) -> Versions:
    """Of invoice, customer and company, as they are at this moment."""
    row = connection.execute(
        select(invoices.c.version, customers.c.version.label("customer"), companies.c.version.label("company"))
        .select_from(messages)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .join(companies, messages.c.company_id == companies.c.id)
        .where(messages.c.id == message_row_id)
    ).one()
    return Versions(invoice=row.version, customer=row.customer, company=row.company)


# Sweeping -------------------------------------------------------------------------------------------------------


def any_lease_over(connection: Connection, *, now: datetime) -> bool:
    return connection.scalar(select(messages.c.id).where(messages.c.lease_until <= now).limit(1)) is not None


def sweep(connection: Connection, *, now: datetime, because: Sentence) -> tuple[int, int]:
    """Free what dead workers hold: claimed goes back to the queue, sending becomes uncertain. Returns how many of each."""
    rows = connection.execute(
        select(messages.c.id, messages.c.claim, messages.c.invoice_id)
        .where(messages.c.lease_until <= now)
        .limit(SWEEP_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    back = doubtful = 0
    for row in rows:
        mine = (deliveries.c.message_id == row.id, deliveries.c.claim == row.claim)
        doubtful += connection.execute(
            update(deliveries)
            .where(*mine, deliveries.c.status == DeliveryStatus.SENDING)
            .values(status=DeliveryStatus.UNCERTAIN, changed_at=now, because=because)
        ).rowcount
        returned = connection.execute(
            update(deliveries).where(*mine, deliveries.c.status == DeliveryStatus.CLAIMED).values(status=DeliveryStatus.QUEUED, changed_at=now)
        ).rowcount
        back += returned
        values: dict[str, Any] = {"claim": None, "lease_until": None} | ({"due_at": now} if returned else {})
        connection.execute(update(messages).where(messages.c.id == row.id).values(**values))
    refresh_status(connection, [row.invoice_id for row in rows], now=now)
    return back, doubtful
