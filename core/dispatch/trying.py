"""Try a mail account: connect and log in, or send one mail to oneself. Nothing of it reaches a customer; the mail counts in the limits."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core import i18n, queueing
from core.connection import Stopped
from core.database import audit, recent
from core.delivery import Wire
from core.dispatch import documents, signing, trial_room
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.errors import AccountUnset, DocumentImpossible, LinesTaken, NoRoomToday, NoRoomYet, Sentence, SignInAway, TrialToCustomer
from core.i18n import N_
from core.mailbox import Mailbox, parse
from core.outcome import Effect, Reply, Stage, judge, spoken
from core.records import AccompanyingText, Company, Login, MailAccount
from core.rendering import mail_text, message
from core.rendering.mail_text import MailText
from core.rendering.message import Attachment, Envelope

PATIENCE_S = 20  # a person is waiting
SUBJECT = N_("Test: {subject}")
NOTHING_YET = N_("mail from {company}")
NOTHING_YET_TEXT = N_(
    "This mail was sent by Facturier to try the mail account of {company}. The account works. There is no invoice yet; "
    "as soon as there is one, a test shows the mail that its customer would get."
)
NO_SUCH_SERVER = N_("There is no mail server named {host}. Look at its name once more.")
NO_ANSWER = N_("{host} does not answer on port {port}. Look at server, port and protection; a firewall may also stand between.")
NOT_SAFE = N_("There is no safe connection to {host}: “{reply}” Port 587 usually wants STARTTLS, port 465 wants TLS.")
LOGIN = N_("{host} refuses user or password: “{reply}” Many providers want an app password here instead of the usual one.")
NO_LOGIN = N_("{host} does not let anybody log in this way: “{reply}” Look at port and protection, or leave the user empty.")
SENDER = N_("{host} refuses the sender {sender}: “{reply}”")
RECIPIENT = N_("{host} refuses the address {address}: “{reply}”")
TOO_BIG = N_("The test is too big for {host}: “{reply}” The terms of sale may be large.")
REFUSED = N_("{host} does not take the test: “{reply}”")
LINE_LOST = N_("The line to {host} broke before the test was complete, so nothing left. Try again in a moment.")
UNCERTAIN = N_("{host} has the test but did not say whether it takes it. Look whether it arrives.")


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What the server took for the one address."""

    address: str
    subject: str
    number: str = ""  # of the invoice that it shows


def connection(desk: Desk, company: Company) -> Sentence | None:
    """Connect and log in; nothing is sent. What stands in the way, if anything does."""
    account = _account(desk, company)
    try:
        with trial_room.of(desk, account), open_wire(desk, account) as wire:
            wire.check()
    except Stopped as stopped:
        return what_went_wrong(stopped.reply, account, cause=stopped.__cause__)
    except LinesTaken as taken:
        return taken.sentence
    return None


def send_to(desk: Desk, company: Company, address: str) -> Tried | Sentence:
    """Send the newest invoice's mail to that address alone; a sentence when the server does not take it.

    Raises AddressInvalid, AccountUnset, TrialToCustomer, or what stands in the way of making the mail. The invoice stays as it is.
    """
    account, mailbox = _account(desk, company), parse(address)
    refuse_customers(desk, mailbox)
    with desk.database.read() as reading:
        newest = recent.newest(reading, company.id)
    what = documents.dossier(desk, newest[0].id) if newest else None
    text, attachments = _shown(desk, what) if what else _bare(company)
    composed = _composed(desk, account, mailbox, text, attachments)
    number = what.invoice.number if what else ""
    try:
        with trial_room.of(desk, account) as room:
            room.take()
            with desk.database.write() as writing:
                why = f"{mailbox.addr_spec} {number}".strip()
                audit.append(writing, company_id=company.id, who=desk.who, what="test mail", subject=company.key, why=why, now=desk.now())
            trouble = _handed_over(desk, account, mailbox.addr_spec, composed)
    except (LinesTaken, NoRoomYet, NoRoomToday) as full:
        return full.sentence
    return trouble or Tried(address=mailbox.addr_spec, subject=text.subject, number=number)


def refuse_customers(desk: Desk, mailbox: Mailbox) -> None:
    """Raises TrialToCustomer: a test that reached a customer would be taken for an invoice."""
    with desk.database.read() as reading:
        customer = recent.customer_with(reading, mailbox.addr_spec)
    if customer:
        raise TrialToCustomer(address=mailbox.addr_spec, customer=customer)


