"""The open connections of one worker: one per account, within what all workers together may hold."""

from __future__ import annotations

import smtplib
import time
from dataclasses import dataclass, field

from core import recording
from core.connection import Stopped
from core.database import claims
from core.delivery import Wire
from core.dispatch import signing
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.outcome import Effect, Stage, judge
from core.records import Login, MailAccount

ACCOUNT_FRESH_S = 1.0


@dataclass
class _Kept:
    wire: Wire
    looked_at: float
    used_at: float


@dataclass
class Lines:
    """A kept connection per company; the claim has reserved its place in the account's limit."""

    desk: Desk
    holder: str
    kept: dict[int, _Kept] = field(default_factory=dict)

    def wire(self, company_id: int) -> Wire:
        """The kept connection, made anew when somebody changed the account."""
        now = time.monotonic()
        kept = self.kept.get(company_id)
        if kept is not None and now - kept.looked_at < ACCOUNT_FRESH_S:
            kept.used_at = now
            return kept.wire
        account = self.desk.account(company_id)
        if kept is None or not _same_server(kept.wire.account, account):
            if kept is not None:
                kept.wire.close()
            kept = _Kept(wire=_wire(self.desk, account), looked_at=now, used_at=now)
            self.kept[company_id] = kept
        kept.looked_at = kept.used_at = now
        return kept.wire

    def abandon(self, company_id: int) -> None:
        """Close what was begun and must not be ended."""
        kept = self.kept.get(company_id)
        if kept is not None:
            kept.wire.abandon()

    def part_with_idle(self) -> None:
        """Let others have the place of a line that nothing went over for a while."""
        now = time.monotonic()
        for company_id, kept in list(self.kept.items()):
            if now - kept.used_at > self.desk.settings.idle_line_s:
                self._part(company_id, kept)

    def close(self) -> None:
        for company_id, kept in list(self.kept.items()):
            self._part(company_id, kept)

    def _part(self, company_id: int, kept: _Kept) -> None:
        kept.wire.quit()
        del self.kept[company_id]
        with self.desk.database.write() as connection:
            claims.drop_line(connection, company_id, self.holder)


class _SignedIn(Wire):
    """A line with a token; without a sign-in the account pauses, in the words of the sign-in instead of those of a password."""

    def __init__(self, desk: Desk, account: MailAccount) -> None:
        settings = desk.settings
        token = signing.source(desk, account.company_id)
        super().__init__(account, timeout_s=settings.connect_timeout_s, reply_wait_s=settings.reply_wait_s, token=token)
        self.desk = desk

    def _connection(self) -> smtplib.SMTP:
        try:
            return super()._connection()
        except Stopped as stopped:
            if stopped.reply.said is not None and stopped.reply.stage is Stage.LOGIN and judge(stopped.reply) is Effect.PAUSE:
                self._pause(stopped.reply.said)
            raise

    def _pause(self, because: Sentence) -> None:
        with self.desk.database.write() as connection:
            recording.pause(connection, self.account.company_id, because, now=self.desk.now())


def _wire(desk: Desk, account: MailAccount) -> Wire:
    if account.login is Login.OAUTH2:
        return _SignedIn(desk, account)
    return Wire(account, timeout_s=desk.settings.connect_timeout_s, reply_wait_s=desk.settings.reply_wait_s)


def _same_server(one: MailAccount, other: MailAccount) -> bool:
    names = ("host", "port", "security", "login", "user", "password", "from_mailbox", "envelope_from")
    return all(getattr(one, name) == getattr(other, name) for name in names)
