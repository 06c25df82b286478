"""Work the queue on one line: claim, look what moved, render, seal, hand over, mark, dot, record."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core import bounces, outbox, recording
from core.connection import Stopped
from core.database import checks, claims, outbox_views
from core.database.deliveries import ClaimedMessage
from core.dispatch import documents, rule_checks
from core.dispatch.book import Book
from core.dispatch.desk import Desk
from core.dispatch.lease import Lease
from core.dispatch.lines import Lines
from core.errors import ArchiveAway, FacturierError, LeaseLost, SecretUnreadable, Sentence
from core.i18n import N_
from core.model import RecipientRole
from core.outbox import Moved, Withheld
from core.records import AccompanyingText, MailAccount, Seal, what_moved

log = structlog.get_logger()

CLAIM_AT_ONCE = 10
SURROUNDINGS_WAIT_S = 60
ANSWER_WAITS_S = 0.2  # a known answer is written down with the next mark, or after this long
TIDY_EVERY_S = 5

THE_SENDER = N_("The sender address of the company")
UNEXPECTED = N_("The mail could not be made: {why}")
SURROUNDINGS = N_("The program cannot work as it should: {why} Nothing left; it tries again by itself.")
DATABASE_AWAY = N_("The database does not answer. Nothing left; the program tries again by itself.")
DISK_FULL = N_("The disk is full. Nothing left; the program tries again by itself once there is room.")
ARCHIVE_SHUT = N_("The archive cannot be read or written: {why} Nothing left; the program tries again by itself.")
NO_SENDER = N_("The company has no sender address or no mail server any more. Fill in its mail account, then the queued mails leave.")

Maker = Callable[[Callable[[], tuple[Seal, bytes]]], tuple[Seal, bytes]]


def directly(act: Callable[[], tuple[Seal, bytes]]) -> tuple[Seal, bytes]:
    return act()


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
    unasked: frozenset[int] = field(default=frozenset(), init=False)
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(desk=self.desk, holder=self.name)
        self.book = Book(desk=self.desk, name=self.name)

    def step(self) -> int:
        """One pass: free what dead workers hold, claim, deliver. Returns how many messages were worked on."""
        self.book.flush()
        self._tidy()
        claimed = self._claim()
        for place, message in enumerate(claimed):
            if self.stopping() or not self._deliver(message):
                self.book.flush()
                rest = claimed[place:] if self.stopping() else claimed[place + 1 :]
                self.book.put_back(rest)
                break
        self.book.flush()
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
                outbox.sweep(connection, longest_lease_s=longest, now=desk.now(), who=self.name)
        if time.monotonic() - self.tidied_at < TIDY_EVERY_S:
            return
        with desk.database.write() as connection:
            if self.beats:
                outbox_views.beat(connection, self.name, now=desk.now())
            outbox.tidy(connection, longest_wait=max(self.book.patience.longest, recording.QUOTA_WAIT), now=desk.now())
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
        self.book.after_trouble = claimed.after_trouble
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
            self.book.hold(message, moved.what)
        except Withheld:
            self._let_go(message)
            self.book.put_back([message])
        except (SQLAlchemyError, OSError, SecretUnreadable, ArchiveAway) as error:  # no property of this mail
            self._let_go(message)
            log.warning("surroundings in trouble", message_id=message.message_id, error=f"{type(error).__name__}: {error}")
            self.book.put_back([message], because=_surroundings(error), wait_s=SURROUNDINGS_WAIT_S)
            return False
        except FacturierError as error:
            self._let_go(message)
            self.book.fail(message, error.sentence)
        except Exception as error:  # one of the two places: a single invoice must not stop the others
            self._let_go(message)
            log.exception("delivery failed", message_id=message.message_id)
            self.book.fail(message, Sentence(UNEXPECTED, {"why": f"{type(error).__name__}: {error}"}))
        return True

    def _hand_over(self, message: ClaimedMessage) -> bool:
        lease = Lease(self.desk, message)
        lease.keep()
        moved = what_moved(message.versions_now, message.versions)
        if moved is not None:
            raise Moved(moved)
        wire = self.lines.wire(message.company_id)
        if not wire.account.is_set:
            return self.book.pause(message, Sentence(NO_SENDER))
        if not wire.is_open:
            self.book.flush()  # a connection can take a minute, and an answer must not wait for it
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
            self.book.flush()
            return self.book.not_handed(message, stopped)
        if not handed.accepted:
            return self.book.to_nobody(message, handed)
        began = time.monotonic()
        self.book.mark(message, handed, seal, wire)
        if time.monotonic() - began > self.desk.settings.sending_lease_s / 2:  # frozen, or a commit that hung: others may think it uncertain by now
            wire.abandon()
            self.book.not_dotted(message, handed)
            return True
        reply = wire.dot()
        goes_on = self.book.answered(message, dict.fromkeys(handed.accepted, reply), seal, reply)
        return not self.book.account_says_no(message, handed) and goes_on

    def _keeping(self, lease: Lease) -> Callable[[], None]:
        """Between the steps of a slow line: the lease is renewed, and the answer to the mail before does not wait."""

        def keep() -> None:
            if self.book.pending is not None and time.monotonic() - self.book.pending.since > ANSWER_WAITS_S:
                self.book.flush()
            lease.keep()

        return keep

    # Making --------------------------------------------------------------------------------------------------------

    def _ready(self, message: ClaimedMessage, account: MailAccount) -> tuple[Seal, bytes]:
        """The bytes of a former attempt or of the confirm screen; else composed now, with a person's words if there are any."""
        if message.invoice_id in self.unasked or not message.sealed_sha256:
            self.book.flush()  # nor for the making of documents
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

    def _let_go(self, message: ClaimedMessage) -> None:
        self.lines.abandon(message.company_id)
        self.book.flush()


def _surroundings(error: Exception) -> Sentence:
    if isinstance(error, SQLAlchemyError):
        return Sentence(DATABASE_AWAY)
    if isinstance(error, ArchiveAway):
        return error.sentence
    if isinstance(error, OSError):
        return Sentence(DISK_FULL) if error.errno in (errno.ENOSPC, errno.EDQUOT) else Sentence(ARCHIVE_SHUT, {"why": _why(error)})
    return Sentence(SURROUNDINGS, {"why": _why(error)})


def _why(error: Exception) -> str:
    words = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error).strip()
    return words if words.endswith(".") else f"{words}."
