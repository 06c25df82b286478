from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import ElementMissing
from core.model import DocumentType, Identifier, Invoice
from core.sources import identifiers, ubl
from tests.sources.documents import added, edited, efff1


def read(xml: bytes) -> Invoice:
    return ubl.read(xml).invoice


def sentences(xml: bytes) -> list[str]:
    return [str(warning) for warning in read(xml).warnings]


def test_an_old_credit_note_under_the_root_invoice() -> None:
    found = read(efff1())
    assert (found.number, found.type_code, found.source_type_code) == ("A/7", DocumentType.CREDIT_NOTE, "381")
    assert (found.issue_date, found.due_date) == (date(2014, 5, 1), date(2014, 5, 31))
    assert found.supporting_documents == ()  # the reference to the program is none
    assert sentences(efff1()) == ["Line 1 has no unit; pieces were taken."]


def test_reduced_rates_are_standard_to_en_16931() -> None:
    found = read(efff1())
    group, line = found.vat_breakdown[0], found.lines[0]
    assert (group.category, group.rate, group.belgian_code) == ("S", Decimal(6), "01")
    assert (line.vat_category, line.vat_rate, line.belgian_code) == ("S", Decimal(6), "01")


def test_old_parties() -> None:
    found = read(efff1())
    assert (found.seller.name, found.seller.vat_id) == ("Wings", "BE0827405743")
    assert (found.buyer.name, found.buyer.vat_id) == ("Forum", "BE0899167234")  # under BE:VAT without its country
    assert (found.seller.address.street, found.seller.address.country) == ("Bosweg 6", "BE")
    assert identifiers.enterprise_number(found.buyer) == "0899167234"


def test_old_payment() -> None:
    (means,) = read(efff1()).payment_means
    assert (means.reference, means.iban, means.bic) == ("000000004242", "BE71096123456769", "GEBABEBB")


def test_the_payment_id_comes_before_the_instruction() -> None:
    xml = added(efff1(), "//cac:PaymentMeans", "<cbc:PaymentID>+++000/0000/04242+++</cbc:PaymentID>")
    assert read(xml).payment_reference == "+++000/0000/04242+++"


def test_a_description_stands_in_for_a_name() -> None:
    assert (read(efff1()).lines[0].name, read(efff1()).lines[0].description) == ("Bread and butter", None)
    without = edited(efff1(), {"//cac:Item/cbc:Description": None})
    assert (read(without).lines[0].name, sentences(without)[0]) == ("–", "Line 1 does not say what was sold.")


@pytest.mark.parametrize(
    ("stated", "name", "category"),
    [
        ("AE", "45", "AE"),
        ("S", "45", "AE"),
        ("AE", "46/GO", "K"),
        ("AE", "46/TR", "K"),
        ("AE", "47/SE", "K"),
        ("AE", "44", "K"),
        ("E", "47/EX", "G"),
        ("E", "00/44", "E"),
        ("E", "NA", "E"),
        ("S", "MA", "E"),
        ("S", "03/SE", "S"),
        ("Z", "00", "Z"),
        ("H", "BTW 21 %", "S"),
        ("E", "exempt", "E"),
    ],
)
def test_the_belgian_code_tells_the_category(stated: str, name: str, category: str) -> None:
    tax = "//cac:InvoiceLine//cac:TaxCategory"
    line = read(edited(efff1(), {f"{tax}/cbc:ID": stated, f"{tax}/cbc:Name": name})).lines[0]
    assert line.vat_category == category
    assert line.belgian_code == (name if name in identifiers_of_belgium() else None)


def identifiers_of_belgium() -> set[str]:
    return {"45", "46/GO", "46/TR", "47/SE", "44", "47/EX", "00/44", "NA", "MA", "03/SE", "00"}


def test_a_rate_without_category_is_standard() -> None:
    tax = "//cac:TaxCategory"
    found = read(edited(efff1(), {f"{tax}/cbc:ID": None, f"{tax}/cbc:Name": None}))
    assert (found.vat_breakdown[0].category, found.vat_breakdown[0].rate) == ("S", Decimal(6))


