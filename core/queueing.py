"""Queue an invoice once: looked at again in the transaction that queues, with the recipients who do not have it yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from core.database import audit, copies
from core.database import deliveries as rows
from core.database.chunks import chunks
from core.database.schema import companies, customers, deliveries, invoices, messages
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.i18n import N_
from core.model import OPEN, SENDABLE, DeliveryStatus, DispatchStatus, Ledger, RecipientRole
from core.reasons import said
from core.records import IT_IS_HELD, AccompanyingText, Seal, Versions, what_moved

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
CANCELLED = N_("Its batch was cancelled before it was queued.")
ALL_HAVE_IT = N_("Every address on the customer card has it already.")
CHANGED = N_("{what} changed since the preview. Please look again.")
SEAL_USED = N_("This very mail was queued once already, so it cannot go a second time. Rehearse it again, then send it.")
AGAIN_SINCE = N_("Somebody has sent it again meanwhile. Look at its history first.")
NOT_SENT_YET = N_("It was not sent yet, so it cannot be sent again.")


@dataclass(frozen=True, kw_only=True)
class Again:
    """A person asks for one more copy of what was sent, knowing the copies up to this one."""

    reason: str
    last_copy: int


@dataclass(frozen=True, kw_only=True)
class Request:
    """One invoice to queue, with its envelope recipients."""

    invoice_id: int
    recipients: Mapping[str, RecipientRole]
    message_domain: str
    words: AccompanyingText | None = None  # of a person, filled in
    seal: Seal | None = None
    seen: Versions | None = None
    again: Again | None = None


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
    ledger: Ledger
    held_because: str | None
    number: str
    company_id: int
    invoice_version: int
    customer_version: int
    company_version: int

    @property
    def versions(self) -> Versions:
        return Versions(invoice=self.invoice_version, customer=self.customer_version, company=self.company_version)


def enqueue(
    connection: Connection,
    requests: Sequence[Request],
    *,
    who: str,
    now: datetime,
    leaves_at: datetime | None = None,
    leave_by: datetime | None = None,
    batch_id: int | None = None,
) -> Queued:
    """Queue each invoice at most once: the status is looked at again in this very transaction, whatever the page believed.

    Nothing is handed over before `leaves_at`, the end of the countdown, nor after `leave_by`.
    """
    ids = [request.invoice_id for request in requests]
    if batch_id is not None:
        batch = rows.batch(connection, batch_id)
        if batch.recalled_at is not None:
            return Queued(batch_id=batch_id, invoice_ids=(), refused=dict.fromkeys(ids, Sentence(CANCELLED)))
        leaves_at = batch.leaves_at  # somebody may have chosen another time since its first part was queued
    standing = _standing(connection, ids)
    pending = _still_open(connection, ids)
    gone = _gone(connection, requests)
    refused: dict[int, Sentence] = {}
    queued: list[int] = []
    due: list[_Due] = []
    for request in requests:
        state = standing[request.invoice_id]
        refusal = _refusal(state, request, pending.get(request.invoice_id)) or gone.get(request.invoice_id)
        recipients = {} if refusal else _still_due(connection, request, state)
        if not refusal and not any(role is not RecipientRole.ARCHIVE for role in recipients.values()):
            refusal = Sentence(ALL_HAVE_IT)
        if refusal:
            refused[request.invoice_id] = refusal
            continue
        due.append(_Due(request=request, state=state, recipients=recipients))
        queued.append(request.invoice_id)
        standing[request.invoice_id] = replace(state, status=DispatchStatus.QUEUED)  # the same invoice twice in one request
    if due:  # a batch of nothing would hide the real one
        batch_id = batch_id or rows.new_batch(connection, who=who, now=now, leaves_at=leaves_at, leave_by=leave_by)
        _insert(connection, due, batch_id=batch_id, now=now, due_at=leaves_at or now)
    _settle_invoices(connection, due, now=now)
    _write_down(connection, due, batch_id=batch_id, who=who, now=now)
    return Queued(batch_id=batch_id or 0, invoice_ids=tuple(queued), refused=refused)


def _settle_invoices(connection: Connection, due: Sequence[_Due], *, now: datetime) -> None:
    """Status and ledger of what was queued; it stays in the e-mail ledger, whatever becomes of the tick on the card."""
    for part in chunks([each.state.id for each in due if each.state.ledger is not Ledger.EMAIL]):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(ledger=Ledger.EMAIL))  # seldom: it costs six indexes
    for part in chunks([each.state.id for each in due if each.is_first]):
        first = {"ledger_fixed": True, "status": DispatchStatus.QUEUED, "status_at": now}  # nothing else is known of a first copy
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(**first))
    again = [each.state.id for each in due if not each.is_first]
    for part in chunks(again):
        connection.execute(update(invoices).where(invoices.c.id.in_(part)).values(ledger_fixed=True))
    refresh_status(connection, again, now=now)


def _write_down(connection: Connection, due: Sequence[_Due], *, batch_id: int | None, who: str, now: datetime) -> None:
    """What goes once more is written down with its reason."""
    reasons: dict[str, list[tuple[int, str]]] = {}
    for each in due:
        reasons.setdefault(each.request.again.reason if each.request.again else "", []).append((each.state.company_id, each.state.number))
    for reason, named in reasons.items():
        audit.append_many(connection, named, who=who, what="queued again" if reason else "queued", why=reason, about=f"batch {batch_id}: ", now=now)


def _gone(connection: Connection, requests: Sequence[Request]) -> dict[int, Sentence]:
    """Sealed mails whose Message-ID is known already, and further copies that somebody else was faster with."""
    sealed = {request.seal.message_id: request.invoice_id for request in requests if request.seal}
    found: dict[int, Sentence] = {}
    for part in chunks(list(sealed)):
        used = connection.scalars(select(messages.c.message_id).where(messages.c.message_id.in_(part)))
        found |= {sealed[message_id]: Sentence(SEAL_USED) for message_id in used}
    for request in (each for each in requests if each.again):
        newest = copies.newest(connection, request.invoice_id)
        if newest and request.again and newest.copy_number != request.again.last_copy:
            found[request.invoice_id] = Sentence(AGAIN_SINCE)
    return found


def _standing(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, _Standing]:
    found: dict[int, _Standing] = {}
    for part in chunks(sorted(set(invoice_ids))):
        query = (
            select(
                invoices.c.id,
                invoices.c.status,
                invoices.c.ledger,
                invoices.c.held_because,
                invoices.c.number,
                invoices.c.company_id,
                invoices.c.version.label("invoice_version"),
                customers.c.version.label("customer_version"),
                companies.c.version.label("company_version"),
            )
            .join(customers, invoices.c.customer_id == customers.c.id)
            .join(companies, invoices.c.company_id == companies.c.id)
            .where(invoices.c.id.in_(part))
            .order_by(invoices.c.id)
            .with_for_update(of=invoices)
        )
        found.update({row.id: _Standing(**row._mapping) for row in connection.execute(query)})
    return found


def _still_open(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, DispatchStatus]:
    """Invoices of which any copy, not only the latest, is on its way or uncertain: no other copy may leave meanwhile."""
    found: dict[int, DispatchStatus] = {}
    invoice_of = _copies(connection, invoice_ids)
    for part in chunks(list(invoice_of)):
        query = select(deliveries.c.message_id, deliveries.c.status).where(
            deliveries.c.message_id.in_(part), deliveries.c.role != RecipientRole.ARCHIVE
        )
        for row in connection.execute(query):
            invoice_id = invoice_of[row.message_id]
            if row.status is DeliveryStatus.UNCERTAIN:
                found[invoice_id] = DispatchStatus.UNCERTAIN
            elif row.status in OPEN:
                found.setdefault(invoice_id, DispatchStatus.QUEUED)
    return found


def _copies(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, int]:
    """Messages of these invoices; most have none, and then all that is on its way, which may be much, needs no look."""
    found: dict[int, int] = {}
    for part in chunks(sorted(set(invoice_ids))):
        query = select(messages.c.id, messages.c.invoice_id).where(messages.c.invoice_id.in_(part))
        found.update({row.id: row.invoice_id for row in connection.execute(query)})
    return found


def _refusal(state: _Standing, request: Request, pending: DispatchStatus | None) -> Sentence | None:
    is_again = request.again is not None and state.status is DispatchStatus.SENT
    if state.status not in SENDABLE and not is_again:
        return Sentence(ALREADY[state.status])
    if request.again is not None and not is_again:
        return Sentence(NOT_SENT_YET)
    if state.held_because is not None:
        return Sentence(IT_IS_HELD, {"reason": said(state.held_because)})
    if pending is not None:
        return Sentence(ALREADY[pending])
    if request.seen is not None:
        moved = what_moved(state.versions, request.seen)
        return None if moved is None else Sentence(CHANGED, {"what": moved})
    return None


def _still_due(connection: Connection, request: Request, state: _Standing) -> dict[str, RecipientRole]:
    """The recipients who do not have any copy yet: what was taken for one address never goes there a second time.

    The company's archive gets every copy: it is to hold what each customer got.
    """
    if state.status is DispatchStatus.TO_SEND or request.again is not None:
        return dict(request.recipients)
    have_it = copies.served(connection, request.invoice_id)
    return {recipient: role for recipient, role in request.recipients.items() if recipient.lower() not in have_it}


@dataclass(frozen=True, kw_only=True)
class _Due:
    """An invoice that is queued, as it stands, for those who do not have it."""

    request: Request
    state: _Standing
    recipients: Mapping[str, RecipientRole]

    @property
    def is_first(self) -> bool:
        return self.state.status is DispatchStatus.TO_SEND


_NEW = insert(messages).returning(messages.c.id, sort_by_parameter_order=True)


def _insert(connection: Connection, due: Sequence[_Due], *, batch_id: int, now: datetime, due_at: datetime) -> None:
    """First copies go in together; the others look at the copy before."""
    moment = {"batch_id": batch_id, "queued_at": now, "due_at": due_at}
    first = [each for each in due if each.is_first]
    placed: list[tuple[int, _Due]] = []
    if first:
        connection.execute(insert(messages), [_columns(each, each.request.words) | _identity(each, copy_number=1) | moment for each in first])
        ids = _ids(connection, batch_id, [each.state.id for each in first])
        placed += [(ids[each.state.id], each) for each in first]
    placed += [(_again(connection, each, moment), each) for each in due if not each.is_first]
    connection.execute(
        insert(deliveries),
        [
            {"message_id": row_id, "recipient": recipient, "role": role, "status": DeliveryStatus.QUEUED, "changed_at": now}
            for row_id, each in placed
            for recipient, role in each.recipients.items()
        ],
    )


def _ids(connection: Connection, batch_id: int, invoice_ids: Sequence[int]) -> dict[int, int]:
    """Of new rows, by invoice: much faster than to have each insert return its own."""
    found: dict[int, int] = {}
    for part in chunks(invoice_ids):
        query = select(messages.c.invoice_id, messages.c.id).where(messages.c.invoice_id.in_(part), messages.c.batch_id == batch_id)
        found.update({row.invoice_id: row.id for row in connection.execute(query)})
    return found


def _columns(each: _Due, words: AccompanyingText | None) -> dict[str, object]:
    seal = each.request.seal
    return {
        "invoice_version": each.state.invoice_version,
        "customer_version": each.state.customer_version,
        "company_version": each.state.company_version,
        "sealed_sha256": seal.sha256 if seal else None,
        "sealed_size": seal.size if seal else None,
        "envelope_from": seal.envelope_from if seal else None,
        "edited_subject": words.subject if words else None,
        "edited_body": words.body if words else None,
    }


def _identity(each: _Due, *, copy_number: int) -> dict[str, object]:
    message_id = each.request.seal.message_id if each.request.seal else new_message_id(each.request.message_domain)
    return {"invoice_id": each.state.id, "company_id": each.state.company_id, "copy_number": copy_number, "message_id": message_id}


def _again(connection: Connection, each: _Due, moment: Mapping[str, object]) -> int:
    """The row of the next copy, or that of the former one where no server ever heard of it."""
    former = copies.newest(connection, each.state.id)
    values = {**_columns(each, each.request.words or copies.words_of(former, each.state.invoice_version)), **moment}
    if former is not None and each.request.seal is None and copies.was_never_tried(connection, former):
        connection.execute(delete(deliveries).where(deliveries.c.message_id == former.id))
        connection.execute(update(messages).where(messages.c.id == former.id).values(**values))
        return int(former.id)
    identity = _identity(each, copy_number=former.copy_number + 1 if former else 1)
    return int(connection.scalars(_NEW, [values | identity]).one())
