"""Queue what was chosen, and work the queue: claim, render, seal, hand over, mark, dot, record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from core import outbox, recording
from core.database import deliveries as rows
from core.database import invoices as invoice_rows
from core.database import parties
from core.database.deliveries import ClaimedMessage
from core.delivery import Stopped, Wire
from core.dispatch import documents
from core.dispatch.checking import preflight
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.errors import ChangedSincePreview, FacturierError, LeaseLost, Sentence, joined
from core.i18n import N_
from core.model import RecipientRole
from core.outbox import Queued, Request, Seal, Versions
from core.outcome import Effect, Reply, explain, judge
from core.preflight import Level
from core.records import AccompanyingText, Company, Customer, MailAccount

log = structlog.get_logger()

CLAIM_AT_ONCE = 10
SETTLE_AGAIN_S = (1, 2, 5, 10, 20, 40)
THE_INVOICE, THE_CARD, THE_TEXT = N_("The invoice"), N_("The customer card"), N_("The company's text or terms")
MOVED = N_("{what} changed after it was queued, so it was stopped. Please look at it again, then send it.")
UNEXPECTED = N_("The mail could not be made: {why}")


# Queueing -------------------------------------------------------------------------------------------------------


def queue(desk: Desk, invoice_ids: Sequence[int]) -> Queued:
    """Queue all that are ready or only warn; the blocked ones come back with their reasons. Nothing is sent here."""
    verdicts = preflight(desk, list(dict.fromkeys(invoice_ids)))
    blocked = {
        verdict.invoice_id: joined([reason.sentence for reason in verdict.blocked_by]) for verdict in verdicts if verdict.level is Level.BLOCKED
    }
    free = [verdict.invoice_id for verdict in verdicts if verdict.invoice_id not in blocked]
    if not free:
        return Queued(batch_id=0, invoice_ids=(), refused=blocked)
    requests = _requests(desk, free)
    with desk.database.write() as connection:
        queued = outbox.enqueue(connection, requests, who=desk.who, now=desk.now())
    return Queued(batch_id=queued.batch_id, invoice_ids=queued.invoice_ids, refused={**blocked, **queued.refused})


def _requests(desk: Desk, invoice_ids: Sequence[int]) -> list[Request]:
    with desk.database.read() as connection:
        found = invoice_rows.rows(connection, invoice_ids)
        customers = parties.load_customers(connection, {row.customer_id for row in found.values()})
        companies = parties.load_companies(connection, {row.company_id for row in found.values()})
    accounts = {company_id: desk.account(company_id) for company_id in companies}
    return [
        _request(invoice_id, found[invoice_id].version, customers[found[invoice_id].customer_id], companies[found[invoice_id].company_id], accounts)
        for invoice_id in invoice_ids
    ]


def _request(invoice_id: int, version: int, customer: Customer, company: Company, accounts: dict[int, MailAccount]) -> Request:
    account = accounts[company.id]
    return Request(
        invoice_id=invoice_id,
        recipients=recipients(customer, account),
        message_domain=account.sender.rpartition("@")[2],
        seen=Versions(invoice=version, customer=customer.version, company=company.version),
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
    """The mail as it would leave now, with the person's words if there are any. Writes nothing."""
    what = documents.dossier(desk, invoice_id)
    made = documents.mail(desk, what, edited=edited)
    xml_file = next((part.file_name for part in made.attachments if part.mime_type == "application/xml"), "")
    return Preview(
        dossier=what,
        account=desk.account(what.company.id),
        words=edited or documents.words(what, xml_file=xml_file),
        mail=made,
    )


def queue_confirmed(desk: Desk, invoice_id: int, words: AccompanyingText, seen: Versions) -> Queued:
    """Seal the mail with the confirmed words and queue it. Raises ChangedSincePreview when something moved since."""
    [verdict] = preflight(desk, [invoice_id])
    if verdict.level is Level.BLOCKED:
        return Queued(batch_id=0, invoice_ids=(), refused={invoice_id: joined([reason.sentence for reason in verdict.blocked_by])})
    shown = preview(desk, invoice_id, edited=words)
    if shown.dossier.versions != seen:
        raise ChangedSincePreview(number=shown.dossier.invoice.number, what=_moved(shown.dossier.versions, seen))
    now = desk.now()
    message_id = outbox.new_message_id(shown.account.sender.rpartition("@")[2])
    seal = documents.seal(desk, shown.dossier, shown.account, shown.mail, message_id=message_id, now=now)
    request = Request(
        invoice_id=invoice_id,
        recipients=recipients(shown.dossier.customer, shown.account),
        message_domain=shown.account.sender.rpartition("@")[2],
        seal=seal,
        seen=seen,
    )
    with desk.database.write() as connection:
        return outbox.enqueue(connection, [request], who=desk.who, now=now)


