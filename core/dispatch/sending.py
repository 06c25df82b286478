"""Queue what was chosen, and show one before it goes: pre-flight, preview, confirm. Nothing is handed to a server here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import queueing
from core.database import copies
from core.dispatch import budget, documents, what_changed
from core.dispatch.checking import Checked, checked, preflight
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.errors import ChangedSincePreview, Sentence, joined
from core.model import RecipientRole
from core.preflight import Level
from core.queueing import Queued, Request
from core.records import AccompanyingText, Customer, MailAccount, Versions, what_moved

AT_ONCE = 1000  # invoices per transaction: the write lock is let go between


def queue(desk: Desk, invoice_ids: Sequence[int], *, countdown_s: float = 0, leaves_at: datetime | None = None) -> Queued:
    """Queue all that are ready or only warn; the blocked ones come back with their reasons. Nothing is sent here.

    For `countdown_s` seconds, or until `leaves_at`, nothing leaves, so that the person can still cancel.
    """
    found = checked(desk, list(dict.fromkeys(invoice_ids)))
    blocked = {
        verdict.invoice_id: joined([reason.sentence for reason in verdict.blocked_by]) for verdict in found.verdicts if verdict.level is Level.BLOCKED
    }
    free = [verdict.invoice_id for verdict in found.verdicts if verdict.invoice_id not in blocked]
    if not free:
        return Queued(batch_id=0, invoice_ids=(), refused=blocked)
    return enqueued(desk, [_request(found, each) for each in free], refused=blocked, leaves_at=leaves_at or after(desk, countdown_s))


def enqueued(desk: Desk, requests: Sequence[Request], *, refused: Mapping[int, Sentence], leaves_at: datetime | None) -> Queued:
    """One batch of these, besides what was refused before; the workers are told."""
    batch_id, ids, refused = None, list[int](), dict(refused)
    leave_by = budget.leave_by(desk, [request.invoice_id for request in requests], leaves_at or desk.now())
    for start in range(0, len(requests), AT_ONCE):
        with desk.database.write() as connection:
            part = queueing.enqueue(
                connection,
                requests[start : start + AT_ONCE],
                who=desk.who,
                now=desk.now(),
                leaves_at=leaves_at,
                leave_by=leave_by,
                batch_id=batch_id,
            )
        batch_id = part.batch_id or batch_id
        ids += part.invoice_ids
        refused |= part.refused
    if ids:
        desk.wake(leaves_at)
    return Queued(batch_id=batch_id or 0, invoice_ids=tuple(ids), refused=refused)


def after(desk: Desk, countdown_s: float) -> datetime | None:
    """The end of a countdown, if there is one."""
    return desk.now() + timedelta(seconds=countdown_s) if countdown_s > 0 else None


def _request(found: Checked, invoice_id: int) -> Request:
    """Of what the pre-flight looked at: whatever changed since then stops it."""
    row = found.rows[invoice_id]
    customer, state = found.customers[row.customer_id], found.states[row.company_id]
    return Request(
        invoice_id=invoice_id,
        recipients=recipients(customer, state.account),
        message_domain=state.account.sender.rpartition("@")[2],
        seen=Versions(invoice=row.version, customer=customer.version, company=state.company.version),
    )


def recipients(customer: Customer, account: MailAccount) -> dict[str, RecipientRole]:
    """Envelope recipients, each once; the company's archive copy last."""
    found: dict[str, RecipientRole] = {}
    known: set[str] = set()
    for role, mailbox in customer.recipients:
        if mailbox.addr_spec.lower() not in known:
            known.add(mailbox.addr_spec.lower())
            found[mailbox.addr_spec] = role
    if account.archive_address and account.archive_address.lower() not in known:
        found[account.archive_address] = RecipientRole.ARCHIVE
    return found


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the confirm screen shows, and the versions that it showed."""

    dossier: Dossier
    account: MailAccount
    words: AccompanyingText
    mail: documents.Mail


def preview(desk: Desk, invoice_id: int, *, edited: AccompanyingText | None = None) -> Preview:
    """The mail as it would leave now, with the person's words if there are any, also of a former try. Writes nothing."""
    what = documents.dossier(desk, invoice_id)
    with desk.database.read() as connection:
        edited = edited or copies.former_words(connection, invoice_id, what.stored.version)
    made = documents.mail(desk, what, edited=edited)
    xml_file = next((part.file_name for part in made.attachments if part.mime_type == "application/xml"), "")
    return Preview(
        dossier=what,
        account=desk.account(what.company.id),
        words=edited or documents.words(what, xml_file=xml_file),
        mail=made,
    )


def still_due(desk: Desk, shown: Preview, role: RecipientRole) -> list[str]:
    """The addresses of the card that do not have the invoice yet: where a click would send it."""
    with desk.database.read() as connection:
        have_it = copies.served(connection, shown.dossier.invoice_id)
    return [mailbox.addr_spec for mailbox in shown.dossier.customer.mailboxes(role) if mailbox.addr_spec.lower() not in have_it]


def queue_confirmed(desk: Desk, invoice_id: int, words: AccompanyingText, seen: Versions, *, countdown_s: float = 0) -> Queued:
    """Seal the mail with the confirmed words and queue it. Raises ChangedSincePreview when something moved since."""
    [verdict] = preflight(desk, [invoice_id])
    if verdict.level is Level.BLOCKED:
        return Queued(batch_id=0, invoice_ids=(), refused={invoice_id: joined([reason.sentence for reason in verdict.blocked_by])})
    shown = preview(desk, invoice_id, edited=words)
    if what_moved(shown.dossier.versions, seen) is not None:
        what = what_changed.meanwhile(desk, invoice_id, now=shown.dossier.versions, then=seen)
        raise ChangedSincePreview(number=shown.dossier.invoice.number, what=what)
    now = desk.now()
    message_id = queueing.new_message_id(shown.account.sender.rpartition("@")[2])
    seal = documents.seal(desk, shown.dossier, shown.account, shown.mail, message_id=message_id, now=now)
    request = Request(
        invoice_id=invoice_id,
        recipients=recipients(shown.dossier.customer, shown.account),
        message_domain=shown.account.sender.rpartition("@")[2],
        words=words,
        seal=seal,
        seen=seen,
    )
    leaves_at = after(desk, countdown_s)
    leave_by = budget.leave_by(desk, [invoice_id], leaves_at or now)
    with desk.database.write() as connection:
        queued = queueing.enqueue(connection, [request], who=desk.who, now=now, leaves_at=leaves_at, leave_by=leave_by)
    desk.wake(leaves_at)
    return queued
