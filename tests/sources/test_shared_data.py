"""Every file of the shared folder, against values read with nothing but ElementTree."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from core.sources import read_file

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FILES = sorted(DATA.glob("*/*.xml"))
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
every_file = pytest.mark.parametrize("path", FILES or [DATA], ids=lambda path: path.stem)  # one to skip where there is none


def value(root: ET.Element, path: str) -> str | None:
    """The stripped text at a path such as `LegalMonetaryTotal.PayableAmount`; the last step is a basic element."""
    *steps, last = path.split(".")
    found = root.find("/".join([*(CAC + step for step in steps), CBC + last]))
    text = "" if found is None else (found.text or "").strip()
    return text or None


def number(root: ET.Element, path: str) -> Decimal | None:
    text = value(root, path)
    return None if text is None else Decimal(text)


def day(root: ET.Element, *paths: str) -> date | None:
    text = next((text for path in paths if (text := value(root, path))), None)
    return None if text is None else date.fromisoformat(text)


def groups(root: ET.Element) -> Iterator[tuple[str, Decimal | None, Decimal | None, Decimal | None]]:
    for subtotal in root.findall(f"{CAC}TaxTotal/{CAC}TaxSubtotal"):
        category = {"AA": "S"}.get(value(subtotal, "TaxCategory.ID") or "", value(subtotal, "TaxCategory.ID") or "")
        rate = None if category == "O" else number(subtotal, "TaxCategory.Percent")
        yield category, rate, number(subtotal, "TaxableAmount"), number(subtotal, "TaxAmount")


def pdfs(root: ET.Element) -> list[bytes]:
    objects = root.iter(f"{CBC}EmbeddedDocumentBinaryObject")
    return [base64.b64decode(held.text or "") for held in objects if held.get("mimeCode") == "application/pdf"]


def test_there_are_files() -> None:
    assert len(FILES) >= 26


@every_file
def test_identity(path: Path) -> None:
    root, invoice = ET.parse(path).getroot(), read_file(path).invoice
    code = value(root, "InvoiceTypeCode") or value(root, "CreditNoteTypeCode")
    assert invoice.number == value(root, "ID")
    assert invoice.source_type_code == code
    assert invoice.type_code == ("381" if root.tag.endswith("CreditNote") or code == "381" else "380")
    assert invoice.issue_date == day(root, "IssueDate")
    assert invoice.due_date == day(root, "DueDate", "PaymentMeans.PaymentDueDate")
    assert invoice.currency == value(root, "DocumentCurrencyCode")
    assert invoice.seller.name == value(root, "AccountingSupplierParty.Party.PartyLegalEntity.RegistrationName")
    assert invoice.buyer.name == value(root, "AccountingCustomerParty.Party.PartyLegalEntity.RegistrationName")


@every_file
def test_totals(path: Path) -> None:
    root, totals = ET.parse(path).getroot(), read_file(path).invoice.totals
    assert totals.line_total == number(root, "LegalMonetaryTotal.LineExtensionAmount")
    assert totals.allowance_total == (number(root, "LegalMonetaryTotal.AllowanceTotalAmount") or 0)
    assert totals.charge_total == (number(root, "LegalMonetaryTotal.ChargeTotalAmount") or 0)
    assert totals.total_without_vat == number(root, "LegalMonetaryTotal.TaxExclusiveAmount")
    assert totals.vat_total == number(root, "TaxTotal.TaxAmount")
    assert totals.total_with_vat == number(root, "LegalMonetaryTotal.TaxInclusiveAmount")
    assert totals.paid_amount == (number(root, "LegalMonetaryTotal.PrepaidAmount") or 0)
    assert totals.rounding_amount == (number(root, "LegalMonetaryTotal.PayableRoundingAmount") or 0)
    assert totals.amount_due == number(root, "LegalMonetaryTotal.PayableAmount")


@every_file
def test_vat_breakdown(path: Path) -> None:
    root, invoice = ET.parse(path).getroot(), read_file(path).invoice
    assert [(group.category, group.rate, group.taxable_amount, group.vat_amount) for group in invoice.vat_breakdown] == list(groups(root))


@every_file
def test_lines(path: Path) -> None:
    root, invoice = ET.parse(path).getroot(), read_file(path).invoice
    lines = [*root.findall(f"{CAC}InvoiceLine"), *root.findall(f"{CAC}CreditNoteLine")]
    assert [line.id for line in invoice.lines] == [value(line, "ID") for line in lines]
    assert [line.name for line in invoice.lines] == [value(line, "Item.Name") for line in lines]
    assert [line.net_amount for line in invoice.lines] == [number(line, "LineExtensionAmount") for line in lines]
    assert [line.net_price for line in invoice.lines] == [number(line, "Price.PriceAmount") for line in lines]
    stated = [number(line, "InvoicedQuantity") or number(line, "CreditedQuantity") for line in lines]
    assert [line.quantity for line in invoice.lines] == stated


@every_file
def test_pdf_and_xml_as_they_came(path: Path) -> None:
    root, source = ET.parse(path).getroot(), read_file(path)
    held = pdfs(root)
    assert source.xml == path.read_bytes()
    assert source.pdf == (held[0] if held else None)
    assert bool(source.pdf_name) is bool(held)
    assert bool(held) is (path.parent.name in {"ubl-be", "e-fff"})


def test_the_accounting_currency_has_its_own_total() -> None:
    invoice = read_file(DATA / "peppol" / "Allowance-example.xml").invoice
    assert (invoice.currency, invoice.tax_currency) == ("EUR", "SEK")
    assert (invoice.totals.vat_total, invoice.totals.vat_total_accounting) == (Decimal("1225.00"), Decimal("9324.00"))


def test_the_official_efff_sample() -> None:
    invoice = read_file(DATA / "e-fff" / "efff_BE0827405743_V01-15000001-1.xml").invoice
    assert invoice.seller.vat_id == "BE0827405743"
    assert invoice.due_date == date(2015, 5, 9)
    assert (invoice.iban, invoice.payment_means[0].bic) == ("BE44001615859645", "GEBABEBB")
    assert invoice.cash_discount is None  # its SettlementPeriod is the term of payment
    assert (invoice.lines[0].belgian_code, invoice.lines[0].vat_category, invoice.lines[0].vat_rate) == ("03", "S", Decimal(21))
    assert invoice.supporting_documents == ()


def test_the_cash_discount_of_ubl_be() -> None:
    invoice = read_file(DATA / "ubl-be" / "UBLBE_BE0000000196_V01-15000032.xml").invoice
    assert invoice.cash_discount is not None
    assert invoice.cash_discount.percentage == 2
    assert (invoice.cash_discount.amount, invoice.cash_discount.until) == (Decimal("392.00"), date(2018, 4, 17))
    assert invoice.due_date == date(2018, 5, 9)


def test_the_legal_mention_of_ubl_be() -> None:
    invoice = read_file(DATA / "ubl-be" / "UBLBE_BE0000000196_V01-15000002.xml").invoice
    assert invoice.delivery_terms_code == "BELM-008"
    assert invoice.delivery_terms == "VAT to be refunded to the state to the extent that it was deducted"
    assert [reference.number for reference in invoice.preceding_invoices] == ["V01/15000001"]


def test_a_negative_credit_note_stays_and_warns() -> None:
    invoice = read_file(DATA / "ubl-be" / "UBLBE_BE0000000196_V01-15000024.xml").invoice
    assert invoice.is_credit_note
    assert (invoice.totals.total_with_vat, invoice.lines[0].quantity) == (Decimal(-484), Decimal(-2))
    assert any("-484.00" in str(warning) for warning in invoice.warnings)


def test_a_rich_invoice_is_read_whole() -> None:
    invoice = read_file(DATA / "en16931" / "guide-example2.xml").invoice
    assert invoice.payee is not None
    assert (invoice.payee.name, invoice.payee.identifiers[0].scheme) == ("Ebeneser Scrooge AS", "0088")
    assert invoice.tax_representative is not None
    assert (invoice.tax_representative.vat_id, invoice.tax_representative.address.city) == ("NO967611265MVA", "Newtown")
    assert (invoice.period_start, invoice.period_end) == (date(2013, 6, 1), date(2013, 6, 30))
    assert (invoice.accounting_cost, invoice.contract_reference, invoice.order_reference) == ("Project cost code 123", "Contract321", "123")
    assert [(document.id, document.description, document.url) for document in invoice.supporting_documents] == [
        ("Doc1", "Timesheet", "http://www.suppliersite.eu/sheet001.html"),
        ("Doc2", "EHF specification", None),
    ]
    assert invoice.delivery_date == date(2013, 6, 15)
    assert invoice.delivery_address is not None
    assert invoice.delivery_address.subdivision == "RegionD"
    assert [(item.is_charge, item.reason, item.reason_code) for item in invoice.allowances_charges] == [
        (False, "Promotion discount", "71"),
        (True, "Freight", None),
    ]
    line = invoice.lines[0]
    assert (line.note, line.accounting_cost, line.order_line) == ("Scratch on box", "BookingCode001", "1")
    assert (line.seller_item_id, line.origin_country, line.attributes) == ("JB007", "DE", (("Color", "Black"),))
    assert line.description == "Processor: Intel Core 2 Duo SU9400 LV (1.4GHz). RAM: 3MB. Screen\n1440x900"
    assert [(item.value, item.scheme) for item in line.classifications] == [("65434568", "STI")]
    assert [(item.is_charge, item.amount) for item in line.allowances_charges] == [(False, Decimal(12)), (True, Decimal(12))]
    assert (line.base_quantity, line.price_discount) == (Decimal(1), Decimal(225))
    assert invoice.vat_breakdown[2].exemption_reason == "Exempt New Means of Transport"
