"""Check an e-FFF against the rules of its own, which no package has.

Rules called EFFF-T10-R… are those of the official statement, under its numbers (R018 is R013 on a line); the others are the
mandatory rows of docs/formats.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lxml import etree

from core.errors import Sentence
from core.i18n import N_
from core.records import Violation
from core.rendering import efff, ubl
from core.rendering.efff_sums import sums
from core.rendering.rule_words import NOT_XML
from core.rendering.ubl_xml import CAC, CBC, CREDIT_NOTE, INVOICE

_NAMESPACES: Final = {"cac": CAC, "cbc": CBC, "inv": INVOICE, "cn": CREDIT_NOTE}
_EMBEDDED: Final = re.compile(rb"(EmbeddedDocumentBinaryObject\b[^<>]*>\s*[^<\s]{0,8})[^<]*")
_LINES_NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must hold at every place that `context` finds; the sentence may name the `{lines}` where it does not."""

    id: str
    context: str = "/*"
    holds: str
    sentence: str


_LINE: Final = "/*/cac:InvoiceLine | /*/cac:CreditNoteLine"
_CATEGORY: Final = "//cac:TaxCategory | //cac:ClassifiedTaxCategory"
_CODES: Final = " or ".join(f". = '{code}'" for code in efff.CATEGORY_OF)
_PAIRS: Final = " or ".join(f"(cbc:Name = '{code}' and cbc:ID = '{identifier}')" for code, identifier in efff.CATEGORY_OF.items())
_DISCOUNT: Final = "../cac:PaymentTerms/cbc:SettlementDiscountPercent"
_LINE_WITH_DISCOUNT: Final = "/*[cac:PaymentTerms/cbc:SettlementDiscountPercent]/*[self::cac:InvoiceLine or self::cac:CreditNoteLine]"
_GROUP: Final = "cac:TaxTotal/cac:TaxSubtotal"
_PDF: Final = (
    "cac:Attachment/cbc:EmbeddedDocumentBinaryObject[@mimeCode = 'application/pdf' and @filename != '' and starts-with(normalize-space(.), 'JVBER')]"
)

_PDF_INSIDE: Final = Rule(
    id="EFFF-T10-R001",
    holds=f"cac:AdditionalDocumentReference[1][cbc:DocumentType = 'CommercialInvoice' or cbc:DocumentType = 'CreditNote']/{_PDF}",
    sentence=N_("The PDF of the invoice is not the first document in the XML."),
)

