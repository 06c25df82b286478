"""CII as others write it: what is read, what is remarked, and what is refused at which place."""

from __future__ import annotations

import base64
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from core.errors import ElementMissing, EntitiesRefused, FileEmpty, NotAnInvoice, NotXml, SourceRefused, ValueInvalid
from core.model import AllowanceCharge, DocumentType, Identifier, Invoice, PaymentMeans, Reference
from core.sources import cii, read_bytes
from tests.sources.cii_documents import added, day, edited, invoice, minimum, zugferd1

AGREEMENT, SETTLEMENT = "//ram:ApplicableHeaderTradeAgreement", "//ram:ApplicableHeaderTradeSettlement"
SUMMATION = "//ram:SpecifiedTradeSettlementHeaderMonetarySummation"
LINE = "//ram:IncludedSupplyChainTradeLineItem"
PDF = base64.b64encode(b"%PDF-1.7 only a test").decode()


def read(xml: bytes) -> Invoice:
    return cii.read(xml).invoice


def remarks(xml: bytes) -> list[str]:
    return [str(each) for each in read(xml).warnings]


def test_an_xrechnung() -> None:
    found = read(invoice())
    assert (found.number, found.issue_date, found.due_date, found.currency) == ("2026-17", date(2026, 3, 2), date(2026, 4, 1), "EUR")
    assert (found.type_code, found.source_type_code) == (DocumentType.INVOICE, "380")
    assert found.notes == ("Merci\nbeaucoup",)
    assert (found.seller.name, found.seller.vat_id, found.seller.address.country) == ("Atelier Dubois SRL", "BE0123456749", "BE")
    assert (found.buyer.vat_id, found.buyer.address.street, found.buyer.address.postcode) == ("BE0999999922", "Meir 1", "2000")
    assert found.payment_means == (PaymentMeans(means_code="58", reference="+++000/0000/04242+++", iban="BE71096123456769"),)
    (line,) = found.lines
    assert (line.id, line.name, line.quantity, line.unit_code, line.net_price) == ("1", "Carpentry", Decimal(4), "HUR", Decimal(50))
    assert (line.net_amount, line.vat_category, line.vat_rate) == (Decimal(200), "S", Decimal(21))
    (group,) = found.vat_breakdown
    assert (group.category, group.rate, group.taxable_amount, group.vat_amount) == ("S", Decimal(21), Decimal(200), Decimal(42))
    assert (found.totals.total_without_vat, found.totals.vat_total, found.totals.amount_due) == (Decimal(200), Decimal(42), Decimal(242))
    assert found.warnings == ()


def test_it_is_told_by_its_root_and_kept_as_it_came() -> None:
    source = read_bytes("a.xml", invoice())
    assert (source.invoice.number, source.xml, source.pdf) == ("2026-17", invoice(), None)


def test_a_zugferd_of_2014() -> None:
    source = read_bytes("ZUGFeRD-invoice.xml", zugferd1())
    found = source.invoice
    assert (found.number, found.issue_date, found.due_date, found.delivery_date) == (
        "471102",
        date(2014, 3, 5),
        date(2014, 4, 5),
        date(2014, 3, 4),
    )
    assert (found.order_reference, found.preceding_invoices) == ("PO-7", (Reference(number="471099", issue_date=date(2014, 2, 1)),))
    assert found.allowances_charges == (
        AllowanceCharge(is_charge=True, amount=Decimal(20), reason="Versandkosten", vat_category="S", vat_rate=Decimal(19)),
    )
    text, line = found.lines
    assert (text.id, text.name, text.net_amount, text.note) == ("1", "Frohe Ostern", Decimal(0), "Frohe Ostern")
    assert (line.gross_price, line.price_discount, line.net_price) == (Decimal("9.5"), Decimal("0.5"), Decimal(9))
    assert line.standard_item_id == Identifier(value="4012345001235", scheme="0160")
    assert found.payment_terms == "Cash discount 2 % until 2014-03-15"
    assert (found.totals.amount_due, found.totals.charge_total) == (Decimal(238), Decimal(20))
    assert [str(each) for each in found.warnings] == [
        "The file does not state “Amount due (BT-115)”; 238.00 was worked out from its other totals.",
        "Line 1 has no number of its own; its position was taken.",
        "Line 1 has neither an amount nor a price; it was taken as a line of text.",
    ]


