from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from core.model import (
    ZERO,
    Address,
    CashDiscount,
    Identifier,
    Invoice,
    Party,
    PaymentMeans,
    VatBreakdown,
    XmlFormat,
)
from core.rendering import ubl
from core.rendering.rules import schema_violations
from core.rendering.ubl import XmlDocument, write
from core.rendering.ubl_references import SOFTWARE
from tests import builders as make
from tests.rendering.samples import Maker, full
from tests.rendering.schematron import violations

PDF = b"%PDF-1.7 only a test"
NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
KINDS = [pytest.param(make.invoice, id="invoice"), pytest.param(make.credit_note, id="credit note")]
FORMATS = [XmlFormat.EFFF3, XmlFormat.BIS3]


def efff(invoice: Invoice) -> XmlDocument:
    return write(invoice, wanted=XmlFormat.EFFF3, pdf=PDF, pdf_name="2026-0042.pdf")


def bis(invoice: Invoice) -> XmlDocument:
    return write(invoice, wanted=XmlFormat.BIS3, pdf=PDF, pdf_name="2026-0042.pdf")


def texts(document: XmlDocument, path: str) -> list[str]:
    found = etree.fromstring(document.content).xpath(path, namespaces=NAMESPACES)
    assert isinstance(found, list)
    return [str(getattr(each, "text", each)) for each in found]


def one(document: XmlDocument, path: str) -> str:
    (text,) = texts(document, path)
    return text


# Valid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("content", [make.invoice, full], ids=["plain", "full"])
def test_every_format_and_kind_follows_the_schema(kind: Maker, wanted: XmlFormat, content: Maker) -> None:
    invoice = full(kind) if content is full else kind()
    document = write(invoice, wanted=wanted, pdf=PDF, pdf_name="a.pdf")
    assert document.format is wanted
    assert schema_violations(document.content) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_bis3_breaks_no_rule_of_en_16931(kind: Maker) -> None:
    assert violations(bis(full(kind)).content) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("category", "rate"), [("S", 21), ("S", 12), ("S", 6), ("S", 25), ("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0), ("O", None)]
)
def test_bis3_breaks_no_rule_in_any_vat_category(kind: Maker, category: str, rate: int | None) -> None:
    buyer = make.foreign_company() if category in ("K", "G") else make.party()
    lines = (make.line(vat_category=category, vat_rate=None if rate is None else Decimal(rate)),)
    document = bis(kind(lines=lines, buyer=buyer))
    assert schema_violations(document.content) == ()
    assert violations(document.content) == []


def test_the_rules_do_find_something() -> None:
    document = bis(make.invoice())
    assert violations(document.content.replace(b">242.00<", b">243.00<"))


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert [bis(full(make.invoice)), efff(full(make.invoice))] == [bis(full(make.invoice)), efff(full(make.invoice))]


# e-FFF -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name", "transaction"), [(make.invoice, "CommercialInvoice", "010"), (make.credit_note, "CreditNote", "014")])
def test_efff_carries_the_fields_of_its_statement(kind: Maker, name: str, transaction: str) -> None:
    document = efff(kind())
    assert one(document, "/*/cbc:UBLVersionID") == "2.1"
    assert one(document, "/*/cbc:CustomizationID") == (
        f"urn:www.cenbii.eu:transaction:biitrns{transaction}:ver2.0:extended:urn:www.peppol.eu:bis:peppol5a:ver2.0:extended:e-fff:ver3.0"
    )
    assert one(document, "/*/cbc:ProfileID") == "urn:www.cenbii.eu:profile:bii05:ver2.0"
    assert texts(document, "/*/cac:AdditionalDocumentReference/cbc:DocumentType") == [name, SOFTWARE]
    assert texts(document, "/*/cac:AdditionalDocumentReference/cbc:ID")[1] == "eFFF"
    binary = "/*/cac:AdditionalDocumentReference[1]/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"
    assert base64.b64decode(one(document, binary)) == PDF
    assert texts(document, f"{binary}/@mimeCode | {binary}/@filename") == ["application/pdf", "2026-0042.pdf"]
    assert texts(document, "//cbc:EndpointID/@schemeID") == ["BE:CBE", "BE:CBE"]
    assert texts(document, "//cac:PartyTaxScheme/cbc:CompanyID/@schemeID") == ["BE:VAT", "BE:VAT"]
    assert one(document, "//cbc:PaymentMeansCode") == "30"
    assert one(document, "//cbc:PaymentDueDate") == "2026-12-24"
    assert one(document, "//cac:PayeeFinancialAccount/cbc:ID") == make.IBAN
    assert one(document, "//cac:FinancialInstitution/cbc:ID") == "GKCCBEBB"


def test_efff_is_named_after_issuer_and_number() -> None:
    assert efff(make.invoice(number="V01/2026-42 é")).file_name == "efff_BE0123456749_V012026-42.xml"
    assert bis(make.invoice(number="V01/2026-42")).file_name == "V01-2026-42.xml"  # as its PDF
    without_vat = make.seller(vat_id=None)
    assert efff(make.invoice(seller=without_vat)).file_name == "efff_0123456749_2026-0042.xml"


@pytest.mark.parametrize("wanted", FORMATS)
def test_every_number_gives_a_name_of_its_own(wanted: XmlFormat) -> None:
    names = [write(make.invoice(number=number), wanted=wanted, pdf=None, pdf_name="").file_name for number in ("///", "№", "***", "42")]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w.-]+\.xml", name) for name in names)


