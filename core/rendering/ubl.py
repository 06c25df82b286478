"""Write an invoice as XML: e-FFF 3.0, Peppol BIS Billing 3.0 or plain EN 16931, all of them UBL 2.1."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from core.errors import Sentence
from core.model import Invoice, XmlFormat
from core.rendering import bis3, efff, identity
from core.rendering.ubl_amounts import accounting_currency, write_charges, write_payment, write_terms, write_totals, write_vat
from core.rendering.ubl_lines import write_lines
from core.rendering.ubl_parties import write_address, write_parties
from core.rendering.ubl_xml import CAC, CBC, CREDIT_NOTE, INVOICE, Dialect, clean, codes, day, group, identifier, text

SOFTWARE: Final = "Facturier 0.1"
EFFF_INVOICE: Final = "urn:www.cenbii.eu:transaction:biitrns010:ver2.0:extended:urn:www.peppol.eu:bis:peppol5a:ver2.0:extended:e-fff:ver3.0"
EFFF_CREDIT_NOTE: Final = EFFF_INVOICE.replace("biitrns010", "biitrns014")
EFFF_PROFILE: Final = "urn:www.cenbii.eu:profile:bii05:ver2.0"
EN_16931: Final = "urn:cen.eu:en16931:2017"
PEPPOL: Final = EN_16931 + "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

# BT-3 in Peppol (P0100, P0101, P0112), and what plain EN 16931 adds for a credit note (BR-CL-01)
_PEPPOL_INVOICES: Final = codes("71 80 82 84 102 218 219 331 380 382 383 386 388 393 395 553 575 623 780 817 870 875 876 877")
_PEPPOL_CREDIT_NOTES: Final = codes("81 83 381 396 532")
_CREDIT_NOTES: Final = _PEPPOL_CREDIT_NOTES | codes("261 262 296 308 420 458")
# How the source refers to its own PDF and software; the XML has its own
_OWN_REFERENCES: Final = frozenset({"eFFF", "UBL.BE", "CommercialInvoice", "CreditNote"})


@dataclass(frozen=True, kw_only=True)
class XmlDocument:
    """The XML of an invoice, and a sentence if it is not in the format that was asked for."""

    content: bytes
    file_name: str
    format: XmlFormat
    note: Sentence | None = None


def write(invoice: Invoice, *, wanted: XmlFormat, pdf: bytes | None, pdf_name: str) -> XmlDocument:
    """The invoice in the wanted format, with the PDF inside; in BIS 3 where e-FFF lacks a VAT code that the invoice needs."""
    if wanted is XmlFormat.NONE:
        raise ValueError("no XML is wanted")
    ready = efff.prepared(invoice) if wanted is XmlFormat.EFFF3 else None
    if isinstance(ready, Invoice):
        dialect = Dialect(efff=True, credit_note=invoice.is_credit_note, currency=invoice.currency)
        return XmlDocument(content=_document(ready, dialect, pdf, pdf_name), file_name=_efff_name(invoice), format=XmlFormat.EFFF3)
    ready_for_bis = bis3.prepared(invoice)
    dialect = Dialect(efff=False, peppol=_for_peppol(ready_for_bis), credit_note=invoice.is_credit_note, currency=invoice.currency)
    content = _document(ready_for_bis, dialect, pdf, pdf_name)
    return XmlDocument(content=content, file_name=f"{_plain(invoice.number)}.xml", format=XmlFormat.BIS3, note=ready)


def _for_peppol(invoice: Invoice) -> bool:
    """Whether both parties have an electronic address there; a private person has none, and not every type of document goes."""
    if not (identity.peppol_address(invoice.seller) and identity.peppol_address(invoice.buyer)):
        return False
    return invoice.is_credit_note or invoice.source_type_code in _PEPPOL_INVOICES


def _efff_name(invoice: Invoice) -> str:
    issuer = identity.vat_number(invoice.seller) or identity.enterprise_number(invoice.seller) or ""
    return f"efff_{_plain(issuer)}_{_plain(invoice.number)}.xml"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", name) or "0"


# The document ----------------------------------------------------------------------------------------------------


def _document(invoice: Invoice, dialect: Dialect, pdf: bytes | None, pdf_name: str) -> bytes:
    """The elements in the order of the schema; invoices and credit notes differ in more than their names."""
    namespace, name = (CREDIT_NOTE, "CreditNote") if dialect.credit_note else (INVOICE, "Invoice")
    prefixes: Any = {None: namespace, "cac": CAC, "cbc": CBC}  # the stubs do not know the default namespace
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)
    _identification(root, invoice, dialect)
    _dates_and_type(root, invoice, dialect)
    text(root, "DocumentCurrencyCode", invoice.currency, listID="ISO4217" if dialect.efff else None)
    text(root, "TaxCurrencyCode", accounting_currency(invoice, dialect))
    text(root, "AccountingCost", invoice.accounting_cost)
    text(root, "BuyerReference", _buyer_reference(invoice, dialect))
    _period(root, invoice)
    _references(root, invoice, dialect, pdf, pdf_name)
    write_parties(root, invoice, dialect)
    _delivery(root, invoice, dialect)
    write_payment(root, invoice, dialect)
    write_terms(root, invoice, dialect)
    write_charges(root, invoice.allowances_charges, dialect)
    write_vat(root, invoice, dialect)
    write_totals(root, invoice, dialect)
    write_lines(root, invoice, dialect)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _identification(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    if dialect.efff:
        text(root, "UBLVersionID", "2.1")
        text(root, "CustomizationID", EFFF_CREDIT_NOTE if dialect.credit_note else EFFF_INVOICE)
        text(root, "ProfileID", EFFF_PROFILE)
    else:
        text(root, "CustomizationID", PEPPOL if dialect.peppol else EN_16931)
        text(root, "ProfileID", PEPPOL_PROFILE if dialect.peppol else None)
    text(root, "ID", invoice.number)
    day(root, "IssueDate", invoice.issue_date)


def _dates_and_type(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    list_id = "UNCL1001" if dialect.efff else None
    note = "\n".join(filter(None, map(clean, (*invoice.notes, invoice.delivery_terms))))  # PEPPOL-EN16931-R002: one at most
    if dialect.credit_note:
        code = invoice.source_type_code if invoice.source_type_code in (_PEPPOL_CREDIT_NOTES if dialect.peppol else _CREDIT_NOTES) else "381"
        day(root, "TaxPointDate", invoice.tax_point_date)
        text(root, "CreditNoteTypeCode", "381" if dialect.efff else code, listID=list_id)
        text(root, "Note", note)
        return
    if not dialect.efff:
        day(root, "DueDate", invoice.due_date)
    text(root, "InvoiceTypeCode", "380" if dialect.efff else invoice.source_type_code, listID=list_id)
    text(root, "Note", note)
    day(root, "TaxPointDate", invoice.tax_point_date)


def _buyer_reference(invoice: Invoice, dialect: Dialect) -> str | None:
    """BT-10. PEPPOL-EN16931-R003 wants it or an order number: without both, the buyer can still match the document by its number."""
    if clean(invoice.buyer_reference) or clean(invoice.order_reference) or dialect.efff:
        return invoice.buyer_reference
    return invoice.number


def _period(root: etree._Element, invoice: Invoice) -> None:
    code = None if invoice.tax_point_date else invoice.tax_point_code  # BR-CO-03: one or the other
    if invoice.period_start or invoice.period_end or code:
        period = group(root, "InvoicePeriod")
        day(period, "StartDate", invoice.period_start)
        day(period, "EndDate", invoice.period_end)
        text(period, "DescriptionCode", code)


def _references(root: etree._Element, invoice: Invoice, dialect: Dialect, pdf: bytes | None, pdf_name: str) -> None:
    if clean(invoice.order_reference) or clean(invoice.sales_order_reference):
        order = group(root, "OrderReference")
        text(order, "ID", clean(invoice.order_reference) or "NA")  # the schema wants it beside BT-14
        text(order, "SalesOrderID", invoice.sales_order_reference)
    for preceding in invoice.preceding_invoices:
        if clean(preceding.number):
            document = group(group(root, "BillingReference"), "InvoiceDocumentReference")
            text(document, "ID", preceding.number)
            day(document, "IssueDate", preceding.issue_date)
    _reference(root, "DespatchDocumentReference", invoice.despatch_reference)
    _reference(root, "ReceiptDocumentReference", invoice.receipt_reference)
    if not dialect.credit_note:
        _reference(root, "OriginatorDocumentReference", invoice.tender_reference)
    _reference(root, "ContractDocumentReference", invoice.contract_reference)
    _attachments(root, invoice, dialect, pdf, pdf_name)
    if dialect.credit_note:
        _reference(root, "OriginatorDocumentReference", invoice.tender_reference)
    elif clean(invoice.project_reference):
        text(group(root, "ProjectReference"), "ID", invoice.project_reference)


def _reference(root: etree._Element, tag: str, number: str | None) -> None:
    if clean(number):
        text(group(root, tag), "ID", number)


def _attachments(root: etree._Element, invoice: Invoice, dialect: Dialect, pdf: bytes | None, pdf_name: str) -> None:
    kind = "CreditNote" if dialect.credit_note else "CommercialInvoice"
    if pdf is not None:
        document = group(root, "AdditionalDocumentReference")
        text(document, "ID", invoice.number)
        text(document, "DocumentType" if dialect.efff else "DocumentDescription", kind)
        _embedded(document, pdf, pdf_name)
    if dialect.efff:
        software = group(root, "AdditionalDocumentReference")
        text(software, "ID", "eFFF")
        text(software, "DocumentType", SOFTWARE)
    _object(root, invoice, dialect)
    for supporting in invoice.supporting_documents:
        if not clean(supporting.id) or {supporting.id, supporting.description} & _OWN_REFERENCES:
            continue
        document = group(root, "AdditionalDocumentReference")
        text(document, "ID", supporting.id)
        text(document, "DocumentDescription", supporting.description)
        if clean(supporting.url):
            text(group(group(document, "Attachment"), "ExternalReference"), "URI", supporting.url)


def _embedded(document: etree._Element, pdf: bytes, pdf_name: str) -> None:
    content = etree.SubElement(group(document, "Attachment"), f"{{{CBC}}}EmbeddedDocumentBinaryObject")
    content.set("mimeCode", "application/pdf")
    content.set("filename", clean(pdf_name) or "invoice.pdf")
    content.text = base64.b64encode(pdf).decode("ascii")


def _object(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """BT-18, and in a credit note BT-11, which has no element of its own there."""
    if invoice.object_id and clean(invoice.object_id.value):
        document = group(root, "AdditionalDocumentReference")
        text(document, "ID", invoice.object_id.value, schemeID=invoice.object_id.scheme)
        text(document, "DocumentTypeCode", "130")
    if dialect.credit_note and clean(invoice.project_reference):
        document = group(root, "AdditionalDocumentReference")
        text(document, "ID", invoice.project_reference)
        text(document, "DocumentTypeCode", "50")


def _delivery(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    place = invoice.delivery_location_id if invoice.delivery_location_id and clean(invoice.delivery_location_id.value) else None
    address = invoice.delivery_address
    if not (invoice.delivery_date or place or address or clean(invoice.delivery_name)):
        return
    delivery = group(root, "Delivery")
    day(delivery, "ActualDeliveryDate", invoice.delivery_date)
    if place or address:
        location = group(delivery, "DeliveryLocation")
        if place:
            identifier(location, "ID", place, efff=dialect.efff)
        if address:
            home = identity.country(invoice.buyer) or identity.country(invoice.seller)
            write_address(group(location, "Address"), address, dialect, home=home)
    if clean(invoice.delivery_name):
        text(group(group(delivery, "DeliveryParty"), "PartyName"), "Name", invoice.delivery_name)
