"""What a UBL file is refused for: the class, the EN 16931 term, and the place."""

from __future__ import annotations

import re

import pytest

from core.errors import ElementMissing, ValueInvalid
from core.sources import ubl
from tests.sources.documents import added, credit_note, edited, invoice

MISSING = [
    ("/*/cbc:ID", "Invoice number (BT-1)", "ID"),
    ("/*/cbc:IssueDate", "Issue date (BT-2)", "IssueDate"),
    ("/*/cbc:DocumentCurrencyCode", "Currency (BT-5)", "DocumentCurrencyCode"),
    ("/*/cac:AccountingSupplierParty", "Seller name (BT-27)", "AccountingSupplierParty/Party"),
    (
        "/*/cac:AccountingSupplierParty//cac:PartyLegalEntity",
        "Seller name (BT-27)",
        "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",
    ),
    ("/*/cac:AccountingCustomerParty/cac:Party", "Buyer name (BT-44)", "AccountingCustomerParty/Party"),
    ("/*/cac:LegalMonetaryTotal", "Document totals (BG-22)", "LegalMonetaryTotal"),
    ("/*/cac:LegalMonetaryTotal/cbc:LineExtensionAmount", "Sum of the lines (BT-106)", "LegalMonetaryTotal/LineExtensionAmount"),
    ("/*/cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount", "Total without VAT (BT-109)", "LegalMonetaryTotal/TaxExclusiveAmount"),
    ("/*/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", "Total with VAT (BT-112)", "LegalMonetaryTotal/TaxInclusiveAmount"),
    ("/*/cac:LegalMonetaryTotal/cbc:PayableAmount", "Amount due (BT-115)", "LegalMonetaryTotal/PayableAmount"),
    ("/*/cac:TaxTotal/cbc:TaxAmount", "Total VAT (BT-110)", "TaxTotal/TaxAmount"),
    ("//cac:TaxSubtotal/cbc:TaxableAmount", "Taxable amount of a VAT group (BT-116)", "TaxTotal/TaxSubtotal/TaxableAmount"),
    ("//cac:TaxSubtotal/cbc:TaxAmount", "VAT of a VAT group (BT-117)", "TaxTotal/TaxSubtotal/TaxAmount"),
]


@pytest.mark.parametrize(("path", "term", "element"), MISSING)
def test_what_is_missing_is_named(path: str, term: str, element: str) -> None:
    with pytest.raises(ElementMissing) as caught:
        ubl.read(edited(invoice(), {path: None}))
    assert caught.value.sentence.values == {"term": term, "element": element}
    assert re.fullmatch(r"line \d+, \w+(/\w+)*", caught.value.place)


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_an_empty_element_is_a_missing_one(blank: str) -> None:
    with pytest.raises(ElementMissing) as caught:
        ubl.read(edited(invoice(), {"/*/cac:LegalMonetaryTotal/cbc:PayableAmount": blank}))
    assert caught.value.sentence.values["term"] == "Amount due (BT-115)"
    assert caught.value.place.endswith("LegalMonetaryTotal")


def test_a_line_without_amount() -> None:
    with pytest.raises(ElementMissing) as caught:
        ubl.read(edited(credit_note(), {"//cac:CreditNoteLine/cbc:LineExtensionAmount": None}))
    assert caught.value.sentence.values == {"term": "Line net amount (BT-131)", "element": "CreditNoteLine/LineExtensionAmount"}


@pytest.mark.parametrize(
    "amount",
    ["NaN", "INF", "-Infinity", "1e400", "1E3", "1.000,00", "242,00", "1 000.00", "€242", "٢٤٢", "0x10", "1_000", "--1", ".", "1234567890123456.00"],
)
def test_amounts_are_plain_decimals(amount: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        ubl.read(edited(invoice(), {"/*/cac:LegalMonetaryTotal/cbc:PayableAmount": amount}))
    assert caught.value.sentence.values == {"term": "Amount due (BT-115)", "value": amount, "expected": "amount"}
    assert re.fullmatch(r"line \d+, LegalMonetaryTotal/PayableAmount", caught.value.place)


def test_a_long_value_is_shown_shortened() -> None:
    with pytest.raises(ValueInvalid) as caught:
        ubl.read(edited(invoice(), {"/*/cac:LegalMonetaryTotal/cbc:PayableAmount": "0" * 5_000_000 + "x"}))
    assert caught.value.sentence.values["value"] == "0" * 60 + "…"


@pytest.mark.parametrize(
    ("path", "value", "term", "expected"),
    [
        ("/*/cbc:IssueDate", "02/03/2026", "Issue date (BT-2)", "date"),
        ("/*/cbc:IssueDate", "2026-02-30", "Issue date (BT-2)", "date"),
        ("/*/cbc:IssueDate", "0000-01-01", "Issue date (BT-2)", "date"),
        ("/*/cbc:DueDate", "2026-4-1", "Due date (BT-9)", "date"),
        ("/*/cbc:DocumentCurrencyCode", "EURO", "Currency (BT-5)", "currency code of three letters"),
        ("/*/cbc:ID", "9" * 201, "Invoice number (BT-1)", "number of at most 200 characters"),
        ("//cac:InvoiceLine/cbc:InvoicedQuantity", "four", "Invoiced quantity (BT-129)", "number"),
        ("//cac:InvoiceLine/cac:Price/cbc:PriceAmount", "50,00", "Item net price (BT-146)", "amount"),
        ("//cac:ClassifiedTaxCategory/cbc:Percent", "21%", "VAT rate", "percentage"),
    ],
)
def test_what_a_value_should_have_been(path: str, value: str, term: str, expected: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        ubl.read(edited(invoice(), {path: value}))
    assert caught.value.sentence.values["term"] == term
    assert caught.value.sentence.values["expected"] == expected


def test_an_allowance_must_say_what_it_is() -> None:
    allowance = "<cac:AllowanceCharge>{}<cbc:Amount>1</cbc:Amount></cac:AllowanceCharge>"
    with pytest.raises(ElementMissing):
        ubl.read(added(invoice(), "/*", allowance.format("")))
    with pytest.raises(ValueInvalid) as caught:
        ubl.read(added(invoice(), "/*", allowance.format("<cbc:ChargeIndicator>maybe</cbc:ChargeIndicator>")))
    assert caught.value.sentence.values["expected"] == "true or false"


def test_an_allowance_must_have_an_amount() -> None:
    allowance = "<cac:AllowanceCharge><cbc:ChargeIndicator>0</cbc:ChargeIndicator></cac:AllowanceCharge>"
    with pytest.raises(ElementMissing) as caught:
        ubl.read(added(invoice(), "//cac:InvoiceLine", allowance))
    assert caught.value.sentence.values["term"] == "Allowance on a line (BT-136)"


def test_a_line_whose_vat_would_be_a_guess() -> None:
    second = """<cac:TaxSubtotal><cbc:TaxableAmount>0</cbc:TaxableAmount><cbc:TaxAmount>0</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>Z</cbc:ID><cbc:Percent>0</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"""
    xml = edited(added(invoice(), "/*/cac:TaxTotal", second), {"//cac:ClassifiedTaxCategory": None})
    with pytest.raises(ElementMissing) as caught:
        ubl.read(xml)
    assert caught.value.sentence.values["term"] == "VAT category of a line (BT-151)"
    assert caught.value.place.endswith("InvoiceLine")