def test_the_profile_minimum_has_no_lines() -> None:
    found = read(minimum())
    assert (found.lines, found.vat_breakdown, found.totals.line_total) == ((), (), Decimal(200))
    assert [str(each) for each in found.warnings] == [
        "The file has no VAT breakdown.",
        "The file has no invoice lines.",
        "The file does not state “Sum of the lines (BT-106)”; 200.00 was worked out from its other totals.",
    ]


def test_the_profile_basic_wl_has_no_lines_either() -> None:
    found = read(edited(invoice(), {LINE: None, "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID": "urn:factur-x.eu:1p0:basicwl"}))
    assert [str(each) for each in found.warnings] == ["The file has no invoice lines."]


@pytest.mark.parametrize("code", ["381", "261", "396"])
def test_a_credit_note_by_its_code(code: str) -> None:
    found = read(invoice(type_code=code))
    assert (found.type_code, found.source_type_code, found.totals.amount_due) == (DocumentType.CREDIT_NOTE, code, Decimal(242))


def test_a_negative_invoice_is_a_credit_note() -> None:
    found = read(invoice(sign="-"))
    assert (found.type_code, found.totals.amount_due, found.lines[0].quantity) == (DocumentType.CREDIT_NOTE, Decimal(242), Decimal(4))
    assert "negative total of -242.00" in str(found.warnings[0])


def test_a_negative_credit_note_stays_and_warns() -> None:
    found = read(invoice(sign="-", type_code="381"))
    assert (found.is_credit_note, found.totals.amount_due) == (True, Decimal(-242))
    assert any("-242.00" in str(each) for each in found.warnings)


def test_without_a_type_it_is_an_invoice() -> None:
    assert remarks(edited(invoice(), {"//rsm:ExchangedDocument/ram:TypeCode": None})) == [
        "The file does not say whether it is an invoice or a credit note; an invoice was taken."
    ]


def test_sums_that_do_not_hold_are_remarked() -> None:
    assert "The lines add up to 200, but the file says 201.00." in remarks(edited(invoice(), {f"{SUMMATION}/ram:LineTotalAmount": "201"}))
    assert any("rounded" in each or "two decimals" in each for each in remarks(edited(invoice(), {f"{SUMMATION}/ram:DuePayableAmount": "242.004"})))


# Dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "attributes"),
    [
        ("20260302", 'format="102"'),
        (" 20260302\n", 'format="102"'),
        ("2026-03-02", 'format="102"'),
        ("2026-03-02", ""),
        ("2026-03-02T10:20:30+01:00", ""),
        ("20260302", ""),
    ],
)
def test_dates_in_format_102_and_iso(value: str, attributes: str) -> None:
    xml = edited(invoice(), {"//ram:IssueDateTime": None})
    assert read(added(xml, "//rsm:ExchangedDocument", day("IssueDateTime", value, attributes))).issue_date == date(2026, 3, 2)


