from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import AllowanceCharge, DocumentType, Identifier, Invoice, PaymentMeans, Reference
from core.sources import ubl
from tests.sources.documents import added, credit_note, edited, invoice


def read(xml: bytes) -> Invoice:
    return ubl.read(xml).invoice


def sentences(read_invoice: Invoice) -> list[str]:
    return [str(warning) for warning in read_invoice.warnings]


def test_an_honest_invoice_has_no_warnings() -> None:
    found = read(invoice())
    assert found.warnings == ()
    assert (found.number, found.type_code, found.source_type_code) == ("2026-17", DocumentType.INVOICE, "380")
    assert (found.issue_date, found.due_date) == (date(2026, 3, 2), date(2026, 4, 1))
    assert found.business_process == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert (found.specification or "").startswith("urn:cen.eu:en16931:2017")
    assert found.seller.legal_id == Identifier(value="0123456749", scheme="0208")
    assert found.payment_means == (PaymentMeans(means_text="Credit transfer", reference="+++000/0000/04242+++", iban="BE71096123456769"),)


def test_a_credit_note_names_its_invoice() -> None:
    found = read(credit_note())
    assert (found.type_code, found.source_type_code) == (DocumentType.CREDIT_NOTE, "381")
    assert found.preceding_invoices == (Reference(number="2026-17", issue_date=date(2026, 3, 2)),)
    assert (found.totals.total_with_vat, found.lines[0].quantity) == (Decimal(242), Decimal(4))
    assert found.warnings == ()


@pytest.mark.parametrize("code", ["381", "261", "396", "532"])
def test_credit_codes_under_an_invoice_root(code: str) -> None:
    found = read(edited(invoice(), {"/*/cbc:InvoiceTypeCode": code}))
    assert (found.type_code, found.source_type_code) == (DocumentType.CREDIT_NOTE, code)


@pytest.mark.parametrize("code", ["384", "389", "326", "875"])
def test_other_invoice_codes_are_kept(code: str) -> None:
    found = read(edited(invoice(), {"/*/cbc:InvoiceTypeCode": code}))
    assert (found.type_code, found.source_type_code) == (DocumentType.INVOICE, code)


def test_without_a_type_code_the_root_decides() -> None:
    found = read(edited(credit_note(), {"/*/cbc:CreditNoteTypeCode": None}))
    assert (found.type_code, found.source_type_code) == (DocumentType.CREDIT_NOTE, "381")
    assert sentences(found) == ["The file does not say whether it is an invoice or a credit note; its root element decided."]


def test_prefixes_are_only_prefixes() -> None:
    xml = invoice().replace(b"cbc:", b"a:").replace(b"xmlns:cbc", b"xmlns:a").replace(b"cac:", b"b:").replace(b"xmlns:cac", b"xmlns:b")
    xml = xml.replace(b"<Invoice xmlns=", b"<inv:Invoice xmlns:inv=").replace(b"</Invoice>", b"</inv:Invoice>")
    assert read(xml) == read(invoice())


def test_what_is_unknown_is_passed_over() -> None:
    xml = added(invoice(), "/*", "<cac:Surprise><cbc:ID>9</cbc:ID></cac:Surprise>", "<ext xmlns='urn:other'><ID>8</ID></ext>")
    assert read(xml) == read(invoice())


@pytest.mark.parametrize("zone", ["", "Z", "+01:00", "-11:00", "T00:00:00", "T23:59:59.5+02:00"])
def test_a_time_zone_does_not_move_a_date(zone: str) -> None:
    assert read(edited(invoice(), {"/*/cbc:IssueDate": f" 2026-03-02{zone} "})).issue_date == date(2026, 3, 2)


