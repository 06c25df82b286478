"""What pages show: pages of ledgers, the outbox and its progress. Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from lxml import etree
from sqlalchemy import Row, select

from core import ledgers
from core.database import ledger_rows, outbox_views
from core.database.ledger_rows import Filter, Sort, Tally
from core.database.schema import batches
from core.dispatch.desk import Desk
from core.model import IN_PROGRESS, LEFT, OPEN, PENDING, TO_HANDLE, DeliveryStatus, DispatchStatus

PAGE_SIZE = 200
WORKER_SILENT = timedelta(seconds=30)

# The chips above a ledger, in their order.
GROUPS: dict[str, frozenset[DispatchStatus]] = {
    "to_send": PENDING,
    "in_progress": IN_PROGRESS | {DispatchStatus.PRINTED},
    "to_handle": TO_HANDLE,
    "held": frozenset({DispatchStatus.HELD}),
    "sent": LEFT,
}


@dataclass(frozen=True, kw_only=True)
class LedgerPage:
    frame: pd.DataFrame
    tally: Tally  # of all that the filter shows
    groups: dict[str, int]  # without the status filter


def ledger_page(desk: Desk, chosen: Filter, group: str | None, sort: Sort, *, page: int) -> LedgerPage:
    """One page of 200 rows; `group` is a key of GROUPS."""
    narrowed = chosen if group is None else Filter(ledger=chosen.ledger, company_id=chosen.company_id, search=chosen.search, statuses=GROUPS[group])
    with desk.database.read() as connection:
        counts = ledger_rows.status_counts(connection, chosen)
        return LedgerPage(
            frame=ledgers.page(connection, narrowed, sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE),
            tally=ledger_rows.tally(connection, narrowed),
            groups={name: sum(counts.get(status, 0) for status in statuses) for name, statuses in GROUPS.items()},
        )


def selected_tally(desk: Desk, ids: Sequence[int], chosen: Filter) -> tuple[Tally, int]:
    """Count and sum of the ticked invoices, and how many of them the filter hides."""
    with desk.database.read() as connection:
        everything = ledger_rows.tally(connection, Filter(), ids)
        shown = ledger_rows.tally(connection, chosen, ids)
    return everything, everything.count - shown.count


def pending_ids(desk: Desk, chosen: Filter) -> list[int]:
    """All that is to send in what the filter shows, over all its pages."""
    narrowed = Filter(ledger=chosen.ledger, company_id=chosen.company_id, search=chosen.search, statuses=frozenset({DispatchStatus.TO_SEND}))
    with desk.database.read() as connection:
        return ledger_rows.ids(connection, narrowed)


@dataclass(frozen=True, kw_only=True)
class OutboxView:
    """What the outbox page shows; `done` of `total` deliveries of the newest batch are final."""

    batch_id: int | None
    batch_at: datetime | None
    batch_by: str
    batch_counts: dict[DeliveryStatus, int]
    counts: dict[DeliveryStatus, int]
    deliveries: list[Row[Any]]
    workers: int

    @property
    def total(self) -> int:
        return sum(self.batch_counts.values())

    @property
    def done(self) -> int:
        return sum(count for status, count in self.batch_counts.items() if status not in OPEN)


def outbox(desk: Desk, *, limit: int = 200) -> OutboxView:
    with desk.database.read() as connection:
        newest = connection.execute(select(batches).order_by(batches.c.id.desc()).limit(1)).first()
        return OutboxView(
            batch_id=newest.id if newest else None,
            batch_at=newest.created_at.astimezone(zone(desk)) if newest else None,
            batch_by=newest.created_by if newest else "",
            batch_counts=outbox_views.counts(connection, batch_id=newest.id) if newest else {},
            counts=outbox_views.counts(connection),
            deliveries=outbox_views.listing(connection, limit=limit),
            workers=len(outbox_views.seen_since(connection, since=desk.now() - WORKER_SILENT)),
        )


def zone(desk: Desk) -> ZoneInfo:
    return ZoneInfo(desk.settings.time_zone)


_EMBEDDED = re.compile(r"(<cbc:EmbeddedDocumentBinaryObject[^>]*>)([^<]{80})[^<]+")


def readable_xml(content: bytes) -> str:
    """The XML for reading: indented, the embedded PDF cut after its first characters."""
    tree = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    etree.indent(tree)
    return _EMBEDDED.sub(r"\1\2 …", etree.tostring(tree, encoding="unicode"))


def to_settle(desk: Desk, *, limit: int = 50) -> list[Row[Any]]:
    """Deliveries of the latest copy that wait for a person: uncertain ones first, then failed ones."""
    with desk.database.read() as connection:
        return outbox_views.unsettled(connection, limit=limit)
