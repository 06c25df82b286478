"""Work the queue on one line: claim, look what moved, render, seal, hand over, mark, dot, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from core import bounces, outbox, recording
from core.connection import Stopped
from core.database import checks, claims, outbox_views
from core.database.deliveries import ClaimedMessage
from core.delivery import Handed, Wire
from core.dispatch import documents, rule_checks
from core.dispatch.desk import Desk
from core.dispatch.lease import Lease
from core.dispatch.lines import Lines
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
ANSWER_WAITS_S = 0.2  # a known answer is written down with the next mark, or after this long
TIDY_EVERY_S = 5

MOVED = N_("{what} changed after it was queued, so it was stopped. Please look at it again, then send it.")
THE_SENDER = N_("The sender address of the company")
UNEXPECTED = N_("The mail could not be made: {why}")
SURROUNDINGS = N_("The program cannot work as it should: {why} Nothing left; it tries again by itself.")
NO_SENDER = N_("The company has no sender address or no mail server any more. Fill in its mail account, then the queued mails leave.")
NOBODY_ELSE = N_("The server took this mail for none of the customer's addresses, so the archive got no copy either.")

Maker = Callable[[Callable[[], tuple[Seal, bytes]]], tuple[Seal, bytes]]


def directly(act: Callable[[], tuple[Seal, bytes]]) -> tuple[Seal, bytes]:
    return act()


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What a server said to the dot, until it is written down: together with the mark of the next mail (one commit for both)."""

    message: ClaimedMessage
    answers: Mapping[str, Reply]
    seal: Seal
    lifts_trouble: bool
    since: float


