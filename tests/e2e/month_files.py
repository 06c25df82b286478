"""The drop folder of a month: invoices as XML and as a table, PDFs named after them, a list of customers, and a broken file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from fpdf import FPDF

from core.model import DocumentType, Identifier, Invoice, Language, Line, Party, PaymentMeans, XmlFormat
from core.rendering import ubl
from core.sources.table_headers import CUSTOMERS, INVOICES
from tests import builders, desk


@dataclass(frozen=True)
class Client:
    """A customer of the month; no address: it is forgotten on the list. What it wants is not e-mail unless it is ticked."""

    place: int
    name: str
    address: str = ""
    wants_email: bool = True

    @property
    def vat_id(self) -> str:
        return f"BE{desk.buyer_number(self.place)}"


PEETERS = Client(1, "Bakkerij Peeters BV", "compta@peeters.example")
LAMBERT = Client(2, "Garage Lambert SRL")
CLAES = Client(3, "Apotheek Claes BV", "info@refuses.example")
MAES = Client(4, "Jardins Maes SRL", "compta@silent.example")
DUPONT = Client(5, "Dupont & Fils SA", "comptes@dupont.example")
JANSSENS = Client(6, "Janssens NV", wants_email=False)
CLIENTS = (PEETERS, LAMBERT, CLAES, MAES, DUPONT, JANSSENS)


@dataclass(frozen=True)
class Bill:
    """An invoice: its lines are net prices at 21 % VAT."""

    number: str
    client: Client
    lines: tuple[str, ...]
    day: int

    @property
    def reference(self) -> str:
        """A structured communication of its own."""
        ten = f"{self.day:03d}{int(self.number[-4:]):07d}"
        digits = f"{ten}{int(ten) % 97 or 97:02d}"
        return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


ALONE = Bill("2026-0101", PEETERS, ("200.00",), 20)  # goes by the confirm screen
HELD = Bill("2026-0102", PEETERS, ("75.50",), 19)
ADDRESSLESS = Bill("2026-0103", LAMBERT, ("410.00", "35.25"), 18)
REFUSED = Bill("2026-0104", CLAES, ("88.00",), 17)
SILENT = Bill("2026-0105", MAES, ("640.00",), 16)
RETURNED = Bill("2026-0106", DUPONT, ("1020.30",), 15)  # 1.234,56 with VAT
PAPER = Bill("2026-0107", JANSSENS, ("50.00",), 14)
LISTED = Bill("2026-0108", PEETERS, ("120.00", "60.00"), 13)
OTHER = Bill("2026-0109", DUPONT, ("300.00",), 12)
IN_XML = (ALONE, HELD, ADDRESSLESS, REFUSED, SILENT, RETURNED, PAPER)
IN_TABLE = (LISTED, OTHER)
BILLS = (*IN_XML, *IN_TABLE)
CREDITED = "2026-C001"  # the credit note for ALONE
PAIRED = (ADDRESSLESS, LISTED)  # the firm has its own PDF of these


def drop_folder(folder: Path, language: Language) -> list[Path]:
    """Everything that the billing programs left, and a file that broke on the way."""
    folder.mkdir()
    for bill in IN_XML:
        _write_xml(folder, _invoice(bill))
    credit = builders.credit_note(number=CREDITED, buyer=_buyer(PEETERS), issue_date=date(2026, 11, 21), lines=_lines(("40.00",)))
    _write_xml(folder, credit)
    for bill in PAIRED:
        (folder / f"{bill.number}.pdf").write_bytes(_own_pdf(bill))
    (folder / "2026-0110.xml").write_text("<Invoice", encoding="utf-8")
    _write_table(folder / "factures.csv", _invoice_rows(), language)
    _write_table(folder / ("clients.csv" if language is Language.FR else "klanten.csv"), _customer_rows(language), language)
    return sorted(folder.iterdir())


def _buyer(client: Client) -> Party:
    identity = Identifier(value=client.vat_id[2:], scheme="0208")
    return builders.party(name=client.name, vat_id=client.vat_id, legal_id=identity, endpoint=identity, email=None)


def _lines(prices: tuple[str, ...]) -> tuple[Line, ...]:
    return tuple(builders.line(id=f"{place}", quantity=Decimal(1), net_price=Decimal(price)) for place, price in enumerate(prices, 1))


def _invoice(bill: Bill) -> Invoice:
    return builders.invoice(
        number=bill.number,
        buyer=_buyer(bill.client),
        issue_date=date(2026, 11, bill.day),
        type_code=DocumentType.INVOICE,
        lines=_lines(bill.lines),
        payment_means=(PaymentMeans(reference=bill.reference, iban=builders.IBAN, bic="GKCCBEBB"),),
    )


def _write_xml(folder: Path, invoice: Invoice) -> None:
    written = ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=None, pdf_name="")
    (folder / f"{invoice.number}.xml").write_bytes(written.content)


def _own_pdf(bill: Bill) -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=28)
    made.cell(text=f"{bill.number} - {bill.client.name}", new_x="LMARGIN", new_y="NEXT")
    total = sum(map(Decimal, bill.lines), Decimal(0)) * Decimal("1.21")
    made.cell(text=f"{total:.2f}".replace(".", ","))
    return bytes(made.output())


def _invoice_rows() -> list[dict[str, str]]:
    """One row a line, as exports write them; every row names the company and the customer."""
    return [
        {
            "seller_name": builders.seller().name,
            "seller_vat_id": desk.COMPANY,
            "number": bill.number,
            "issue_date": f"{bill.day}/11/2026",
            "due_date": "24/12/2026",
            "buyer_name": bill.client.name,
            "buyer_vat_id": bill.client.vat_id,
            "description": "Conseil",
            "quantity": "1",
            "net_price": price.replace(".", ","),
            "vat_rate": "21",
            "payment_reference": bill.reference,
            "iban": builders.IBAN,
        }
        for bill in IN_TABLE
        for price in bill.lines
    ]


def _customer_rows(language: Language) -> list[dict[str, str]]:
    yes, no = ("oui", "non") if language is Language.FR else ("ja", "nee")
    return [
        {
            "vat_id": client.vat_id,
            "name": client.name,
            "street": "Meir 1",
            "postcode": "2000",
            "city": "Antwerpen",
            "country": "BE",
            "language": language.value,
            "wants_email": yes if client.wants_email else no,
            "to": client.address,
        }
        for client in CLIENTS
    ]


def _write_table(path: Path, rows: list[dict[str, str]], language: Language) -> None:
    """With the headers of that language, semicolons, and the mark that Excel puts first."""
    headings = CUSTOMERS if "wants_email" in rows[0] else INVOICES
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow((headings[field].french if language is Language.FR else headings[field].dutch)[0] for field in rows[0])
        writer.writerows(row.values() for row in rows)
