"""Write what an invoice refers to: orders, earlier invoices, contracts, and the documents beside it."""

from __future__ import annotations

from typing import Final

from core.model import Identifier, Invoice, SupportingDocument
from core.rendering.ubl_xml import Dialect, attribute, clean, day, group, text

SOFTWARE: Final = "Facturier 0.1"
# How the source refers to its own PDF and software; the XML has its own
_OWN_REFERENCES: Final = frozenset({"eFFF", "UBL.BE", "CommercialInvoice", "CreditNote"})
_OBJECT, _PROJECT = "130", "50"  # UNCL1001: BT-18, and BT-11 where it has no element of its own


def before_pdf(invoice: Invoice, dialect: Dialect) -> str:
    """What the schema has before AdditionalDocumentReference."""
    tender = group("OriginatorDocumentReference", text("ID", invoice.tender_reference))
    return "".join(
        (
            _order(invoice, dialect),
            *(
                group("BillingReference", group("InvoiceDocumentReference", text("ID", preceding.number), day("IssueDate", preceding.issue_date)))
                for preceding in invoice.preceding_invoices
                if clean(preceding.number)
            ),
            group("DespatchDocumentReference", text("ID", invoice.despatch_reference)),
            group("ReceiptDocumentReference", text("ID", invoice.receipt_reference)),
            "" if dialect.credit_note else tender,
            group("ContractDocumentReference", text("ID", invoice.contract_reference)),
        )
    )


def after_pdf(invoice: Invoice, dialect: Dialect) -> str:
    """The other documents, and what the schema has after them."""
    has_project = not (dialect.credit_note or dialect.ubl20)
    return "".join(
        (
            group("AdditionalDocumentReference", text("ID", "eFFF"), text("DocumentType", SOFTWARE)) if dialect.efff and not dialect.ubl20 else "",
            _typed(invoice.object_id, _OBJECT),
            "" if has_project or not invoice.project_reference else _typed(Identifier(value=invoice.project_reference), _PROJECT),
            *(_supporting(document, dialect) for document in invoice.supporting_documents),
            group("OriginatorDocumentReference", text("ID", invoice.tender_reference)) if dialect.credit_note else "",
            group("ProjectReference", text("ID", invoice.project_reference)) if has_project else "",
        )
    )


def pdf_reference(invoice: Invoice, dialect: Dialect) -> str:
    """What names the PDF; `embedded` puts it inside."""
    kind = "CreditNote" if invoice.is_credit_note else "CommercialInvoice"
    return text("ID", invoice.number) + text("DocumentType" if dialect.efff else "DocumentDescription", kind)


def embedded(reference: str, pdf_base64: bytes, pdf_name: str) -> tuple[bytes, bytes, bytes]:
    """The AdditionalDocumentReference around the PDF, in three pieces: joining the middle one earlier would copy it once more."""
    name = attribute("filename", clean(pdf_name) or "invoice.pdf")
    opening = f'<cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf"{name}>'
    closing = "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    return f"<cac:AdditionalDocumentReference>{reference}{opening}".encode(), pdf_base64, closing.encode()


def _order(invoice: Invoice, dialect: Dialect) -> str:
    """BT-13 and BT-14; UBL 2.0 has BT-10 here, too. The schema wants the order's number beside either."""
    others = text("SalesOrderID", invoice.sales_order_reference) + (text("CustomerReference", invoice.buyer_reference) if dialect.ubl20 else "")
    number = clean(invoice.order_reference) or ("NA" if others else "")
    return group("OrderReference", text("ID", number), others)


def _typed(stated: Identifier | None, type_code: str) -> str:
    if stated is None or not clean(stated.value):
        return ""
    return group("AdditionalDocumentReference", text("ID", stated.value, schemeID=stated.scheme), text("DocumentTypeCode", type_code))


def _supporting(stated: SupportingDocument, dialect: Dialect) -> str:
    """BG-24; UBL 2.0 has no DocumentDescription yet."""
    if not clean(stated.id) or {stated.id, stated.description} & _OWN_REFERENCES:
        return ""
    return group(
        "AdditionalDocumentReference",
        text("ID", stated.id),
        text("DocumentType" if dialect.ubl20 else "DocumentDescription", stated.description),
        group("Attachment", group("ExternalReference", text("URI", stated.url))),
    )