def _moved(now: Versions, then: Versions) -> Sentence:
    if now.invoice != then.invoice:
        return Sentence(THE_INVOICE)
    return Sentence(THE_CARD) if now.customer != then.customer else Sentence(THE_TEXT)


# Working the queue ----------------------------------------------------------------------------------------------


@dataclass
class Worker:
    """Works the outbox with one kept connection per company. Several may run, on several machines."""

    desk: Desk
    name: str
    wires: dict[int, Wire] = field(default_factory=dict)

    @property
    def patience(self) -> recording.Patience:
        return recording.Patience(retry_hours=self.desk.settings.retry_hours, back_off_s=self.desk.settings.back_off_s)

    def step(self) -> int:
        """One pass: free what dead workers hold, claim, deliver. Returns how many messages were worked on."""
        desk = self.desk
        now = desk.now()
        with desk.database.read() as connection:
            overdue = rows.any_lease_over(connection, now=now)
        if overdue:
            with desk.database.write() as connection:
                outbox.sweep(connection, now=now)
        with desk.database.write() as connection:
            rows.beat(connection, self.name, now=now)
            claimed = outbox.claim(connection, worker=self.name, limit=CLAIM_AT_ONCE, lease_s=desk.settings.claim_lease_s, now=now)
        troubled: set[int] = set()
        for message in claimed:
            if message.company_id in troubled:
                self._put_back(message)
            elif not self._deliver(message):
                troubled.add(message.company_id)
        return len(claimed)

    def close(self) -> None:
        for wire in self.wires.values():
            wire.quit()
        self.wires.clear()

    def _deliver(self, message: ClaimedMessage) -> bool:
        """False when the account is in trouble: its other messages wait."""
        try:
            return self._hand_over(message)
        except LeaseLost:
            self._drop_wire(message.company_id)
            log.info("lease lost", message_id=message.message_id)
        except FacturierError as error:
            self._fail(message, error.sentence)
        except Exception as error:
            self._drop_wire(message.company_id)
            log.exception("delivery failed", message_id=message.message_id)
            self._fail(message, Sentence(UNEXPECTED, {"why": f"{type(error).__name__}: {error}"}))
        return True

    def _hand_over(self, message: ClaimedMessage) -> bool:
        desk = self.desk
        lease = _Lease(desk, message)
        lease.keep()
        what = documents.dossier(desk, message.invoice_id)
        moved = _what_moved(what, message)
        if moved:
            with desk.database.write() as connection:
                recording.hold(connection, message, Sentence(MOVED, {"what": moved}), now=desk.now())
            return True
        wire = self._wire(message.company_id)
        seal, content = self._sealed(message, what, wire.account)
        try:
            handed = wire.body(seal.envelope_from, list(message.recipients), content, keep=lease.keep)
        except Stopped as stopped:
            return self._not_handed(message, stopped.reply)
        if not handed.accepted:
            self._settle(message, handed.refused)
            return True
        try:
            with desk.database.write() as connection:
                now = desk.now()
                outbox.mark_sending(connection, message, handed.accepted, seal=seal, lease_s=desk.settings.sending_lease_s, now=now)
                recording.settle(connection, message, handed.refused, patience=self.patience, now=now)
        except BaseException:
            wire.abandon()
            raise
        reply = wire.dot()
        self._settle(message, dict.fromkeys(handed.accepted, reply), well=judge(reply) is Effect.SENT)
        return True

    def _sealed(self, message: ClaimedMessage, what: Dossier, account: MailAccount) -> tuple[Seal, bytes]:
        """The bytes of a former attempt or of the confirm screen; else composed now."""
        if message.sealed_sha256:
            content = self.desk.archive.get(message.sealed_sha256)
            sender = message.envelope_from or account.sender
            return Seal(message_id=message.message_id, sha256=message.sealed_sha256, size=len(content), envelope_from=sender), content
        seal = documents.seal(self.desk, what, account, documents.mail(self.desk, what), message_id=message.message_id, now=self.desk.now())
        return seal, self.desk.archive.get(seal.sha256)

    def _wire(self, company_id: int) -> Wire:
        """The kept connection, made anew when somebody changed the account."""
        account = self.desk.account(company_id)
        wire = self.wires.get(company_id)
        if wire is None or not _same_server(wire.account, account):
            self._drop_wire(company_id)
            wire = Wire(account, timeout_s=self.desk.settings.connect_timeout_s, reply_wait_s=self.desk.settings.reply_wait_s)
            self.wires[company_id] = wire
        return wire

    def _drop_wire(self, company_id: int) -> None:
        wire = self.wires.pop(company_id, None)
        if wire is not None:
            wire.close()

    def _not_handed(self, message: ClaimedMessage, reply: Reply) -> bool:
        effect = judge(reply)
        if effect not in (Effect.PAUSE, Effect.WAIT):
            self._settle(message, dict.fromkeys(message.recipients, reply))
            return True
        now = self.desk.now()
        log.warning("account in trouble", company=message.company_id, stage=reply.stage, code=reply.code, reply=reply.text)
        with self.desk.database.write() as connection:
            recording.account_trouble(connection, message.company_id, reply, patience=self.patience, now=now)
            recording.put_back(connection, message, due_at=now, because=explain(reply, effect), now=now)
        return False

    def _settle(self, message: ClaimedMessage, answers: dict[str, Reply], *, well: bool = False) -> None:
        """Write the answers down, stubbornly: a database that is gone for a moment must not make a known answer unknown."""
        for pause_s in (*SETTLE_AGAIN_S, None):
            try:
                with self.desk.database.write() as connection:
                    recording.settle(connection, message, answers, patience=self.patience, now=self.desk.now())
                    if well:
                        recording.account_well(connection, message.company_id)
                return
            except OperationalError:
                if pause_s is None:
                    raise
                log.warning("database does not answer, trying again", message_id=message.message_id)
                time.sleep(pause_s)

    def _put_back(self, message: ClaimedMessage) -> None:
        with self.desk.database.write() as connection:
            recording.put_back(connection, message, due_at=self.desk.now(), now=self.desk.now())

    def _fail(self, message: ClaimedMessage, because: Sentence) -> None:
        with self.desk.database.write() as connection:
            recording.fail(connection, message, because, now=self.desk.now())