@dataclass
class Worker:
    """One line of a worker process: it has at most one mail under way. Several may run, on several machines.

    `make` runs the making of documents; where several lines share a process, on one thread for all of them.
    """

    desk: Desk
    name: str
    stopping: Callable[[], bool] = lambda: False
    make: Maker = directly
    beats: bool = True  # gives the sign of life; else its process does
    lines: Lines = field(init=False)
    tidied_at: float = field(default=float("-inf"), init=False)
    had_trouble: bool = field(default=False, init=False)
    unasked: frozenset[int] = field(default=frozenset(), init=False)
    pending: _Answer | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(desk=self.desk, holder=self.name)

    @property
    def patience(self) -> recording.Patience:
        return recording.Patience(retry_hours=self.desk.settings.retry_hours, back_off_s=self.desk.settings.back_off_s)

    def step(self) -> int:
        """One pass: free what dead workers hold, claim, deliver. Returns how many messages were worked on."""
        self._flush()
        self._tidy()
        claimed = self._claim()
        for place, message in enumerate(claimed):
            if self.stopping() or not self._deliver(message):
                self._flush()
                rest = claimed[place:] if self.stopping() else claimed[place + 1 :]
                self._put_back(rest)
                break
        self._flush()
        if not claimed:
            self.lines.part_with_idle()
        return len(claimed)

    def close(self) -> None:
        self.lines.close()

    def _tidy(self) -> None:
        desk, settings = self.desk, self.desk.settings
        longest = max(settings.claim_lease_s, settings.sending_lease_s)
        with desk.database.read() as connection:
            overdue = outbox.is_sweep_due(connection, longest_lease_s=longest, now=desk.now())
        if overdue:
            with desk.database.write() as connection:
                outbox.sweep(connection, longest_lease_s=longest, now=desk.now())
        if time.monotonic() - self.tidied_at < TIDY_EVERY_S:
            return
        with desk.database.write() as connection:
            if self.beats:
                outbox_views.beat(connection, self.name, now=desk.now())
            outbox.tidy(connection, longest_wait=self.patience.longest, now=desk.now())
        self.tidied_at = time.monotonic()

    def _claim(self) -> Sequence[ClaimedMessage]:
        settings = self.desk.settings
        with self.desk.database.read() as connection:
            if not claims.accounts_with_work(connection, now=self.desk.now()):
                return ()
        with self.desk.database.write() as connection:
            now = self.desk.now()  # after the wait for the write lock: a lease must not be born dead
            claimed = outbox.claim(
                connection, worker=self.name, limit=CLAIM_AT_ONCE, lines=settings.connections, lease_s=settings.claim_lease_s, now=now
            )
            ids = [message.invoice_id for message in claimed.messages]
            self.unasked = checks.unasked(connection, ids, rules=rule_checks.RULES) if ids else frozenset()
        self.had_trouble = claimed.had_trouble
        return claimed.messages

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
            self._put_back([message], because=Sentence(SURROUNDINGS, {"why": _why(error)}), wait_s=SURROUNDINGS_WAIT_S)
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
        moved = what_moved(message.versions_now, message.versions)
        if moved is not None:
            raise Moved(moved)
        wire = self.lines.wire(message.company_id)
        if not wire.account.is_set:
            return self._pause(message, Sentence(NO_SENDER))
        seal, content = self._ready(message, wire.account)
        try:
            customers = [recipient for recipient, role in message.recipients.items() if role is not RecipientRole.ARCHIVE]
            handed = wire.body(
                seal.envelope_from,
                list(message.recipients),
                content,
                keep=self._keeping(lease),
                essential=customers,
                envelope_id=bounces.envelope_id(message.message_id),
            )
        except Stopped as stopped:
            self._flush()
            return self._not_handed(message, stopped)
        if not handed.accepted:
            self._to_nobody(message, handed)
            return True
        self._mark(message, handed, seal, wire)
        reply = wire.dot()
        return self._answered(message, dict.fromkeys(handed.accepted, reply), seal, reply)

    def _keeping(self, lease: Lease) -> Callable[[], None]:
        """Between the steps of a slow line: the lease is renewed, and the answer to the mail before does not wait."""

        def keep() -> None:
            if self.pending is not None and time.monotonic() - self.pending.since > ANSWER_WAITS_S:
                self._flush()
            lease.keep()

        return keep

    # Making --------------------------------------------------------------------------------------------------------

    def _ready(self, message: ClaimedMessage, account: MailAccount) -> tuple[Seal, bytes]:
        """The bytes of a former attempt or of the confirm screen; else composed now, with a person's words if there are any."""
        if message.invoice_id in self.unasked or not message.sealed_sha256:
            return self.make(lambda: self._made(message, account))
        return self._sealed(message, account)

    def _made(self, message: ClaimedMessage, account: MailAccount) -> tuple[Seal, bytes]:
        what = documents.dossier(self.desk, message.invoice_id)
        moved = what_moved(what.versions, message.versions)
        if moved is not None:
            raise Moved(moved)
        if message.invoice_id in self.unasked:
            rule_checks.ensure(self.desk, what)
        if message.sealed_sha256:
            return self._sealed(message, account)
        words = None
        if message.edited_subject is not None:
            words = AccompanyingText(subject=message.edited_subject, body=message.edited_body or "")
        made = documents.mail(self.desk, what, edited=words)
        return documents.sealed(self.desk, what, account, made, message_id=message.message_id, now=self.desk.now())

    def _sealed(self, message: ClaimedMessage, account: MailAccount) -> tuple[Seal, bytes]:
        sender = message.envelope_from or bounces.envelope_from(account, message.message_id)
        if not bounces.is_sender(sender, account, message.message_id):
            raise Moved(Sentence(THE_SENDER))
        assert message.sealed_sha256
        content = self.desk.archive.get(message.sealed_sha256)
        return Seal(message_id=message.message_id, sha256=message.sealed_sha256, size=len(content), envelope_from=sender), content

    # Writing down --------------------------------------------------------------------------------------------------

    def _mark(self, message: ClaimedMessage, handed: Handed, seal: Seal, wire: Wire) -> None:
        """Commit `sending`, what the refused recipients were told, and the answer to the mail before. Whatever goes wrong, no dot is written."""
        before = self.pending
        try:
            with self.desk.database.write() as connection:
                now = self.desk.now()
                outbox.mark_sending(connection, message, handed.accepted, seal=seal, lease_s=self.desk.settings.sending_lease_s, now=now)
                if handed.refused:
                    self._record(connection, message, handed.refused, seal)
                if before is not None:
                    self._record_answer(connection, before)
        except SQLAlchemyError:
            wire.abandon()
            # The commit may have come through although its answer did not; without the dot it is all the same: not sent.
            self._settle(message, dict.fromkeys(handed.accepted, Reply(stage=Stage.BODY, text="The database did not answer.")))
            raise
        self.pending = None

    def _answered(self, message: ClaimedMessage, answers: Mapping[str, Reply], seal: Seal, reply: Reply) -> bool:
        """Keep the answer for the next commit; one that is no clear answer is written down now, and the account waits."""
        self.pending = _Answer(message=message, answers=answers, seal=seal, lifts_trouble=self.had_trouble, since=time.monotonic())
        if not breaks_the_line(reply):
            return True
        self._flush()
        self._trouble(message, reply)
        return False

    def _flush(self) -> None:
        """Write the last answer down, stubbornly: a database that is gone for a moment must not make a known answer unknown."""
        before = self.pending
        if before is not None:
            self._stubbornly(before.message, lambda connection: self._record_answer(connection, before))
            self.pending = None

    def _record_answer(self, connection: Connection, answer: _Answer) -> None:
        self._record(connection, answer.message, answer.answers, answer.seal)
        if answer.lifts_trouble:
            recording.account_works(connection, answer.message.company_id)  # a clear answer, whatever it says of this mail
            self.had_trouble = False

    def _record(self, connection: Connection, message: ClaimedMessage, answers: Mapping[str, Reply], seal: Seal | None = None) -> None:
        proof = recording.Proof(sealed_sha256=seal.sha256, worker=self.name) if seal else None
        recording.settle(connection, message, answers, patience=self.patience, now=self.desk.now(), proof=proof)

    def _settle(self, message: ClaimedMessage, answers: Mapping[str, Reply]) -> None:
        self._stubbornly(message, lambda connection: self._record(connection, message, answers))

    def _stubbornly(self, message: ClaimedMessage, write: Callable[[Connection], None]) -> None:
        for pause_s in (*SETTLE_AGAIN_S, None):
            try:
                with self.desk.database.write() as connection:
                    write(connection)
                return
            except SQLAlchemyError:
                if pause_s is None:
                    raise
                log.warning("database does not answer, trying again", message_id=message.message_id)
                time.sleep(pause_s)

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
        answers = {recipient: stopped.refused.get(recipient, reply) for recipient in message.recipients}
        self._settle(message, answers)
        if breaks_the_line(reply):
            self._trouble(message, reply)
            return False
        self._works(message.company_id)
        return True

    def _trouble(self, message: ClaimedMessage, reply: Reply) -> None:
        """No answer is no property of one mail: the account waits a moment instead of losing the next mails the same way."""
        with self.desk.database.write() as connection:
            recording.account_trouble(connection, message.company_id, reply, patience=self.patience, now=self.desk.now())

    def _works(self, company_id: int) -> None:
        if self.had_trouble:
            with self.desk.database.write() as connection:
                recording.account_works(connection, company_id)
            self.had_trouble = False

    def _pause(self, message: ClaimedMessage, because: Sentence) -> bool:
        now = self.desk.now()
        with self.desk.database.write() as connection:
            recording.pause(connection, message.company_id, because, now=now)
            recording.put_back(connection, message, due_at=now, because=because, now=now)
        return False

    def _let_go(self, message: ClaimedMessage) -> None:
        self.lines.abandon(message.company_id)
        self._flush()

    def _put_back(self, messages: Sequence[ClaimedMessage], *, because: Sentence | None = None, wait_s: float = 0) -> None:
        if not messages:
            return
        now = self.desk.now()
        with self.desk.database.write() as connection:
            for message in messages:
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
