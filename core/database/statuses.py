"""The dispatch status of invoices, derived from their deliveries and stored with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from core.database.chunks import chunks
from core.database.schema import deliveries, invoices, messages
from core.model import NOT_LEFT, DeliveryStatus, DispatchStatus, RecipientRole, dispatch_status

LEFT_OR_MAYBE = frozenset({DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN})


@dataclass(frozen=True, kw_only=True)
class Sendings:
    """The deliveries that count, without the archive copy, and whether an earlier copy left for somebody.

    Those of the latest copy count, and those of an earlier one that turned out not to have arrived after the latest was queued.
    """

    latest: tuple[DeliveryStatus, ...] = ()
    left_before: bool = False


_COPIES = (
    select(messages.c.invoice_id, messages.c.copy_number, messages.c.queued_at, deliveries.c.status, deliveries.c.changed_at)
    .join(deliveries, deliveries.c.message_id == messages.c.id)
    .where(messages.c.invoice_id.in_(bindparam("of_invoices", expanding=True)), deliveries.c.role != RecipientRole.ARCHIVE)
)


def sendings(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, Sendings]:
    """What the status of each invoice follows from."""
    copies: dict[int, dict[int, list[Row[*tuple[Any, ...]]]]] = {invoice_id: {} for invoice_id in invoice_ids}
    for part in chunks(list(copies)):
        for row in connection.execute(_COPIES, {"of_invoices": part}):
            copies[row.invoice_id].setdefault(row.copy_number, []).append(row)
    return {invoice_id: _sendings(by_copy) for invoice_id, by_copy in copies.items()}


def _sendings(by_copy: dict[int, list[Row[*tuple[Any, ...]]]]) -> Sendings:
    if not by_copy:
        return Sendings()
    newest = max(by_copy)
    queued_at = by_copy[newest][0].queued_at
    earlier = [row for copy_number, rows in by_copy.items() if copy_number != newest for row in rows]
    since = [row.status for row in earlier if row.status in NOT_LEFT and row.changed_at > queued_at]
    left_before = any(row.status in LEFT_OR_MAYBE for row in earlier)
    return Sendings(latest=(*(row.status for row in by_copy[newest]), *since), left_before=left_before)


_STANDING = (
    select(invoices.c.id, invoices.c.status, invoices.c.ledger, invoices.c.elsewhere_because, invoices.c.held_because)
    .where(invoices.c.id.in_(bindparam("of_invoices", expanding=True)))
    .order_by(invoices.c.id)
    .with_for_update()
)
_STORE = (
    update(invoices)
    .where(invoices.c.id.in_(bindparam("of_invoices", expanding=True)))
    .values(status=bindparam("becomes"), status_at=bindparam("by_now"))
)


def refresh_status(connection: Connection, invoice_ids: Collection[int], *, now: datetime) -> None:
    """Store the dispatch status that follows from the deliveries, in the caller's transaction.

    The invoices are locked before the deliveries are read: of two who settle at once, the second sees what the first did.
    """
    for part in chunks(sorted(set(invoice_ids))):
        rows = connection.execute(_STANDING, {"of_invoices": part}).all()
        found = sendings(connection, part)
        changed: dict[DispatchStatus, list[int]] = {}
        for row in rows:
            status = _status(row, found[row.id])
            if status is not row.status:
                changed.setdefault(status, []).append(row.id)
        for status, ids in changed.items():
            connection.execute(_STORE, {"of_invoices": ids, "becomes": status, "by_now": now})


def _status(row: Any, what: Sendings) -> DispatchStatus:
    return dispatch_status(
        what.latest,
        ledger=row.ledger,
        elsewhere=row.elsewhere_because is not None,
        left_before=what.left_before,
        held=row.held_because is not None,
    )