def test_a_missing_rate_follows_from_the_amounts() -> None:
    found = read(edited(efff1(), {"//cac:TaxSubtotal/cbc:Percent": None}))
    assert (found.vat_breakdown[0].rate, found.lines[0].vat_rate) == (Decimal(6), Decimal(6))


def test_a_line_with_only_its_vat_amount_finds_its_group() -> None:
    second = """<cac:TaxSubtotal><cbc:TaxableAmount>0</cbc:TaxableAmount><cbc:TaxAmount>0</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"""
    xml = edited(added(efff1(), "/*/cac:TaxTotal", second), {"//cac:InvoiceLine/cac:TaxTotal/cac:TaxSubtotal": None})
    assert (read(xml).lines[0].vat_category, read(xml).lines[0].vat_rate) == ("S", Decimal(6))


def test_totals_that_the_others_give_are_worked_out_in_words() -> None:
    totals = "/*/cac:LegalMonetaryTotal/cbc"
    xml = edited(efff1(), {f"{totals}:TaxInclusiveAmount": None, f"{totals}:LineExtensionAmount": None, f"{totals}:TaxExclusiveAmount": None})
    found = read(xml).totals
    assert (found.line_total, found.total_without_vat, found.total_with_vat) == (Decimal(100), Decimal(100), Decimal(106))
    assert "The file does not state “Total with VAT (BT-112)”; 106.00 was worked out from its other totals." in sentences(xml)


def test_vat_that_the_groups_give() -> None:
    xml = edited(efff1(), {"/*/cac:TaxTotal/cbc:TaxAmount": None})
    assert read(xml).totals.vat_total == 6
    assert "The file does not state its total VAT; 6.00 was taken from the VAT groups." in sentences(xml)


def test_the_amount_due_is_never_worked_out() -> None:
    with pytest.raises(ElementMissing):
        read(edited(efff1(), {"//cbc:PayableAmount": None}))


def test_one_tax_total_per_rate() -> None:
    second = """<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">21</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount>100</cbc:TaxableAmount>
      <cbc:TaxAmount>21</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent></cac:TaxCategory>
      </cac:TaxSubtotal></cac:TaxTotal>"""
    found = read(added(efff1(), "/*", second))
    assert (found.totals.vat_total, [group.rate for group in found.vat_breakdown]) == (Decimal(27), [Decimal(6), Decimal(21)])


def test_the_currency_may_stand_on_the_amounts_only() -> None:
    xml = edited(efff1(), {"/*/cbc:DocumentCurrencyCode": None})
    assert read(xml).currency == "EUR"
    assert sentences(xml)[0] == "The file does not state its currency; EUR was taken from its amounts."


def test_a_line_of_text() -> None:
    text = """<cac:InvoiceLine><cbc:ID>2</cbc:ID><cbc:LineExtensionAmount>0</cbc:LineExtensionAmount>
      <cac:Item><cbc:Name>As agreed by telephone</cbc:Name></cac:Item></cac:InvoiceLine>"""
    line = read(added(efff1(), "/*", text)).lines[1]
    assert (line.quantity, line.net_price, line.net_amount, line.vat_category) == (Decimal(1), Decimal(0), Decimal(0), "S")


def test_what_a_line_lacks_is_worked_out() -> None:
    xml = edited(efff1(), {"//cac:InvoiceLine/cbc:LineExtensionAmount": None, "//cac:InvoiceLine/cbc:InvoicedQuantity": "3"})
    assert read(xml).lines[0].net_amount == 300
    xml = edited(efff1(), {"//cac:InvoiceLine/cac:Price": None, "//cac:InvoiceLine/cbc:InvoicedQuantity": "3"})
    assert read(xml).lines[0].net_price == Decimal("33.333333")
    assert "Line 1 has no price; it was worked out from its amount." in sentences(xml)


