"""What only a person can say: sent after all, send again, already sent elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from core import reasons, recording
from core.database import audit, batch_rows, bounce_rows, parties
from core.database import deliveries as rows
from core.database import invoices as invoice_rows
from core.database.schema import deliveries, invoices, messages
from core.database.statuses import refresh_status
from core.dispatch import what_changed
from core.dispatch.desk import Desk
from core.errors import DeliveryNotOpen, DeliveryNotSent, DeliveryUnknown, ReasonMissing, ResendImpossible, Sentence, SettledSince
from core.i18n import N_
from core.model import DeliveryStatus, DispatchStatus, Ledger, RecipientRole
from core.records import Versions, what_moved

NEWER_COPY = N_("there is a newer copy of it")
MOVED_SINCE = N_("{what} changed since the mail was made")
SOMEBODY_HOLDS_IT = N_("somebody holds it")
MARKED_ELSEWHERE = N_("it is marked as sent elsewhere")
SETTLABLE = frozenset({DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED, DeliveryStatus.BOUNCED})
CAME_BACK = N_("Came back, says {who}: {reason}")
SAYS = N_("{reason} (says {who})")
PAUSED_BY = recording.PAUSED_BY
LONGEST_REASON = 1000  # of a notice that was pasted whole
LONGEST_WARNING = 200
SAID: Mapping[str, str] = {
    "sent": N_("Settled by {who}: {reason}"),
    "resend": N_("Sent again by {who}: {reason}"),
    "failed": N_("Not arrived, says {who}: {reason}"),
}
STATES: Mapping[str, DeliveryStatus] = {"sent": DeliveryStatus.SENT, "resend": DeliveryStatus.QUEUED, "failed": DeliveryStatus.FAILED}
MARKABLE = frozenset({DispatchStatus.TO_SEND, DispatchStatus.TO_PRINT, DispatchStatus.HELD, DispatchStatus.FAILED, DispatchStatus.BOUNCED})
CANNOT_MARK = N_("It has left, is about to, or is marked already; only what has not left can be marked as sent elsewhere.")
NOT_MARKED = N_("It is not marked as sent elsewhere.")


Flagged = tuple[Sentence, datetime]  # why and when


class Settlement(StrEnum):
    """What a person knows of an uncertain or failed delivery."""

    SENT = "sent"
    RESEND = "resend"
    FAILED = "failed"  # it did not arrive; what to do about it is decided in the ledger


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What a person said of a delivery, with what stood there before, for `take_back`."""

    delivery_id: int
    at: datetime
    former: Mapping[str, Any] = field(repr=False)  # status, because, changed_at, and the claim that a late answer may still settle
    batch_id: int = 0  # of a mail that goes again
    former_flag: Flagged | None = None  # what warned of the address before


def resolve(desk: Desk, delivery_id: int, how: Settlement, *, reason: str, countdown_s: float = 0) -> Settled:
    """Settle an uncertain or failed delivery: it did leave, it did not, or the same sealed mail goes to that address again.

    What goes again waits for `countdown_s` seconds in a batch of its own; cancelled, it stands where it stood.
    Raises DeliveryNotOpen, and ResendImpossible when the sealed mail is no longer what should leave.
    """
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        row = connection.execute(_delivery(delivery_id)).first()
        if row is None:
            raise DeliveryUnknown(delivery=delivery_id)
        if row.status not in SETTLABLE:
            raise DeliveryNotOpen(delivery=delivery_id, status=row.status.value)
        because = Sentence(SAID[how], {"who": desk.who, "reason": reasons.said(reason)})
        values: dict[str, Any] = {"status": STATES[how], "changed_at": now, "because": because, "claim": None}
        former, batch_id = _former(row), 0
        if how is Settlement.RESEND:
            values |= {"first_try_at": None, "tries": 0} | {f"former_{name}": former[name] for name in ("status", "because", "changed_at")}
            leaves_at = now + timedelta(seconds=countdown_s) if countdown_s > 0 else None
            batch_id = rows.send_again(
                connection, row.message, who=desk.who, now=now, leaves_at=leaves_at, leave_by=_leave_by(desk, leaves_at or now)
            )
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
        refresh_status(connection, [row.invoice_id], now=now)
        if how is Settlement.RESEND:
            _refuse_outdated(desk, connection, row)  # the invoice is locked by now: nobody holds it in between
        unflagged = _unflag(connection, row) if how is Settlement.SENT else None
        subject = f"{row.number} → {row.recipient}"
        audit.append(connection, company_id=row.company_id, who=desk.who, what=f"settled: {how.value}", subject=subject, why=reason, now=now)
    return Settled(delivery_id=delivery_id, at=now, former=former, batch_id=batch_id, former_flag=unflagged)