def test_a_date_without_its_inner_element() -> None:
    xml = edited(invoice(), {"//ram:IssueDateTime": None})
    assert read(added(xml, "//rsm:ExchangedDocument", "<ram:IssueDateTime>2026-03-02</ram:IssueDateTime>")).issue_date == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("value", "attributes"),
    [
        ("202603", 'format="610"'),
        ("20260302", 'format="203"'),
        ("202603021200", 'format="203"'),
        ("20260230", 'format="102"'),
        ("2026-02-30", 'format="102"'),
        ("02/03/2026", 'format="102"'),
        ("00000000", 'format="102"'),
        ("２０２６０３０２", 'format="102"'),
    ],
)
def test_other_dates_are_refused(value: str, attributes: str) -> None:
    xml = edited(invoice(), {"//ram:IssueDateTime": None})
    with pytest.raises(ValueInvalid) as caught:
        read(added(xml, "//rsm:ExchangedDocument", day("IssueDateTime", value, attributes)))
    assert caught.value.sentence.values["term"] == "Issue date (BT-2)"
    assert str(caught.value.sentence.values["expected"]).startswith("date")
    assert caught.value.place.endswith("ExchangedDocument/IssueDateTime/DateTimeString")


def test_the_vat_point_stands_in_the_breakdown() -> None:
    point = '<ram:TaxPointDate><udt:DateString format="102">20260228</udt:DateString></ram:TaxPointDate>'
    assert read(added(invoice(), f"{SETTLEMENT}/ram:ApplicableTradeTax", point)).tax_point_date == date(2026, 2, 28)
    code = "<ram:DueDateTypeCode>72</ram:DueDateTypeCode>"
    assert read(added(invoice(), f"{SETTLEMENT}/ram:ApplicableTradeTax", code)).tax_point_code == "432"


# Lines, allowances and charges -----------------------------------------------------------------------------------


def test_lines_that_only_group_others_are_left_out() -> None:
    group = """<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>01</ram:LineID>
      <ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode></ram:AssociatedDocumentLineDocument></ram:IncludedSupplyChainTradeLineItem>"""
    xml = added(invoice(), "//rsm:SupplyChainTradeTransaction", group)
    xml = added(xml, "//ram:AssociatedDocumentLineDocument", "<ram:LineStatusReasonCode>DETAIL</ram:LineStatusReasonCode>")
    assert [line.id for line in read(xml).lines] == ["1"]
    assert remarks(xml) == ["Line 01 only groups or explains others and does not count in the total; it was left out."]


def test_a_gross_price_that_is_the_net_price_says_nothing() -> None:
    gross = "<ram:GrossPriceProductTradePrice><ram:ChargeAmount>50.00</ram:ChargeAmount></ram:GrossPriceProductTradePrice>"
    assert read(added(invoice(), "//ram:SpecifiedLineTradeAgreement", gross)).lines[0].gross_price is None


def test_allowances_on_line_and_document() -> None:
    allowance = """<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator>{}</ram:ChargeIndicator>
      <ram:CalculationPercent>5</ram:CalculationPercent><ram:BasisAmount>200.00</ram:BasisAmount><ram:ActualAmount>10.00</ram:ActualAmount>
      <ram:ReasonCode>95</ram:ReasonCode><ram:Reason>Remise</ram:Reason>
      <ram:CategoryTradeTax><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>21</ram:RateApplicablePercent></ram:CategoryTradeTax>
      </ram:SpecifiedTradeAllowanceCharge>"""
    xml = added(invoice(), SETTLEMENT, allowance.format("<udt:Indicator>false</udt:Indicator>"))
    found = read(added(xml, "//ram:SpecifiedLineTradeSettlement", allowance.format("true")))
    (stated,) = found.allowances_charges
    assert (stated.is_charge, stated.amount, stated.base_amount, stated.percentage) == (False, Decimal(10), Decimal(200), Decimal(5))
    assert (stated.reason, stated.reason_code, stated.vat_category, stated.vat_rate) == ("Remise", "95", "S", Decimal(21))
    (charge,) = found.lines[0].allowances_charges
    assert (charge.is_charge, charge.vat_category) == (True, None)


@pytest.mark.parametrize("indicator", ["", "<udt:Indicator>maybe</udt:Indicator>"])
def test_an_allowance_must_say_what_it_is(indicator: str) -> None:
    allowance = f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator>{indicator}</ram:ChargeIndicator></ram:SpecifiedTradeAllowanceCharge>"
    with pytest.raises((ElementMissing, ValueInvalid)):
        read(added(invoice(), SETTLEMENT, allowance))