@pytest.mark.parametrize(
    ("category", "rate", "stated", "code", "identifier"),
    [
        ("S", 21, None, "03", "S"),
        ("S", 12, None, "02", "AA"),
        ("S", 6, None, "01", "AA"),
        ("AA", 6, "01", "01", "AA"),
        ("S", 21, "03/SE", "03/SE", "S"),
        ("S", 21, "01", "03", "S"),
        ("S", 21, "MA", "MA", "S"),
        ("Z", 0, None, "00", "Z"),
        ("AE", 0, None, "45", "AE"),
        ("K", 0, None, "46/GO", "AE"),
        ("K", 0, "44", "44", "AE"),
        ("K", 0, "46/TR", "46/TR", "AE"),
        ("G", 0, None, "47/EX", "E"),
        ("G", 0, "47/EI", "47/EI", "E"),
        ("E", 0, None, "NA", "E"),
        ("E", 0, "SC", "NA", "E"),
        ("E", 0, "FD", "NA", "E"),
        ("E", 0, "00/44", "00/44", "E"),
    ],
)
def test_efff_pairs_belgian_code_and_category(category: str, rate: int, stated: str | None, code: str, identifier: str) -> None:
    document = efff(make.invoice(lines=(make.line(vat_category=category, vat_rate=Decimal(rate), belgian_code=stated),)))
    for place in ("/*/cac:TaxTotal//cac:TaxCategory", "//cac:Item/cac:ClassifiedTaxCategory"):
        assert one(document, f"{place}/cbc:Name") == code
        assert one(document, f"{place}/cbc:ID") == identifier


@pytest.mark.parametrize(
    ("category", "rate", "sentence"),
    [
        ("S", Decimal("25.00"), "e-FFF has no code for VAT rate 25 %; the XML is a BIS 3 / EN 16931 invoice instead."),
        ("O", None, "e-FFF has no code for VAT category O; the XML is a BIS 3 / EN 16931 invoice instead."),
        ("S", None, "e-FFF has no code for VAT category S; the XML is a BIS 3 / EN 16931 invoice instead."),
    ],
)
def test_what_has_no_belgian_code_leaves_as_bis3_with_the_reason(category: str, rate: Decimal | None, sentence: str) -> None:
    document = efff(make.invoice(lines=(make.line(vat_category=category, vat_rate=rate),)))
    assert document.format is XmlFormat.BIS3
    assert document.file_name == "2026-0042.xml"
    assert str(document.notes[0]) == sentence


def test_vat_of_another_country_has_no_belgian_code_even_at_a_belgian_rate() -> None:
    document = efff(make.invoice(lines=(make.line(belgian_code="OSS-G"),)))
    assert str(document.note) == "e-FFF has no code for VAT category OSS-G; the XML is a BIS 3 / EN 16931 invoice instead."


