"""When what is to leave will have left: limits of the account, what is used of them, what waits before, and the pace so far."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from core.database import budgets, claims, outbox_views
from core.database.budgets import Waiting
from core.database.handovers import DAY, MINUTE
from core.dispatch.desk import Desk
from core.records import Company, Limits

USUAL_S: Final = 0.2  # a mail, until this desk has sent some
FASTEST_S: Final = 0.01
PACED: Final = 5  # gaps that tell something about the pace
PAUSE_S: Final = 10.0  # a longer gap is none of the server's: nothing was queued, or a limit was reached
OURS: Final = 0  # no batch has this number


@dataclass(frozen=True, kw_only=True)
class Used:
    """Recipients of the last 24 hours, and how many the provider lets through; `of` is empty where it names no limit."""

    recipients: int
    of: int | None


def used(desk: Desk, company: Company) -> Used:
    with desk.database.read() as connection:
        recipients = budgets.used_today(connection, company.id, now=desk.now())
        return Used(recipients=recipients, of=budgets.account(connection, company.id).limit_per_day)


def foreseen(desk: Desk, invoice_ids: Sequence[int], *, countdown_s: float = 0, leaves_at: datetime | None = None) -> datetime:
    """When these invoices would all have left, queued now to leave after the countdown, or at that time. Reads only."""
    now = desk.now()
    start = leaves_at or now + timedelta(seconds=countdown_s)
    ends = [start]
    with desk.database.read() as connection:
        for company_id, addresses in budgets.recipients(connection, invoice_ids).items():
            copies = 1 if budgets.account(connection, company_id).archive_address else 0
            alike = Counter(addresses).items()
            mine = [Waiting(batch_id=OURS, due_at=start, recipients=count + copies, mails=mails) for count, mails in alike]
            ends.append(_end(connection, company_id, mine, OURS, now) or start)
    return max(ends)


def ends_at(desk: Desk, batch_id: int) -> datetime | None:
    """When the rest of a batch will have left; nothing where nothing of it waits, it is held, or an account waits for a person."""
    now = desk.now()
    with desk.database.read() as connection:
        ends = [_end(connection, company_id, (), batch_id, now) for company_id in budgets.companies_of_batch(connection, batch_id)]
    found = [end for end in ends if end is not None]
    return max(found) if found and len(found) == len(ends) else None


def room_at(connection: Connection, company_id: int, limits: Limits, *, now: datetime) -> datetime:
    """When one more mail to one address is within the limits; what workers hold leaves before it."""
    clock = _Clock(at=now, pace=timedelta(), limits=limits)
    for at, recipients in budgets.handed(connection, company_id, now=now):
        clock.spend(at, recipients)
    mails, recipients = claims.under_way(connection, company_id)
    for place in range(mails):
        clock.spend(now, 1 if place else recipients - mails + 1)
    clock.leave(Waiting(batch_id=OURS, due_at=now, recipients=1))
    return clock.at


def leave_by(desk: Desk, invoice_ids: Sequence[int], leaves_at: datetime) -> datetime:
    """What has not left by then waits for a person; a batch that takes days by its limits has its days first."""
    return max(leaves_at, foreseen(desk, invoice_ids, leaves_at=leaves_at)) + timedelta(hours=desk.settings.leave_within_hours)


def _end(connection: Connection, company_id: int, more: Iterable[Waiting], batch_id: int, now: datetime) -> datetime | None:
    account = budgets.account(connection, company_id)
    if account.paused_at is not None and account.paused_until is None and batch_id != OURS:
        return None
    limits = Limits(per_minute=account.limit_per_minute, per_day=account.limit_per_day)
    clock = _Clock(at=max(now, account.paused_until or now), pace=timedelta(seconds=_pace_s(connection, company_id)), limits=limits)
    if limits.per_minute is not None or limits.per_day is not None:
        for at, recipients in budgets.handed(connection, company_id, now=now):
            clock.spend(at, recipients)
    queue = sorted([*budgets.waiting(connection, company_id, now=now), *more], key=lambda each: max(each.due_at, now))
    last = None
    for mail in queue:
        clock.leave(mail)
        last = clock.at if mail.batch_id == batch_id else last
    return last


def _pace_s(connection: Connection, company_id: int) -> float:
    """Seconds for one mail: of this account while it was busy, else of the newest batch, else what is usual."""
    busy = [gap for gap in budgets.gaps(connection, company_id) if gap <= PAUSE_S]
    if len(busy) >= PACED:
        return max(sum(busy) / len(busy), FASTEST_S)
    return outbox_views.pace(connection) or USUAL_S


@dataclass
class _Clock:
    """Lets one mail after the other leave, never more than the limits in any minute and any day."""

    at: datetime
    pace: timedelta
    limits: Limits
    minute: deque[datetime] = field(default_factory=deque)
    day: deque[tuple[datetime, int]] = field(default_factory=deque)
    of_day: int = 0

    def leave(self, mail: Waiting) -> None:
        if self.limits.per_minute is None and self.limits.per_day is None:
            self.at = max(self.at, mail.due_at) + self.pace * mail.mails
            return
        for _ in range(mail.mails):
            self._leave_one(mail)

    def _leave_one(self, mail: Waiting) -> None:
        self.at = max(self.at, mail.due_at) + self.pace
        if self.limits.per_minute is not None and len(self.minute) >= self.limits.per_minute:
            self.at = max(self.at, self.minute[-self.limits.per_minute] + MINUTE)
        if self.limits.per_day is not None:
            self._wait_for_the_day(mail.recipients, self.limits.per_day)
        self.spend(self.at, mail.recipients)

    def _wait_for_the_day(self, recipients: int, per_day: int) -> None:
        self._forget()
        while self.day and self.of_day + recipients > per_day:
            self.at = max(self.at, self.day[0][0] + DAY)
            self._forget()

    def _forget(self) -> None:
        while self.day and self.day[0][0] + DAY <= self.at:
            self.of_day -= self.day.popleft()[1]

    def spend(self, at: datetime, recipients: int) -> None:
        if self.limits.per_minute is not None:
            self.minute.append(at)
            if len(self.minute) > self.limits.per_minute:
                self.minute.popleft()
        if self.limits.per_day is not None:
            self.day.append((at, recipients))
            self.of_day += recipients
