"""The outbox: claim with a lease, mark before the final dot, free what dead workers hold.

    queued -> claimed (lease) -> COMMIT 'sending' -> final dot -> sent | queued (later) | failed | uncertain

A claim whose lease is over goes back to `queued`: no dot was written, so nothing left. `sending` with its lease over becomes
`uncertain` and is never sent again by a machine.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from core.database import deliveries as rows
from core.database.deliveries import ClaimedMessage
from core.errors import LeaseLost, Sentence
from core.i18n import N_
from core.records import Seal, what_moved

SWEPT = N_(
    "The program stopped after the mail was handed over and before the server answered. Nobody can be sure whether it left. "
    "Ask the customer or look in the server's log, then settle it as sent or send it again."
)


class Moved(Exception):
    """What was reviewed is no longer what would leave."""

    def __init__(self, what: Sentence) -> None:
        self.what = what
        super().__init__(str(what))


def claim(connection: Connection, *, worker: str, limit: int, lease_s: float, now: datetime) -> list[ClaimedMessage]:
    """Take what is due. Every claim has its own token, so that an answer can only settle its own attempt."""
    token = f"{worker}#{uuid4().hex[:12]}"
    return rows.claim_due(connection, claim=token, limit=limit, now=now, lease_until=now + timedelta(seconds=lease_s))


def renew(connection: Connection, message: ClaimedMessage, *, lease_s: float, now: datetime) -> None:
    """Start on one message of a claim. Raises LeaseLost when the lease is over."""
    if not rows.renew_lease(connection, message, now=now, lease_until=now + timedelta(seconds=lease_s)):
        raise LeaseLost(message_id=message.message_id)


def mark_sending(connection: Connection, message: ClaimedMessage, recipients: Collection[str], *, seal: Seal, lease_s: float, now: datetime) -> None:
    """Commit this before the final dot: from here on only a reply, or a person, can say whether it left.

    Raises LeaseLost, and Moved when something changed while the body was said.
    """
    moved = what_moved(rows.versions_now(connection, message.id), message.versions)
    if moved is not None:
        raise Moved(moved)
    kept = rows.renew_lease(
        connection,
        message,
        now=now,
        lease_until=now + timedelta(seconds=lease_s),
        sealed_sha256=seal.sha256,
        sealed_size=seal.size,
        envelope_from=seal.envelope_from,
    )
    if not kept or rows.to_sending(connection, message, recipients, now=now) != len(recipients):
        raise LeaseLost(message_id=message.message_id)


def sweep(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """How many deliveries went back to the queue, and how many became uncertain."""
    return rows.sweep(connection, now=now, because=Sentence(SWEPT))
