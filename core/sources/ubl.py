"""Read UBL 2 invoices and credit notes: Peppol BIS 3, UBL.BE, plain EN 16931 and e-FFF."""

from __future__ import annotations

import re
from dataclasses import replace

from core.errors import NotAnInvoice
from core.i18n import N_
from core.model import DocumentType, Invoice, Reference, SourceFile, Totals
from core.sources import identifiers
from core.sources.arithmetic import check
from core.sources.attachments import Attachments, read_attachments
from core.sources.credit import as_credit_note
from core.sources.ubl_lines import read_allowances, read_lines
from core.sources.ubl_parties import read_buyer, read_party, read_seller, with_delivery
from core.sources.ubl_payment import read_totals, with_payment
from core.sources.ubl_taxes import read_taxes
from core.sources.values import (
    Reading,
    Remarks,
    attribute,
    basic,
    child,
    children,
    code,
    day,
    identifier,
    paragraphs,
    refuse,
    required,
    text,
)
from core.sources.xml import Element, local_name, namespace, parse

ROOTS = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": DocumentType.INVOICE,
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": DocumentType.CREDIT_NOTE,
}
# UNCL1001 codes that EN 16931 allows in a CreditNote; some write them under the root Invoice, e-FFF v1 always
CREDIT_CODES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
EN16931 = "urn:cen.eu:en16931"
CURRENCY = re.compile(r"[A-Z]{3}")
NUMBER_LENGTH = 200  # stands in the sentence below, too
_NO_ORDER = "NA"  # the schema wants an order's number beside the seller's own

FORBIDDEN_CHARACTERS = N_("The file holds {count} control characters that XML forbids; they were left out.")
CURRENCY_DERIVED = N_("The file does not state its currency; {currency} was taken from its amounts.")
CURRENCY_DIFFERS = N_("The amount due is stated in {stated}, while the document is in {currency}.")
TYPE_MISSING = N_("The file does not say whether it is an invoice or a credit note; its root element decided.")
TURNED = N_("This invoice had a negative total of {total}; it is kept as a credit note with positive amounts.")


def read(data: bytes) -> SourceFile:
    """The invoice, with what is odd about it in its warnings, the XML as it came, and the PDF inside.

    Raises subclasses of SourceRefused, whose `place` is a line and an element.
    """
    root, forbidden = parse(data)
    return read_tree(root, forbidden, data)


def read_tree(root: Element, forbidden: int, data: bytes) -> SourceFile:
    """The same for XML that is parsed already, with so many forbidden characters left out."""
    kind = ROOTS.get(str(root.tag))
    if kind is None:
        raise NotAnInvoice(root=_described(root), place=f"line {root.sourceline}")
    remarks = Remarks()
    if forbidden:
        remarks.add(FORBIDDEN_CHARACTERS, count=forbidden)
    invoice, attachments = _read(root, kind, remarks)
    return finished(invoice, attachments, remarks, data)


def finished(invoice: Invoice, attachments: Attachments, remarks: Remarks, data: bytes) -> SourceFile:
    """Add up, turn a negative invoice round and remark on odd identifiers: the same in every syntax."""
    check(invoice, remarks)
    if not invoice.is_credit_note and invoice.totals.total_with_vat < 0:
        remarks.add(TURNED, total=invoice.totals.total_with_vat)
        invoice = as_credit_note(invoice)
    invoice = replace(invoice, warnings=(*remarks.sentences(), *identifiers.odd(invoice)))
    return SourceFile(invoice=invoice, xml=data, pdf=attachments.pdf, pdf_name=attachments.pdf_name)


def _described(root: Element) -> str:
    """The bare name where that is telling, else the namespace too: there are other invoices than UBL's."""
    name = local_name(root)
    return f"{name} of {namespace(root)}" if name in {"Invoice", "CreditNote"} else name


def _read(root: Element, kind: DocumentType, remarks: Remarks) -> tuple[Invoice, Attachments]:
    specification = text(root, "CustomizationID")
    en16931 = (specification or "").lower().startswith(EN16931)
    reading = Reading(currency=_currency(root, remarks, en16931=en16931), en16931=en16931, remarks=remarks)
    taxes = read_taxes(reading, root)
    allowances = read_allowances(reading, root)
    lines = read_lines(reading, root, taxes.breakdown, credit_note=kind is DocumentType.CREDIT_NOTE)
    header = _header(reading, root, kind, read_totals(reading, root, taxes, lines, allowances))
    attachments = read_attachments(root, header.number, remarks)
    invoice = replace(
        _with_references(header, root),
        specification=specification,
        supporting_documents=attachments.documents,
        allowances_charges=allowances,
        vat_breakdown=taxes.breakdown,
        lines=lines,
    )
    return with_payment(reading, with_delivery(reading, invoice, root), root), attachments