def proposed_address(account: MailAccount) -> str:
    """Reply-to, else the sender."""
    mailbox = account.reply_to or account.from_mailbox
    return mailbox.addr_spec if mailbox else ""


def _account(desk: Desk, company: Company) -> MailAccount:
    account = desk.account(company.id)
    if not account.is_set:
        raise AccountUnset(company=company.name)
    return account


def _shown(desk: Desk, what: Dossier) -> tuple[MailText, tuple[Attachment, ...]]:
    """The mail as it would leave now, with the word for “test” before its subject."""
    made = documents.mail(desk, what)
    return replace(made.text, subject=i18n.translate(what.language, SUBJECT, subject=made.text.subject)), made.attachments


def _bare(company: Company) -> tuple[MailText, tuple[Attachment, ...]]:
    subject = i18n.translate(company.language, SUBJECT, subject=i18n.translate(company.language, NOTHING_YET, company=company.name))
    body = i18n.translate(company.language, NOTHING_YET_TEXT, company=company.name)
    return mail_text.finished(AccompanyingText(subject=subject, body=body), company.signatures.get(company.language, "")), ()


def _composed(desk: Desk, account: MailAccount, to: Mailbox, text: MailText, attachments: tuple[Attachment, ...]) -> bytes:
    assert account.from_mailbox is not None
    head = Envelope(
        from_mailbox=account.from_mailbox,
        to=[to],
        reply_to=account.reply_to,
        message_id=queueing.new_message_id(account.sender.rpartition("@")[2]),
        date=desk.now(),
    )
    composed, limit = message.compose(head, text, attachments), desk.settings.mail_limit
    if len(composed) > limit:
        why = Sentence(documents.TOO_BIG, {"size": f"{len(composed) / 1048576:.1f}", "limit": f"{limit / 1048576:.0f}"})
        raise DocumentImpossible(number=text.subject, why=why)
    return composed


def _handed_over(desk: Desk, account: MailAccount, address: str, composed: bytes) -> Sentence | None:
    with open_wire(desk, account) as wire:
        try:
            handed = wire.body(account.sender, [address], composed)
        except Stopped as stopped:
            return what_went_wrong(stopped.reply, account, address=address, cause=stopped.__cause__)
        if address in handed.refused:
            return what_went_wrong(handed.refused[address], account, address=address)
        reply = wire.dot()
    return None if judge(reply) is Effect.SENT else what_went_wrong(reply, account, address=address)


@contextlib.contextmanager
def open_wire(desk: Desk, account: MailAccount) -> Iterator[Wire]:
    """A line for a person who waits; what was begun and not ended is dropped."""
    patience = min(PATIENCE_S, desk.settings.connect_timeout_s)
    token = signing.source(desk, account.company_id)
    wire = Wire(account, timeout_s=patience, reply_wait_s=min(PATIENCE_S * 3, desk.settings.reply_wait_s), token=token)
    try:
        yield wire
    finally:
        wire.quit()


def what_went_wrong(reply: Reply, account: MailAccount, *, address: str = "", cause: BaseException | None = None) -> Sentence:
    """What went wrong, and what to look at; unlike for a real mail, nothing is tried again by itself."""
    if account.login is Login.OAUTH2 and reply.said is not None and (reply.stage is Stage.LOGIN or reply.said.template == SignInAway.template):
        return reply.said
    values = {"host": account.host, "port": str(account.port), "sender": account.sender, "address": address, "reply": spoken(reply)}
    return Sentence(_template(reply, cause), values)


def _template(reply: Reply, cause: BaseException | None) -> str:
    by_stage = {Stage.TLS: NOT_SAFE, Stage.RCPT: RECIPIENT, Stage.MAIL: SENDER}
    if reply.stage is Stage.CONNECT and reply.code is None:
        return NO_SUCH_SERVER if isinstance(cause, socket.gaierror) else NO_ANSWER
    if reply.stage is Stage.LOGIN:
        return NO_LOGIN if reply.code == 502 else LOGIN  # 502: the server offers no login that we know
    if reply.stage is Stage.DOT and judge(reply) is Effect.UNCERTAIN:
        return UNCERTAIN
    if reply.code is None and reply.stage is not Stage.TLS:
        return LINE_LOST
    return TOO_BIG if reply.too_big else by_stage.get(reply.stage, REFUSED)