@pytest.mark.parametrize(
    ("vat_id", "legal_id", "country", "representative", "belgian"),
    [
        ("NL123456789B01", None, "NL", None, False),
        ("NL123456789B01", None, "BE", None, False),
        ("NL123456789B01", None, "NL", "BE0123456749", True),
        ("NL123456789B01", None, "NL", "NL123456789B01", False),
        ("NL123456789B01", Identifier(value="0123456749", scheme="0208"), "NL", None, True),
        ("BE 0123.456.749", None, "NL", None, True),
        (None, Identifier(value="12345678", scheme="0106"), "NL", None, False),
        (None, None, "NL", None, False),
        (None, None, "BE", None, True),
        (None, None, None, None, True),
    ],
)
@pytest.mark.parametrize("wanted", [XmlFormat.EFFF3, XmlFormat.EFFF1])
def test_only_belgian_vat_has_belgian_codes(
    vat_id: str | None, legal_id: Identifier | None, country: str | None, representative: str | None, belgian: bool, wanted: XmlFormat
) -> None:
    seller = make.party(name="Van Dijk BV", vat_id=vat_id, legal_id=legal_id, endpoint=None, identifiers=(), address=Address(country=country))
    invoice = make.invoice(seller=seller, tax_representative=make.party(vat_id=representative) if representative else None)
    document = write(invoice, wanted=wanted, pdf=None, pdf_name="")
    assert document.format is (wanted if belgian else XmlFormat.BIS3)
    if not belgian:
        note = "e-FFF is for Belgian VAT, and Van Dijk BV charges that of another country; the XML is a BIS 3 / EN 16931 invoice instead."
        assert str(document.notes[0]) == note


def test_an_allowance_without_a_code_leaves_as_bis3_too() -> None:
    invoice = make.invoice(allowances_charges=(make.allowance("5", vat_rate=Decimal(25)),))
    assert "rate 25 %" in str(efff(invoice).note)


def test_the_codes_of_a_line_and_of_its_breakdown_help_each_other() -> None:
    lines = (make.line(vat_category="K", vat_rate=ZERO, belgian_code="44"),)
    document = efff(make.invoice(lines=lines, buyer=make.foreign_company()))
    assert set(texts(document, "//cac:TaxCategory/cbc:Name")) == {"44"}


def discounted(*, exempt: str = "8.00") -> Invoice:
    """2 % off for early payment: VAT on 392 of the 400."""
    lines = (make.line(net_price=Decimal(150)), make.line(id="2", net_price=Decimal(50)))
    rest = Decimal(exempt)
    base = Decimal(400) - rest
    parts = (
        VatBreakdown(category="S", rate=Decimal(21), taxable_amount=base, vat_amount=(base * 21 / 100).quantize(Decimal("0.01"))),
        VatBreakdown(category="E", rate=ZERO, taxable_amount=rest, vat_amount=ZERO, exemption_reason="Financial discount", belgian_code="FD"),
    )
    terms = CashDiscount(percentage=Decimal(2), amount=Decimal(392), until=date(2026, 12, 2))
    return make.invoice(lines=lines, vat_breakdown=parts[: 2 if rest else 1], cash_discount=terms)


def test_a_cash_discount_in_efff_brings_all_that_it_makes_mandatory() -> None:
    document = efff(discounted())
    assert schema_violations(document.content) == ()
    assert one(document, "//cac:PaymentTerms/cbc:SettlementDiscountPercent") == "2"
    assert one(document, "//cac:PaymentTerms/cbc:Amount") == "8.00"
    assert one(document, "//cac:PaymentTerms/cac:SettlementPeriod/cbc:EndDate") == "2026-12-02"
    exempt = "cac:TaxTotal/cac:TaxSubtotal[cac:TaxCategory/cbc:TaxExemptionReason = 'Cash Discount']/cbc:TaxableAmount"
    assert one(document, f"/*/{exempt}") == "8.00"
    assert texts(document, f"//cac:InvoiceLine/{exempt}") == ["6.00", "2.00"]
    assert texts(document, "//cac:InvoiceLine/cac:TaxTotal/cac:TaxSubtotal[1]/cbc:TaxableAmount") == ["294.00", "98.00"]


def test_a_cash_discount_on_the_full_vat_still_names_its_exempt_part() -> None:
    document = efff(discounted(exempt="0"))
    assert len(texts(document, "//cbc:TaxExemptionReason[. = 'Cash Discount']")) == 3


def test_a_cash_discount_in_bis3_is_an_allowance_and_an_exempt_charge() -> None:
    document = bis(discounted())
    assert violations(document.content) == []
    assert texts(document, "/*/cac:AllowanceCharge/cbc:Amount") == ["8.00", "8.00"]
    assert one(document, "//cac:PaymentTerms/cbc:Note") == "Cash discount 2 % until 2026-12-02"


# BIS 3 and plain EN 16931 ----------------------------------------------------------------------------------------


