"""Write down what a server answered: delivery, reply, account and invoice status in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, or_, select, true, update

from core.database import audit
from core.database import deliveries as rows
from core.database.audit import SETTLED, SettledMail
from core.database.deliveries import ClaimedMessage
from core.database.schema import mail_accounts
from core.database.statuses import refresh_status
from core.errors import Sentence
from core.i18n import N_
from core.model import DeliveryStatus
from core.outcome import GAVE_UP, Effect, Reply, explain, judge, spoken

BACK_OFF = (1, 3, 12, 60, 180, 360, 720)  # times the first wait, after the first, second … try; the last one repeats
QUOTA_WAIT = timedelta(minutes=30)  # a day's limit is over at an hour that nobody names
PAUSED_BY = N_("Paused by {who}: {reason}")
FINAL = {Effect.SENT: DeliveryStatus.SENT, Effect.FAILED: DeliveryStatus.FAILED, Effect.UNCERTAIN: DeliveryStatus.UNCERTAIN}


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long, and how often, what failed for a while is tried again."""

    retry_hours: float
    back_off_s: float

    @property
    def longest(self) -> timedelta:
        return self.wait(len(BACK_OFF))

    def wait(self, tries: int) -> timedelta:
        return timedelta(seconds=self.back_off_s * BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1])


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the chain keeps of a mail that was handed over: its seal, and which worker says so."""

    sealed_sha256: str
    worker: str


def settle(
    connection: Connection, message: ClaimedMessage, answers: Mapping[str, Reply], *, patience: Patience, now: datetime, proof: Proof | None = None
) -> None:
    """Record one reply per envelope recipient and give the message back once nothing of it is open.

    With a `proof`, what is final is written into the chain of the company, in the same transaction.
    """
    settled: list[SettledMail] = []
    again = False
    for each in _alike(message, answers, patience=patience, now=now):
        later = judge(each.reply) is Effect.LATER and each.status is DeliveryStatus.QUEUED
        changed = rows.record(connection, message, each.recipients, each.status, reply=each.reply, because=each.because, now=now, asked_to_wait=later)
        again = again or (each.status is DeliveryStatus.QUEUED and changed > 0)
        if proof is not None and changed and each.status in SETTLED:
            settled.append(_settled(message, each, proof))
    if again:
        rows.set_due(connection, message.id, now + patience.wait(message.tries + 1))
    _give_back(connection, message, now=now)
    if proof is not None and settled:  # last: the head of the chain is locked for as short as can be
        audit.sent(connection, settled, company_id=message.company_id, who=proof.worker, now=now)


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    status: DeliveryStatus
    because: Sentence
    reply: Reply
    recipients: list[str]


def _settled(message: ClaimedMessage, verdict: _Verdict, proof: Proof) -> SettledMail:
    return SettledMail(
        number=message.number,
        recipients=verdict.recipients,
        status=verdict.status,
        message_id=message.message_id,
        sealed_sha256=proof.sealed_sha256,
        reply=str(spoken(verdict.reply)),
    )


def _alike(message: ClaimedMessage, answers: Mapping[str, Reply], *, patience: Patience, now: datetime) -> list[_Verdict]:
    """Recipients by what became of them: mostly all the same."""
    found: dict[tuple[DeliveryStatus, str, int], _Verdict] = {}
    for recipient, reply in answers.items():
        status, because = _verdict(message, recipient, reply, patience=patience, now=now)
        key = (status, str(because), id(reply))
        found.setdefault(key, _Verdict(status=status, because=because, reply=reply, recipients=[])).recipients.append(recipient)
    return list(found.values())


def _verdict(message: ClaimedMessage, recipient: str, reply: Reply, *, patience: Patience, now: datetime) -> tuple[DeliveryStatus, Sentence]:
    effect = judge(reply)
    if effect in FINAL:
        return FINAL[effect], explain(reply, effect, recipient)
    first = message.first_try_at
    if effect is Effect.LATER and first is not None and now - first >= timedelta(hours=patience.retry_hours):
        return DeliveryStatus.FAILED, Sentence(GAVE_UP, {"hours": f"{patience.retry_hours:g}", "reply": spoken(reply)})
    return DeliveryStatus.QUEUED, explain(reply, effect, recipient)


def fail(connection: Connection, message: ClaimedMessage, because: Sentence, *, recipients: Collection[str] | None = None, now: datetime) -> None:
    """Nothing was handed over and a machine cannot mend it: the due deliveries, or those named, fail with that sentence."""
    _close(connection, message, DeliveryStatus.FAILED, because, recipients or message.recipients, now=now)


def hold(connection: Connection, message: ClaimedMessage, because: Sentence, *, now: datetime) -> None:
    """Stop before sending: what was reviewed is no longer what would leave."""
    _close(connection, message, DeliveryStatus.HELD, because, message.recipients, now=now)


def put_back(
    connection: Connection,
    message: ClaimedMessage,
    *,
    due_at: datetime,
    because: Sentence | None = None,
    recipients: Collection[str] | None = None,
    now: datetime,
) -> None:
    """Nothing was handed over: back into the queue as it was, unless another worker has it by now."""
    if _close(connection, message, DeliveryStatus.QUEUED, because, recipients or message.recipients, now=now):
        rows.set_due(connection, message.id, due_at)


def rejoin(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, now: datetime) -> None:
    """These wait for the others of their message, at the time that is set for those."""
    _close(connection, message, DeliveryStatus.QUEUED, None, recipients, now=now)


# Only what is still `claimed`: once marked as sending, nothing but a reply or a person may say what became of it.
def _close(
    connection: Connection, message: ClaimedMessage, status: DeliveryStatus, because: Sentence | None, recipients: Collection[str], *, now: datetime
) -> bool:
    only_from = (DeliveryStatus.CLAIMED,)
    changed = rows.record(connection, message, recipients, status, reply=None, because=because, now=now, only_from=only_from)
    _give_back(connection, message, now=now)
    return changed > 0


def _give_back(connection: Connection, message: ClaimedMessage, *, now: datetime) -> None:
    rows.release_if_done(connection, message)
    refresh_status(connection, [message.invoice_id], now=now)


# The account ----------------------------------------------------------------------------------------------------


def account_trouble(connection: Connection, company_id: int, reply: Reply, *, patience: Patience, now: datetime) -> None:
    """The whole account waits (by itself) or pauses (until a person mends it); its mails stay queued."""
    if judge(reply) is Effect.PAUSE:
        pause(connection, company_id, explain(reply, Effect.PAUSE), now=now)
        return
    own = mail_accounts.c
    met = (own.company_id == company_id, or_(own.paused_at.is_(None), own.paused_until <= now))
    if connection.execute(update(mail_accounts).where(*met).values(troubles=own.troubles + 1)).rowcount == 0 and not reply.over_quota:
        return  # it waits already: lines that fail together are one trouble
    until = now + max(patience.wait(rows.troubles(connection, company_id)), QUOTA_WAIT if reply.over_quota else timedelta())
    pause(connection, company_id, explain(reply, Effect.WAIT), until=until, now=now)


def pause(connection: Connection, company_id: int, because: Sentence, *, until: datetime | None = None, now: datetime) -> None:
    """Stop an account, for a while or until a person resumes it; a pause for a person is never shortened."""
    waits_for_a_person = and_(mail_accounts.c.paused_at.is_not(None), mail_accounts.c.paused_until.is_(None))
    connection.execute(
        update(mail_accounts)
        .where(mail_accounts.c.company_id == company_id, ~waits_for_a_person)
        .values(paused_at=now, paused_until=until, paused_because=because)
    )


def account_works(connection: Connection, company_id: int, *, claimed_at: datetime) -> None:
    """The server took a mail of this claim: forget the waits that were over when it was made.

    What another line met since, a quota that is reached or a changed password, stays.
    """
    waits = or_(mail_accounts.c.paused_until <= claimed_at, and_(mail_accounts.c.paused_at.is_(None), mail_accounts.c.troubles > 0))
    _resume(connection, company_id, waits)


def account_changed(connection: Connection, company_id: int) -> None:
    """Somebody corrected something of it: what the program paused goes on, what a person paused does not."""
    because = connection.scalar(select(mail_accounts.c.paused_because).where(mail_accounts.c.company_id == company_id))
    if because is None or because.template != PAUSED_BY:
        account_mended(connection, company_id)


def account_mended(connection: Connection, company_id: int) -> None:
    """A person mended the account, or says that it is."""
    _resume(connection, company_id, true())


def _resume(connection: Connection, company_id: int, which: ColumnElement[bool]) -> None:
    connection.execute(
        update(mail_accounts)
        .where(mail_accounts.c.company_id == company_id, which)
        .values(paused_at=None, paused_until=None, paused_because=None, troubles=0)
    )
