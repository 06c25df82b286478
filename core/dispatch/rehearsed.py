"""What was rehearsed lately: what changed since, and “send what I rehearsed”: the very bytes, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Connection, Row

from core import bounces, eml, reasons
from core.database import parties, rehearsal_rows
from core.dispatch import sending, what_changed
from core.dispatch.checking import preflight
from core.dispatch.desk import Desk
from core.dispatch.rehearsal_files import Rehearsed
from core.errors import RehearsalUnknown, Sentence, joined
from core.i18n import N_
from core.model import SENDABLE
from core.preflight import Level
from core.queueing import ALREADY, Queued, Request
from core.records import IT_IS_HELD, MailAccount, Seal, Versions, what_moved

LATELY = timedelta(days=7)
LISTED = 10

NEWER = N_("It was rehearsed again since (rehearsal {rehearsal}); that one counts.")
SENT_SINCE = N_("It was sent, or tried, since it was rehearsed. Rehearse it again.")
CHANGED = N_("{what} changed since it was rehearsed. Rehearse it again.")
OTHER_SENDER = N_("The sender of the company is another one since it was rehearsed. Rehearse it again.")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One rehearsal as it stands now: `refused` are those of its mails that cannot go as they were rehearsed, and why."""

    id: int
    at: datetime
    by: str
    destination: str
    sent_at: datetime | None
    mails: Sequence[Row[Any]]
    refused: Mapping[int, Sentence]

    @property
    def free(self) -> list[int]:
        """Invoices whose rehearsed mail may leave."""
        return [row.invoice_id for row in self.mails if row.invoice_id not in self.refused]

    def number(self, invoice_id: int) -> str:
        return next(str(row.number) for row in self.mails if row.invoice_id == invoice_id)


def lately(desk: Desk) -> list[Kept]:
    """Of the last week, the newest first. Reads only."""
    with desk.database.read() as connection:
        rows = rehearsal_rows.newest(connection, since=desk.now() - LATELY, limit=LISTED)
        return [_kept(desk, connection, row) for row in rows]


def find(desk: Desk, rehearsal_id: int) -> Kept:
    """Raises RehearsalUnknown."""
    with desk.database.read() as connection:
        row = rehearsal_rows.load(connection, rehearsal_id)
        if row is None:
            raise RehearsalUnknown(rehearsal=rehearsal_id)
        return _kept(desk, connection, row)


def files(kept: Kept, desk: Desk) -> list[Rehearsed]:
    """The mails of a former rehearsal, for a file; what is written in them is read from them."""
    return [_as_rehearsed(desk, row) for row in kept.mails]


def _as_rehearsed(desk: Desk, row: Row[Any]) -> Rehearsed:
    message = eml.parsed(desk.archive.get(row.sealed_sha256), headers_only=True)
    return Rehearsed(
        invoice_id=row.invoice_id,
        company_id=row.company_id,
        number=row.number,
        customer=row.customer_name,
        recipients=tuple(_went_to(desk, row)),
        subject=eml.header(message, "Subject"),
        seal=_seal(row),
        versions=_versions(row),
        warnings=(),
    )


def _addresses(message: EmailMessage, name: str) -> list[str]:
    field = message[name]
    return [address.addr_spec for address in field.addresses] if field is not None else []


def _kept(desk: Desk, connection: Connection, row: Row[Any]) -> Kept:
    mails = rehearsal_rows.mails(connection, row.id)
    ids = [mail.invoice_id for mail in mails]
    newest = rehearsal_rows.newest_of(connection, ids)
    since = rehearsal_rows.queued_since(connection, ids, row.created_at)
    refused: dict[int, Sentence] = {}
    for mail in mails:
        why = _refusal(desk, connection, mail, row.created_at, newest[mail.invoice_id], was_queued=mail.invoice_id in since)
        if why is not None:
            refused[mail.invoice_id] = why
    own = row._mapping
    return Kept(id=row.id, at=row.created_at, by=row.created_by, destination=row.destination, sent_at=own["sent_at"], mails=mails, refused=refused)


