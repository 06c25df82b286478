"""What pages show: pages of ledgers, and XML for reading. Reads only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
from lxml import etree
from sqlalchemy import Connection

from core import frames, ledgers
from core.database import ledger_rows, outbox_views
from core.database.ledger_rows import Blocks, Filter, Sort, Tally
from core.dispatch import checking
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.i18n import N_, on
from core.model import IN_PROGRESS, LEFT, PENDING, TO_HANDLE, DispatchStatus

PAGE_SIZE = 200
SOON = timedelta(minutes=10)  # sooner is a countdown
LEAVES_ON = N_("Leaves on {day} at {clock}")

# The chips above a ledger, in their order.
GROUPS: dict[str, frozenset[DispatchStatus]] = {
    "to_send": PENDING,
    "in_progress": IN_PROGRESS | {DispatchStatus.PRINTED},
    "to_handle": TO_HANDLE,
    "held": frozenset({DispatchStatus.HELD}),
    "sent": LEFT,
}


@dataclass(frozen=True, kw_only=True)
class Tallies:
    """Count and sums of what a filter shows, without its choice of statuses: by status, and of what is to send but blocked."""

    blocks: Blocks
    by_status: Mapping[DispatchStatus, Tally]
    blocked: Tally

    @property
    def to_send(self) -> int:
        """What waits, the blocked ones among it."""
        return self.by_status[DispatchStatus.TO_SEND].count if DispatchStatus.TO_SEND in self.by_status else 0

    def of(self, group: str | None) -> Tally:
        """Of one chip, or of all. What is to send but blocked counts as to handle, and only there."""
        if group is None:
            return _sum(list(self.by_status.values()))
        own = [self.by_status[status] for status in GROUPS[group] if status in self.by_status]
        if group == "to_send":
            return _sum(own, less=self.blocked)
        return _sum([*own, self.blocked] if group == "to_handle" else own)


@dataclass(frozen=True, kw_only=True)
class LedgerPage:
    frame: pd.DataFrame
    tally: Tally  # of all that the filter shows
    groups: dict[str, int]  # without the status filter
    because: dict[int, Sentence]  # why a row is not where it should be: of what failed, stopped, came back
    tallies: Tallies

    @property
    def to_send(self) -> int:
        return self.tallies.to_send


def ledger_page(desk: Desk, chosen: Filter, group: str | None, sort: Sort, *, page: int, tallies: Tallies | None = None) -> LedgerPage:
    """One page of 200 rows; `group` is a key of GROUPS. Whoever only turns pages gives the tallies of the page before."""
    with desk.database.read() as connection:
        tallies = tallies or _tallies(desk, connection, chosen)
        frame = ledgers.page(connection, grouped(chosen, group, tallies.blocks), sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
        return LedgerPage(
            frame=frame,
            tally=tallies.of(group),
            groups={name: tallies.of(name).count for name in GROUPS},
            because=outbox_views.because(connection, _troubled(frame)) | _waits(desk, connection, frame),
            tallies=tallies,
        )


def _tallies(desk: Desk, connection: Connection, chosen: Filter) -> Tallies:
    blocks = checking.blocks(desk, connection)
    waiting = replace(chosen, statuses=frozenset({DispatchStatus.TO_SEND}), blocked=True, blocks=blocks)
    return Tallies(blocks=blocks, by_status=ledger_rows.counts(connection, chosen), blocked=ledger_rows.tally(connection, waiting))


def grouped(chosen: Filter, group: str | None, blocks: Blocks) -> Filter:
    """The filter of a chip."""
    if group is None:
        return replace(chosen, blocks=blocks)
    statuses = GROUPS[group] | ({DispatchStatus.TO_SEND} if group == "to_handle" else frozenset())
    return replace(chosen, statuses=statuses, blocked=group == "to_handle" if group in ("to_send", "to_handle") else None, blocks=blocks)


def _sum(tallies: Sequence[Tally], *, less: Tally | None = None) -> Tally:
    sums: dict[str, Decimal] = {}
    for tally, sign in [*((each, 1) for each in tallies), *([(less, -1)] if less else [])]:
        for currency, value in tally.sums.items():
            sums[currency] = sums.get(currency, Decimal(0)) + sign * value
    return Tally(count=sum(each.count for each in tallies) - (less.count if less else 0), sums=sums)


def _waits(desk: Desk, connection: Connection, frame: pd.DataFrame) -> dict[int, Sentence]:
    """Why what is queued does not leave at once: somebody holds its batch, or chose a later time."""
    queued = [int(identity) for identity, status in zip(frame[frames.ID], frame[frames.STATUS], strict=True) if status == DispatchStatus.QUEUED]
    found: dict[int, Sentence] = {}
    for row in outbox_views.queued_until(connection, queued) if queued else ():
        if row.held_at is not None and row.held_because is not None:
            found[row.invoice_id] = row.held_because
        elif row.leaves_at is not None and row.leaves_at > desk.now() + SOON:
            local = row.leaves_at.astimezone(zone(desk))
            found[row.invoice_id] = Sentence(LEAVES_ON, {"day": on(local.date()), "clock": f"{local:%H:%M}"})
    return found


def _troubled(frame: pd.DataFrame) -> list[int]:
    troubled = {status.value for status in TO_HANDLE | {DispatchStatus.HELD, DispatchStatus.QUEUED}}
    return [int(identity) for identity, status in zip(frame[frames.ID], frame[frames.STATUS], strict=True) if status in troubled]


def selected_tally(desk: Desk, ids: Sequence[int], chosen: Filter, group: str | None) -> tuple[Tally, int]:
    """Count and sum of the ticked invoices, and how many of them the filter hides."""
    with desk.database.read() as connection:
        everything = ledger_rows.tally(connection, Filter(), ids)
        shown = ledger_rows.tally(connection, grouped(chosen, group, checking.blocks(desk, connection)), ids)
    return everything, everything.count - shown.count


def pending_ids(desk: Desk, chosen: Filter) -> list[int]:
    """All that is to send in what the filter shows, over all its pages; what is blocked too, so that the check tells of it."""
    with desk.database.read() as connection:
        return ledger_rows.ids(connection, replace(chosen, statuses=frozenset({DispatchStatus.TO_SEND})))


def all_rows(desk: Desk, chosen: Filter, group: str | None, sort: Sort) -> pd.DataFrame:
    """Everything that the filter shows, for a file."""
    with desk.database.read() as connection:
        return frames.invoice_frame(ledger_rows.page(connection, grouped(chosen, group, checking.blocks(desk, connection)), sort))


def zone(desk: Desk) -> ZoneInfo:
    return ZoneInfo(desk.settings.time_zone)


_EMBEDDED = re.compile(r"(<cbc:EmbeddedDocumentBinaryObject[^>]*>)([^<]{80})[^<]+")


def readable_xml(content: bytes) -> str:
    """The XML for reading: indented, the embedded PDF cut after its first characters."""
    tree = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    etree.indent(tree)
    return _EMBEDDED.sub(r"\1\2 …", etree.tostring(tree, encoding="unicode"))