# Both versions
_COMMON: Final = (
    Rule(
        id="EFFF-T10-R005",
        context="/*/cac:PaymentTerms[cbc:SettlementDiscountPercent]",
        holds="cbc:Amount",
        sentence=N_("The cash discount has no amount."),
    ),
    Rule(
        id="EFFF-T10-R006",
        context="/*/cac:PaymentTerms[cbc:SettlementDiscountPercent]",
        holds="cac:SettlementPeriod/cbc:EndDate",
        sentence=N_("The cash discount has no last day."),
    ),
    Rule(id="EFFF-T10-R007", context="//cac:TaxCategory", holds="cbc:Name", sentence=N_("A VAT category has no Belgian code.")),
    Rule(
        id="EFFF-T10-R008",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cbc:TaxableAmount",
        sentence=N_("Line {lines}: with a cash discount the taxable amount of the line is needed."),
    ),
    Rule(
        id="EFFF-T10-R009",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cbc:TaxAmount",
        sentence=N_("Line {lines}: with a cash discount the VAT of the line is needed."),
    ),
    Rule(
        id="EFFF-T10-R010",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cac:TaxCategory/cbc:ID",
        sentence=N_("Line {lines}: with a cash discount the VAT of the line needs its category."),
    ),
    Rule(
        id="EFFF-T10-R011",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cac:TaxCategory/cbc:Name",
        sentence=N_("Line {lines}: with a cash discount the VAT of the line needs its Belgian code."),
    ),
    Rule(
        id="EFFF-T10-R012",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cac:TaxCategory/cbc:Percent",
        sentence=N_("Line {lines}: with a cash discount the VAT of the line needs its rate."),
    ),
    Rule(
        id="EFFF-T10-R013",
        context=f"/*[cac:PaymentTerms/cbc:SettlementDiscountPercent]/{_GROUP}[cac:TaxCategory/cbc:ID = 'E']",
        holds=f"cac:TaxCategory/cbc:TaxExemptionReason = '{efff.CASH_DISCOUNT}'",
        sentence=N_("With a cash discount, what is exempt must give “Cash Discount” as its reason."),
    ),
    Rule(
        id="EFFF-T10-R014",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}/cac:TaxCategory/cac:TaxScheme/cbc:ID = 'VAT'",
        sentence=N_("Line {lines}: with a cash discount the tax of the line must be called VAT."),
    ),
    Rule(
        id="EFFF-T10-R015",
        context=_LINE,
        holds="cac:Item/cac:ClassifiedTaxCategory/cbc:Name",
        sentence=N_("Line {lines}: the VAT category has no Belgian code."),
    ),
    Rule(
        id="EFFF-T10-R016",
        context="//cac:TaxCategory/cbc:Name | //cac:ClassifiedTaxCategory/cbc:Name",
        holds=_CODES,
        sentence=N_("A Belgian VAT code is not on e-FFF's list."),
    ),
    Rule(
        id="EFFF-T10-R017",
        context=" | ".join(f"{way}[cbc:Name]" for way in _CATEGORY.split(" | ")),
        holds=_PAIRS,
        sentence=N_("A Belgian VAT code stands beside a category that is not its own."),
    ),
    Rule(
        id="EFFF-T10-R018",
        context=_LINE_WITH_DISCOUNT,
        holds=f"{_GROUP}[cac:TaxCategory/cbc:ID = 'E']/cac:TaxCategory/cbc:TaxExemptionReason = '{efff.CASH_DISCOUNT}'",
        sentence=N_("Line {lines}: its part of the cash discount is missing."),
    ),
    Rule(
        id="EFFF-M-ENDPOINT",
        context="//cbc:EndpointID",
        holds="@schemeID != '' and (@schemeID != 'BE:CBE' or (string-length(.) = 10 and translate(., '0123456789', '') = ''))",
        sentence=N_("An electronic address has no scheme, or is no enterprise number of ten digits."),
    ),
    Rule(
        id="EFFF-M-VAT-NUMBER",
        context="//cac:PartyTaxScheme/cbc:CompanyID[@schemeID = 'BE:VAT']",
        holds="starts-with(., 'BE') and string-length(.) = 12 and translate(substring(., 3), '0123456789', '') = ''",
        sentence=N_("A Belgian VAT number is not BE and ten digits."),
    ),
    Rule(
        id="EFFF-M-ACCOUNT",
        context="/*/cac:PaymentMeans[cbc:PaymentMeansCode = '30']",
        holds="cac:PayeeFinancialAccount/cbc:ID",
        sentence=N_("A credit transfer has no account number."),
    ),
)

_THREE: Final = (
    Rule(id="EFFF-M-VERSION", holds="cbc:UBLVersionID = '2.1'", sentence=N_("e-FFF 3.0 needs UBL version 2.1.")),
    Rule(
        id="EFFF-M-CUSTOMIZATION",
        holds=f"(self::inv:* and cbc:CustomizationID = '{ubl.EFFF_INVOICE}') or (self::cn:* and cbc:CustomizationID = '{ubl.EFFF_CREDIT_NOTE}')",
        sentence=N_("The CustomizationID is not that of an e-FFF 3.0 of this kind."),
    ),
    Rule(id="EFFF-M-PROFILE", holds=f"cbc:ProfileID = '{ubl.EFFF_PROFILE}'", sentence=N_("The ProfileID is not that of e-FFF 3.0.")),
    Rule(
        id="EFFF-M-TYPE",
        holds="(self::inv:* and cbc:InvoiceTypeCode = '380') or (self::cn:* and cbc:CreditNoteTypeCode = '381')",
        sentence=N_("An invoice has the type 380 and a credit note 381."),
    ),
    Rule(
        id="EFFF-T10-R003",
        holds="cac:AdditionalDocumentReference/cbc:ID = 'eFFF'",
        sentence=N_("The document reference “eFFF”, which names the software, is missing."),
    ),
    Rule(
        id="EFFF-T10-R004",
        context="/*/cac:AdditionalDocumentReference[cbc:ID = 'eFFF']",
        holds="string-length(cbc:DocumentType) > 1",
        sentence=N_("The document reference “eFFF” does not name the software and its version."),
    ),
    Rule(
        id="EFFF-M-ORDER",
        context="/*/cac:AdditionalDocumentReference[cbc:ID = 'eFFF']",
        holds="count(preceding-sibling::cac:AdditionalDocumentReference[not(cac:Attachment/cbc:EmbeddedDocumentBinaryObject)]) = 0",
        sentence=N_("The document reference “eFFF” does not come right after the PDF."),
    ),
)

