"""Words for tests that work a whole desk: import built invoices, set the account, tick customers, look at what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, update

from core.app import App
from core.database import outbox_views
from core.database.schema import invoices, messages
from core.database.statuses import sendings
from core.dispatch import companies, crew, customers, importing, sending, working
from core.dispatch.desk import Desk
from core.dispatch.importing import Imported, ImportOutcome
from core.dispatch.values import Value
from core.model import DeliveryStatus, DispatchStatus, Identifier, Invoice, XmlFormat, dispatch_status
from core.queueing import Queued
from core.rendering import ubl
from tests import builders, papers

PDF = b"%PDF-1.4\n% a supplied document, as it came\n%%EOF\n"
OWN = b""  # a PDF like that for this invoice alone: the same one on two invoices is remarked
COMPANY = f"BE{builders.SELLER_NUMBER}"


def bring(app: App, invoice: Invoice, *, pdf: bytes | None = OWN) -> Imported:
    """Write the invoice as a file and import it, as a billing program would."""
    pdf = pdf_of(invoice) if pdf == OWN else pdf
    written = ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=pdf, pdf_name=f"{invoice.number}.pdf")
    imported = importing.import_bytes(app.desk, f"{invoice.number}.xml", written.content)
    assert imported.outcome is not ImportOutcome.REFUSED, imported.reason
    return imported


def pdf_of(invoice: Invoice) -> bytes:
    """What a billing program makes: number, customer and total stand in it."""
    return papers.paper(
        f"{invoice.number} ({invoice.issue_date})", invoice.buyer.name, f"{invoice.type_code.value}", f"{invoice.totals.total_with_vat:.2f}"
    )


def buyer_number(place: int) -> str:
    """A valid Belgian enterprise number of its own for each place."""
    return _checked(f"07{place:06d}")


def _checked(eight: str) -> str:
    return f"{eight}{97 - int(eight) % 97:02d}"


def customer_invoice(place: int, **overrides: object) -> Invoice:
    """Invoice number `place` to a customer of its own."""
    number = buyer_number(place)
    identity = Identifier(value=number, scheme="0208")
    buyer = builders.party(name=f"Customer {place}", vat_id=f"BE{number}", legal_id=identity, endpoint=identity)
    return replace(builders.invoice(number=f"2026-{place:04d}", buyer=buyer), **overrides)  # type: ignore[arg-type]


def customer_key(place: int) -> str:
    return f"BE{buyer_number(place)}"


def set_company(app: App, **settings: str) -> None:
    companies.change(app.desk, COMPANY, [Value(name.replace("__", "."), text) for name, text in settings.items()])


def set_account(app: App, port: int, **settings: str) -> None:
    base = {"smtp__host": "127.0.0.1", "smtp__port": str(port), "smtp__security": "none", "mail__from": "Atelier Dubois <factures@dubois.example>"}
    set_company(app, **base | settings)


def tick(app: App, place: int, *addresses: str, **settings: str) -> None:
    """The customer wants invoices by e-mail, at these addresses."""
    values = {"wants_email": "true", "to": ", ".join(addresses)} | settings
    customers.change(app.desk, customer_key(place), [Value(name, text) for name, text in values.items()])


def ready(app: App, port: int, *addresses: str, pdf: bytes | None = OWN, **overrides: object) -> int:
    """One imported invoice whose customer wants it at these addresses, with the account set. Returns its id."""
    imported = bring(app, customer_invoice(1, **overrides), pdf=pdf)
    set_account(app, port)
    tick(app, 1, *(addresses or ("ok+1@x.test",)))
    assert imported.invoice_id is not None
    return imported.invoice_id


def send(app: App, invoice_ids: Sequence[int], *, timeout_s: float = 20) -> Queued:
    queued = sending.queue(app.desk, invoice_ids)
    drain(app, timeout_s=timeout_s)
    return queued


def one_pass(desk: Desk) -> None:
    """What a worker does between two looks at the clock."""
    with contextlib.closing(working.Worker(desk=desk, name="test")) as worker:
        worker.step()


def drain(app: App, *, timeout_s: float = 20) -> None:
    crew.drain(app.desk, name="test", until=lambda: crew.nothing_workable(app.desk), timeout_s=timeout_s)


def status_of(app: App, invoice_id: int) -> DispatchStatus:
    with app.desk.database.read() as connection:
        return DispatchStatus(connection.scalars(select(invoices.c.status).where(invoices.c.id == invoice_id)).one())


def deliveries(app: App) -> dict[str, DeliveryStatus]:
    with app.desk.database.read() as connection:
        return {row.recipient: row.status for row in outbox_views.listing(connection)}


def reasons(app: App) -> dict[str, str]:
    with app.desk.database.read() as connection:
        return {row.recipient: str(row.because) for row in outbox_views.listing(connection)}


def assert_statuses_follow(app: App) -> None:
    """Recompute every invoice's status from its deliveries and compare it with the stored one."""
    with app.desk.database.read() as connection:
        rows = connection.execute(select(invoices)).all()
        found = sendings(connection, [row.id for row in rows])
    assert rows
    for row in rows:
        what = found[row.id]
        elsewhere = row.elsewhere_because is not None
        held = row.held_because is not None
        expected = dispatch_status(what.latest, ledger=row.ledger, elsewhere=elsewhere, left_before=what.left_before, held=held)
        assert row.status is expected, row.number


def hurry(app: App) -> None:
    """What waits for its next try is due now."""
    with app.desk.database.write() as connection:
        connection.execute(update(messages).where(messages.c.due_at.is_not(None)).values(due_at=app.desk.now()))