def test_other_taxes_than_vat_are_passed_over() -> None:
    tax = "<ram:ApplicableTradeTax><ram:TypeCode>GST</ram:TypeCode></ram:ApplicableTradeTax>"
    assert len(read(added(invoice(), SETTLEMENT, tax)).vat_breakdown) == 1


def test_vat_in_two_currencies() -> None:
    xml = added(invoice(), SUMMATION, '<ram:TaxTotalAmount currencyID="SEK">462.00</ram:TaxTotalAmount>')
    found = read(added(xml, SETTLEMENT, "<ram:TaxCurrencyCode>SEK</ram:TaxCurrencyCode>"))
    assert (found.totals.vat_total, found.totals.vat_total_accounting, found.tax_currency) == (Decimal(42), Decimal(462), "SEK")


def test_without_its_total_the_vat_is_that_of_the_groups() -> None:
    xml = edited(invoice(), {f"{SUMMATION}/ram:TaxTotalAmount": None})
    assert read(xml).totals.vat_total == Decimal(42)
    assert "42.00 was taken from the VAT groups" in remarks(xml)[0]


# Parties, payment, attachments -----------------------------------------------------------------------------------


def test_parties_with_all_their_numbers() -> None:
    xml = added(
        invoice(),
        "//ram:SellerTradeParty",
        "<ram:ID>S-1</ram:ID>",
        '<ram:GlobalID schemeID="0088">5412345000013</ram:GlobalID>',
        "<ram:Description>SRL</ram:Description>",
        '<ram:SpecifiedLegalOrganization><ram:ID schemeID="0208">0123456749</ram:ID><ram:TradingBusinessName>Dubois</ram:TradingBusinessName>'
        "</ram:SpecifiedLegalOrganization>",
        '<ram:URIUniversalCommunication><ram:URIID schemeID="0208">0123456749</ram:URIID></ram:URIUniversalCommunication>',
        '<ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">133/8150/8159</ram:ID></ram:SpecifiedTaxRegistration>',
        "<ram:DefinedTradeContact><ram:PersonName>Anne</ram:PersonName><ram:TelephoneUniversalCommunication><ram:CompleteNumber>+32 2"
        "</ram:CompleteNumber></ram:TelephoneUniversalCommunication><ram:EmailURIUniversalCommunication><ram:URIID>a@dubois.example</ram:URIID>"
        "</ram:EmailURIUniversalCommunication></ram:DefinedTradeContact>",
    )
    xml = added(xml, SETTLEMENT, "<ram:CreditorReferenceID>BE12ZZZ</ram:CreditorReferenceID>")
    found = read(xml).seller
    assert [(each.value, each.scheme) for each in found.identifiers] == [("S-1", None), ("5412345000013", "0088"), ("BE12ZZZ", "SEPA")]
    assert (found.legal_id, found.endpoint) == (Identifier(value="0123456749", scheme="0208"),) * 2
    assert (found.legal_form, found.trading_name, found.tax_registration) == ("SRL", "Dubois", Identifier(value="133/8150/8159"))
    assert (found.contact_name, found.telephone, found.email) == ("Anne", "+32 2", "a@dubois.example")


def test_a_reference_without_means_and_a_mandate() -> None:
    xml = edited(invoice(), {"//ram:SpecifiedTradeSettlementPaymentMeans": None})
    xml = added(xml, "//ram:SpecifiedTradePaymentTerms", "<ram:DirectDebitMandateID>M-7</ram:DirectDebitMandateID>")
    (means,) = read(xml).payment_means
    assert (means.means_code, means.reference, means.mandate_reference) == ("1", "+++000/0000/04242+++", "M-7")


