"""Fill a database with many invoices, fast: the same tables, texts and indexes that imports write, without their files."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from core.app import App, open_app
from core.database import invoices as invoice_rows
from core.database import migrate, words
from core.database.parties import add_company
from core.database.schema import customer_recipients, customers, invoice_versions, invoices
from core.dispatch import companies
from core.dispatch.values import Value
from core.model import DispatchStatus, DocumentType, Invoice, Language, Ledger, Line, Party, PaymentMeans, RecipientRole, Totals, VatBreakdown
from core.rendering import mail_text
from core.settings import Settings

SEED: Final = 2026
PER_CUSTOMER: Final = 25
AT_ONCE: Final = 20_000
NOW: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)
FIRST: Final = ("Garage", "Boulangerie", "Bakkerij", "Cabinet", "Fietsen", "Immobilière", "Schilderwerken", "Atelier", "Ets.", "Café")
SECOND: Final = ("Dupont", "Janssens", "Peeters", "Delvaux", "Maes", "Lambert", "Willems", "Claes", "Goossens", "Müller", "Lefèvre", "Wouters")
FORMS: Final = ("SRL", "BV", "SA", "NV", "SNC", "VZW")
NETS: Final = tuple(Decimal(50 + 7 * place) for place in range(400))
# One in six e-mail invoices waits, as in BENCH B7; a few are in trouble.
EMAIL_STATES: Final = (
    [DispatchStatus.SENT] * 400 + [DispatchStatus.TO_SEND] * 84 + [DispatchStatus.FAILED, DispatchStatus.HELD, DispatchStatus.UNCERTAIN]
)
PAPER_STATES: Final = [DispatchStatus.POSTED] * 9 + [DispatchStatus.TO_PRINT]


def desk_with(folder: Path, count: int) -> App:
    """A desk of its own with `count` invoices of three companies."""
    settings = Settings.model_validate({"database_url": f"sqlite:///{folder / 'facturier.db'}", "archive_url": f"file://{folder / 'archive'}"})
    app = open_app(settings, who="bench", check=False)
    migrate.upgrade(app.desk.database)
    fill(app, count)
    return app


def fill(app: App, count: int) -> None:
    """Into an empty desk."""
    chance = random.Random(SEED)  # noqa: S311  the same database every time
    with app.desk.database.write() as connection:
        sellers = [_company(connection, place) for place in range(3)]
        names = _customers(connection, max(1, count // PER_CUSTOMER), chance)
    for start in range(0, count, AT_ONCE):
        with app.desk.database.write() as connection:
            _invoices(connection, range(start, min(start + AT_ONCE, count)), count, names, chance)
    with app.desk.database.write() as connection:
        connection.execute(text("analyze"))
    for key in sellers:
        account = {"smtp.host": "127.0.0.1", "smtp.port": "25", "smtp.security": "none", "mail.from": "bench@x.example"}
        companies.change(app.desk, key, [Value(name, value) for name, value in account.items()])


def _company(connection: Connection, place: int) -> str:
    key = f"BE000000000{place}"
    texts = {(language, kind): mail_text.standard(language, kind) for language in Language for kind in DocumentType}
    add_company(connection, {"key": key, "name": f"Fiduciaire {SECOND[place]} SRL", "vat_id": key, "language": Language.FR}, texts)
    return key


def _customers(connection: Connection, count: int, chance: random.Random) -> list[str]:
    names = [f"{chance.choice(FIRST)} {chance.choice(SECOND)} {chance.choice(FORMS)} {place}" for place in range(count)]
    rows = [
        {
            "id": place + 1,
            "key": f"BE1{place:09d}",
            "name": name,
            "city": "Namur",
            "postcode": "5000",
            "language": chance.choice([Language.FR, Language.NL]),
            "wants_email": place % 6 != 0,
            "search_text": words.of_customer([name, f"BE1{place:09d}", "5000", "Namur", f"compta{place}@x.example"]),
        }
        for place, name in enumerate(names)
    ]
    addresses = [
        {"customer_id": place + 1, "role": RecipientRole.TO, "position": 0, "mailbox": f"compta{place}@x.example"}
        for place in range(count)
        if place % 6
    ]
    connection.execute(insert(customers), rows)
    connection.execute(insert(customer_recipients), addresses)
    return names


def _invoices(connection: Connection, places: Sequence[int], count: int, names: Sequence[str], chance: random.Random) -> None:
    contents = {net: invoice_rows.to_json(_invoice("NUMBER", date(2026, 1, 1), "BUYER", net)) for net in NETS}
    rows, versions = [], []
    for row, content in _rows(places, count, names, chance, contents):
        rows.append(row)
        versions.append(
            {
                "invoice_id": row["id"],
                "version": 1,
                "content": content,
                "content_sha256": f"{row['id']:064d}",
                "source_name": f"{row['number']}.xml",
                "imported_at": NOW,
            }
        )
    connection.execute(insert(invoices), rows)
    connection.execute(insert(invoice_versions), versions)


def _rows(
    places: Sequence[int], count: int, names: Sequence[str], chance: random.Random, contents: dict[Decimal, str]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Over three years, oldest first, as they would have been imported."""
    for place in places:
        customer = chance.randrange(len(names))
        email = customer % 6 != 0
        net = chance.choice(NETS)
        vat = (net * 21 / 100).quantize(Decimal("0.01"))
        day = date(2023, 12, 1) + timedelta(days=place * 1089 // count)
        number = f"F{day.year}-{place + 1:07d}"
        row = {
            "id": place + 1,
            "company_id": place % 3 + 1,
            "customer_id": customer + 1,
            "type_code": DocumentType.CREDIT_NOTE if place % 40 == 0 else DocumentType.INVOICE,
            "number": number,
            "year": day.year,
            "issue_date": day,
            "due_date": day + timedelta(days=30),
            "currency": "EUR",
            "total_without_vat": net,
            "vat_total": vat,
            "total_with_vat": net + vat,
            "amount_due": net + vat,
            "ledger": Ledger.EMAIL if email else Ledger.PAPER,
            "status": chance.choice(EMAIL_STATES if email else PAPER_STATES),
            "status_at": NOW,
            "imported_at": NOW,
            "sort_name": words.folded(names[customer]),
            "search_text": f"{number.lower()} {net + vat}",
        }
        content = contents[net].replace("NUMBER", number).replace("BUYER", names[customer]).replace("2026-01-01", day.isoformat())
        yield row, content


def _invoice(number: str, day: date, buyer: str, net: Decimal) -> Invoice:
    vat = (net * 21 / 100).quantize(Decimal("0.01"))
    rate = Decimal(21)
    return Invoice(
        number=number,
        type_code=DocumentType.INVOICE,
        issue_date=day,
        currency="EUR",
        seller=Party(name="Fiduciaire", vat_id="BE0000000000"),
        buyer=Party(name=buyer),
        payment_means=(PaymentMeans(iban="BE68539007547034"),),
        lines=(
            Line(id="1", name="Honoraires", quantity=Decimal(1), unit_code="C62", net_amount=net, net_price=net, vat_category="S", vat_rate=rate),
        ),
        vat_breakdown=(VatBreakdown(category="S", rate=rate, taxable_amount=net, vat_amount=vat),),
        totals=Totals(line_total=net, total_without_vat=net, vat_total=vat, total_with_vat=net + vat, amount_due=net + vat),
    )
