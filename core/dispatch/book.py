"""What became of a mail, written down: the answer to one together with the mark of the next, and stubbornly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from core import outbox, recording
from core.connection import Stopped
from core.database import deliveries as rows
from core.database.deliveries import ClaimedMessage
from core.delivery import Handed, Wire
from core.dispatch import what_changed
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.i18n import N_
from core.outcome import Effect, Reply, Stage, breaks_the_line, explain, judge
from core.records import Seal, what_moved

log = structlog.get_logger()

GONE = (OperationalError, InterfaceError, InternalError)  # the database does not answer; anything else is a mistake of ours

SETTLE_AGAIN_S = (1, 2, 5, 10, 20, 40)
MOVED = N_("{what} changed after it was queued, so it was stopped. Please look at it again, then send it.")
NOBODY_ELSE = N_("The server took this mail for none of the customer's addresses, so the archive got no copy either.")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server said to the dot, until it is written down: together with the mark of the next mail (one commit for both)."""

    message: ClaimedMessage
    answers: Mapping[str, Reply]
    seal: Seal
    lifts_trouble: datetime | None  # what the account had then
    since: float


@dataclass
class Book:
    """Of one line of a worker: it has at most one answer that is not written down yet."""

    desk: Desk
    name: str  # of the worker
    after_trouble: datetime | None = None  # when the claim in hand was made, if its account had some: a success is news
    pending: Answer | None = None

    @property
    def patience(self) -> recording.Patience:
        return recording.Patience(retry_hours=self.desk.settings.retry_hours, back_off_s=self.desk.settings.back_off_s)

    def mark(self, message: ClaimedMessage, handed: Handed, seal: Seal, wire: Wire) -> None:
        """Commit `sending`, what the refused recipients were told, and the answer to the mail before. Whatever goes wrong, no dot is written."""
        before = self.pending
        try:
            with self.desk.database.write() as connection:
                now, lease_s, server = self.desk.now(), self.desk.settings.sending_lease_s, wire.account.server
                outbox.mark_sending(connection, message, handed.accepted, seal=seal, lease_s=lease_s, now=now, server=server)
                if before is not None:  # first: it may lock the account, which comes before the chain
                    self._record_answer(connection, before)
                if handed.refused:
                    self._record(connection, message, handed.refused, seal)
        except GONE:
            wire.abandon()
            # The commit may have come through although its answer did not; without the dot it is all the same: not sent.
            self._settle(message, dict.fromkeys(handed.accepted, Reply(stage=Stage.BODY, text="The database did not answer.")))
            raise
        self.pending = None

    def answered(self, message: ClaimedMessage, answers: Mapping[str, Reply], seal: Seal, reply: Reply) -> bool:
        """Keep the answer for the next commit; one that is no clear answer is written down now, and the account waits."""
        is_clear = not breaks_the_line(reply)
        lifts = self.after_trouble if is_clear else None
        self.pending = Answer(message=message, answers=answers, seal=seal, lifts_trouble=lifts, since=time.monotonic())
        if is_clear:
            return True
        self.flush()
        self._trouble(message, reply)
        return False

    def flush(self) -> None:
        """Write the last answer down, stubbornly: a database that is gone for a moment must not make a known answer unknown."""
        before = self.pending
        if before is not None:
            self._stubbornly(before.message, lambda connection: self._record_answer(connection, before))
            self.pending = None

    def _record_answer(self, connection: Connection, answer: Answer) -> None:
        if answer.lifts_trouble is not None:  # before the chain: whoever pauses an account locks it in that order
            # A clear answer, whatever it says of this mail.
            recording.account_works(connection, answer.message.company_id, claimed_at=answer.lifts_trouble)
            self.after_trouble = None
        self._record(connection, answer.message, answer.answers, answer.seal)

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
            except GONE:
                if pause_s is None:
                    raise
                log.warning("database does not answer, trying again", message_id=message.message_id)
                time.sleep(pause_s)

    def not_dotted(self, message: ClaimedMessage, handed: Handed) -> None:
        """Marked, but no dot was written: it certainly did not leave."""
        self._settle(message, dict.fromkeys(handed.accepted, Reply(stage=Stage.BODY, text="No dot was written.")))

    def to_nobody(self, message: ClaimedMessage, handed: Handed) -> bool:
        """No customer's address was taken. The archive, spared, waits with those who are to be tried again."""
        self._settle(message, handed.refused)
        self._spare(message, handed)
        return not self.account_says_no(message, handed)

    def account_says_no(self, message: ClaimedMessage, handed: Handed) -> bool:
        """Whether what a recipient was refused for is a matter of the account: then it waits or pauses."""
        about_account = next((reply for reply in handed.refused.values() if judge(reply) in (Effect.WAIT, Effect.PAUSE)), None)
        if about_account is not None:
            self._trouble(message, about_account)
        return about_account is not None

    def _spare(self, message: ClaimedMessage, handed: Handed) -> None:
        if not handed.spared:
            return
        with self.desk.database.write() as connection:
            now = self.desk.now()
            if any(judge(reply) not in recording.FINAL for reply in handed.refused.values()):
                recording.rejoin(connection, message, handed.spared, now=now)
            else:
                recording.fail(connection, message, Sentence(NOBODY_ELSE), recipients=handed.spared, now=now)

    def not_handed(self, message: ClaimedMessage, stopped: Stopped) -> bool:
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
        if self.after_trouble is not None:
            with self.desk.database.write() as connection:
                recording.account_works(connection, company_id, claimed_at=self.after_trouble)
            self.after_trouble = None

    def pause(self, message: ClaimedMessage, because: Sentence) -> bool:
        now = self.desk.now()
        with self.desk.database.write() as connection:
            recording.pause(connection, message.company_id, because, now=now)
            recording.put_back(connection, message, due_at=now, because=because, now=now)
        return False

    def put_back(self, messages: Sequence[ClaimedMessage], *, because: Sentence | None = None, wait_s: float = 0) -> None:
        if not messages:
            return
        now = self.desk.now()
        with self.desk.database.write() as connection:
            for message in messages:
                recording.put_back(connection, message, due_at=now + timedelta(seconds=wait_s), because=because, now=now)

    def hold(self, message: ClaimedMessage, what: Sentence) -> None:
        """It stops, and says what changed, by whom and when, as far as that is known."""
        with self.desk.database.write() as connection:
            versions = rows.versions_now(connection, message.id)
            if versions is not None and what_moved(versions, message.versions) is not None:
                what = what_changed.of_message(self.desk, connection, message.id, message.invoice_id, now=versions, then=message.versions)
            recording.hold(connection, message, Sentence(MOVED, {"what": what}), now=self.desk.now())

    def fail(self, message: ClaimedMessage, because: Sentence) -> None:
        with self.desk.database.write() as connection:
            recording.fail(connection, message, because, now=self.desk.now())