def test_the_pdf_inside_and_what_supports_it() -> None:
    document = """<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>{}</ram:IssuerAssignedID><ram:URIID>{}</ram:URIID>
      <ram:TypeCode>{}</ram:TypeCode><ram:Name>{}</ram:Name>
      <ram:AttachmentBinaryObject mimeCode="application/pdf" filename="{}">{}</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument>"""
    xml = added(invoice(), AGREEMENT, document.format("T-1", "https://x.example", "916", "Timesheet", "t.pdf", PDF))
    xml = added(xml, AGREEMENT, document.format("2026-17", "", "916", "", "C:\\out\\2026-17.pdf", PDF))
    tender = "<ram:IssuerAssignedID>L</ram:IssuerAssignedID><ram:TypeCode>50</ram:TypeCode>"
    xml = added(xml, AGREEMENT, f"<ram:AdditionalReferencedDocument>{tender}</ram:AdditionalReferencedDocument>")
    source = cii.read(xml)
    assert (source.pdf, source.pdf_name) == (b"%PDF-1.7 only a test", "2026-17.pdf")
    (supporting,) = source.invoice.supporting_documents
    assert (supporting.id, supporting.url, supporting.description, supporting.file_name) == ("T-1", "https://x.example", "Timesheet", "t.pdf")
    assert source.invoice.tender_reference == "L"


# Refused ---------------------------------------------------------------------------------------------------------

MISSING = [
    ("//rsm:ExchangedDocument", "Invoice number (BT-1)", "ExchangedDocument"),
    ("//rsm:ExchangedDocument/ram:ID", "Invoice number (BT-1)", "ExchangedDocument/ID"),
    ("//ram:IssueDateTime", "Issue date (BT-2)", "ExchangedDocument/IssueDateTime"),
    ("//ram:InvoiceCurrencyCode", "Currency (BT-5)", "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/InvoiceCurrencyCode"),
    ("//rsm:SupplyChainTradeTransaction", "The transaction itself", "SupplyChainTradeTransaction"),
    ("//ram:SellerTradeParty", "Seller name (BT-27)", "SellerTradeParty"),
    ("//ram:SellerTradeParty/ram:Name", "Seller name (BT-27)", "SellerTradeParty/Name"),
    ("//ram:BuyerTradeParty/ram:Name", "Buyer name (BT-44)", "BuyerTradeParty/Name"),
    (SETTLEMENT, "Document totals (BG-22)", "ApplicableHeaderTradeSettlement"),
    (SUMMATION, "Document totals (BG-22)", "SpecifiedTradeSettlementHeaderMonetarySummation"),
]


@pytest.mark.parametrize(("path", "term", "element"), MISSING)
def test_what_is_missing_is_named(path: str, term: str, element: str) -> None:
    with pytest.raises(ElementMissing) as caught:
        read(edited(invoice(), {path: None}))
    assert caught.value.sentence.values == {"term": term, "element": element}
    assert re.fullmatch(r"line \d+, \w+(/\w+)*", caught.value.place)


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("LineTotalAmount", "Sum of the lines (BT-106)"),
        ("TaxBasisTotalAmount", "Total without VAT (BT-109)"),
        ("GrandTotalAmount", "Total with VAT (BT-112)"),
        ("DuePayableAmount", "Amount due (BT-115)"),
    ],
)
def test_totals_of_an_en_16931_invoice_are_all_there(name: str, term: str) -> None:
    with pytest.raises(ElementMissing) as caught:
        read(edited(invoice(), {f"{SUMMATION}/ram:{name}": None}))
    assert caught.value.sentence.values["term"] == term


def test_a_line_without_amount_or_category() -> None:
    with pytest.raises(ElementMissing) as caught:
        read(edited(invoice(), {"//ram:SpecifiedTradeSettlementLineMonetarySummation": None}))
    assert caught.value.sentence.values["term"] == "Line net amount (BT-131)"
    second = """<ram:ApplicableTradeTax><ram:CalculatedAmount>0</ram:CalculatedAmount><ram:BasisAmount>0</ram:BasisAmount>
      <ram:CategoryCode>Z</ram:CategoryCode></ram:ApplicableTradeTax>"""
    with pytest.raises(ElementMissing) as caught:
        read(edited(added(invoice(), SETTLEMENT, second), {"//ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax": None}))
    assert caught.value.sentence.values["term"] == "VAT category of a line (BT-151)"


