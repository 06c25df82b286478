"""Write down what a server answered: delivery, reply, account and invoice status in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, update

from core.database import deliveries as rows
from core.database.deliveries import ClaimedMessage
from core.database.schema import mail_accounts
from core.errors import Sentence
from core.model import DeliveryStatus
from core.outcome import GAVE_UP, Effect, Reply, explain, judge, spoken

BACK_OFF = (1, 3, 12, 60, 180, 360, 720)  # times the first wait, after the first, second … try; the last one repeats
FINAL = {Effect.SENT: DeliveryStatus.SENT, Effect.FAILED: DeliveryStatus.FAILED, Effect.UNCERTAIN: DeliveryStatus.UNCERTAIN}


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long, and how often, what failed for a while is tried again."""

    retry_hours: float
    back_off_s: float

    def wait(self, tries: int) -> timedelta:
        return timedelta(seconds=self.back_off_s * BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1])


def settle(connection: Connection, message: ClaimedMessage, answers: Mapping[str, Reply], *, patience: Patience, now: datetime) -> None:
    """Record one reply per envelope recipient and give the message back once nothing of it is open."""
    due_at = None
    for recipient, reply in answers.items():
        status, because = _verdict(message, recipient, reply, patience=patience, now=now)
        changed = rows.record(connection, message, recipient, status, reply=reply, because=because, now=now)
        if changed and status is DeliveryStatus.QUEUED:
            due_at = now + patience.wait(message.tries)
    if due_at is not None:
        rows.set_due(connection, message.id, due_at)
    rows.release_if_done(connection, message)
    rows.refresh_status(connection, [message.invoice_id], now=now)


def _verdict(message: ClaimedMessage, recipient: str, reply: Reply, *, patience: Patience, now: datetime) -> tuple[DeliveryStatus, Sentence]:
    effect = judge(reply)
    if effect in FINAL:
        return FINAL[effect], explain(reply, effect, recipient)
    if effect is Effect.LATER and now - message.first_try_at >= timedelta(hours=patience.retry_hours):
        return DeliveryStatus.FAILED, Sentence(GAVE_UP, {"hours": f"{patience.retry_hours:g}", "reply": spoken(reply)})
    return DeliveryStatus.QUEUED, explain(reply, effect, recipient)


def fail(connection: Connection, message: ClaimedMessage, because: Sentence, *, now: datetime) -> None:
    """Nothing was handed over and a machine cannot mend it: every due delivery fails with that sentence."""
    _close(connection, message, DeliveryStatus.FAILED, because, now=now)


def hold(connection: Connection, message: ClaimedMessage, because: Sentence, *, now: datetime) -> None:
    """Stop before sending: what was reviewed is no longer what would leave."""
    _close(connection, message, DeliveryStatus.HELD, because, now=now)


def put_back(connection: Connection, message: ClaimedMessage, *, due_at: datetime, because: Sentence | None = None, now: datetime) -> None:
    """Nothing was handed over: back into the queue as it was."""
    _close(connection, message, DeliveryStatus.QUEUED, because, now=now)
    rows.set_due(connection, message.id, due_at)


# Only what is still `claimed`: once marked as sending, nothing but a reply or a person may say what became of it.
def _close(connection: Connection, message: ClaimedMessage, status: DeliveryStatus, because: Sentence | None, *, now: datetime) -> None:
    for recipient in message.recipients:
        rows.record(connection, message, recipient, status, reply=None, because=because, now=now, only_from=(DeliveryStatus.CLAIMED,))
    rows.release_if_done(connection, message)
    rows.refresh_status(connection, [message.invoice_id], now=now)


# The account ----------------------------------------------------------------------------------------------------


def account_trouble(connection: Connection, company_id: int, reply: Reply, *, patience: Patience, now: datetime) -> None:
    """The whole account waits (by itself) or pauses (until a person mends it); its mails stay queued."""
    effect = judge(reply)
    until = None
    if effect is Effect.WAIT:
        connection.execute(update(mail_accounts).where(mail_accounts.c.company_id == company_id).values(troubles=mail_accounts.c.troubles + 1))
        until = now + patience.wait(rows.troubles(connection, company_id))
    waits_for_a_person = and_(mail_accounts.c.paused_at.is_not(None), mail_accounts.c.paused_until.is_(None))
    connection.execute(
        update(mail_accounts)
        .where(mail_accounts.c.company_id == company_id, ~waits_for_a_person)
        .values(paused_at=now, paused_until=until, paused_because=explain(reply, effect))
    )


def account_well(connection: Connection, company_id: int) -> None:
    """The server took a mail, or a person mended the account: forget the troubles."""
    connection.execute(
        update(mail_accounts)
        .where(mail_accounts.c.company_id == company_id)
        .values(paused_at=None, paused_until=None, paused_because=None, troubles=0)
    )
