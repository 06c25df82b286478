"""Each rule of e-FFF, with a file that breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core.model import ZERO, Invoice, XmlFormat
from core.rendering import efff_rules, ubl
from tests import builders as make
from tests.rendering.samples import full
from tests.rendering.test_ubl import discounted

PDF = b"%PDF-1.7 only a test"
THREE, ONE = XmlFormat.EFFF3, XmlFormat.EFFF1


@dataclass(frozen=True, kw_only=True)
class Break:
    """A change of the XML, as a regular expression and what to put there, and the rule that must notice."""

    rule: str
    find: str
    put: str = ""
    version: XmlFormat = THREE
    made: Callable[[], Invoice] = make.invoice


LINE_VAT = r"(<cac:InvoiceLine>.*?<cac:TaxTotal>.*?)"
BREAKS = [
    Break(rule="EFFF-M-VERSION", find=r"(UBLVersionID>)2\.1", put=r"\g<1>2.0"),
    Break(rule="EFFF-M-VERSION", find=r"(UBLVersionID>)2\.0", put=r"\g<1>2.1", version=ONE),
    Break(rule="EFFF-M-CUSTOMIZATION", find="biitrns010", put="biitrns014"),
    Break(rule="EFFF-M-CUSTOMIZATION", find="biitrns014", put="biitrns010", made=make.credit_note),
    Break(rule="EFFF-M-PROFILE", find="bii05", put="bii04"),
    Break(rule="EFFF-M-PROFILE", find="EFFF.BE Facturier 0.1", put="EFFF.BE ", version=ONE),
    Break(rule="EFFF-M-TYPE", find=r"(InvoiceTypeCode[^>]*>)380", put=r"\g<1>381"),
    Break(rule="EFFF-M-TYPE", find=r"(InvoiceTypeCode[^>]*>)380", put=r"\g<1>384", version=ONE),
    Break(rule="EFFF-M-LINE-VAT", find=r"(<cac:InvoiceLine>.*?)<cac:TaxTotal>.*?</cac:TaxTotal>", put=r"\1", version=ONE),
    Break(rule="EFFF-M-INSTRUCTION", find=r"<cbc:InstructionID>.*?</cbc:InstructionID>", version=ONE),
    Break(rule="EFFF-M-UBL20", find="<cbc:InvoiceTypeCode", put="<cbc:DueDate>2026-12-24</cbc:DueDate><cbc:InvoiceTypeCode", version=ONE),
    Break(rule="EFFF-T10-R001", find="DocumentType>CommercialInvoice", put="DocumentType>Timesheet"),
    Break(rule="EFFF-T10-R001", find=r"<cac:Attachment>.*?</cac:Attachment>"),
    Break(rule="EFFF-T10-R001", find="application/pdf", put="image/png", version=ONE),
    Break(rule="EFFF-T10-R001", find="JVBER", put="AAAAA"),
    Break(rule="EFFF-T10-R003", find=">eFFF<", put=">other<"),
    Break(rule="EFFF-T10-R004", find="DocumentType>Facturier 0.1<", put="DocumentType>F<"),
    Break(
        rule="EFFF-M-ORDER",
        find=r"(<cac:AdditionalDocumentReference><cbc:ID>eFFF</cbc:ID>.*?</cac:AdditionalDocumentReference>)(<cac:AdditionalDocumentReference>.*?</cac:AdditionalDocumentReference>)",
        put=r"\2\1",
        made=lambda: full(make.invoice),
    ),
    Break(rule="EFFF-T10-R005", find=r"(SettlementDiscountPercent>)<cbc:Amount.*?</cbc:Amount>", put=r"\1", made=discounted),
    Break(rule="EFFF-T10-R006", find=r"<cac:SettlementPeriod>.*?</cac:SettlementPeriod>", made=discounted),
    Break(rule="EFFF-T10-R007", find=r"(<cac:TaxCategory><cbc:ID[^>]*>S</cbc:ID>)<cbc:Name>03</cbc:Name>", put=r"\1"),
    Break(
        rule="EFFF-T10-R008",
        find=r"(<cac:InvoiceLine>.*?<cac:TaxTotal>.*?)<cbc:TaxableAmount.*?</cbc:TaxableAmount>(.*?)<cbc:TaxableAmount.*?</cbc:TaxableAmount>",
        put=r"\1\2",
        made=discounted,
    ),
    Break(rule="EFFF-T10-R009", find=r"(<cac:InvoiceLine>.*?)<cac:TaxSubtotal>.*?(</cac:TaxTotal>)", put=r"\1\2", made=discounted),
    Break(rule="EFFF-T10-R010", find=r"(<cac:InvoiceLine>.*?)<cac:TaxSubtotal>.*?(</cac:TaxTotal>)", put=r"\1\2", made=discounted),
    Break(rule="EFFF-T10-R011", find=r"(<cac:InvoiceLine>.*?)<cac:TaxSubtotal>.*?(</cac:TaxTotal>)", put=r"\1\2", made=discounted),
    Break(rule="EFFF-T10-R012", find=r"(<cac:InvoiceLine>.*?)<cac:TaxSubtotal>.*?(</cac:TaxTotal>)", put=r"\1\2", made=discounted),
    Break(rule="EFFF-T10-R013", find=r"(TaxExemptionReason>)Cash Discount", put=r"\1Exempt", made=discounted),
    Break(rule="EFFF-T10-R014", find=r"(<cac:InvoiceLine>.*?)<cac:TaxSubtotal>.*?(</cac:TaxTotal>)", put=r"\1\2", made=discounted),
    Break(rule="EFFF-T10-R015", find=r"(<cac:ClassifiedTaxCategory><cbc:ID[^>]*>S</cbc:ID>)<cbc:Name>03</cbc:Name>", put=r"\1"),
    Break(rule="EFFF-T10-R016", find=r"(<cac:ClassifiedTaxCategory>.*?Name>)03<", put=r"\g<1>04<"),
    Break(rule="EFFF-T10-R016", find=r"(<cac:TaxCategory>.*?Name>)03<", put=r"\1FD<", version=ONE),
    Break(rule="EFFF-T10-R017", find=r"(<cac:TaxCategory>.*?Name>)03<", put=r"\g<1>02<"),
    Break(rule="EFFF-T10-R017", find=r"(<cac:ClassifiedTaxCategory><cbc:ID[^>]*>)S<", put=r"\1AA<"),
    Break(rule="EFFF-T10-R018", find=r"(<cac:InvoiceLine>.*?TaxExemptionReason>)Cash Discount", put=r"\1Exempt", made=discounted),
    Break(rule="EFFF-M-ENDPOINT", find=r' schemeID="BE:CBE"'),
    Break(rule="EFFF-M-ENDPOINT", find=r'(EndpointID schemeID="BE:CBE">)0', put=r"\1"),
    Break(rule="EFFF-M-VAT-NUMBER", find=r'(CompanyID schemeID="BE:VAT">BE)0', put=r"\1"),
    Break(rule="EFFF-M-ACCOUNT", find=r"<cac:PayeeFinancialAccount>.*?</cac:PayeeFinancialAccount>"),
    Break(rule="EFFF-M-SUM-LINES", find=r"(<cac:LegalMonetaryTotal><cbc:LineExtensionAmount[^>]*>)200", put=r"\g<1>201"),
    Break(rule="EFFF-M-SUM-NET", find=r"(TaxExclusiveAmount[^>]*>)200", put=r"\g<1>201"),
    Break(rule="EFFF-M-SUM-GROSS", find=r"(TaxInclusiveAmount[^>]*>)242", put=r"\g<1>243"),
    Break(rule="EFFF-M-SUM-DUE", find=r"(PayableAmount[^>]*>)242", put=r"\g<1>0", version=ONE),
    Break(rule="EFFF-M-SUM-VAT", find=r"(<cac:TaxTotal><cbc:TaxAmount[^>]*>)42", put=r"\g<1>41"),
    Break(rule="EFFF-M-RATE", find=r"(<cac:TaxCategory>.*?Percent>)21", put=r"\g<1>6"),
]


def xml(invoice: Invoice, version: XmlFormat) -> str:
    document = ubl.write(invoice, wanted=version, pdf=PDF, pdf_name="a.pdf")
    assert document.format is version
    return document.content.decode()


def rules(content: str, *, with_pdf: bool = True) -> list[str]:
    return [found.rule for found in efff_rules.violations(content.encode(), with_pdf=with_pdf)]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: f"{broken.rule} {broken.version.value}")
def test_a_broken_rule_is_found(broken: Break) -> None:
    whole = xml(broken.made(), broken.version)
    assert rules(whole) == []
    changed, times = re.subn(broken.find, broken.put, whole, count=1, flags=re.DOTALL)
    assert times == 1 and changed != whole
    assert broken.rule in rules(changed)


def test_every_rule_is_tried() -> None:
    known = {rule.id for rule in (*efff_rules._COMMON, *efff_rules._THREE, *efff_rules._ONE, efff_rules._PDF_INSIDE)}
    assert known <= {broken.rule for broken in BREAKS}


@pytest.mark.parametrize("version", [THREE, ONE])
def test_a_draft_can_be_checked_before_the_pdf_is_inside(version: XmlFormat) -> None:
    draft = ubl.draft(make.invoice(), wanted=version).content.decode()
    assert rules(draft, with_pdf=False) == []
    assert rules(draft) == ["EFFF-T10-R001"]


def test_lines_are_named() -> None:
    lines = tuple(make.line(id=str(at)) for at in range(1, 15))
    content = re.sub(r"(<cac:ClassifiedTaxCategory><cbc:ID[^>]*>S</cbc:ID>)<cbc:Name>03</cbc:Name>", r"\1", xml(make.invoice(lines=lines), THREE))
    (found,) = efff_rules.violations(content.encode())
    assert str(found.sentence) == "Line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10… (14): the VAT category has no Belgian code."


def test_sums_are_told_with_both_figures() -> None:
    (found,) = efff_rules.violations(
        xml(make.invoice(), THREE).replace('PayableAmount currencyID="EUR">242.00', 'PayableAmount currencyID="EUR">24.20').encode()
    )
    assert str(found.sentence) == "What is left to pay should be 242.00, the XML says 24.20."


def test_what_is_no_xml_is_said_so() -> None:
    (found,) = efff_rules.violations(b"<Invoice")
    assert found.rule == "XML"


def test_a_peppol_invoice_is_no_efff() -> None:
    peppol = ubl.write(make.invoice(), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content
    assert {"EFFF-M-CUSTOMIZATION", "EFFF-T10-R003", "EFFF-T10-R015"} <= set(rules(peppol.decode()))


def test_a_cash_discount_beside_other_exempt_amounts_leaves_as_bis3() -> None:
    whole = discounted()
    lines = (*whole.lines, make.line(id="3", vat_category="E", vat_rate=ZERO))
    parts = (*whole.vat_breakdown, make.breakdown(lines[2:])[0])
    document = ubl.draft(make.invoice(lines=lines, vat_breakdown=parts, cash_discount=whole.cash_discount), wanted=THREE)
    assert document.format is XmlFormat.BIS3
    assert "cash discount" in str(document.notes[0])
