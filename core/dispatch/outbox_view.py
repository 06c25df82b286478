"""What the outbox page shows: batches and how far they are, what waits for a person and why, the newest mails. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from core import outcome
from core.database import newest as newest_rows
from core.database import outbox_views, parties
from core.dispatch import progress
from core.dispatch.desk import Desk
from core.dispatch.progress import Progress
from core.errors import Sentence
from core.model import OPEN, DeliveryStatus, RecipientRole
from core.outbox import WAITED

WORKER_SILENT = timedelta(seconds=30)
SHOWN = 200  # mails, and things that wait
BATCHES = 20


def heartbeat(desk: Desk) -> tuple[int, int]:
    """How many workers live, and how many seconds ago the last sign of life came."""
    now = desk.now()
    with desk.database.read() as connection:
        seen = [row.seen_at for row in outbox_views.seen_since(connection, since=now - WORKER_SILENT)]
    return len(seen), max(0, round((now - max(seen)).total_seconds())) if seen else 0


def anything_waits(desk: Desk) -> bool:
    with desk.database.read() as connection:
        return outbox_views.anything_open(connection)


# Batches ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One click on “send”; `invoices` is what is left of it when a part was cancelled."""

    id: int
    at: datetime
    by: str
    invoices: int
    cancelled_at: datetime | None
    held_at: datetime | None = None
    leaves_at: datetime | None = None


