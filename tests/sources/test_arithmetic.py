from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.model import Address, DocumentType, Invoice, XmlFormat
from core.rendering.cii import write as write_cii
from core.rendering.ubl import draft
from core.sources import cii, ubl
from core.sources.arithmetic import check
from core.sources.values import Remarks
from tests import builders
from tests.sources import tables
from tests.sources.documents import added, credit_note, edited, invoice

TOTAL = "/*/cac:LegalMonetaryTotal/cbc"


def read(xml: bytes) -> Invoice:
    return ubl.read(xml).invoice


def sentences(xml: bytes) -> list[str]:
    return [str(warning) for warning in read(xml).warnings]


@pytest.mark.parametrize(
    ("path", "value", "warnings"),
    [
        (
            f"{TOTAL}:LineExtensionAmount",
            "200.02",
            [
                "The lines add up to 200, but the file says 200.02.",
                "Lines, allowances and charges give 200.02 without VAT, but the file says 200.00.",
            ],
        ),
        (
            f"{TOTAL}:TaxExclusiveAmount",
            "199.00",
            [
                "Lines, allowances and charges give 200 without VAT, but the file says 199.00.",
                "Net and VAT give 241, but the file says 242.00 with VAT.",
                "The VAT groups add up to 200 without VAT, but the file says 199.00.",
            ],
        ),
        (
            f"{TOTAL}:TaxInclusiveAmount",
            "242.02",
            [
                "Net and VAT give 242, but the file says 242.02 with VAT.",
                "The total with VAT less what was paid gives 242.02, but the file says 242.00 is due.",
            ],
        ),
        (f"{TOTAL}:PayableAmount", "200.00", ["The total with VAT less what was paid gives 242, but the file says 200.00 is due."]),
        (
            "//cac:TaxSubtotal/cbc:TaxAmount",
            "42.02",
            ["The VAT groups add up to 42.02 of VAT, but the file says 42.00.", "21 % of 200.00 is 42.00, but the file says 42.02 of VAT."],
        ),
        ("//cac:InvoiceLine/cbc:InvoicedQuantity", "5", ["Line 1: quantity and price do not give the amount of the line."]),
        (f"{TOTAL}:PayableAmount", "242.01", []),
        ("//cac:InvoiceLine/cbc:LineExtensionAmount", "200.01", []),
    ],
)
def test_what_does_not_add_up_is_told_and_kept(path: str, value: str, warnings: list[str]) -> None:
    assert sentences(edited(invoice(), {path: value})) == warnings


def test_wrong_totals_are_kept_as_stated() -> None:
    totals = read(edited(invoice(), {f"{TOTAL}:TaxInclusiveAmount": "999.00"})).totals
    assert (totals.total_with_vat, totals.total_without_vat, totals.amount_due) == (Decimal(999), Decimal(200), Decimal(242))


def test_paid_and_rounded() -> None:
    xml = added(
        invoice(),
        "/*/cac:LegalMonetaryTotal",
        "<cbc:PrepaidAmount>100.02</cbc:PrepaidAmount>",
        "<cbc:PayableRoundingAmount>0.02</cbc:PayableRoundingAmount>",
    )
    assert sentences(edited(xml, {f"{TOTAL}:PayableAmount": "142.00"})) == []


def test_allowances_that_differ_from_their_sum() -> None:
    sums = ("<cbc:AllowanceTotalAmount>5</cbc:AllowanceTotalAmount>", "<cbc:ChargeTotalAmount>5</cbc:ChargeTotalAmount>")
    assert sentences(added(invoice(), "/*/cac:LegalMonetaryTotal", *sums)) == [
        "The allowances add up to 0, but the file says 5.00.",
        "The charges add up to 0, but the file says 5.00.",
    ]


def test_a_price_rounded_to_cents_is_no_mistake() -> None:
    line = "//cac:InvoiceLine"
    changes = {f"{line}/cbc:InvoicedQuantity": "239", f"{line}/cac:Price/cbc:PriceAmount": "0.84"}  # 200 / 239 = 0.8368
    assert sentences(edited(invoice(), changes)) == []


def test_the_base_quantity_and_the_allowances_of_a_line_count() -> None:
    price = "<cbc:BaseQuantity unitCode='HUR'>2</cbc:BaseQuantity>"
    allowance = "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator><cbc:Amount>{}</cbc:Amount></cac:AllowanceCharge>"
    xml = added(added(invoice(), "//cac:Price", price), "//cac:InvoiceLine", allowance.format("false", 10), allowance.format("true", 110))
    assert sentences(xml) == []  # 4 × 50 / 2 − 10 + 110