def test_notes_and_references_are_all_kept() -> None:
    reference = "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"
    found = read(
        added(
            invoice(),
            "/*",
            "<cbc:Note>One\n   and a half</cbc:Note>",
            "<cbc:Note> </cbc:Note>",
            "<cbc:Note>Two</cbc:Note>",
            reference.format("A"),
            reference.format("B"),
            "<cbc:BuyerReference>Marie</cbc:BuyerReference>",
            "<cac:OrderReference><cbc:ID>PO1</cbc:ID><cbc:SalesOrderID>SO1</cbc:SalesOrderID></cac:OrderReference>",
            "<cac:DespatchDocumentReference><cbc:ID>D1</cbc:ID></cac:DespatchDocumentReference>",
            "<cac:ReceiptDocumentReference><cbc:ID>R1</cbc:ID></cac:ReceiptDocumentReference>",
            "<cac:OriginatorDocumentReference><cbc:ID>T1</cbc:ID></cac:OriginatorDocumentReference>",
            "<cac:ContractDocumentReference><cbc:ID>C1</cbc:ID></cac:ContractDocumentReference>",
            "<cac:ProjectReference><cbc:ID>P1</cbc:ID></cac:ProjectReference>",
            "<cac:InvoicePeriod><cbc:EndDate>2026-02-28</cbc:EndDate><cbc:DescriptionCode>35</cbc:DescriptionCode></cac:InvoicePeriod>",
        )
    )
    assert found.notes == ("One\nand a half", "Two")
    assert [item.number for item in found.preceding_invoices] == ["A", "B"]
    assert (found.buyer_reference, found.order_reference, found.sales_order_reference) == ("Marie", "PO1", "SO1")
    assert (found.despatch_reference, found.receipt_reference, found.tender_reference) == ("D1", "R1", "T1")
    assert (found.contract_reference, found.project_reference) == ("C1", "P1")
    assert (found.period_start, found.period_end, found.tax_point_code) == (None, date(2026, 2, 28), "35")


def test_references_told_apart_by_their_code() -> None:
    reference = "<cac:AdditionalDocumentReference>{}</cac:AdditionalDocumentReference>"
    found = read(
        added(
            credit_note(),
            "/*",
            reference.format('<cbc:ID schemeID="ABT">M-9</cbc:ID><cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>'),
            reference.format("<cbc:ID>P-50</cbc:ID><cbc:DocumentTypeCode>50</cbc:DocumentTypeCode>"),
            reference.format("<cbc:ID>UBL.BE</cbc:ID><cbc:DocumentDescription>Program 5</cbc:DocumentDescription>"),
        )
    )
    assert (found.object_id, found.project_reference) == (Identifier(value="M-9", scheme="ABT"), "P-50")
    assert found.supporting_documents == ()


def test_all_ways_to_pay_are_kept() -> None:
    found = read(
        added(
            invoice(),
            "/*",
            """<cac:PaymentMeans><cbc:PaymentMeansCode>48</cbc:PaymentMeansCode><cac:CardAccount>
            <cbc:PrimaryAccountNumberID>1234</cbc:PrimaryAccountNumberID><cbc:HolderName>J. Doe</cbc:HolderName></cac:CardAccount>
            </cac:PaymentMeans>""",
            """<cac:PaymentMeans><cbc:PaymentMeansCode>59</cbc:PaymentMeansCode><cac:PaymentMandate><cbc:ID>M1</cbc:ID>
            <cac:PayerFinancialAccount><cbc:ID>be71 0961 2345 6769</cbc:ID></cac:PayerFinancialAccount></cac:PaymentMandate></cac:PaymentMeans>""",
            """<cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:ID>IBAN: BE71.0961.2345.6769</cbc:ID><cbc:Name>Dubois</cbc:Name>
            <cac:FinancialInstitutionBranch><cbc:ID>geba bebb</cbc:ID></cac:FinancialInstitutionBranch></cac:PayeeFinancialAccount>
            </cac:PaymentMeans>""",
            "<cac:PaymentTerms><cbc:Note>30 days</cbc:Note></cac:PaymentTerms>",
            "<cac:PaymentTerms><cbc:Note>end of month</cbc:Note></cac:PaymentTerms>",
        )
    )
    card, debit, transfer = found.payment_means[1:]
    assert (card.means_code, card.card_number, card.card_holder) == ("48", "1234", "J. Doe")
    assert (debit.mandate_reference, debit.debited_account) == ("M1", "BE71096123456769")
    assert (transfer.means_code, transfer.iban, transfer.bic) == ("30", "BE71096123456769", "GEBABEBB")
    assert transfer.account_name == "Dubois"
    assert found.payment_terms == "30 days\nend of month"