def _leave_by(desk: Desk, leaves_at: datetime) -> datetime:
    return leaves_at + timedelta(hours=desk.settings.leave_within_hours)


def _former(row: Row[Any]) -> dict[str, Any]:
    return {"status": row.status, "because": row.because, "changed_at": row.changed_at, "claim": row.claim}


def take_back(desk: Desk, settled: Sequence[Settled]) -> None:
    """Put state and reason back as they stood before a person settled it. Raises SettledSince where something else happened meanwhile."""
    now = desk.now()
    with desk.database.write() as connection:
        if any(each.batch_id for each in settled):  # what goes again is cancelled as its batch
            raise SettledSince(number="–", recipient="–")
        for each in sorted(settled, key=lambda one: one.delivery_id):
            row = connection.execute(_delivery(each.delivery_id)).first()
            if row is None:
                raise DeliveryUnknown(delivery=each.delivery_id)
            if row.changed_at != each.at or _newest_copy(connection, row.invoice_id) != row.copy_number:
                raise SettledSince(number=row.number, recipient=row.recipient)
            connection.execute(update(deliveries).where(deliveries.c.id == each.delivery_id).values(**each.former))
            _unflag(connection, row)
            if each.former_flag is not None and _known(connection, row) is None:
                bounce_rows.flag(connection, row.customer_id, row.recipient, each.former_flag[0], at=each.former_flag[1])
            refresh_status(connection, [row.invoice_id], now=now)
            subject = f"{row.number} → {row.recipient}"
            audit.append(connection, company_id=row.company_id, who=desk.who, what="settlement undone", subject=subject, now=now)


def came_back(desk: Desk, delivery_id: int, *, reason: str) -> Settled:
    """A non-delivery notice came in for a mail that the server had taken; the next pre-flight warns of the address.

    Raises DeliveryNotSent.
    """
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        row = connection.execute(_delivery(delivery_id)).first()
        if row is None:
            raise DeliveryUnknown(delivery=delivery_id)
        if row.status is not DeliveryStatus.SENT:
            raise DeliveryNotSent(recipient=row.recipient)
        because = Sentence(CAME_BACK, {"who": desk.who, "reason": reasons.said(" ".join(reason.split())[:LONGEST_REASON])})
        values = {"status": DeliveryStatus.BOUNCED, "changed_at": now, "because": because}
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
        former_flag = _flag(connection, row, desk.who, reason, now=now)
        refresh_status(connection, [row.invoice_id], now=now)
        subject = f"{row.number} → {row.recipient}"
        audit.append(connection, company_id=row.company_id, who=desk.who, what="came back", subject=subject, why=reason.strip(), now=now)
    return Settled(delivery_id=delivery_id, at=now, former=_former(row), former_flag=former_flag)


def _flag(connection: Connection, row: Row[Any], who: str, reason: str, *, now: datetime) -> Flagged | None:
    """The next pre-flight warns of the address, as after a notice that was read. Returns what warned of it before."""
    if row.role is RecipientRole.ARCHIVE:
        return None
    former = _known(connection, row)
    words = " ".join(reason.split())[:LONGEST_WARNING].rstrip(". ")
    bounce_rows.flag(connection, row.customer_id, row.recipient, Sentence(SAYS, {"who": who, "reason": reasons.said(words)}), at=now)
    return former


def _unflag(connection: Connection, row: Row[Any]) -> Flagged | None:
    """Only what a person said of this very mail: the flag then has the time at which the delivery came back. Returns what stood there."""
    if row.status is not DeliveryStatus.BOUNCED or row.because is None or row.because.template != CAME_BACK:
        return None
    known = _known(connection, row)
    if known is None or known[1] != row.changed_at:
        return None
    bounce_rows.unflag(connection, row.customer_id, row.recipient)
    return known


def _known(connection: Connection, row: Row[Any]) -> Flagged | None:
    return bounce_rows.flagged(connection, [row.customer_id]).get(row.customer_id, {}).get(row.recipient.lower())


def _delivery(delivery_id: int) -> Select[Any]:
    """Locked: a late reply of the server must not come in between the look and the word of a person."""
    return (
        select(
            deliveries.c.status,
            deliveries.c.because,
            deliveries.c.changed_at,
            deliveries.c.claim,
            deliveries.c.recipient,
            deliveries.c.role,
            messages.c.id.label("message"),
            messages.c.copy_number,
            messages.c.invoice_version,
            messages.c.customer_version,
            messages.c.company_version,
            messages.c.invoice_id,
            invoices.c.number,
            invoices.c.company_id,
            invoices.c.customer_id,
        )
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(invoices, messages.c.invoice_id == invoices.c.id)
        .where(deliveries.c.id == delivery_id)
        .with_for_update(of=deliveries)
    )