def test_a_negative_invoice_is_a_credit_note() -> None:
    allowance = """<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount>-0.00</cbc:Amount></cac:AllowanceCharge>"""
    found = read(added(invoice(sign="-"), "/*", allowance))
    assert (found.type_code, found.source_type_code) == (DocumentType.CREDIT_NOTE, "380")
    totals = found.totals
    assert (totals.line_total, totals.total_without_vat, totals.vat_total) == (Decimal(200), Decimal(200), Decimal(42))
    assert (totals.total_with_vat, totals.amount_due) == (Decimal(242), Decimal(242))
    assert not totals.paid_amount.is_signed()
    assert (found.vat_breakdown[0].taxable_amount, found.vat_breakdown[0].vat_amount) == (Decimal(200), Decimal(42))
    line = found.lines[0]
    assert (line.quantity, line.net_price, line.net_amount) == (Decimal(4), Decimal(50), Decimal(200))
    assert [str(warning) for warning in found.warnings] == [
        "This invoice had a negative total of -242.00; it is kept as a credit note with positive amounts."
    ]


def test_a_negative_price_turns_instead_of_its_quantity() -> None:
    line = "//cac:InvoiceLine"
    changes = {f"{line}/cbc:InvoicedQuantity": "4", f"{line}/cac:Price/cbc:PriceAmount": "-50"}
    found = read(edited(invoice(sign="-"), changes)).lines[0]
    assert (found.quantity, found.net_price, found.net_amount) == (Decimal(4), Decimal(50), Decimal(200))


def test_allowances_and_discounts_turn_too() -> None:
    fragment = """<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
      <cbc:Amount>-7</cbc:Amount><cbc:BaseAmount>-70</cbc:BaseAmount></cac:AllowanceCharge>"""
    terms = "<cac:PaymentTerms><cbc:SettlementDiscountPercent>2</cbc:SettlementDiscountPercent><cbc:Amount>-4</cbc:Amount></cac:PaymentTerms>"
    found = read(added(added(invoice(sign="-"), "/*", fragment, terms), "//cac:InvoiceLine", fragment))
    for item in (found.allowances_charges[0], found.lines[0].allowances_charges[0]):
        assert (item.amount, item.base_amount) == (Decimal(7), Decimal(70))
    assert found.cash_discount is not None
    assert found.cash_discount.amount == 4
    assert found.totals.allowance_total == 7


@pytest.mark.parametrize("xml", [credit_note(sign="-"), edited(invoice(sign="-"), {"/*/cbc:InvoiceTypeCode": "381"})], ids=["root", "code"])
def test_a_negative_credit_note_stays_as_it_is(xml: bytes) -> None:
    found = read(xml)
    assert found.is_credit_note
    assert (found.totals.total_with_vat, found.lines[0].quantity) == (Decimal(-242), Decimal(-4))
    assert [str(warning) for warning in found.warnings] == [
        "This credit note has a negative total of -242.00: taken literally, it asks the customer to pay."
    ]


NOT_IN_EUR = "The invoice is in USD, and its VAT is not stated in EUR, which Belgian law asks for."


def dollars(**overrides: object) -> Invoice:
    return builders.invoice(currency="USD", **overrides)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (dollars(), True),
        (dollars(seller=builders.party(vat_id=None, legal_id=None, address=Address(country="BE"))), True),
        (dollars(seller=builders.party(vat_id="NL123456789B01")), False),
        (dollars(seller=builders.party(vat_id="NL123456789B01"), tax_representative=builders.party(vat_id="BE0123456749")), True),
        (dollars(lines=(builders.line(vat_category="AE", vat_rate=Decimal(0)),)), False),
        (builders.invoice(), False),
    ],
    ids=["Belgian", "without a VAT number", "Dutch", "represented in Belgium", "without VAT", "in euro"],
)
def test_a_belgian_invoice_in_another_currency_states_its_vat_in_eur(stated: Invoice, told: bool) -> None:
    for currency, amount, expected in (("EUR", None, told), ("CHF", Decimal(40), told), ("EUR", Decimal(40), False)):
        totals = replace(stated.totals, vat_total_accounting=amount)
        remarks = Remarks()
        check(replace(stated, tax_currency=currency, totals=totals), remarks)
        assert (NOT_IN_EUR in map(str, remarks.sentences())) is expected


def test_every_reader_tells_that_the_vat_is_not_in_eur() -> None:
    made = dollars()
    by_ubl = ubl.read(draft(made, wanted=XmlFormat.BIS3).content).invoice
    by_cii = cii.read(write_cii(made)).invoice
    (by_table,) = tables.read(tables.row(currency="USD")).invoices
    for found in (by_ubl, by_cii, by_table.invoice):
        assert found is not None
        assert NOT_IN_EUR in map(str, found.warnings)
