"""Write an invoice as UN/CEFACT CII, profile EN 16931: the XML of Factur-X and ZUGFeRD, and one of the two syntaxes of the standard."""

from __future__ import annotations

import re
from typing import Final

from core.model import Identifier, Invoice, SupportingDocument
from core.rendering import bis3, cii_parties, ubl
from core.rendering.cii_lines import lines, reference
from core.rendering.cii_settlement import settlement
from core.rendering.cii_xml import day, element, group
from core.rendering.ubl_xml import clean, codes

GUIDELINE: Final = "urn:cen.eu:en16931:2017"

# BT-3 of a credit note (UNTDID 1001 as BR-CL-01 has it)
_CREDIT_NOTES: Final = codes("81 83 261 262 296 308 381 396 420 458 532")
# What Peppol, UBL.BE (urn:…) and e-FFF (EFFF.BE …) put in BT-23 names their own format
_OTHER_FORMAT: Final = re.compile(r".*:.*|EFFF.*", re.DOTALL | re.IGNORECASE)
# How a UBL source refers to its own PDF and software
_OWN_REFERENCES: Final = frozenset({"eFFF", "UBL.BE", "CommercialInvoice", "CreditNote"})
_SUPPORTING, _TENDER, _OBJECT = "916", "50", "130"

_OPENING: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
    ' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"'
    ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
    ' xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100">'
)


def write(invoice: Invoice) -> bytes:
    """The invoice as UTF-8 XML without any PDF, mended as EN 16931 wants it. Raises DocumentImpossible as for UBL."""
    ubl.refuse_incomplete(invoice)
    ready = bis3.prepared(invoice)
    content = (
        f"{_OPENING}{_context(ready)}{_document(ready)}<rsm:SupplyChainTradeTransaction>{lines(ready.lines)}"
        f"{_agreement(ready)}{_delivery(ready)}{settlement(ready)}</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n"
    )
    return content.encode()


def _context(invoice: Invoice) -> str:
    stated = invoice.business_process or ""
    process = "" if _OTHER_FORMAT.fullmatch(stated) else element("ID", stated)
    business = group("BusinessProcessSpecifiedDocumentContextParameter", process)
    guideline = group("GuidelineSpecifiedDocumentContextParameter", element("ID", GUIDELINE))
    return f"<rsm:ExchangedDocumentContext>{business}{guideline}</rsm:ExchangedDocumentContext>"


def _document(invoice: Invoice) -> str:
    notes = "".join(group("IncludedNote", element("Content", note)) for note in (*invoice.notes, invoice.delivery_terms))
    issued = day("IssueDateTime", invoice.issue_date)
    return f"<rsm:ExchangedDocument>{element('ID', invoice.number)}{element('TypeCode', _type_code(invoice))}{issued}{notes}</rsm:ExchangedDocument>"


def _type_code(invoice: Invoice) -> str:
    """BT-3: a credit note made of a negative invoice is a 381."""
    stated = invoice.source_type_code
    if invoice.is_credit_note:
        return stated if stated in _CREDIT_NOTES else "381"
    return clean(stated) or "380"


def _agreement(invoice: Invoice) -> str:
    tender = Identifier(value=invoice.tender_reference) if invoice.tender_reference else None
    return group(
        "ApplicableHeaderTradeAgreement",
        element("BuyerReference", invoice.buyer_reference),
        cii_parties.seller(invoice),
        cii_parties.buyer(invoice),
        cii_parties.tax_representative(invoice),
        _numbered("SellerOrderReferencedDocument", invoice.sales_order_reference),
        _numbered("BuyerOrderReferencedDocument", invoice.order_reference),
        _numbered("ContractReferencedDocument", invoice.contract_reference),
        _supporting_documents(invoice),
        reference("AdditionalReferencedDocument", tender, type_code=_TENDER),
        reference("AdditionalReferencedDocument", invoice.object_id, type_code=_OBJECT),
        _project(invoice),
    )


def _numbered(tag: str, number: str | None) -> str:
    return group(tag, element("IssuerAssignedID", number))


def _supporting_documents(invoice: Invoice) -> str:
    """BG-24; only one of them may be described (CII-SR-475)."""
    written, described = [], False
    for each in invoice.supporting_documents:
        if not clean(each.id) or {each.id, each.description} & _OWN_REFERENCES:
            continue
        written.append(_supporting_document(each, None if described else each.description))
        described = described or bool(clean(each.description))
    return "".join(written)


def _supporting_document(stated: SupportingDocument, description: str | None) -> str:
    return group(
        "AdditionalReferencedDocument",
        element("IssuerAssignedID", stated.id),
        element("URIID", stated.url),
        element("TypeCode", _SUPPORTING),
        element("Name", description),
    )


def _project(invoice: Invoice) -> str:
    """BT-11; the schema wants a name beside it, for which EN 16931 has no term."""
    number = element("ID", invoice.project_reference)
    return group("SpecifiedProcuringProject", number, element("Name", "Project reference")) if number else ""


def _delivery(invoice: Invoice) -> str:
    """BG-13; the element itself is mandatory."""
    delivered = group("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", invoice.delivery_date))
    despatch = _numbered("DespatchAdviceReferencedDocument", invoice.despatch_reference)
    receipt = _numbered("ReceivingAdviceReferencedDocument", invoice.receipt_reference)
    content = f"{cii_parties.ship_to(invoice)}{delivered}{despatch}{receipt}"
    return f"<ram:ApplicableHeaderTradeDelivery>{content}</ram:ApplicableHeaderTradeDelivery>"
