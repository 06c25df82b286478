"""What became of one invoice: each copy with its deliveries, and the mail as it was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from core import eml
from core.database import invoices as invoice_rows
from core.database import outbox_views
from core.dispatch.desk import Desk
from core.errors import InvoiceUnknown
from core.records import InvoiceRow


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One mail for an invoice; `sealed_sha256` is empty until it was made."""

    copy_number: int
    message_id: str
    sealed_sha256: str | None
    deliveries: Sequence[Row[Any]]


def copies(desk: Desk, invoice_id: int) -> list[Copy]:
    """The newest first."""
    with desk.database.read() as connection:
        rows = outbox_views.listing(connection, invoice_id=invoice_id)
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row.message_id)]
    return [
        Copy(copy_number=own[0].copy_number, message_id=own[0].rfc_message_id, sealed_sha256=own[0].sealed_sha256, deliveries=own)
        for own in reversed(grouped)
    ]


def sealed_mail(desk: Desk, sha256: str) -> eml.Opened:
    """The mail as it left, from the archive, which checks its digest."""
    return eml.opened(desk.archive.get(sha256))


def standing(desk: Desk, invoice_id: int) -> InvoiceRow:
    """Where the invoice stands now. Raises InvoiceUnknown."""
    with desk.database.read() as connection:
        row = invoice_rows.rows(connection, [invoice_id]).get(invoice_id)
    if row is None:
        raise InvoiceUnknown(number=invoice_id)
    return row
