"""What a person tries stays within the limits of the account: it holds one of its lines, and each mail of it counts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from core.database import claims, handovers
from core.dispatch import budget, looking
from core.dispatch.desk import Desk
from core.errors import LinesTaken, NoRoomToday, NoRoomYet
from core.i18n import on
from core.records import MailAccount

WAIT_S: Final = 20.0  # for a line: longer than an idle one is kept
LOOK_S: Final = 0.3
LEASE: Final = timedelta(seconds=120)  # one mail with all its waits
SOON: Final = timedelta(seconds=90)


@dataclass(frozen=True, kw_only=True)
class Room:
    """A line of the account that nobody else has meanwhile; where the provider names no limit, nothing is held."""

    desk: Desk
    account: MailAccount
    holder: str

    def take(self) -> None:
        """Count one mail to one address before it is handed over. Raises NoRoomYet and NoRoomToday, which say when there will be room."""
        limits, company_id = self.account.limits, self.account.company_id
        with self.desk.database.write() as connection:
            now = self.desk.now()
            claims.lock_account(connection, company_id, now=now, paused_too=True)
            if claims.left(connection, company_id, limits, now=now).is_nothing:
                at = budget.room_at(connection, company_id, limits, now=now)
                if at - now <= SOON:
                    raise NoRoomYet(seconds=max(1, round((at - now).total_seconds())))
                local = at.astimezone(looking.zone(self.desk))
                raise NoRoomToday(count=limits.per_day or 0, day=on(local.date()), clock=f"{local:%H:%M}")
            handovers.add(connection, company_id, 1, now=now)
            if self.holder:
                claims.keep_lines(connection, self.holder, [company_id], lease_until=now + LEASE)


@contextlib.contextmanager
def of(desk: Desk, account: MailAccount) -> Iterator[Room]:
    """Waits a moment where mails that are leaving have all lines. Raises LinesTaken."""
    limit = account.limits.connections
    if limit is None:
        yield Room(desk=desk, account=account, holder="")
        return
    holder, end = f"trial of {desk.who}#{uuid4().hex[:12]}"[-200:], time.monotonic() + WAIT_S
    while not _holds(desk, account.company_id, holder, limit):
        if time.monotonic() > end:
            raise LinesTaken(count=limit)
        time.sleep(LOOK_S)
    try:
        yield Room(desk=desk, account=account, holder=holder)
    finally:
        with desk.database.write() as connection:
            claims.drop_line(connection, account.company_id, holder)


def _holds(desk: Desk, company_id: int, holder: str, limit: int) -> bool:
    with desk.database.write() as connection:
        now = desk.now()
        claims.lock_account(connection, company_id, now=now, paused_too=True)
        return claims.hold_line(connection, company_id, holder, limit=limit, now=now, lease_until=now + LEASE)
