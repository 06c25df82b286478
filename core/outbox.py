"""The outbox: queue once, claim with a lease, mark before the final dot, free what dead workers hold.

    queued -> claimed (lease) -> COMMIT 'sending' -> final dot -> sent | queued (later) | failed | uncertain

A claim whose lease is over goes back to `queued`: no dot was written, so nothing left. `sending` with its lease over becomes
`uncertain` and is never sent again by a machine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from core.database import audit
from core.database import deliveries as rows
from core.database.deliveries import ClaimedMessage
from core.database.schema import companies, customers, deliveries, invoices, messages
from core.errors import LeaseLost, Sentence
from core.i18n import N_
from core.model import SENDABLE, DeliveryStatus, DispatchStatus, Ledger, RecipientRole

SWEPT = N_(
    "The program stopped after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
    "Ask the customer or look in the server's log, then settle it as sent or send it again."
)
ALREADY = {
    DispatchStatus.QUEUED: N_("It is already in the queue."),
    DispatchStatus.SENDING: N_("It is being sent right now."),
    DispatchStatus.SENT: N_("It was already sent."),
    DispatchStatus.UNCERTAIN: N_("Its last sending is uncertain; settle that first."),
    DispatchStatus.ELSEWHERE: N_("It is marked as sent elsewhere."),
    DispatchStatus.TO_PRINT: N_("The customer does not want invoices by e-mail; it is in the paper ledger."),
    DispatchStatus.PRINTED: N_("It was already printed."),
    DispatchStatus.POSTED: N_("It was already posted."),
}
ALL_HAVE_IT = N_("Every address on the customer card has it already.")
CHANGED = N_("{what} changed since the preview. Please look again.")


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What a person saw: an invoice whose versions moved since is not sent."""

    invoice: int
    customer: int
    company: int


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A message composed at the confirm screen, already in the archive."""

    message_id: str
    sha256: str
    size: int
    envelope_from: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One invoice to queue, with its envelope recipients."""

    invoice_id: int
    recipients: Mapping[str, RecipientRole]
    message_domain: str
    seal: Seal | None = None
    seen: Versions | None = None


@dataclass(frozen=True, kw_only=True)
class Queued:
    batch_id: int
    invoice_ids: tuple[int, ...]
    refused: Mapping[int, Sentence] = field(default_factory=dict)


def new_message_id(domain: str) -> str:
    """RFC 5322 3.6.4: ours, random, fixed for every attempt."""
    return f"<{uuid4().hex}@{domain}>"


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """An invoice as it stands in the transaction that queues."""

    id: int
    status: DispatchStatus
    number: str
    company_id: int
    invoice_version: int
    customer_version: int
    company_version: int


# Queueing -------------------------------------------------------------------------------------------------------


def enqueue(connection: Connection, requests: Sequence[Request], *, who: str, now: datetime) -> Queued:
    """Queue each invoice at most once: the status is looked at again in this very transaction, whatever the page believed."""
    batch_id = rows.new_batch(connection, who=who, now=now)
    standing = _standing(connection, [request.invoice_id for request in requests])
    refused: dict[int, Sentence] = {}
    queued: list[int] = []
    for request in requests:
        state = standing[request.invoice_id]
        refusal = _refusal(state, request)
        recipients = {} if refusal else _still_due(connection, request)
        if not refusal and not any(role is not RecipientRole.ARCHIVE for role in recipients.values()):
            refusal = Sentence(ALL_HAVE_IT)
        if refusal:
            refused[request.invoice_id] = refusal
            continue
        _insert(connection, request, state, recipients, batch_id=batch_id, now=now)
        queued.append(request.invoice_id)
        standing[request.invoice_id] = replace(state, status=DispatchStatus.QUEUED)  # the same invoice twice in one request
    for part in rows.chunks(queued):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(ledger=Ledger.EMAIL, ledger_fixed=True))
    rows.refresh_status(connection, queued, now=now)
    for company_id in sorted({standing[invoice_id].company_id for invoice_id in queued}):
        numbers = [standing[i].number for i in queued if standing[i].company_id == company_id]
        subject = f"batch {batch_id}: {len(numbers)} ({', '.join(numbers[:20])}{' …' if len(numbers) > 20 else ''})"
        audit.append(connection, company_id=company_id, who=who, what="queued", subject=subject, now=now)
    return Queued(batch_id=batch_id, invoice_ids=tuple(queued), refused=refused)


def _standing(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, _Standing]:
    found: dict[int, _Standing] = {}
    for part in rows.chunks(list(dict.fromkeys(invoice_ids))):
        query = (
            select(
                invoices.c.id,
                invoices.c.status,
                invoices.c.number,
                invoices.c.company_id,
                invoices.c.version.label("invoice_version"),
                customers.c.version.label("customer_version"),
                companies.c.version.label("company_version"),
            )
            .join(customers, invoices.c.customer_id == customers.c.id)
            .join(companies, invoices.c.company_id == companies.c.id)
            .where(invoices.c.id.in_(part))
            .with_for_update(of=invoices)
        )
        found.update({row.id: _Standing(**row._mapping) for row in connection.execute(query)})
    return found


