"""The open connections of one worker: one per account, within what all workers together may hold."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from core.database import claims
from core.delivery import Wire
from core.dispatch import signing
from core.dispatch.desk import Desk
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
    working_for: int | None = None  # a mail of it is under way

    def wire(self, company_id: int) -> Wire:
        """The kept connection, made anew when somebody changed the account."""
        now = time.monotonic()
        self.working_for = company_id
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

    def in_use(self) -> list[int]:
        """Companies whose line something went over lately, or goes over now."""
        now = time.monotonic()
        kept = [company_id for company_id, each in list(self.kept.items()) if now - each.used_at <= self.desk.settings.idle_line_s]
        return [*kept, *([self.working_for] if self.working_for is not None else [])]

    def part_with_idle(self) -> None:
        """Let others have the place of a line that nothing went over for a while."""
        self.working_for = None
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


def _wire(desk: Desk, account: MailAccount) -> Wire:
    token = signing.source(desk, account.company_id) if account.login is Login.OAUTH2 else None
    return Wire(account, timeout_s=desk.settings.connect_timeout_s, reply_wait_s=desk.settings.reply_wait_s, token=token)


def _same_server(one: MailAccount, other: MailAccount) -> bool:
    names = ("host", "port", "security", "login", "user", "password", "from_mailbox", "envelope_from")
    return all(getattr(one, name) == getattr(other, name) for name in names)