def _header(reading: Reading, root: Element, kind: DocumentType, totals: Totals) -> Invoice:
    """What identifies the document, and its parties."""
    number = required(text(root, "ID"), root, "ID", N_("Invoice number (BT-1)"))
    if len(number) > NUMBER_LENGTH:
        refuse(root, "ID", N_("Invoice number (BT-1)"), N_("number of at most 200 characters"))
    stated = text(root, "CreditNoteTypeCode" if kind is DocumentType.CREDIT_NOTE else "InvoiceTypeCode")
    if stated is None:
        reading.remarks.add(TYPE_MISSING)
    is_credit = kind is DocumentType.CREDIT_NOTE or stated in CREDIT_CODES
    period = child(root, "InvoicePeriod")
    return Invoice(
        number=number,
        type_code=DocumentType.CREDIT_NOTE if is_credit else DocumentType.INVOICE,
        source_type_code=stated or kind.value,
        issue_date=required(day(root, "IssueDate", N_("Issue date (BT-2)")), root, "IssueDate", N_("Issue date (BT-2)")),
        tax_point_date=day(root, "TaxPointDate", N_("VAT point date (BT-7)")),
        tax_point_code=text(period, "DescriptionCode"),
        business_process=text(root, "ProfileID"),
        currency=reading.currency,
        tax_currency=code(root, "TaxCurrencyCode"),
        notes=paragraphs(root, "Note"),
        period_start=day(period, "StartDate", N_("Start of the period (BT-73)")),
        period_end=day(period, "EndDate", N_("End of the period (BT-74)")),
        seller=read_seller(reading, root),
        buyer=read_buyer(reading, root),
        payee=read_party(reading, child(root, "PayeeParty")),
        tax_representative=read_party(reading, child(root, "TaxRepresentativeParty")),
        totals=totals,
    )


def _currency(root: Element, remarks: Remarks, *, en16931: bool) -> str:
    """BT-5; older files may state it only on their amounts."""
    term = N_("Currency (BT-5)")
    stated = code(root, "DocumentCurrencyCode")
    due = attribute(basic(child(root, "LegalMonetaryTotal"), "PayableAmount"), "currencyID")
    if stated is None and due and not en16931 and CURRENCY.fullmatch(due):
        remarks.add(CURRENCY_DERIVED, currency=due)
        return due
    currency = required(stated, root, "DocumentCurrencyCode", term)
    if not CURRENCY.fullmatch(currency):
        refuse(root, "DocumentCurrencyCode", term, N_("currency code of three letters"))
    if due and due.upper() != currency:
        remarks.add(CURRENCY_DIFFERS, stated=due, currency=currency)
    return currency


def _with_references(invoice: Invoice, root: Element) -> Invoice:
    order = child(root, "OrderReference")
    order_number = text(order, "ID")
    if order_number == _NO_ORDER and (basic(order, "SalesOrderID") is not None or basic(order, "CustomerReference") is not None):
        order_number = None
    by_code = {text(element, "DocumentTypeCode"): element for element in reversed([*children(root, "AdditionalDocumentReference")])}
    project = text(child(root, "ProjectReference"), "ID") or text(by_code.get("50"), "ID")  # a CreditNote has no ProjectReference
    return replace(
        invoice,
        buyer_reference=text(root, "BuyerReference") or text(order, "CustomerReference"),  # UBL 2.0 has only the latter
        order_reference=order_number,
        sales_order_reference=text(order, "SalesOrderID"),
        contract_reference=text(child(root, "ContractDocumentReference"), "ID"),
        project_reference=project,
        despatch_reference=text(child(root, "DespatchDocumentReference"), "ID"),
        receipt_reference=text(child(root, "ReceiptDocumentReference"), "ID"),
        tender_reference=text(child(root, "OriginatorDocumentReference"), "ID"),
        object_id=identifier(by_code.get("130")),
        accounting_cost=text(root, "AccountingCost"),
        preceding_invoices=_preceding(root),
    )


def _preceding(root: Element) -> tuple[Reference, ...]:
    """BG-3, whichever kind of document is credited."""
    found = []
    for billing in children(root, "BillingReference"):
        for name in ("InvoiceDocumentReference", "SelfBilledInvoiceDocumentReference", "CreditNoteDocumentReference"):
            for element in children(billing, name):
                number = text(element, "ID")
                if number:
                    found.append(Reference(number=number, issue_date=day(element, "IssueDate", N_("Date of the preceding invoice (BT-26)"))))
    return tuple(found)