def _refusal(state: _Standing, request: Request) -> Sentence | None:
    if state.status not in SENDABLE:
        return Sentence(ALREADY[state.status])
    if request.seen is not None:
        for name, what in (("invoice", N_("The invoice")), ("customer", N_("The customer card")), ("company", N_("The company's text or terms"))):
            if getattr(request.seen, name) != getattr(state, f"{name}_version"):
                return Sentence(CHANGED, {"what": Sentence(what)})
    return None


def _still_due(connection: Connection, request: Request) -> dict[str, RecipientRole]:
    """The recipients who do not have any copy yet: what was taken for one address never goes there a second time."""
    served = connection.scalars(
        select(deliveries.c.recipient)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .where(messages.c.invoice_id == request.invoice_id, deliveries.c.status == DeliveryStatus.SENT)
    )
    have_it = {recipient.lower() for recipient in served}
    return {recipient: role for recipient, role in request.recipients.items() if recipient.lower() not in have_it}


def _insert(
    connection: Connection,
    request: Request,
    state: _Standing,
    recipients: Mapping[str, RecipientRole],
    *,
    batch_id: int,
    now: datetime,
) -> None:
    values = {
        "batch_id": batch_id,
        "invoice_version": state.invoice_version,
        "customer_version": state.customer_version,
        "company_version": state.company_version,
        "sealed_sha256": request.seal.sha256 if request.seal else None,
        "sealed_size": request.seal.size if request.seal else None,
        "envelope_from": request.seal.envelope_from if request.seal else None,
        "queued_at": now,
        "due_at": now,
    }
    row_id = _reuse_held(connection, request, values) if state.status is DispatchStatus.HELD else None
    if row_id is None:
        key = connection.execute(
            insert(messages).values(
                invoice_id=request.invoice_id,
                company_id=state.company_id,
                copy_number=_next_copy(connection, request.invoice_id),
                message_id=request.seal.message_id if request.seal else new_message_id(request.message_domain),
                **values,
            )
        ).inserted_primary_key
        assert key is not None
        row_id = key[0]
    connection.execute(
        insert(deliveries),
        [
            {"message_id": row_id, "recipient": recipient, "role": role, "status": DeliveryStatus.QUEUED, "changed_at": now}
            for recipient, role in recipients.items()
        ],
    )


def _reuse_held(connection: Connection, request: Request, values: Mapping[str, object]) -> int | None:
    """A held message that was never tried is queued again as itself, with what is true now."""
    row = connection.execute(
        select(messages.c.id).where(messages.c.invoice_id == request.invoice_id).order_by(messages.c.copy_number.desc()).limit(1)
    ).one()
    states = set(connection.scalars(select(deliveries.c.status).where(deliveries.c.message_id == row.id)))
    if states != {DeliveryStatus.HELD}:
        return None
    connection.execute(delete(deliveries).where(deliveries.c.message_id == row.id))
    sealed_id = {"message_id": request.seal.message_id} if request.seal else {}
    connection.execute(update(messages).where(messages.c.id == row.id).values(**values, **sealed_id))
    return int(row.id)


def _next_copy(connection: Connection, invoice_id: int) -> int:
    newest = connection.scalar(
        select(messages.c.copy_number).where(messages.c.invoice_id == invoice_id).order_by(messages.c.copy_number.desc()).limit(1)
    )
    return (newest or 0) + 1


# Working --------------------------------------------------------------------------------------------------------


def claim(connection: Connection, *, worker: str, limit: int, lease_s: float, now: datetime) -> list[ClaimedMessage]:
    """Take what is due. Every claim has its own token, so that an answer can only settle its own attempt."""
    token = f"{worker}#{uuid4().hex[:12]}"
    return rows.claim_due(connection, claim=token, limit=limit, now=now, lease_until=now + timedelta(seconds=lease_s))


def renew(connection: Connection, message: ClaimedMessage, *, lease_s: float, now: datetime) -> None:
    """Start on one message of a claim. Raises LeaseLost when the lease is over."""
    if not rows.renew_lease(connection, message, now=now, lease_until=now + timedelta(seconds=lease_s)):
        raise LeaseLost(message_id=message.message_id)


def mark_sending(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, seal: Seal, lease_s: float, now: datetime) -> None:
    """Commit this before the final dot: from here on only a reply, or a person, can say whether it left."""
    kept = rows.renew_lease(
        connection,
        message,
        now=now,
        lease_until=now + timedelta(seconds=lease_s),
        sealed_sha256=seal.sha256,
        sealed_size=seal.size,
        envelope_from=seal.envelope_from,
    )
    if not kept or rows.to_sending(connection, message, recipients, now=now) != len(recipients):
        raise LeaseLost(message_id=message.message_id)


def sweep(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """How many deliveries went back to the queue, and how many became uncertain."""
    return rows.sweep(connection, now=now, because=Sentence(SWEPT))