def test_an_account_that_is_no_iban_stays_as_it_is() -> None:
    found = read(edited(invoice(), {"//cac:PayeeFinancialAccount/cbc:ID": "123-4567890-12"}))
    assert found.iban == "123-4567890-12"
    assert sentences(found) == ["The account number 123-4567890-12 is not a correct IBAN."]


def test_allowances_and_charges_of_the_document() -> None:
    charge = """<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:AllowanceChargeReasonCode>FC</cbc:AllowanceChargeReasonCode>
      <cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason><cbc:MultiplierFactorNumeric>5</cbc:MultiplierFactorNumeric>
      <cbc:Amount>10.00</cbc:Amount><cbc:BaseAmount>200.00</cbc:BaseAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Name>03</cbc:Name><cbc:Percent>21</cbc:Percent></cac:TaxCategory></cac:AllowanceCharge>"""
    found = read(added(invoice(), "/*", charge))
    assert found.allowances_charges == (
        AllowanceCharge(
            is_charge=True,
            amount=Decimal(10),
            base_amount=Decimal(200),
            percentage=Decimal(5),
            reason="Freight",
            reason_code="FC",
            vat_category="S",
            vat_rate=Decimal(21),
            belgian_code="03",
        ),
    )
    assert found.totals.charge_total == 10  # not stated: the sum of the charges
    assert "Lines, allowances and charges give 210 without VAT, but the file says 200.00." in sentences(found)


def test_details_of_a_line() -> None:
    found = read(
        added(
            added(
                invoice(),
                "//cac:InvoiceLine/cac:Item",
                "<cac:BuyersItemIdentification><cbc:ID>B1</cbc:ID></cac:BuyersItemIdentification>",
                "<cac:StandardItemIdentification><cbc:ID schemeID='0160'>G1</cbc:ID></cac:StandardItemIdentification>",
                """<cac:CommodityClassification>
                <cbc:ItemClassificationCode listID="STI" listVersionID="2">C1</cbc:ItemClassificationCode></cac:CommodityClassification>""",
                "<cac:AdditionalItemProperty><cbc:Name>Wood</cbc:Name><cbc:Value>Oak</cbc:Value></cac:AdditionalItemProperty>",
            ),
            "//cac:InvoiceLine",
            "<cbc:Note>First</cbc:Note>",
            "<cbc:Note>Second</cbc:Note>",
            "<cac:DocumentReference><cbc:ID schemeID='AWV'>O1</cbc:ID><cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference>",
        )
    ).lines[0]
    assert (found.buyer_item_id, found.standard_item_id) == ("B1", Identifier(value="G1", scheme="0160"))
    assert found.classifications == (Identifier(value="C1", scheme="STI", version="2"),)
    assert found.attributes == (("Wood", "Oak"),)
    assert (found.note, found.object_id) == ("First\nSecond", Identifier(value="O1", scheme="AWV"))


def test_line_amounts_keep_their_decimals_and_totals_are_rounded_in_words() -> None:
    found = read(
        edited(
            invoice(),
            {"//cac:InvoiceLine/cbc:LineExtensionAmount": "200.004567", "/*/cac:LegalMonetaryTotal/cbc:PayableAmount": "242.0050"},
        )
    )
    assert found.lines[0].net_amount == Decimal("200.004567")
    assert found.totals.amount_due == Decimal("242.01")
    assert sentences(found) == ["Amount due (BT-115) is stated as 242.0050; amounts have two decimals, so 242.01 was taken."]


def test_trailing_zeros_are_no_decimals() -> None:
    found = read(edited(invoice(), {"/*/cac:LegalMonetaryTotal/cbc:PayableAmount": "+0242.000000"}))
    assert (found.totals.amount_due, found.warnings) == (Decimal(242), ())