def test_two_belgian_companies_get_peppol() -> None:
    document = bis(make.invoice(seller=make.seller(endpoint=None, legal_id=None)))
    assert one(document, "/*/cbc:CustomizationID") == ubl.PEPPOL
    assert one(document, "/*/cbc:ProfileID") == ubl.PEPPOL_PROFILE
    assert texts(document, "//cbc:EndpointID") == [make.SELLER_NUMBER, make.BUYER_NUMBER]
    assert texts(document, "//cbc:EndpointID/@schemeID") == ["0208", "0208"]


def test_the_number_serves_as_reference_only_where_there_is_no_other() -> None:
    assert one(bis(make.invoice()), "/*/cbc:BuyerReference") == "2026-0042"
    assert texts(bis(make.invoice(order_reference="PO-1")), "/*/cbc:BuyerReference") == []
    assert one(bis(make.invoice(buyer_reference="B", order_reference="PO-1")), "/*/cbc:BuyerReference") == "B"


@pytest.mark.parametrize("buyer", [make.private_person(), make.party(vat_id="BE0999999900", legal_id=None, endpoint=None)])
def test_a_buyer_without_a_valid_address_gets_plain_en_16931(buyer: Party) -> None:
    document = bis(make.invoice(buyer=buyer))
    assert one(document, "/*/cbc:CustomizationID") == ubl.EN_16931
    assert texts(document, "/*/cbc:ProfileID") == []
    assert one(document, "//cac:AccountingCustomerParty//cbc:EndpointID/@schemeID") == "EM"
    assert violations(document.content) == []


def test_an_address_that_only_en_16931_knows_is_kept() -> None:
    buyer = make.private_person(endpoint=Identifier(value="PKE_400001", scheme="0193"))
    document = bis(make.invoice(buyer=buyer))
    assert one(document, "/*/cbc:CustomizationID") == ubl.EN_16931
    assert one(document, "//cac:AccountingCustomerParty//cbc:EndpointID") == "PKE_400001"
    assert violations(document.content) == []


def test_a_self_billed_invoice_is_not_forced_into_peppol() -> None:
    document = bis(make.invoice(source_type_code="389"))
    assert one(document, "/*/cbc:CustomizationID") == ubl.EN_16931
    assert one(document, "/*/cbc:InvoiceTypeCode") == "389"


@pytest.mark.parametrize(("end", "customization"), [(date(2026, 11, 30), ubl.PEPPOL), (date(2026, 12, 1), ubl.EN_16931)])
def test_a_line_of_another_period_is_not_forced_into_peppol(end: date, customization: str) -> None:
    line = make.line(period_start=date(2026, 11, 1), period_end=end)
    document = bis(make.invoice(lines=(line,), period_start=date(2026, 11, 1), period_end=date(2026, 11, 30)))
    assert one(document, "/*/cbc:CustomizationID") == customization
    assert violations(document.content) == []


def test_a_credit_note_made_of_a_negative_invoice_is_a_381() -> None:
    assert one(bis(make.credit_note(source_type_code="380")), "/*/cbc:CreditNoteTypeCode") == "381"


def test_notes_and_legal_mention_are_one_note() -> None:
    document = bis(make.invoice(notes=("Un", " ", "Deux"), delivery_terms="Trois"))
    assert one(document, "/*/cbc:Note") == "Un\nDeux\nTrois"


def test_exemption_codes_outside_vatex_go_and_their_words_stay() -> None:
    part = VatBreakdown(
        category="E", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, exemption_code="BETE-SC", exemption_reason="Petite entreprise"
    )
    document = bis(make.invoice(lines=(make.line(vat_category="E", vat_rate=ZERO),), vat_breakdown=(part,)))
    assert texts(document, "//cbc:TaxExemptionReasonCode") == []
    assert one(document, "//cbc:TaxExemptionReason") == "Petite entreprise"


@pytest.mark.parametrize(("category", "code"), [("AE", "VATEX-EU-AE"), ("K", "VATEX-EU-IC"), ("G", "VATEX-EU-G"), ("O", "VATEX-EU-O")])
def test_a_missing_exemption_reason_becomes_the_standard_one(category: str, code: str) -> None:
    document = bis(make.invoice(lines=(make.line(vat_category=category, vat_rate=ZERO),), buyer=make.foreign_company()))
    assert one(document, "//cbc:TaxExemptionReasonCode") == code