def _refuse_outdated(desk: Desk, connection: Connection, row: Row[Any]) -> None:
    """The same bytes go again only while they are the latest copy, nothing moved since they were made, and nobody stops the invoice."""
    stopped = connection.execute(select(invoices.c.held_because, invoices.c.elsewhere_because).where(invoices.c.id == row.invoice_id)).one()
    for because, why in ((stopped.held_because, SOMEBODY_HOLDS_IT), (stopped.elsewhere_because, MARKED_ELSEWHERE)):
        if because is not None:
            raise ResendImpossible(number=row.number, why=Sentence(why))
    if _newest_copy(connection, row.invoice_id) != row.copy_number:
        raise ResendImpossible(number=row.number, why=Sentence(NEWER_COPY))
    then = Versions(invoice=row.invoice_version, customer=row.customer_version, company=row.company_version)
    now = rows.versions_now(connection, row.message)
    assert now is not None  # its delivery is locked
    if what_moved(now, then) is not None:
        what = what_changed.of_message(desk, connection, row.message, row.invoice_id, now=now, then=then)
        raise ResendImpossible(number=row.number, why=Sentence(MOVED_SINCE, {"what": what}))


def _newest_copy(connection: Connection, invoice_id: int) -> int:
    return connection.scalar(select(func.max(messages.c.copy_number)).where(messages.c.invoice_id == invoice_id)) or 0


def waiting_before(desk: Desk, day: date, *, ledger: Ledger | None = None, company_id: int | None = None) -> list[int]:
    """What has not left and was issued before that day: the history of a clean start."""
    with desk.database.read() as connection:
        return invoice_rows.issued_before(connection, day, ledger=ledger, company_id=company_id)


def mark_elsewhere(desk: Desk, invoice_ids: Sequence[int], *, reason: str) -> dict[int, Sentence]:
    """Mark as sent by another way, so that “select all” does not mail it. Returns what could not be marked, with the reason."""
    if not reason.strip():
        raise ReasonMissing
    return _mark(desk, invoice_ids, reason.strip(), MARKABLE, CANNOT_MARK, what="marked elsewhere")


def unmark_elsewhere(desk: Desk, invoice_ids: Sequence[int], *, reason: str) -> dict[int, Sentence]:
    """Undo the mark."""
    return _mark(desk, invoice_ids, None, frozenset({DispatchStatus.ELSEWHERE}), NOT_MARKED, what="unmarked elsewhere", why=reason)


def _mark(
    desk: Desk, invoice_ids: Sequence[int], because: str | None, allowed: frozenset[DispatchStatus], refusal: str, *, what: str, why: str = ""
) -> dict[int, Sentence]:
    now = desk.now()
    with desk.database.write() as connection:
        found = invoice_rows.rows(connection, invoice_ids, lock=True)
        refused = {row.id: Sentence(refusal) for row in found.values() if row.status not in allowed}
        chosen = [row for row in found.values() if row.id not in refused]
        invoice_rows.set_elsewhere(connection, [row.id for row in chosen], because, now=now)
        named = [(row.company_id, row.number) for row in chosen]
        audit.append_many(connection, named, who=desk.who, what=what, why=because or why, now=now)
    return refused


def resume(desk: Desk, company_id: int) -> None:
    """Somebody mended the account: its queued mails leave."""
    now = desk.now()
    with desk.database.write() as connection:
        recording.account_mended(connection, company_id)
        audit.append(connection, company_id=company_id, who=desk.who, what="account resumed", subject="", now=now)


def pause(desk: Desk, company_id: int, *, reason: str) -> None:
    """Nothing of this company leaves until somebody resumes its account; what is queued stays queued."""
    if not reason.strip():
        raise ReasonMissing
    now = desk.now()
    with desk.database.write() as connection:
        because = Sentence(PAUSED_BY, {"who": desk.who, "reason": reasons.said(reason.strip())})
        recording.pause(connection, company_id, because, now=now)
        batch_rows.take_from_workers(connection, messages.c.company_id == company_id, now=now)
        audit.append(connection, company_id=company_id, who=desk.who, what="account paused", subject="", why=reason.strip(), now=now)


def paused_accounts(desk: Desk) -> list[tuple[str, str, Sentence, datetime | None]]:
    """Key, name, reason and end of each account that waits or is paused."""
    with desk.database.read() as connection:
        found = []
        for company in parties.load_companies(connection).values():
            row = parties.load_account_row(connection, company.id)
            if row.paused_at:
                found.append((company.key, company.name, row.paused_because, row.paused_until))
    return found