def test_forbidden_characters_are_told() -> None:
    found = ubl.read(invoice().replace(b"Carpentry", b"Carp\x0bentry&#2;"))
    assert found.invoice.lines[0].name == "Carpentry"
    assert sentences(found.invoice) == ["The file holds 2 control characters that XML forbids; they were left out."]
    assert found.xml is not None
    assert b"\x0b" in found.xml


def test_no_lines_and_no_breakdown_only_warn() -> None:
    found = read(edited(invoice(), {"//cac:InvoiceLine": None, "/*/cac:TaxTotal": None}))
    assert (found.lines, found.vat_breakdown) == ((), ())
    assert found.totals.vat_total == 42  # gross less net
    assert sentences(found) == ["The file has no VAT breakdown.", "The file has no invoice lines."]


def test_vat_in_two_currencies() -> None:
    other = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">480.00</cbc:TaxAmount></cac:TaxTotal>'
    found = read(added(invoice(), "/*", "<cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode>", other))
    assert (found.totals.vat_total, found.totals.vat_total_accounting, found.tax_currency) == (Decimal(42), Decimal(480), "SEK")
    assert found.warnings == ()


def test_another_currency_than_the_documents_is_told() -> None:
    found = read(edited(invoice(), {"/*/cbc:DocumentCurrencyCode": "USD"}))
    assert sentences(found) == [
        "The amount due is stated in EUR, while the document is in USD.",
        "The VAT is stated in EUR, while the document is in USD.",
        "The invoice is in USD, and its VAT is not stated in EUR, which Belgian law asks for.",
    ]
    assert found.totals.vat_total == 42


def test_the_category_of_a_line_from_the_only_group() -> None:
    found = read(edited(invoice(), {"//cac:ClassifiedTaxCategory": None}))
    assert (found.lines[0].vat_category, found.lines[0].vat_rate) == ("S", Decimal(21))
    assert sentences(found) == ["Line 1 does not state its VAT category; it was taken from the VAT groups."]


def test_not_subject_to_vat_has_no_rate() -> None:
    found = read(edited(invoice(), {"//cac:ClassifiedTaxCategory/cbc:ID": "O", "//cac:ClassifiedTaxCategory/cbc:Percent": "0"}))
    assert found.lines[0].vat_rate is None


def test_a_code_of_en_16931_is_taken_at_its_word() -> None:
    name = "<cbc:Name>45</cbc:Name>"
    found = read(added(invoice(), "//cac:ClassifiedTaxCategory", name)).lines[0]
    assert (found.vat_category, found.belgian_code) == ("S", "45")


def test_the_same_oddity_on_many_lines_is_one_sentence() -> None:
    line = """<cac:InvoiceLine><cbc:ID>{}</cbc:ID><cbc:InvoicedQuantity>1</cbc:InvoicedQuantity>
      <cbc:LineExtensionAmount>0</cbc:LineExtensionAmount><cac:Item><cbc:Name>x</cbc:Name></cac:Item></cac:InvoiceLine>"""
    found = read(added(invoice(), "/*", *(line.format(number) for number in range(2, 15))))
    assert "Line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11… (13) has no unit; pieces were taken." in sentences(found)
    assert len(found.warnings) == 3


def test_a_file_wrong_in_every_way_is_read_in_time() -> None:
    group = """<cac:TaxSubtotal><cbc:TaxableAmount>{}</cbc:TaxableAmount><cbc:TaxAmount>99999</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"""
    found = read(added(invoice(), "/*/cac:TaxTotal", *(group.format(number) for number in range(5000))))
    assert len(found.vat_breakdown) == 5001
    assert len(found.warnings) == 100


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False),
    st.integers(min_value=0, max_value=6),
)
def test_any_total_is_read_exactly(amount: Decimal, zeros: int) -> None:
    found = read(edited(invoice(), {"/*/cac:LegalMonetaryTotal/cbc:PayableAmount": f"{amount:f}{'0' * zeros}"}))
    assert found.totals.amount_due == amount


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=50))
def test_any_number_is_read_as_it_is(number: str) -> None:
    assert read(edited(invoice(), {"/*/cbc:ID": f"\n  {number} "})).number == number