_ONE: Final = (
    Rule(id="EFFF-M-VERSION", holds="cbc:UBLVersionID = '2.0'", sentence=N_("e-FFF 1.0 needs UBL version 2.0.")),
    Rule(
        id="EFFF-M-PROFILE",
        holds="starts-with(cbc:ProfileID, 'EFFF.BE ') and string-length(cbc:ProfileID) > 8",
        sentence=N_("The ProfileID of an e-FFF 1.0 is “EFFF.BE” with software and version."),
    ),
    Rule(
        id="EFFF-M-TYPE",
        holds="self::inv:* and (cbc:InvoiceTypeCode = '380' or cbc:InvoiceTypeCode = '381')",
        sentence=N_("An e-FFF 1.0 is an Invoice of the type 380 or 381."),
    ),
    Rule(
        id="EFFF-M-LINE-VAT",
        context=_LINE,
        holds="cac:TaxTotal/cbc:TaxAmount",
        sentence=N_("Line {lines}: e-FFF 1.0 wants the VAT of each line."),
    ),
    Rule(
        id="EFFF-M-INSTRUCTION",
        context="/*/cac:PaymentMeans[cbc:PaymentID]",
        holds="cbc:InstructionID = cbc:PaymentID",
        sentence=N_("e-FFF 1.0 wants the payment reference in InstructionID."),
    ),
    Rule(
        id="EFFF-M-UBL20",
        context=(
            "/*/cbc:DueDate | /*/cbc:BuyerReference | /*/cac:ProjectReference | /*/cac:StatementDocumentReference | //cbc:DocumentDescription"
            " | //cbc:CompanyLegalForm | //cac:PaymentMandate | //cac:InvoiceLine/cac:InvoicePeriod | //*[@unitCodeListID]"
        ),
        holds="false()",
        sentence=N_("The XML has elements that UBL 2.0 does not know."),
    ),
)


def violations(xml: bytes, *, with_pdf: bool = True) -> tuple[Violation, ...]:
    """Which rules of e-FFF 3.0, or of 1.0 where the file says so, the XML breaks. `with_pdf`: the PDF must be inside already."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(_EMBEDDED.sub(rb"\1", xml), parser)
    except etree.XMLSyntaxError as error:
        return (Violation(rule="XML", sentence=Sentence(NOT_XML, {"why": str(error)})),)
    version = _ONE if root.findtext(f"{{{CBC}}}CustomizationID") == ubl.EFFF1 else _THREE
    rules = (*version, *((_PDF_INSIDE,) if with_pdf else ()), *_COMMON)
    return (*(found for rule in rules if (found := _broken(rule, root))), *sums(root))


def _broken(rule: Rule, root: etree._Element) -> Violation | None:
    context, holds = _compiled(rule)
    failing = [place for place in context(root) if not holds(place)]
    return Violation(rule=rule.id, sentence=Sentence(rule.sentence, {"lines": _named(failing)})) if failing else None


@cache
def _compiled(rule: Rule) -> tuple[Any, Any]:
    """The two XPaths, compiled once; the stubs do not know what they return."""
    return etree.XPath(rule.context, namespaces=_NAMESPACES), etree.XPath(f"boolean({rule.holds})", namespaces=_NAMESPACES)


def _named(places: list[etree._Element]) -> str:
    """The numbers of the lines in which these elements stand."""
    numbers = [place.findtext(f"{{{CBC}}}ID") or "?" for place in places]
    shown = ", ".join(numbers[:_LINES_NAMED])
    return shown if len(numbers) <= _LINES_NAMED else f"{shown}… ({len(numbers)})"
