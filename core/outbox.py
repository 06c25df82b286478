"""The outbox: claim with a lease, mark before the final dot, free what dead workers hold.

    queued -> claimed (lease) -> COMMIT 'sending' -> final dot -> sent | queued (later) | failed | uncertain

A claim whose lease is over goes back to `queued`: no dot was written, so nothing left. `sending` with its lease over becomes
`uncertain` and is never sent again by a machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from core.database import claims, handovers, sweeping
from core.database import deliveries as rows
from core.database.deliveries import ClaimedMessage
from core.errors import LeaseLost, Sentence
from core.i18n import N_
from core.records import Limits, Seal, what_moved

SWEPT = N_(
    "The program stopped after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
    "Ask the customer or look in the server's log, then choose in the outbox: “It was sent”, “It did not arrive” or “Send it again”. "
    "Until then nothing leaves again."
)

SWEEPER = "sweep"  # no person, and no worker in particular
WAITED = N_("It waited too long to leave by itself. Look whether it still is what should leave, then send it.")


class Withheld(Exception):
    """Somebody held the batch while the body was said: it goes back into the queue, and waits there."""


class Moved(Exception):
    """What was reviewed is no longer what would leave."""

    def __init__(self, what: Sentence) -> None:
        self.what = what
        super().__init__(str(what))


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """Mails of one account, whose line the claimer holds; `after_trouble`: when that was, where a success is news for the account."""

    messages: list[ClaimedMessage] = field(default_factory=list)
    after_trouble: datetime | None = None


def claim(connection: Connection, *, worker: str, limit: int, lines: int, lease_s: float, now: datetime) -> Claimed:
    """Take what is due of the account that waits longest and has a line and budget left.

    Every claim has its own token, so that an answer can only settle its own attempt. `lines`: for accounts that name no limit.
    """
    until = now + timedelta(seconds=lease_s)
    for found in claims.accounts_with_work(connection, now=now):
        account = claims.lock_account(connection, found.company_id, now=now)
        if account is None:
            continue
        limits = Limits(per_minute=account.limit_per_minute, per_day=account.limit_per_day)
        room = claims.left(connection, account.company_id, limits, now=now)
        if room.is_nothing:
            continue
        if not claims.hold_line(connection, account.company_id, worker, limit=account.limit_connections or lines, now=now, lease_until=until):
            continue
        taken = claims.claim_due(
            connection,
            account.company_id,
            claim=f"{worker}#{uuid4().hex[:12]}",
            limit=limit if room.mails is None else min(limit, room.mails),
            recipients=room.recipients,
            at_least_one=room.recipients == limits.per_day,
            now=now,
            lease_until=until,
        )
        if taken:
            return Claimed(messages=taken, after_trouble=now if account.troubles > 0 or account.paused_at is not None else None)
        claims.drop_line(connection, account.company_id, worker)  # another worker was faster
    return Claimed()


def renew(connection: Connection, message: ClaimedMessage, *, lease_s: float, now: datetime) -> None:
    """Start on one message of a claim. Raises LeaseLost when the lease is over."""
    if not rows.renew_lease(connection, message, now=now, lease_until=now + timedelta(seconds=lease_s)):
        raise LeaseLost(message_id=message.message_id)


def mark_sending(
    connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, seal: Seal, lease_s: float, now: datetime, server: str = ""
) -> None:
    """Commit this before the final dot: from here on only a reply, or a person, can say whether it left, and it counts in the limits.

    Raises LeaseLost, Moved when something changed while the body was said, Withheld when somebody held the batch.
    """
    if not rows.seal(connection, message, seal, now=now, lease_until=now + timedelta(seconds=lease_s)):
        now_there = rows.versions_now(connection, message.id)
        moved = what_moved(now_there, message.versions) if now_there is not None else None
        if moved is not None:
            raise Moved(moved)
        if now_there is not None and rows.is_batch_held(connection, message.id):
            raise Withheld
        raise LeaseLost(message_id=message.message_id)
    if rows.to_sending(connection, message, recipients, server=server, now=now) != len(recipients):
        raise LeaseLost(message_id=message.message_id)
    handovers.add(connection, message.company_id, len(recipients), now=now)


def sweep(connection: Connection, *, longest_lease_s: float, now: datetime, who: str = SWEEPER) -> tuple[int, int]:
    """How many deliveries went back to the queue, and how many became uncertain; `who` found them."""
    return sweeping.free(connection, now=now, latest=_latest(now, longest_lease_s), because=Sentence(SWEPT), who=who)


def is_sweep_due(connection: Connection, *, longest_lease_s: float, now: datetime) -> bool:
    return sweeping.any_lease_over(connection, now=now, latest=_latest(now, longest_lease_s))


def _latest(now: datetime, longest_lease_s: float) -> datetime:
    """Twice what a lease can last: one beyond it was given before the clock was put back."""
    return now + timedelta(seconds=2 * longest_lease_s)


def tidy(connection: Connection, *, longest_wait: timedelta, now: datetime) -> None:
    """Hold what waited too long to leave by itself, and bring near what a clock that ran ahead put far away."""
    sweeping.bring_near(connection, now=now, latest=now + 2 * longest_wait)
    sweeping.stop_old(connection, now=now, because=Sentence(WAITED))