def test_belgian_splits_of_a_category_are_one_breakdown_in_bis3_and_two_in_efff() -> None:
    lines = tuple(make.line(id=code, vat_category="K", vat_rate=ZERO, belgian_code=code) for code in ("46/GO", "44"))
    parts = tuple(
        VatBreakdown(category="K", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, exemption_reason=words, belgian_code=code)
        for code, words in (("46/GO", "Goods"), ("44", "Services"))
    )
    invoice = make.invoice(lines=lines, vat_breakdown=parts, buyer=make.foreign_company())
    document = bis(invoice)
    assert violations(document.content) == []
    assert one(document, "//cac:TaxSubtotal/cbc:TaxableAmount") == "400.00"
    assert one(document, "//cbc:TaxExemptionReason") == "Goods; Services"
    assert one(document, "//cac:DeliveryLocation//cbc:IdentificationCode") == "DE"
    assert texts(efff(invoice), "/*/cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:Name") == ["46/GO", "44"]


def test_lines_of_four_decimals_are_rounded_so_that_they_add_up() -> None:
    lines = tuple(make.line(id=str(at), quantity=Decimal(1), net_price=Decimal("0.3333"), net_amount=Decimal("0.3333")) for at in range(3))
    document = bis(make.invoice(lines=lines))
    assert texts(document, "//cac:InvoiceLine/cbc:LineExtensionAmount") == ["0.34", "0.33", "0.33"]
    assert violations(document.content) == []


def test_lines_of_four_decimals_that_do_not_add_up_stay_as_stated() -> None:
    invoice = make.invoice(lines=(make.line(net_amount=Decimal("200.1234")),))
    invoice = replace(invoice, totals=replace(invoice.totals, line_total=Decimal(300)))
    assert one(bis(invoice), "//cac:InvoiceLine/cbc:LineExtensionAmount") == "200.1234"
    assert one(efff(make.invoice(lines=invoice.lines)), "//cac:InvoiceLine/cbc:LineExtensionAmount") == "200.1234"


def test_a_negative_price_moves_its_sign_to_the_quantity() -> None:
    document = bis(make.invoice(lines=(make.line(), make.line(id="2", net_price=Decimal(-10)))))
    assert texts(document, "//cbc:InvoicedQuantity") == ["2", "-2"]
    assert violations(document.content) == []


def test_a_base_quantity_that_only_repeats_the_quantity_is_left_out() -> None:
    lines = (make.line(base_quantity=Decimal(2), net_amount=Decimal(200)),)
    assert texts(bis(make.invoice(lines=lines)), "//cbc:BaseQuantity") == []
    assert texts(efff(make.invoice(lines=lines)), "//cbc:BaseQuantity") == ["2"]


def test_a_price_that_was_rounded_too_early_is_given_in_full() -> None:
    lines = (make.line(quantity=Decimal(10), net_price=Decimal("0.83"), net_amount=Decimal("8.35")),)
    assert one(bis(make.invoice(lines=lines)), "//cbc:PriceAmount") == "0.835"
    assert one(efff(make.invoice(lines=lines)), "//cbc:PriceAmount") == "0.83"


def test_a_price_that_is_simply_wrong_stays_as_stated() -> None:
    lines = (make.line(net_amount=Decimal(150)),)
    assert one(bis(make.invoice(lines=lines)), "//cbc:PriceAmount") == "100.00"


@pytest.mark.parametrize(("code", "category"), [(None, "Z"), ("MA", "E")])
def test_a_standard_rate_of_zero_is_called_by_its_name(code: str | None, category: str) -> None:
    document = bis(
        make.invoice(
            lines=(make.line(vat_rate=ZERO, belgian_code=code),),
            vat_breakdown=(VatBreakdown(category="S", rate=ZERO, taxable_amount=Decimal(200), vat_amount=ZERO, belgian_code=code),),
        )
    )
    assert one(document, "//cac:ClassifiedTaxCategory/cbc:ID") == category
    assert violations(document.content) == []


@pytest.mark.parametrize("made", [efff, bis])
@pytest.mark.parametrize("overrides", [{"vat_category": None, "vat_rate": None}, {"vat_rate": None, "vat_category": "Z"}])
def test_an_allowance_takes_the_category_of_the_only_group_that_it_fits(made: Callable[[Invoice], XmlDocument], overrides: dict[str, Any]) -> None:
    allowance = make.allowance("5", vat_category="Z", vat_rate=ZERO)
    lines = (make.line(), make.line(id="2", vat_category="Z", vat_rate=ZERO))
    whole = make.invoice(lines=lines, allowances_charges=(allowance,))
    bare = replace(whole, allowances_charges=(replace(allowance, **overrides),))
    assert made(bare) == made(whole)


