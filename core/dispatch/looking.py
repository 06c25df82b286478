"""What pages show: pages of ledgers, and XML for reading. Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
from lxml import etree

from core import frames, ledgers
from core.database import ledger_rows, outbox_views
from core.database.ledger_rows import Blocks, Filter, Sort, Tally
from core.dispatch import checking
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.model import IN_PROGRESS, LEFT, PENDING, TO_HANDLE, DispatchStatus

PAGE_SIZE = 200

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
    to_send: int  # the blocked ones among them
    because: dict[int, Sentence]  # why a row is not where it should be: of what failed, stopped, came back


def ledger_page(desk: Desk, chosen: Filter, group: str | None, sort: Sort, *, page: int) -> LedgerPage:
    """One page of 200 rows; `group` is a key of GROUPS. What is to send but blocked counts as to handle, and only there."""
    with desk.database.read() as connection:
        blocks = checking.blocks(desk, connection)
        narrowed = grouped(chosen, group, blocks)
        counts = ledger_rows.counts(connection, chosen)
        blocked = ledger_rows.tally(connection, replace(chosen, statuses=frozenset({DispatchStatus.TO_SEND}), blocked=True, blocks=blocks))
        frame = ledgers.page(connection, narrowed, sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
        tallies = {name: _sum([counts[status] for status in statuses if status in counts]) for name, statuses in GROUPS.items()}
        tallies["to_send"] = _sum([tallies["to_send"]], less=blocked)
        tallies["to_handle"] = _sum([tallies["to_handle"], blocked])
        return LedgerPage(
            frame=frame,
            tally=_sum(list(counts.values())) if group is None else tallies[group],
            groups={name: tally.count for name, tally in tallies.items()},
            to_send=counts[DispatchStatus.TO_SEND].count if DispatchStatus.TO_SEND in counts else 0,
            because=outbox_views.because(connection, _troubled(frame)),
        )


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