@dataclass
class _Lease:
    """Renewed when half of it is over, so that a slow line does not lose it."""

    desk: Desk
    message: ClaimedMessage
    renew_at: float = field(init=False)

    def __post_init__(self) -> None:
        left = (self.message.lease_until - self.desk.now()).total_seconds()
        self.renew_at = time.monotonic() + left - self.desk.settings.claim_lease_s / 2

    def keep(self) -> None:
        if time.monotonic() < self.renew_at:
            return
        lease_s = self.desk.settings.claim_lease_s
        with self.desk.database.write() as connection:
            outbox.renew(connection, self.message, lease_s=lease_s, now=self.desk.now())
        self.renew_at = time.monotonic() + lease_s / 2


def _what_moved(what: Dossier, message: ClaimedMessage) -> Sentence | None:
    then = Versions(invoice=message.invoice_version, customer=message.customer_version, company=message.company_version)
    return None if what.versions == then else _moved(what.versions, then)


def _same_server(one: MailAccount, other: MailAccount) -> bool:
    names = ("host", "port", "security", "user", "password", "from_mailbox", "envelope_from")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def drain(
    desk: Desk,
    *,
    name: str,
    until: Callable[[], bool],
    timeout_s: float | None = None,
) -> None:
    """Work until `until()` says so, nothing workable is left, or the time is over."""
    worker = Worker(desk=desk, name=name)
    end = None if timeout_s is None else time.monotonic() + timeout_s
    with contextlib.closing(worker):
        while not until() and (end is None or time.monotonic() < end):
            if worker.step() == 0:
                time.sleep(min(desk.settings.poll_s, 0.2))


PATIENCE = timedelta(seconds=60)


def nothing_workable(desk: Desk) -> bool:
    """Whether all mails are final, or their account is paused for longer than a moment."""
    with desk.database.read() as connection:
        return rows.open_count(connection, workable_at=desk.now() + PATIENCE) == 0


def nothing_due(desk: Desk) -> bool:
    """The same, and what is to be tried again later than in a moment does not count either."""
    soon = desk.now() + PATIENCE
    with desk.database.read() as connection:
        return rows.open_count(connection, workable_at=soon, due_by=soon) == 0
