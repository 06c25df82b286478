"""Work the queue: claim, check what moved, render, seal, hand over, mark, dot, record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core import outbox, recording
from core.connection import Stopped
from core.database import deliveries as rows
from core.database import outbox_views
from core.database.deliveries import ClaimedMessage
from core.delivery import Handed, Wire
from core.dispatch import documents, rule_checks
from core.dispatch.desk import Desk
from core.dispatch.documents import Dossier
from core.dispatch.lease import Lease
from core.errors import FacturierError, LeaseLost, SecretUnreadable, Sentence
from core.i18n import N_
from core.model import RecipientRole
from core.outbox import Moved
from core.outcome import Effect, Reply, Stage, breaks_the_line, explain, judge
from core.records import AccompanyingText, MailAccount, Seal, what_moved

log = structlog.get_logger()

CLAIM_AT_ONCE = 10
SETTLE_AGAIN_S = (1, 2, 5, 10, 20, 40)
SURROUNDINGS_WAIT_S = 60
PATIENCE = timedelta(seconds=60)

MOVED = N_("{what} changed after it was queued, so it was stopped. Please look at it again, then send it.")
THE_SENDER = N_("The sender address of the company")
UNEXPECTED = N_("The mail could not be made: {why}")
SURROUNDINGS = N_("The program cannot work as it should: {why} Nothing left; it tries again by itself.")
NO_SENDER = N_("The company has no sender address or no mail server any more. Fill in its mail account, then the queued mails leave.")
NOBODY_ELSE = N_("The server took this mail for none of the customer's addresses, so the archive got no copy either.")


@dataclass
class Worker:
    """Works the outbox with one kept connection per company. Several may run, on several machines."""

    desk: Desk
    name: str
    stopping: Callable[[], bool] = lambda: False
    wires: dict[int, Wire] = field(default_factory=dict)

    @property
    def patience(self) -> recording.Patience:
        return recording.Patience(retry_hours=self.desk.settings.retry_hours, back_off_s=self.desk.settings.back_off_s)

    def step(self) -> int:
        """One pass: free what dead workers hold, claim, deliver. Returns how many messages were worked on."""
        desk = self.desk
        with desk.database.read() as connection:
            overdue = rows.any_lease_over(connection, now=desk.now())
        if overdue:
            with desk.database.write() as connection:
                outbox.sweep(connection, now=desk.now())
        with desk.database.write() as connection:
            now = desk.now()  # after the wait for the write lock: a lease must not be born dead
            outbox_views.beat(connection, self.name, now=now)
            claimed = outbox.claim(connection, worker=self.name, limit=CLAIM_AT_ONCE, lease_s=desk.settings.claim_lease_s, now=now)
        troubled: set[int] = set()
        for message in claimed:
            if message.company_id in troubled or self.stopping():
                self._put_back(message)
            elif not self._deliver(message):
                troubled.add(message.company_id)
        return len(claimed)

    def close(self) -> None:
        for wire in self.wires.values():
            wire.quit()
        self.wires.clear()

    def _deliver(self, message: ClaimedMessage) -> bool:
        """False when the account, or what is around us, is in trouble: its other messages wait."""
        try:
            return self._hand_over(message)
        except LeaseLost:
            self._let_go(message)
            log.info("lease lost", message_id=message.message_id)
        except Moved as moved:
            self._let_go(message)
            self._hold(message, moved.what)
        except (SQLAlchemyError, OSError, SecretUnreadable) as error:  # no property of this mail
            self._let_go(message)
            log.warning("surroundings in trouble", message_id=message.message_id, error=f"{type(error).__name__}: {error}")
            self._put_back(message, because=Sentence(SURROUNDINGS, {"why": _why(error)}), wait_s=SURROUNDINGS_WAIT_S)
            return False
        except FacturierError as error:
            self._let_go(message)
            self._fail(message, error.sentence)
        except Exception as error:  # one of the two places: a single invoice must not stop the others
            self._let_go(message)
            log.exception("delivery failed", message_id=message.message_id)
            self._fail(message, Sentence(UNEXPECTED, {"why": f"{type(error).__name__}: {error}"}))
        return True

    def _hand_over(self, message: ClaimedMessage) -> bool:
        lease = Lease(self.desk, message)
        lease.keep()
        what = documents.dossier(self.desk, message.invoice_id)
        moved = what_moved(what.versions, message.versions)
        if moved is not None:
            raise Moved(moved)
        wire = self._wire(message.company_id)
        if not wire.account.is_set:
            return self._pause(message, Sentence(NO_SENDER))
        rule_checks.ensure(self.desk, what)
        seal, content = self._sealed(message, what, wire.account)
        try:
            customers = [recipient for recipient, role in message.recipients.items() if role is not RecipientRole.ARCHIVE]
            handed = wire.body(seal.envelope_from, list(message.recipients), content, keep=lease.keep, essential=customers)
        except Stopped as stopped:
            return self._not_handed(message, stopped)
        if not handed.accepted:
            self._to_nobody(message, handed)
            return True
        self._mark(message, handed, seal, wire)
        reply = wire.dot()
        self._settle(message, dict.fromkeys(handed.accepted, reply))
        return not self._breaker(message, reply)

    def _mark(self, message: ClaimedMessage, handed: Handed, seal: Seal, wire: Wire) -> None:
        """Commit `sending`, and what the refused recipients were told. Whatever goes wrong, no dot is written."""
        try:
            with self.desk.database.write() as connection:
                now = self.desk.now()
                outbox.mark_sending(connection, message, handed.accepted, seal=seal, lease_s=self.desk.settings.sending_lease_s, now=now)
                recording.settle(connection, message, handed.refused, patience=self.patience, now=now)
        except SQLAlchemyError:
            wire.abandon()
            # The commit may have come through although its answer did not; without the dot it is all the same: not sent.
            self._settle(message, dict.fromkeys(handed.accepted, Reply(stage=Stage.BODY, text="The database did not answer.")))
            raise

    def _sealed(self, message: ClaimedMessage, what: Dossier, account: MailAccount) -> tuple[Seal, bytes]:
        """The bytes of a former attempt or of the confirm screen; else composed now, with a person's words if there are any."""
        if message.sealed_sha256:
            if message.envelope_from != account.sender:
                raise Moved(Sentence(THE_SENDER))
            content = self.desk.archive.get(message.sealed_sha256)
            sender = message.envelope_from or account.sender
            return Seal(message_id=message.message_id, sha256=message.sealed_sha256, size=len(content), envelope_from=sender), content
        words = None
        if message.edited_subject is not None:
            words = AccompanyingText(subject=message.edited_subject, body=message.edited_body or "")
        made = documents.mail(self.desk, what, edited=words)
        seal = documents.seal(self.desk, what, account, made, message_id=message.message_id, now=self.desk.now())
        return seal, self.desk.archive.get(seal.sha256)

    def _to_nobody(self, message: ClaimedMessage, handed: Handed) -> None:
        """No customer's address was taken. The archive, spared, waits with those who are to be tried again."""
        self._settle(message, handed.refused)
        if not handed.spared:
            return
        with self.desk.database.write() as connection:
            now = self.desk.now()
            if any(judge(reply) is Effect.LATER for reply in handed.refused.values()):
                recording.rejoin(connection, message, handed.spared, now=now)
            else:
                recording.fail(connection, message, Sentence(NOBODY_ELSE), recipients=handed.spared, now=now)

    def _wire(self, company_id: int) -> Wire:
        """The kept connection, made anew when somebody changed the account."""
        account = self.desk.account(company_id)
        wire = self.wires.get(company_id)
        if wire is None or not _same_server(wire.account, account):
            if wire is not None:
                wire.close()
            wire = Wire(account, timeout_s=self.desk.settings.connect_timeout_s, reply_wait_s=self.desk.settings.reply_wait_s)
            self.wires[company_id] = wire
        return wire

    def _not_handed(self, message: ClaimedMessage, stopped: Stopped) -> bool:
        reply = stopped.reply
        effect = judge(reply)
        if effect in (Effect.PAUSE, Effect.WAIT):
            now = self.desk.now()
            log.warning("account in trouble", company=message.company_id, stage=reply.stage, code=reply.code, reply=reply.text)
            with self.desk.database.write() as connection:
                recording.account_trouble(connection, message.company_id, reply, patience=self.patience, now=now)
                recording.put_back(connection, message, due_at=now, because=explain(reply, effect), now=now)
            return False
        self._settle(message, {recipient: stopped.refused.get(recipient, reply) for recipient in message.recipients})
        return not self._breaker(message, reply)

    def _breaker(self, message: ClaimedMessage, reply: Reply) -> bool:
        """No answer is no property of one mail: the account waits a moment instead of losing the next mails the same way."""
        with self.desk.database.write() as connection:
            if breaks_the_line(reply):
                recording.account_trouble(connection, message.company_id, reply, patience=self.patience, now=self.desk.now())
                return True
            recording.account_works(connection, message.company_id)  # a clear answer, whatever it says of this mail
        return False

    def _settle(self, message: ClaimedMessage, answers: dict[str, Reply]) -> None:
        """Write the answers down, stubbornly: a database that is gone for a moment must not make a known answer unknown."""
        for pause_s in (*SETTLE_AGAIN_S, None):
            try:
                with self.desk.database.write() as connection:
                    recording.settle(connection, message, answers, patience=self.patience, now=self.desk.now())
                return
            except SQLAlchemyError:
                if pause_s is None:
                    raise
                log.warning("database does not answer, trying again", message_id=message.message_id)
                time.sleep(pause_s)

    def _pause(self, message: ClaimedMessage, because: Sentence) -> bool:
        now = self.desk.now()
        with self.desk.database.write() as connection:
            recording.pause(connection, message.company_id, because, now=now)
            recording.put_back(connection, message, due_at=now, because=because, now=now)
        return False

    def _let_go(self, message: ClaimedMessage) -> None:
        wire = self.wires.get(message.company_id)
        if wire is not None:
            wire.abandon()

    def _put_back(self, message: ClaimedMessage, *, because: Sentence | None = None, wait_s: float = 0) -> None:
        now = self.desk.now()
        with self.desk.database.write() as connection:
            recording.put_back(connection, message, due_at=now + timedelta(seconds=wait_s), because=because, now=now)

    def _hold(self, message: ClaimedMessage, what: Sentence) -> None:
        with self.desk.database.write() as connection:
            recording.hold(connection, message, Sentence(MOVED, {"what": what}), now=self.desk.now())

    def _fail(self, message: ClaimedMessage, because: Sentence) -> None:
        with self.desk.database.write() as connection:
            recording.fail(connection, message, because, now=self.desk.now())


def _why(error: Exception) -> str:
    words = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error).strip()
    return words if words.endswith(".") else f"{words}."


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


def nothing_workable(desk: Desk) -> bool:
    """Whether all mails are final, or their account is paused for longer than a moment."""
    with desk.database.read() as connection:
        return outbox_views.open_count(connection, workable_at=desk.now() + PATIENCE) == 0


def nothing_due(desk: Desk) -> bool:
    """The same, and what is to be tried again later than in a moment does not count either."""
    soon = desk.now() + PATIENCE
    with desk.database.read() as connection:
        return outbox_views.open_count(connection, workable_at=soon, due_by=soon) == 0
