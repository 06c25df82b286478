"""Why mails of a batch have not left yet, counted: its time has not come, it is held, the account is paused or has used its limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.database import batch_rows, claims
from core.dispatch.desk import Desk
from core.errors import BatchUnknown, Sentence


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Mails that no worker has taken, each under the first reason that is true of it."""

    held: int = 0
    because: Sentence | None = None  # why it is held
    held_at: datetime | None = None
    later: int = 0  # the time that was chosen has not come
    leaves_at: datetime | None = None
    paused: int = 0
    limited: int = 0
    tried: int = 0  # the server asked to come back later
    free: int = 0  # a worker takes them next

    @property
    def total(self) -> int:
        return self.held + self.later + self.paused + self.limited + self.tried + self.free


def of_batch(desk: Desk, batch_id: int) -> Waits:
    """Raises BatchUnknown. Reads only."""
    now = desk.now()
    with desk.database.read() as connection:
        batch = batch_rows.load(connection, batch_id)
        if batch is None:
            raise BatchUnknown(batch=batch_id)
        due, later = batch_rows.waiting(connection, batch_id, now=now)
        both = {company: due.get(company, 0) + later.get(company, 0) for company in {*due, *later}}
        if batch.held_at is not None:
            return Waits(held=sum(both.values()), because=batch.held_because, held_at=batch.held_at, leaves_at=batch.leaves_at)
        if batch.leaves_at is not None and batch.leaves_at > now:
            return Waits(later=sum(both.values()), leaves_at=batch.leaves_at)
        paused = batch_rows.paused(connection, list(both), now=now)
        spent = [company for company in due if company not in paused and _has_spent(desk, company, now)]
        return Waits(
            paused=sum(both[company] for company in paused),
            limited=sum(due[company] for company in spent),
            tried=sum(count for company, count in later.items() if company not in paused),
            free=sum(count for company, count in due.items() if company not in paused and company not in spent),
        )


def _has_spent(desk: Desk, company_id: int, now: datetime) -> bool:
    with desk.database.read() as connection:
        limits = batch_rows.limits(connection, company_id)
        return claims.left(connection, company_id, limits, now=now).is_nothing
