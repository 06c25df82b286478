"""The dispatch status of invoices, derived from their deliveries and stored with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from core.database.chunks import chunks
from core.database.schema import deliveries, invoices, messages
from core.model import DeliveryStatus, DispatchStatus, RecipientRole, dispatch_status

LEFT_OR_MAYBE = frozenset({DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN})


@dataclass(frozen=True, kw_only=True)
class Sendings:
    """The deliveries of the latest copy, without the archive copy, and whether an earlier copy left for somebody."""

    latest: tuple[DeliveryStatus, ...] = ()
    left_before: bool = False


def sendings(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, Sendings]:
    """What the status of each invoice follows from."""
    copies: dict[int, dict[int, list[DeliveryStatus]]] = {invoice_id: {} for invoice_id in invoice_ids}
    for part in chunks(list(copies)):
        rows = connection.execute(
            select(messages.c.invoice_id, messages.c.copy_number, deliveries.c.status)
            .join(deliveries, deliveries.c.message_id == messages.c.id)
            .where(messages.c.invoice_id.in_(part), deliveries.c.role != RecipientRole.ARCHIVE)
        )
        for row in rows:
            copies[row.invoice_id].setdefault(row.copy_number, []).append(row.status)
    return {invoice_id: _sendings(by_copy) for invoice_id, by_copy in copies.items()}


def _sendings(by_copy: dict[int, list[DeliveryStatus]]) -> Sendings:
    if not by_copy:
        return Sendings()
    newest = max(by_copy)
    earlier = {status for copy_number, states in by_copy.items() if copy_number != newest for status in states}
    return Sendings(latest=tuple(by_copy[newest]), left_before=bool(earlier & LEFT_OR_MAYBE))


def refresh_status(connection: Connection, invoice_ids: Collection[int], *, now: datetime) -> None:
    """Store the dispatch status that follows from the deliveries, in the caller's transaction.

    The invoices are locked before the deliveries are read: of two who settle at once, the second sees what the first did.
    """
    ids = sorted(set(invoice_ids))
    columns = (invoices.c.id, invoices.c.status, invoices.c.ledger, invoices.c.elsewhere_because, invoices.c.held_because)
    for part in chunks(ids):
        rows = connection.execute(select(*columns).where(invoices.c.id.in_(part)).order_by(invoices.c.id).with_for_update()).all()
        found = sendings(connection, part)
        for row in rows:
            what = found[row.id]
            status: DispatchStatus = dispatch_status(
                what.latest,
                ledger=row.ledger,
                elsewhere=row.elsewhere_because is not None,
                left_before=what.left_before,
                held=row.held_because is not None,
            )
            if status is not row.status:
                connection.execute(update(invoices).where(invoices.c.id == row.id).values(status=status, status_at=now))
