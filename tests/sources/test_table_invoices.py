"""Rows become whole invoices that every official rule accepts, or are refused with row, column and sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.model import DocumentType, Identifier, Invoice, Language, XmlFormat
from core.rendering import pdf, rules, ubl
from core.sources.table_parties import Sellers
from tests import builders
from tests.rendering import schematron
from tests.sources.tables import SELLER, read, row


def one(*rows: dict[str, Any]) -> Invoice:
    [found] = read(*rows).invoices
    assert found.invoice is not None, [str(problem.sentence) for problem in found.problems]
    return found.invoice


def refused(*rows: dict[str, Any], sellers: Sellers = Sellers(known=(SELLER,), chosen=SELLER)) -> list[tuple[str, str]]:
    """Where and why."""
    [found] = read(*rows, sellers=sellers).invoices
    assert found.invoice is None
    return [(str(problem.where), str(problem.sentence)) for problem in found.problems]


def test_rows_of_one_number_are_one_invoice_even_if_they_stand_apart() -> None:
    table = read(row(number="1"), row(number="2"), row(number="1", description="Déplacement", quantity="12,5", net_price="0,40"))
    assert [(each.number, each.rows) for each in table.invoices] == [("1", (2, 4)), ("2", (3,))]
    invoice = table.invoices[0].invoice
    assert invoice is not None
    assert [line.name for line in invoice.lines] == ["Conseil", "Déplacement"]
    assert (invoice.totals.total_without_vat, invoice.totals.vat_total, invoice.totals.total_with_vat) == (
        Decimal("205.00"),
        Decimal("43.05"),
        Decimal("248.05"),
    )
    assert (invoice.issue_date, invoice.due_date, invoice.currency) == (date(2026, 11, 24), date(2026, 12, 24), "EUR")
    assert (invoice.iban, invoice.payment_means[0].bic) == (builders.IBAN, "GKCCBEBB")


def test_an_invoice_and_a_credit_note_may_share_a_number() -> None:
    table = read(row(type="facture"), row(type="Note de crédit", preceding_invoice="2026-0041"))
    assert [each.invoice.type_code for each in table.invoices if each.invoice] == [DocumentType.INVOICE, DocumentType.CREDIT_NOTE]
    credit = table.invoices[1].invoice
    assert credit is not None
    assert [reference.number for reference in credit.preceding_invoices] == ["2026-0041"]


def test_what_belongs_to_the_whole_invoice_may_stand_in_its_first_row_only() -> None:
    blank = dict.fromkeys(row(), "") | {"description": "Déplacement", "net_price": "10,00", "vat_rate": "21"}
    table = read(row(number="1", type="facture"), row(number="2", type="NC"), blank | {"number": "1"}, blank | {"number": "2"})
    assert [(each.number, each.rows, each.problems) for each in table.invoices] == [("1", (2, 4), ()), ("2", (3, 5), ())]
    [first, second, third] = read(row(number="1", type="380"), row(number="1", type="381"), blank | {"number": "1"}).invoices
    assert (first.problems, second.problems, bool(third.problems)) == ((), (), True)  # either could be meant


def test_a_negative_invoice_becomes_a_credit_note_and_a_negative_credit_note_warns() -> None:
    turned = one(row(quantity="-2"))
    assert turned.type_code is DocumentType.CREDIT_NOTE
    assert turned.totals.total_with_vat == Decimal("242.00")
    assert "negative total" in str(turned.warnings[0])
    stays = one(row(quantity="-2", type="381"))
    assert stays.totals.total_with_vat == Decimal("-242.00")
    assert "asks the customer to pay" in str(stays.warnings[0])


def test_vat_is_rounded_half_up_per_category_and_rate_not_per_line() -> None:
    invoice = one(*(row(quantity="1", net_price="0,50", vat_rate=rate) for rate in ("21", "21", "21", "6")))
    assert {(group.rate, group.taxable_amount, group.vat_amount) for group in invoice.vat_breakdown} == {
        (Decimal(21), Decimal("1.50"), Decimal("0.32")),  # .315
        (Decimal(6), Decimal("0.50"), Decimal("0.03")),
    }


def test_a_rate_as_a_percent_cell_of_a_spreadsheet_is_a_percentage() -> None:
    assert one(row(vat_rate="0,21")).lines[0].vat_rate == 21
    assert one(row(vat_rate="21,00 %")).lines[0].vat_rate == 21


@pytest.mark.parametrize(
    ("cells", "price", "amount"),
    [
        ({"net_amount": "200,00"}, "100.00", "200.00"),
        ({"net_price": "", "net_amount": "200,00"}, "100.00", "200.00"),
        ({"net_price": "", "net_amount": "100,00", "quantity": "3"}, "33.333333", "100.00"),
        ({"net_amount": "180", "discount_percentage": "10"}, "100.00", "180.00"),
        ({"quantity": "", "net_price": "19,99"}, "19.99", "19.99"),
        ({"net_amount": "199,999999"}, "100.00", "200.00"),  # what Excel shows as 200,00
    ],
)
def test_price_and_amount_follow_from_each_other(cells: dict[str, str], price: str, amount: str) -> None:
    line = one(row(**cells)).lines[0]
    assert (line.net_price, line.net_amount) == (Decimal(price), Decimal(amount))


@pytest.mark.parametrize(
    ("cells", "where", "why"),
    [
        ({"issue_date": "11/24/2026"}, "row 2, column B “Invoice date”", "day first"),
        ({"issue_date": ""}, "row 2, column B “Invoice date”", "needed"),
        ({"buyer_name": ""}, "row 2, column D “Customer”", "needed"),
        ({"quantity": "two"}, "row 2, column J “Quantity”", "“two” is no number"),
        ({"net_price": ""}, "row 2, column K “Unit price”", "neither a price nor an amount"),
        ({"vat_rate": "0"}, "row 2, column L “VAT rate”", "must say why"),
        ({"vat_rate": ""}, "row 2, column L “VAT rate”", "missing"),
        ({"vat_category": "E"}, "row 2, column L “VAT rate”", "goes with a rate of 0 %"),
        ({"vat_category": "Q"}, "row 2, column M “vat_category”", "no VAT category"),
        ({"net_amount": "150,00"}, "row 2, column M “net_amount”", "give 200.00, but the amount says 150.00"),
        ({"total_with_vat": "240,00"}, "row 2, column M “total_with_vat”", "give 242.00, but the table says 240.00"),
        ({"type": "offerte"}, "row 2, column M “type”", "neither an invoice"),
        ({"currency": "euros"}, "row 2, column M “currency”", "no currency"),
        ({"buyer_country": "Atlantis"}, "row 2, column M “buyer_country”", "no country"),
        ({"number": ""}, "row 2, column A “Invoice number”", "missing"),
        ({"number": "9" * 201}, "row 2, column A “Invoice number”", "200"),
    ],
)
def test_a_bad_cell_is_named(cells: dict[str, str], where: str, why: str) -> None:
    found = refused(row(**cells))
    assert found[0][0] == where
    assert why in found[0][1]


@pytest.mark.parametrize("cells", [{"quantity": "#N/A"}, {"buyer_name": "#REF!"}, {"description": "=…"}, {"due_date": "#VALUE!"}])
def test_a_formula_that_went_wrong_is_no_value_and_not_empty(cells: dict[str, str]) -> None:
    [made] = read(row(**cells)).invoices
    assert made.invoice is None
    [shown] = cells.values()
    assert [str(problem.sentence).split(" here, ")[0] for problem in made.problems] == [f"The spreadsheet shows {shown}"]


def test_rows_that_contradict_each_other_are_both_named() -> None:
    [(where, why)] = refused(row(), row(issue_date="25/11/2026"))
    assert where == "row 3, column B “Invoice date”"
    assert "“24/11/2026” in row 2" in why


def test_all_problems_of_an_invoice_are_collected_and_others_are_kept() -> None:
    table = read(row(number="bad", issue_date="x", quantity="y"), row(number="good"))
    assert [len(each.problems) for each in table.invoices] == [2, 0]
    assert table.invoices[1].invoice is not None


def test_a_total_line_at_the_foot_is_passed_over_with_a_note_and_an_empty_row_without() -> None:
    blank = dict.fromkeys(row(), "")
    table = read(row(), blank, blank | {"description": "Total général", "net_price": "200,00"}, blank | {"net_price": "200,00"})
    assert len(table.invoices) == 1
    assert [str(note) for note in table.notes] == [
        "Row 4 of invoices.csv holds totals and no invoice; it was passed over.",
        "Row 5 of invoices.csv holds totals and no invoice; it was passed over.",
    ]


def test_a_row_without_a_number_under_an_invoice_keeps_it_from_being_half_of_itself() -> None:
    merged = dict.fromkeys(("number", "issue_date", "due_date", "buyer_name", "buyer_vat_id", "buyer_street", "buyer_postcode", "buyer_city"), "")
    for under in ({"description": "Second line"}, {"description": ""}):
        found = read(row(number="1"), row(**merged | under), row(number="2")).invoices
        assert [(each.number, each.invoice is None) for each in found] == [("1", True), ("", True), ("2", False)]
        assert "Row 3 below it has no number" in str(found[0].problems[0].sentence)
    own = read(row(number="1"), row(number="")).invoices  # a whole invoice whose number was forgotten
    assert [each.invoice is None for each in own] == [False, True]


@pytest.mark.parametrize(
    ("cells", "net"),
    [
        ({"discount_percentage": "10"}, "180.00"),
        ({"discount_percentage": "10%"}, "180.00"),
        ({"discount_percentage": "0,5 %"}, "199.00"),
        ({"discount_percentage": "0,1", "net_amount": "180,00"}, "180.00"),
        ({"discount_percentage": "0,1", "net_amount": "199,80"}, "199.80"),
        ({"discount_percentage": "100"}, "0.00"),
    ],
)
def test_a_discount_in_percent(cells: dict[str, str], net: str) -> None:
    [made] = read(row(**cells)).invoices
    assert made.invoice is not None
    assert str(made.invoice.totals.total_without_vat) == net


@pytest.mark.parametrize(
    ("discount", "why"), [("0,1", "“0,1” can be 0.1 % or 10 %"), ("-10", "“-10” is no discount"), ("150", "“150” is no discount")]
)
def test_no_discount_is_guessed(discount: str, why: str) -> None:
    [made] = read(row(discount_percentage=discount)).invoices
    assert made.invoice is None
    assert why in str(made.problems[0].sentence)


def test_totals_in_every_row_are_checked_against_all_lines() -> None:
    stated = {"total_without_vat": "205,00", "vat_total": "43,05", "total_with_vat": "248,05"}
    one(row(**stated), row(quantity="12,5", net_price="0,40", **stated))


def test_the_seller_is_known_by_its_number_or_name_or_makes_a_company() -> None:
    known = Sellers(known=(SELLER,))
    for cells in ({"seller_vat_id": "BE 0123.456.749"}, {"seller_enterprise_number": "0123.456.749"}, {"seller_name": "atelier dubois srl"}):
        [found] = read(row(**cells), sellers=known).invoices
        assert (found.company_key, found.invoice and found.invoice.seller) == (SELLER.key, SELLER.party)
    [new] = read(row(seller_name="Nouveau SRL", seller_vat_id=f"BE{builders.BUYER_NUMBER}"), sellers=known).invoices
    assert new.company_key == f"BE{builders.BUYER_NUMBER}"
    assert new.invoice is not None
    assert new.invoice.seller.legal_id == Identifier(value=builders.BUYER_NUMBER, scheme="0208")
    assert "VAT number or enterprise number" in refused(row(seller_name="Nouveau SRL"), sellers=known)[0][1]
    assert "which company invoices" in refused(row(), sellers=known)[0][1]


def test_the_buyer_with_language_country_and_a_number_without_its_country() -> None:
    [found] = read(row(buyer_vat_id="0999.999.922", buyer_country="Belgique", language="Nederlands", buyer_email="a@b.be")).invoices
    assert found.language is Language.NL
    assert found.invoice is not None
    buyer = found.invoice.buyer
    assert (buyer.vat_id, buyer.address.country, buyer.email) == ("BE0999999922", "BE", "a@b.be")


def test_a_structured_communication_is_written_as_one() -> None:
    assert one(row(payment_reference="000 0000 04242")).payment_reference == builders.OGM
    assert one(row(payment_reference="Client 12")).payment_reference == "Client 12"


CASES: dict[str, dict[str, Any]] = {
    "domestic": {},
    "credit note": {"quantity": "-2", "preceding_invoice": "2026-0041"},
    "private person": {"buyer_vat_id": "", "buyer_name": "Jeanne Martin"},
    "reduced rate": {"vat_rate": "6"},
    "exempt": {"vat_rate": "0", "vat_category": "E", "exemption_reason": "Art. 44 CTVA"},
    "reverse charge": {"vat_rate": "", "vat_category": "autoliquidation"},
    "intra-community": {"vat_rate": "0", "vat_category": "K", "buyer_vat_id": "DE123456788", "buyer_country": "Deutschland"},
    "export": {"vat_rate": "0", "vat_category": "G", "buyer_vat_id": "", "buyer_country": "US"},
    "outside VAT": {"vat_rate": "0", "vat_category": "O"},
    "zero rate": {"vat_rate": "0", "vat_category": "Z"},
    "discount": {"discount_percentage": "12,5", "unit": "uren"},
    "price from amount": {"net_price": "", "net_amount": "100,00", "quantity": "3"},
    "order and notes": {"order_reference": "PO 7", "buyer_reference": "X", "note": "Merci", "currency": "USD"},
}


@pytest.mark.parametrize("case", CASES)
def test_every_document_of_it_follows_the_official_rules(case: str) -> None:
    invoice = one(row(**CASES[case]))
    document = pdf.render(invoice, language=Language.FR)
    assert document.startswith(b"%PDF-")
    for wanted in (XmlFormat.EFFF3, XmlFormat.BIS3):
        written = ubl.write(invoice, wanted=wanted, pdf=document, pdf_name="a.pdf")
        assert rules.schema_violations(written.content) == ()
        if wanted is XmlFormat.BIS3:
            assert schematron.violations(written.content) == []


def test_without_vat_the_number_of_the_buyer_is_asked_for() -> None:
    assert "VAT number of the customer" in refused(row(vat_rate="0", vat_category="K", buyer_vat_id=""))[0][1]
    assert "cannot stand on one invoice" in refused(row(vat_rate="0", vat_category="O"), row(vat_category="S"))[0][1]