def test_an_allowance_that_fits_nowhere_stays_without_a_category() -> None:
    lines = (make.line(), make.line(id="2", vat_rate=Decimal(6)))
    whole = make.invoice(lines=lines, allowances_charges=(make.allowance("5"), make.allowance("7")))
    bare = replace(whole, allowances_charges=tuple(replace(each, vat_category=None, vat_rate=None) for each in whole.allowances_charges))
    assert texts(bis(bare), "/*/cac:AllowanceCharge/cac:TaxCategory") == []


def test_an_address_without_country_is_a_domestic_one() -> None:
    document = bis(make.invoice(buyer=make.private_person(address=make.address(country=None))))
    assert one(document, "//cac:AccountingCustomerParty//cbc:IdentificationCode") == "BE"


def test_a_payee_who_is_the_seller_is_left_out() -> None:
    assert texts(bis(make.invoice(payee=make.seller())), "//cac:PayeeParty") == []


def test_a_transfer_without_account_is_no_transfer() -> None:
    assert one(bis(make.invoice(payment_means=(PaymentMeans(),))), "//cbc:PaymentMeansCode") == "1"


def test_characters_that_xml_forbids_are_removed_and_the_others_kept() -> None:
    document = bis(make.invoice(notes=("a\x00b\x0bc\ud800 <&> 🎉 «Ünïcode»",), lines=(make.line(name="\x01"),)))
    assert one(document, "/*/cbc:Note") == "abc <&> 🎉 «Ünïcode»"
    assert one(document, "//cac:Item/cbc:Name") == "1"


def test_no_xml_is_written_when_none_is_wanted() -> None:
    with pytest.raises(ValueError):
        write(make.invoice(), wanted=XmlFormat.NONE, pdf=None, pdf_name="")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.decimals("0.01", "9999", places=2), st.integers(1, 99), st.sampled_from([0, 6, 12, 21])), min_size=1, max_size=8))
def test_the_amounts_in_the_xml_are_those_of_the_model(rows: list[tuple[Decimal, int, int]]) -> None:
    lines = tuple(
        make.line(id=str(at), net_price=price, quantity=Decimal(quantity), vat_category="S" if rate else "Z", vat_rate=Decimal(rate))
        for at, (price, quantity, rate) in enumerate(rows, 1)
    )
    invoice = make.invoice(lines=lines)
    for document in (efff(invoice), bis(invoice)):
        assert Decimal(one(document, "//cbc:PayableAmount")) == invoice.totals.amount_due
        assert Decimal(one(document, "/*/cac:TaxTotal/cbc:TaxAmount")) == invoice.totals.vat_total
        assert [Decimal(net) for net in texts(document, "//cac:InvoiceLine/cbc:LineExtensionAmount")] == [line.net_amount for line in lines]
        assert schema_violations(document.content) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=8, max_size=8), st.sampled_from([make.invoice, make.credit_note]))
def test_no_text_breaks_the_schema(texts: list[str], kind: Maker) -> None:
    number, name, description, note, city, reference, terms, unit = texts
    invoice = kind(
        number=f"N{number}",
        lines=(make.line(name=name, description=description, unit_code=unit, attributes=((name, note),)),),
        notes=(note,),
        buyer=make.party(name=f"B{name}", address=make.address(city=city, country=None)),
        order_reference=reference,
        payment_terms=terms,
    )
    for wanted in FORMATS:
        content = write(invoice, wanted=wanted, pdf=PDF, pdf_name=name).content
        assert schema_violations(content) == ()


# Real files ------------------------------------------------------------------------------------------------------

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside this clone")
@pytest.mark.parametrize("wanted", FORMATS)
def test_real_files_leave_in_both_formats(wanted: XmlFormat) -> None:
    sources = pytest.importorskip("core.sources.ubl", reason="UBL cannot be read yet")
    for path in sorted(DATA.rglob("*.xml")):
        invoice = sources.read(path.read_bytes()).invoice
        document = write(invoice, wanted=wanted, pdf=PDF, pdf_name="a.pdf")
        assert schema_violations(document.content) == (), path.name
        assert document.format is wanted or document.note