def batches(desk: Desk) -> list[Batch]:
    """The newest twenty, newest first."""
    with desk.database.read() as connection:
        rows = outbox_views.newest_batches(connection, limit=BATCHES)
    return [
        Batch(
            id=row.id,
            at=row.created_at,
            by=row.created_by,
            invoices=row.invoices,
            cancelled_at=row.recalled_at,
            held_at=row.held_at,
            leaves_at=row.leaves_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Far:
    """How far a batch is: its invoices as they stand now, and its recipients, the company's archive among them."""

    invoices: Progress
    recipients: Mapping[DeliveryStatus, int]  # what is claimed counts as sending: nobody sees a difference

    @property
    def total(self) -> int:
        return sum(self.recipients.values())

    @property
    def done(self) -> int:
        return sum(count for status, count in self.recipients.items() if status not in OPEN)

    @property
    def is_open(self) -> bool:
        return self.done < self.total


def far(desk: Desk, batch_id: int) -> Far:
    with desk.database.read() as connection:
        counts = outbox_views.counts(connection, batch_id=batch_id)
    counts[DeliveryStatus.SENDING] = counts.pop(DeliveryStatus.CLAIMED, 0) + counts.pop(DeliveryStatus.SENDING, 0)
    recipients = {status: counts[status] for status in DeliveryStatus if counts.get(status)}
    return Far(invoices=progress.of_batches(desk, [batch_id]), recipients=recipients)


# What waits for a person -----------------------------------------------------------------------------------------


class Cause(StrEnum):
    """Decides what a person can do about it."""

    UNCERTAIN = "uncertain"
    ADDRESS = "address"  # refused by the server, or came back
    FOR_NOW = "for_now"  # it may well leave now
    REFUSED = "refused"  # the mail itself: look at it first
    ARCHIVE = "archive"  # the company's own copy; the customer has it
    MOVED = "moved"  # held before it left
    WAITED = "waited"  # nothing is wrong but that nobody remembers the click


@dataclass(frozen=True, kw_only=True)
class Group:
    """Deliveries with one cause, which one act mends where that is safe."""

    cause: Cause
    sentence: Sentence
    deliveries: Sequence[Row[Any]]

    @property
    def first(self) -> Row[Any]:
        return self.deliveries[0]

    @property
    def key(self) -> str:
        return "/".join(str(part) for part in _alike(self.first))

    @property
    def invoice_ids(self) -> list[int]:
        return list(dict.fromkeys(row.invoice_id for row in self.deliveries))


def to_settle(desk: Desk) -> list[Row[Any]]:
    """Deliveries of the latest copy that wait for a person, the most urgent first."""
    with desk.database.read() as connection:
        return outbox_views.unsettled(connection, limit=SHOWN)


def groups(rows: Sequence[Row[Any]]) -> list[Group]:
    """The same by cause, in the order of the first of each."""
    places: dict[tuple[object, ...], int] = {}
    for row in rows:
        places.setdefault(_alike(row), len(places))
    ordered = sorted(rows, key=lambda row: places[_alike(row)])
    found = []
    for _, same in groupby(ordered, key=_alike):
        own = list(same)
        found.append(Group(cause=cause(own[0]), sentence=own[0].because or Sentence(""), deliveries=own))
    return found


def goes_to(desk: Desk, group: Group) -> list[str]:
    """Where these invoices go when they are queued again: the addresses that stand on the cards now and do not have them yet."""
    with desk.database.read() as connection:
        cards = parties.load_customers(connection, {row.customer_id for row in group.deliveries})
        have_it = outbox_views.served(connection, group.invoice_ids)
    found: dict[str, str] = {}
    for row in group.deliveries:
        for _, mailbox in cards[row.customer_id].recipients:
            address = mailbox.addr_spec.lower()
            if address not in have_it.get(row.invoice_id, ()):
                found.setdefault(address, mailbox.addr_spec)
    return list(found.values())


def marks(desk: Desk) -> frozenset[tuple[int, DeliveryStatus]]:
    """Changes when the list of what waits does."""
    with desk.database.read() as connection:
        return outbox_views.unsettled_marks(connection, limit=SHOWN)


def cause(row: Row[Any]) -> Cause:
    if row.status is DeliveryStatus.UNCERTAIN:
        return Cause.UNCERTAIN
    if row.role is RecipientRole.ARCHIVE:
        return Cause.ARCHIVE
    if row.status is DeliveryStatus.HELD:
        return Cause.WAITED if row.because and row.because.template == WAITED else Cause.MOVED
    template = row.because.template if row.because else ""
    if row.status is DeliveryStatus.BOUNCED or template == outcome.ADDRESS_REFUSED:
        return Cause.ADDRESS
    return Cause.FOR_NOW if template == outcome.GAVE_UP else Cause.REFUSED


def _alike(row: Row[Any]) -> tuple[object, ...]:
    """What is doubtful is settled one by one; a wrong address is corrected once for all invoices that went there."""
    kind = cause(row)
    if kind is Cause.UNCERTAIN:
        return (kind.value, row.id)
    if kind is Cause.ADDRESS:
        return (kind.value, row.customer_id, row.recipient.lower(), row.status.value)
    if kind is Cause.MOVED and row.because:  # each says what changed in words of its own
        return (kind.value, row.company_key, row.because.template)
    return (kind.value, row.company_key, str(row.because))


@dataclass(frozen=True, kw_only=True)
class PausedAccount:
    """`until` is empty where it waits for a person."""

    company_id: int
    key: str
    name: str
    because: Sentence
    until: datetime | None
    waiting: int  # mails


def paused_accounts(desk: Desk) -> list[PausedAccount]:
    """A wait that is over and that holds nothing back is none."""
    with desk.database.read() as connection:
        return [
            PausedAccount(
                company_id=row.id, key=row.key, name=row.name, because=row.paused_because or Sentence(""), until=row.paused_until, waiting=row.waiting
            )
            for row in outbox_views.paused(connection, now=desk.now())
        ]


# Newest mails ----------------------------------------------------------------------------------------------------

STATES: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    status: frozenset({DeliveryStatus.CLAIMED, DeliveryStatus.SENDING}) if status is DeliveryStatus.SENDING else frozenset({status})
    for status in DeliveryStatus
    if status is not DeliveryStatus.CLAIMED
}


def newest(desk: Desk, *, search: str = "", statuses: Collection[DeliveryStatus] = ()) -> list[Row[Any]]:
    """At most 200 deliveries, newest first; `statuses` are keys of STATES."""
    wanted = frozenset[DeliveryStatus]().union(*(STATES[status] for status in statuses))
    with desk.database.read() as connection:
        return newest_rows.newest(connection, search=search, statuses=wanted, limit=SHOWN)