def _refusal(desk: Desk, connection: Connection, mail: Row[Any], at: datetime, newest: int, *, was_queued: bool) -> Sentence | None:
    if mail.status not in SENDABLE:
        return Sentence(ALREADY[mail.status])
    if mail.held_because is not None:
        return Sentence(IT_IS_HELD, {"reason": reasons.said(mail.held_because)})
    if was_queued:
        return Sentence(SENT_SINCE)
    if newest != mail.rehearsal_id:
        return Sentence(NEWER, {"rehearsal": str(newest)})
    now = Versions(invoice=mail.invoice_now, customer=mail.customer_now, company=mail.company_now)
    if what_moved(now, _versions(mail)) is None:
        return None
    what = what_changed.since(desk, connection, mail.invoice_id, now=now, then=_versions(mail), at=at, to=_went_to(desk, mail))
    return Sentence(CHANGED, {"what": what})


def _went_to(desk: Desk, row: Row[Any]) -> list[str]:
    message = eml.parsed(desk.archive.get(row.sealed_sha256), headers_only=True)
    return [address for name in ("To", "Cc") for address in _addresses(message, name)]


def _versions(row: Row[Any]) -> Versions:
    return Versions(invoice=row.invoice_version, customer=row.customer_version, company=row.company_version)


def _seal(row: Row[Any]) -> Seal:
    return Seal(message_id=row.message_id, sha256=row.sealed_sha256, size=row.sealed_size, envelope_from=row.envelope_from)


def send(desk: Desk, rehearsal_id: int, *, countdown_s: float = 0, leaves_at: datetime | None = None) -> Queued:
    """Queue the sealed mails of a rehearsal as they are; what moved, left or was rehearsed again since is refused with its reason."""
    kept = find(desk, rehearsal_id)
    refused = dict(kept.refused)
    for verdict in preflight(desk, kept.free):
        if verdict.level is Level.BLOCKED:
            refused[verdict.invoice_id] = joined([reason.sentence for reason in verdict.blocked_by])
    rows = [row for row in kept.mails if row.invoice_id not in refused]
    accounts = {company_id: desk.account(company_id) for company_id in {row.company_id for row in rows}}
    refused |= {row.invoice_id: Sentence(OTHER_SENDER) for row in rows if not _has_this_sender(desk, row, accounts[row.company_id])}
    requests = _requests(desk, [row for row in rows if row.invoice_id not in refused], accounts)
    if not requests:
        return Queued(batch_id=0, invoice_ids=(), refused=refused)
    queued = sending.enqueued(desk, requests, refused=refused, leaves_at=leaves_at or sending.after(desk, countdown_s))
    if queued.invoice_ids:
        with desk.database.write() as connection:
            rehearsal_rows.set_sent(connection, rehearsal_id, now=desk.now())
    return queued


def _has_this_sender(desk: Desk, row: Row[Any], account: MailAccount) -> bool:
    """The account is no part of the versions: who writes, and where answers go, is read from the mail itself."""
    if account.from_mailbox is None or not bounces.is_sender(row.envelope_from, account, row.message_id):
        return False
    message = eml.parsed(desk.archive.get(row.sealed_sha256), headers_only=True)
    wanted = {"From": account.from_mailbox, "Reply-To": account.reply_to}
    return all(_addresses(message, name) == ([mailbox.addr_spec] if mailbox else []) for name, mailbox in wanted.items())


def _requests(desk: Desk, rows: Sequence[Row[Any]], accounts: Mapping[int, MailAccount]) -> list[Request]:
    with desk.database.read() as connection:
        customers = parties.load_customers(connection, {row.customer_id for row in rows})
    return [
        Request(
            invoice_id=row.invoice_id,
            recipients=sending.recipients(customers[row.customer_id], accounts[row.company_id]),
            message_domain=accounts[row.company_id].sender.rpartition("@")[2],
            seal=_seal(row),
            seen=_versions(row),
        )
        for row in rows
    ]
