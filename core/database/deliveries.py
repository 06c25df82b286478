"""Messages, deliveries and replies: the rows behind the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, insert, literal, or_, select, update

from core.database.schema import batches, companies, customers, deliveries, invoices, mail_accounts, messages, replies
from core.database.types import Moment
from core.errors import Sentence
from core.model import DeliveryStatus, RecipientRole
from core.outcome import Reply
from core.records import Seal, Versions


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
    delivery_ids: Mapping[str, int]  # by recipient
    first_try_at: datetime | None  # when a server first asked to come back later
    tries: int  # how often one did
    number: str  # of the invoice
    versions_now: Versions  # at the moment of the claim

    @property
    def versions(self) -> Versions:
        """What the mail was, or is to be, made from."""
        return Versions(invoice=self.invoice_version, customer=self.customer_version, company=self.company_version)


def new_batch(connection: Connection, *, who: str, now: datetime, leaves_at: datetime | None = None, leave_by: datetime | None = None) -> int:
    values = {"created_at": now, "created_by": who, "leaves_at": leaves_at, "leave_by": leave_by}
    key = connection.execute(insert(batches).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def batch(connection: Connection, batch_id: int) -> Row[*tuple[Any, ...]]:
    """When it leaves, and whether somebody took it back; nobody changes either before the transaction ends."""
    return connection.execute(select(batches.c.leaves_at, batches.c.recalled_at).where(batches.c.id == batch_id).with_for_update()).one()


# A worker's hold ------------------------------------------------------------------------------------------------
# These run for every mail: the statements are made once.

_NOW = bindparam("by_now", type_=Moment())
_RENEW = (
    update(messages)
    .where(messages.c.id == bindparam("of_message"), messages.c.claim == bindparam("of_claim"), messages.c.lease_until > _NOW)
    .values(lease_until=bindparam("until"))
)
_UNMOVED = (
    select(invoices.c.id)
    .join(customers, invoices.c.customer_id == customers.c.id)
    .join(companies, invoices.c.company_id == companies.c.id)
    .where(
        invoices.c.id == messages.c.invoice_id,
        invoices.c.version == messages.c.invoice_version,
        customers.c.version == messages.c.customer_version,
        companies.c.version == messages.c.company_version,
    )
    .correlate(messages)
    .exists()
)
_NOT_HELD = select(batches.c.id).where(batches.c.id == messages.c.batch_id, batches.c.held_at.is_(None)).correlate(messages).exists()
_SEAL = _RENEW.where(_UNMOVED, _NOT_HELD).values(
    sealed_sha256=bindparam("sha256"), sealed_size=bindparam("size"), envelope_from=bindparam("sender"), handed_at=_NOW
)
_SENDING = (
    update(deliveries)
    .where(
        deliveries.c.message_id == bindparam("of_message"),
        deliveries.c.claim == bindparam("of_claim"),
        deliveries.c.status == DeliveryStatus.CLAIMED,
        deliveries.c.recipient.in_(bindparam("to", expanding=True)),
    )
    .values(status=DeliveryStatus.SENDING, changed_at=_NOW, handed_to=bindparam("server"))
)
_BUSY = select(deliveries.c.id).where(
    deliveries.c.message_id == messages.c.id,
    deliveries.c.claim == messages.c.claim,
    deliveries.c.status.in_([DeliveryStatus.CLAIMED, DeliveryStatus.SENDING]),
)
_RELEASE = (
    update(messages)
    .where(messages.c.id == bindparam("of_message"), messages.c.claim == bindparam("of_claim"), ~_BUSY.correlate(messages).exists())
    .values(claim=None, lease_until=None)
)
_ADD_REPLY = insert(replies)


def renew_lease(connection: Connection, message: ClaimedMessage, *, now: datetime, lease_until: datetime) -> bool:
    """Extend a lease that is still ours and not over."""
    values = {"of_message": message.id, "of_claim": message.claim, "by_now": now, "until": lease_until}
    return connection.execute(_RENEW, values).rowcount == 1


def seal(connection: Connection, message: ClaimedMessage, seal: Seal, *, now: datetime, lease_until: datetime) -> bool:
    """The same just before the dot, with what leaves; False also when invoice, card or text moved, or the batch is held."""
    values = {"of_message": message.id, "of_claim": message.claim, "by_now": now, "until": lease_until}
    values |= {"sha256": seal.sha256, "size": seal.size, "sender": seal.envelope_from}
    return connection.execute(_SEAL, values).rowcount == 1


def to_sending(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, server: str, now: datetime) -> int:
    values = {"of_message": message.id, "of_claim": message.claim, "to": list(recipients), "by_now": now, "server": server or None}
    return connection.execute(_SENDING, values).rowcount


CLAIM_STATES = (DeliveryStatus.CLAIMED, DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN)
_MINE = and_(
    deliveries.c.message_id == bindparam("of_message"),
    deliveries.c.claim == bindparam("of_claim"),
    deliveries.c.recipient.in_(bindparam("to", expanding=True)),
    deliveries.c.status.in_(bindparam("only_from", expanding=True)),
)
_SAID = {"status": bindparam("becomes"), "changed_at": _NOW, "because": bindparam("why")}
_RECORD = update(deliveries).where(_MINE).values(**_SAID)
_RECORD_REPLY = _RECORD.values(reply_code=bindparam("code"), reply=bindparam("text"))
_RECORD_WAIT = _RECORD_REPLY.values(tries=deliveries.c.tries + 1, first_try_at=func.coalesce(deliveries.c.first_try_at, _NOW))


def record(
    connection: Connection,
    message: ClaimedMessage,
    recipients: Collection[str],
    status: DeliveryStatus,
    *,
    reply: Reply | None,
    because: Sentence | None,
    now: datetime,
    only_from: Collection[DeliveryStatus] = CLAIM_STATES,
    asked_to_wait: bool = False,
) -> int:
    """Settle deliveries of this very claim alike, `uncertain` ones included: a late reply still counts for its own attempt.

    The reply is kept in any case, even when a person was faster. Returns how many changed.
    """
    values: dict[str, Any] = {"of_message": message.id, "of_claim": message.claim, "to": list(recipients), "only_from": list(only_from)}
    values |= {"becomes": status, "by_now": now, "why": because}
    if reply is None:
        return connection.execute(_RECORD, values).rowcount
    values |= {"code": reply.code, "text": reply.text}
    changed = connection.execute(_RECORD_WAIT if asked_to_wait else _RECORD_REPLY, values).rowcount
    ids = [message.delivery_ids[recipient] for recipient in recipients]
    if changed < len(ids):  # somebody was faster, and may have taken the mail back for good
        ids = list(connection.scalars(select(deliveries.c.id).where(deliveries.c.id.in_(ids))))
    if ids:
        connection.execute(_ADD_REPLY, [_kept(delivery_id, message.claim, reply, now) for delivery_id in ids])
    return changed


def _kept(delivery_id: int, claim: str | None, reply: Reply, now: datetime) -> dict[str, Any]:
    own = {"stage": reply.stage.value, "reply_code": reply.code, "reply": reply.text}
    return own | {"delivery_id": delivery_id, "claim": claim, "received_at": now}


def release_if_done(connection: Connection, message: ClaimedMessage) -> None:
    """Give the message back unless one of its deliveries is still claimed or in sending under this claim."""
    connection.execute(_RELEASE, {"of_message": message.id, "of_claim": message.claim})


def troubles(connection: Connection, company_id: int) -> int:
    return connection.scalar(select(mail_accounts.c.troubles).where(mail_accounts.c.company_id == company_id)) or 0


def send_again(
    connection: Connection, message_row_id: int, *, who: str, now: datetime, leaves_at: datetime | None, leave_by: datetime | None = None
) -> int:
    """The message waits in a batch of its own, so that its countdown can be followed and cancelled by itself. Returns the batch."""
    batch_id = new_batch(connection, who=who, now=now, leaves_at=leaves_at, leave_by=leave_by)
    connection.execute(update(messages).where(messages.c.id == message_row_id).values(batch_id=batch_id, due_at=leaves_at or now))
    return batch_id


def set_due(connection: Connection, message_row_id: int, due_at: datetime) -> None:
    """At that time, but not before its batch leaves: the countdown of what a person sends again is not shortened."""
    leaves_at = connection.scalar(
        select(batches.c.leaves_at).join(messages, messages.c.batch_id == batches.c.id).where(messages.c.id == message_row_id)
    )
    due_at = max(due_at, leaves_at) if leaves_at is not None else due_at
    connection.execute(update(messages).where(messages.c.id == message_row_id).values(due_at=due_at))


def is_batch_held(connection: Connection, message_row_id: int) -> bool:
    query = select(batches.c.held_at).join(messages, messages.c.batch_id == batches.c.id).where(messages.c.id == message_row_id)
    return connection.scalar(query) is not None


def versions_now(connection: Connection, message_row_id: int) -> Versions | None:
    """Of invoice, customer and company, as they are at this moment; nothing where the mail was taken back for good."""
    row = connection.execute(
        select(invoices.c.version, customers.c.version.label("customer"), companies.c.version.label("company"))
        .select_from(messages)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .join(customers, invoices.c.customer_id == customers.c.id)
        .join(companies, messages.c.company_id == companies.c.id)
        .where(messages.c.id == message_row_id)
    ).first()
    return None if row is None else Versions(invoice=row.version, customer=row.customer, company=row.company)


def stand_still(connection: Connection, message_ids: Collection[int], *, because: Sentence, now: datetime, keep_retries: bool = False) -> None:
    """What is queued of them does not leave: what a person sent again stands where it stood before, an uncertain one in doubt; the rest is held.

    With `keep_retries`, addresses of a resent mail that only wait for their next try go on waiting: nobody asked to stop those.
    """
    own = deliveries.c
    sent_again = own.former_status.is_not(None)
    concerned = and_(own.message_id.in_(message_ids), own.status == DeliveryStatus.QUEUED)
    resent = set(connection.scalars(select(own.message_id).where(concerned, sent_again))) if keep_retries else set()
    connection.execute(update(messages).where(messages.c.id.in_(set(message_ids) - resent)).values(due_at=None))
    connection.execute(
        update(deliveries)
        .where(concerned, or_(sent_again, own.message_id.not_in(resent), own.tries == 0))
        .values(
            status=func.coalesce(own.former_status, DeliveryStatus.HELD.value),
            because=case((sent_again, own.former_because), else_=literal(because, own.because.type)),
            changed_at=func.coalesce(own.former_changed_at, literal(now, own.changed_at.type)),
            former_status=None,
            former_because=None,
            former_changed_at=None,
        )
    )
    waits = select(own.id).where(own.message_id == messages.c.id, own.status == DeliveryStatus.QUEUED).correlate(messages)
    connection.execute(update(messages).where(messages.c.id.in_(resent), waits.exists()).values(due_at=now))
    connection.execute(update(messages).where(messages.c.id.in_(resent), ~waits.exists()).values(due_at=None))