@pytest.mark.parametrize("amount", ["NaN", "1e400", "1.000,00", "242,00", "€242", "٢٤٢", "--1", ".", "1234567890123456.00"])
def test_amounts_are_plain_decimals(amount: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        read(edited(invoice(), {f"{SUMMATION}/ram:DuePayableAmount": amount}))
    assert caught.value.sentence.values == {"term": "Amount due (BT-115)", "value": amount, "expected": "amount"}
    assert caught.value.place.endswith("SpecifiedTradeSettlementHeaderMonetarySummation/DuePayableAmount")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("//ram:InvoiceCurrencyCode", "EURO", "currency code of three letters"),
        ("//rsm:ExchangedDocument/ram:ID", "9" * 201, "number of at most 200 characters"),
        ("//ram:BilledQuantity", "four", "number"),
        ("//ram:RateApplicablePercent", "21%", "percentage"),
    ],
)
def test_what_a_value_should_have_been(path: str, value: str, expected: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        read(edited(invoice(), {path: value}))
    assert caught.value.sentence.values["expected"] == expected


def test_hostile_files() -> None:
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    body = invoice().split(b"?>", 1)[1]
    with pytest.raises(EntitiesRefused):
        read_bytes("a.xml", doctype + body)
    with pytest.raises(NotXml):
        read_bytes("a.xml", invoice()[:900])
    with pytest.raises(FileEmpty):
        read_bytes("a.xml", b"")
    with pytest.raises(NotXml):
        read_bytes("a.xml", b"<a>" * 300 + b"<CrossIndustryInvoice/>" + b"</a>" * 300)
    with pytest.raises(NotAnInvoice):
        cii.read(b"<CrossIndustryOrder/>")
    with pytest.raises(ElementMissing):
        read_bytes("a.xml", b"<CrossIndustryInvoice/>")


def test_control_characters_are_left_out_and_counted() -> None:
    xml = invoice().replace(b"Carpentry", b"Car\x01pent&#2;ry")
    assert read(xml).lines[0].name == "Carpentry"
    assert remarks(xml) == ["The file holds 2 control characters that XML forbids; they were left out."]


def test_a_long_value_is_shown_shortened() -> None:
    with pytest.raises(ValueInvalid) as caught:
        read(edited(invoice(), {f"{SUMMATION}/ram:DuePayableAmount": "0" * 2_000_000 + "x"}))
    assert caught.value.sentence.values["value"] == "0" * 60 + "…"


JUNK = (
    "",
    "x",
    "-1",
    "0",
    "1e5",
    "99999999999999",
    "٣",
    "2026-01-01",
    "00000000",
    "20261301",
    "\u00a0",
    "O",
    "381",
    "A" * 300,
    "true",
    "NaN",
    "-0.00",
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([invoice(), minimum(), zugferd1()]), st.data())
def test_no_content_is_a_crash(xml: bytes, data: st.DataObject) -> None:
    """Elements and attributes taken out, emptied or filled with nonsense: an invoice, or a sentence with a place."""
    root = etree.fromstring(xml)
    for _ in range(data.draw(st.integers(1, 5))):
        element = data.draw(st.sampled_from([each for each in root.iter() if isinstance(each.tag, str)]))
        parent = element.getparent()
        if parent is not None and data.draw(st.booleans()):
            parent.remove(element)
        elif element.attrib and data.draw(st.booleans()):
            element.attrib.clear()
        else:
            element.text = data.draw(st.sampled_from(JUNK))
    try:
        told = f"line {read(etree.tostring(root)).number}"
    except SourceRefused as error:
        told = error.place
    assert told.startswith("line ") and len(told) > len("line ")