@pytest.mark.parametrize(
    ("xml", "vat_id", "registration"),
    [
        ("<cbc:CompanyID schemeID='BE:CBE'>0827405743</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>", "BE0827405743", None),
        ("<cbc:CompanyID>BE827405743</cbc:CompanyID>", "BE0827405743", None),
        ("<cbc:CompanyID>BTW BE 0827.405.743</cbc:CompanyID><cac:TaxScheme><cbc:Name>btw</cbc:Name></cac:TaxScheme>", "BE0827405743", None),
        ("<cbc:CompanyID>Niet BTW-plichtig</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>", None, None),
        ("<cbc:CompanyID>BE0000000000</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>", None, None),
        ("<cbc:CompanyID>12/345</cbc:CompanyID><cac:TaxScheme><cbc:ID>TAX</cbc:ID></cac:TaxScheme>", None, Identifier(value="12/345", scheme="TAX")),
        ("<cbc:CompanyID>12/345</cbc:CompanyID>", None, Identifier(value="12/345")),
    ],
)
def test_tax_numbers(xml: str, vat_id: str | None, registration: Identifier | None) -> None:
    seller = "/*/cac:AccountingSupplierParty/cac:Party"
    changed = edited(efff1(), {f"{seller}/cac:PartyTaxScheme": None})
    found = read(added(changed, seller, f"<cac:PartyTaxScheme>{xml}</cac:PartyTaxScheme>")).seller
    assert (found.vat_id, found.tax_registration) == (vat_id, registration)


def test_contacts_beside_the_party() -> None:
    contact = "<cac:SellerContact><cbc:Name>Jan</cbc:Name><cbc:ElectronicMail>jan@wings.example</cbc:ElectronicMail></cac:SellerContact>"
    seller = read(added(efff1(), "/*/cac:AccountingSupplierParty", contact)).seller
    assert (seller.contact_name, seller.email) == ("Jan", "jan@wings.example")


def test_delivery_of_ubl_2_0() -> None:
    delivery = """<cac:Delivery><cbc:ActualDeliveryDate>2014-04-30</cbc:ActualDeliveryDate>
      <cac:DeliveryAddress><cbc:CityName>Gent</cbc:CityName><cac:Country><cbc:IdentificationCode>Belgium</cbc:IdentificationCode></cac:Country>
      </cac:DeliveryAddress></cac:Delivery>"""
    xml = added(efff1(), "/*", delivery)
    found = read(xml)
    assert found.delivery_date == date(2014, 4, 30)
    assert found.delivery_address is not None
    assert (found.delivery_address.city, found.delivery_address.country) == ("Gent", None)
    assert "The country “BELGIUM” of an address is no two-letter country code; it was left out." in sentences(xml)


def test_a_cash_discount_and_its_last_day() -> None:
    terms = """<cac:PaymentTerms><cbc:SettlementDiscountPercent>2</cbc:SettlementDiscountPercent><cbc:Amount>98.00</cbc:Amount>
      <cac:SettlementPeriod><cbc:EndDate>2014-05-08</cbc:EndDate></cac:SettlementPeriod></cac:PaymentTerms>"""
    found = read(added(efff1(), "/*", terms))
    assert found.cash_discount is not None
    assert (found.cash_discount.percentage, found.cash_discount.amount) == (Decimal(2), Decimal(98))
    assert found.cash_discount.until == date(2014, 5, 8)
    assert found.due_date == date(2014, 5, 31)


def test_the_terms_date_is_the_due_date_without_discount() -> None:
    terms = "<cac:PaymentTerms><cac:SettlementPeriod><cbc:EndDate>2014-06-30</cbc:EndDate></cac:SettlementPeriod></cac:PaymentTerms>"
    xml = added(edited(efff1(), {"//cbc:PaymentDueDate": None}), "/*", terms)
    assert read(xml).due_date == date(2014, 6, 30)
