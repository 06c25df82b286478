"""Read UN/CEFACT CII invoices: Factur-X and ZUGFeRD 2 in all their profiles, XRechnung, and ZUGFeRD 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from core.errors import ElementMissing, NotAnInvoice
from core.i18n import N_
from core.model import DocumentType, Identifier, Invoice, Reference, SourceFile, Totals
from core.sources.attachments import Attachments, Referenced, sorted_out
from core.sources.cii_lines import read_allowances, read_lines
from core.sources.cii_parties import read_buyer, read_party, read_seller, with_delivery
from core.sources.cii_payment import SUMMATION, read_totals, with_payment
from core.sources.cii_taxes import read_taxes, taxes_in
from core.sources.cii_values import basic, child, children, code, day, paragraphs, prose, text
from core.sources.ubl import CREDIT_CODES, CURRENCY, CURRENCY_DERIVED, EN16931, FORBIDDEN_CHARACTERS, NUMBER_LENGTH, finished
from core.sources.values import Reading, Remarks, attribute, refuse_element, required
from core.sources.xml import Element, local_name, parse, place

ROOTS: Final = frozenset({"CrossIndustryInvoice", "CrossIndustryDocument"})
_PRECEDING: Final = frozenset({"IV", "OI"})  # UNTDID 1153, where ZUGFeRD 1.0 has no InvoiceReferencedDocument
_TENDER, _OBJECT = "50", "130"
# BT-8: UNTDID 2475 to UNTDID 2005, which UBL has and the model keeps
_TIME_REFERENCES: Final[Mapping[str, str]] = MappingProxyType({"5": "3", "29": "35", "72": "432"})

TYPE_ASSUMED = N_("The file does not say whether it is an invoice or a credit note; an invoice was taken.")


def read(data: bytes) -> SourceFile:
    """The invoice, with what is odd about it in its warnings, the XML as it came, and the PDF inside.

    Raises subclasses of SourceRefused, whose `place` is a line and an element.
    """
    root, forbidden = parse(data)
    return read_tree(root, forbidden, data)


def read_tree(root: Element, forbidden: int, data: bytes) -> SourceFile:
    """The same for XML that is parsed already, with so many forbidden characters left out."""
    if local_name(root) not in ROOTS:
        raise NotAnInvoice(root=local_name(root), place=f"line {root.sourceline}")
    remarks = Remarks()
    if forbidden:
        remarks.add(FORBIDDEN_CHARACTERS, count=forbidden)
    invoice, attachments = _read(root, remarks)
    return finished(invoice, attachments, remarks, data)


def _read(root: Element, remarks: Remarks) -> tuple[Invoice, Attachments]:
    transaction = _part(root, "SupplyChainTradeTransaction", N_("The transaction itself"))
    agreement = _part(transaction, "ApplicableHeaderTradeAgreement", N_("Seller name (BT-27)"))
    settlement = _part(transaction, "ApplicableHeaderTradeSettlement", N_("Document totals (BG-22)"))
    context = child(root, "ExchangedDocumentContext")
    specification = text(child(context, "GuidelineSpecifiedDocumentContextParameter"), "ID")
    en16931 = (specification or "").lower().startswith(EN16931)
    reading = Reading(currency=_currency(settlement, remarks, en16931=en16931), en16931=en16931, remarks=remarks)
    taxes = read_taxes(reading, settlement, child(settlement, SUMMATION))
    allowances = read_allowances(reading, settlement)
    lines = read_lines(reading, transaction, taxes.breakdown)
    invoice = _header(reading, root, agreement, settlement, read_totals(reading, settlement, taxes, lines, allowances))
    references = [*children(agreement, "AdditionalReferencedDocument")]
    supporting = [_referenced(each) for each in references if not _is_preceding(each)]
    attachments = sorted_out(supporting, invoice.number, remarks)
    invoice = replace(
        _with_references(invoice, agreement, settlement, references),
        business_process=text(child(context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID"),
        specification=specification,
        supporting_documents=attachments.documents,
        allowances_charges=allowances,
        vat_breakdown=taxes.breakdown,
        lines=lines,
    )
    invoice = with_delivery(reading, invoice, child(transaction, "ApplicableHeaderTradeDelivery"))
    return with_payment(invoice, settlement), attachments


def _part(parent: Element, name: str, term: str) -> Element:
    element = child(parent, name)
    if element is None:
        raise ElementMissing(term=term, element=name, place=place(parent))
    return element


def _header(reading: Reading, root: Element, agreement: Element, settlement: Element, totals: Totals) -> Invoice:
    """What identifies the document, and its parties."""
    document = _part(root, "ExchangedDocument", N_("Invoice number (BT-1)"))
    stated = text(document, "TypeCode")
    if stated is None:
        reading.remarks.add(TYPE_ASSUMED)
    period = child(settlement, "BillingSpecifiedPeriod")
    representative = child(agreement, "SellerTaxRepresentativeTradeParty")
    point, point_code = _tax_point(settlement)
    return Invoice(
        number=_number(document),
        type_code=DocumentType.CREDIT_NOTE if stated in CREDIT_CODES else DocumentType.INVOICE,
        source_type_code=stated or DocumentType.INVOICE.value,
        issue_date=required(day(document, "IssueDateTime", N_("Issue date (BT-2)")), document, "IssueDateTime", N_("Issue date (BT-2)")),
        tax_point_date=point,
        tax_point_code=point_code,
        currency=reading.currency,
        tax_currency=code(settlement, "TaxCurrencyCode"),
        notes=tuple(note for each in children(document, "IncludedNote") for note in paragraphs(each, "Content")),
        period_start=day(period, "StartDateTime", N_("Start of the period (BT-73)")),
        period_end=day(period, "EndDateTime", N_("End of the period (BT-74)")),
        seller=read_seller(reading, agreement, settlement),
        buyer=read_buyer(reading, agreement),
        payee=read_party(reading, child(settlement, "PayeeTradeParty")),
        tax_representative=read_party(reading, representative),
        totals=totals,
    )


def _number(document: Element) -> str:
    term = N_("Invoice number (BT-1)")
    number = required(text(document, "ID"), document, "ID", term)
    if len(number) > NUMBER_LENGTH:
        refuse_element(required(basic(document, "ID"), document, "ID", term), term, N_("number of at most 200 characters"))
    return number


def _tax_point(settlement: Element) -> tuple[date | None, str | None]:
    """BT-7 and BT-8, which CII has in the VAT breakdown."""
    point: date | None = None
    stated: str | None = None
    for element in taxes_in(settlement):
        point = point or day(element, "TaxPointDate", N_("VAT point date (BT-7)"))
        stated = stated or text(element, "DueDateTypeCode")
    return point, _TIME_REFERENCES.get(stated or "", stated)


def _currency(settlement: Element, remarks: Remarks, *, en16931: bool) -> str:
    """BT-5; older files may state it only on their amounts."""
    term = N_("Currency (BT-5)")
    element = basic(settlement, "InvoiceCurrencyCode")
    summation = child(settlement, SUMMATION)
    derived = attribute(basic(summation, "GrandTotalAmount"), "currencyID") or attribute(basic(summation, "TaxTotalAmount"), "currencyID")
    if element is None and derived and not en16931 and CURRENCY.fullmatch(derived):
        remarks.add(CURRENCY_DERIVED, currency=derived)
        return derived
    currency = required(code(settlement, "InvoiceCurrencyCode"), settlement, "InvoiceCurrencyCode", term)
    if element is not None and not CURRENCY.fullmatch(currency):
        refuse_element(element, term, N_("currency code of three letters"))
    return currency


def _with_references(invoice: Invoice, agreement: Element, settlement: Element, references: list[Element]) -> Invoice:
    by_code = {text(element, "TypeCode"): element for element in reversed(references)}
    thing = by_code.get(_OBJECT)
    thing_number = text(thing, "IssuerAssignedID")
    return replace(
        invoice,
        buyer_reference=text(agreement, "BuyerReference"),
        order_reference=text(child(agreement, "BuyerOrderReferencedDocument"), "IssuerAssignedID"),
        sales_order_reference=text(child(agreement, "SellerOrderReferencedDocument"), "IssuerAssignedID"),
        contract_reference=text(child(agreement, "ContractReferencedDocument"), "IssuerAssignedID"),
        project_reference=text(child(agreement, "SpecifiedProcuringProject"), "ID"),
        tender_reference=text(by_code.get(_TENDER), "IssuerAssignedID"),
        object_id=Identifier(value=thing_number, scheme=text(thing, "ReferenceTypeCode")) if thing_number else None,
        accounting_cost=text(child(settlement, "ReceivableSpecifiedTradeAccountingAccount"), "ID"),
        preceding_invoices=_preceding(settlement, references),
    )


def _preceding(settlement: Element, references: list[Element]) -> tuple[Reference, ...]:
    """BG-3."""
    found = []
    for element in (*children(settlement, "InvoiceReferencedDocument"), *filter(_is_preceding, references)):
        if number := text(element, "IssuerAssignedID"):
            issued = day(element, "FormattedIssueDateTime", N_("Date of the preceding invoice (BT-26)"))
            found.append(Reference(number=number, issue_date=issued))
    return tuple(found)


def _is_preceding(reference: Element) -> bool:
    return text(reference, "ReferenceTypeCode") in _PRECEDING and text(reference, "TypeCode") != _OBJECT


def _referenced(element: Element) -> Referenced:
    return Referenced(
        id=text(element, "IssuerAssignedID"),
        type_code=text(element, "TypeCode"),
        names=(text(element, "Name"),),
        description=prose(element, "Name"),
        url=text(element, "URIID"),
        binary=next(children(element, "AttachmentBinaryObject"), None),
    )
