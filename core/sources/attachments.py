"""Find the PDF inside a UBL invoice, and list the other documents that it names."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from pathlib import PureWindowsPath

from core.i18n import N_
from core.model import SupportingDocument
from core.sources.values import CBC, Remarks, attribute, child, children, prose, text
from core.sources.xml import Element

_THE_INVOICE = frozenset({"commercialinvoice", "invoice", "creditnote", "facture", "factuur", "creditnota"})
_INVOICE_CODES = frozenset({"380", "381"})
_SOFTWARE = frozenset({"efff", "e-fff", "ubl.be"})  # the reference that names the billing program
_OTHER_PURPOSE = frozenset({"50", "130"})  # BT-11, BT-18
_PDF_IN_BASE64 = "JVBER"  # %PDF
_NAME_LENGTH = 200

PDF_DAMAGED = N_("The PDF “{name}” inside the file is damaged or no PDF at all; it was left out.")


@dataclass(frozen=True, kw_only=True)
class Attachments:
    pdf: bytes | None = None
    pdf_name: str | None = None
    documents: tuple[SupportingDocument, ...] = ()


def read_attachments(root: Element, number: str, remarks: Remarks) -> Attachments:
    """The invoice's own PDF and the supporting documents (BG-24) beside it."""
    references = tuple(children(root, "AdditionalDocumentReference"))
    candidates = [reference for reference in references if _holds_pdf(reference)]
    chosen = next((reference for reference in candidates if _is_the_invoice(reference, number)), candidates[0] if candidates else None)
    pdf = name = None
    if chosen is not None:
        name = _file_name(chosen)
        pdf = _decoded(_binary(chosen))
        if pdf is None:
            remarks.add(PDF_DAMAGED, name=name or text(chosen, "ID") or "PDF")
    documents = (_supporting(reference) for reference in references if reference is not chosen)
    return Attachments(pdf=pdf, pdf_name=name if pdf else None, documents=tuple(document for document in documents if document))


def _binary(reference: Element) -> Element | None:
    attachment = child(reference, "Attachment")
    return None if attachment is None else next(attachment.iterchildren(CBC + "EmbeddedDocumentBinaryObject"), None)


def _holds_pdf(reference: Element) -> bool:
    """By the MIME type or, as senders get that wrong, by the first bytes."""
    binary = _binary(reference)
    if binary is None:
        return False
    mime = (attribute(binary, "mimeCode") or "").lower()
    return mime.startswith("application/pdf") or (binary.text or "")[:200].lstrip().startswith(_PDF_IN_BASE64)


def _is_the_invoice(reference: Element, number: str) -> bool:
    described = (text(reference, "DocumentType"), text(reference, "DocumentDescription"))
    words = {"".join((value or "").casefold().split()) for value in described}
    return bool(words & _THE_INVOICE) or text(reference, "DocumentTypeCode") in _INVOICE_CODES or text(reference, "ID") == number


def _decoded(binary: Element | None) -> bytes | None:
    stated = "" if binary is None else "".join((binary.text or "").split())
    try:
        data = b64decode(stated, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b"%PDF-" in data[:1024] else None  # ISO 32000, annex H: within the first kilobyte


def _file_name(reference: Element) -> str | None:
    """Only the last part: a name from outside is never a path."""
    stated = attribute(_binary(reference), "filename")
    name = PureWindowsPath(stated or "").name
    printable = "".join(character for character in name if character.isprintable())
    return printable[-_NAME_LENGTH:].lstrip(". ") or None


def _supporting(reference: Element) -> SupportingDocument | None:
    number = text(reference, "ID")
    binary = _binary(reference)
    if text(reference, "DocumentTypeCode") in _OTHER_PURPOSE or ((number or "").casefold() in _SOFTWARE and binary is None):
        return None
    description = prose(reference, "DocumentDescription") or text(reference, "DocumentType")
    if number is None and description is None and binary is None:
        return None
    return SupportingDocument(
        id=number or description or "–",
        description=description,
        url=text(child(reference, "Attachment", "ExternalReference"), "URI"),
        file_name=_file_name(reference),
        mime_type=attribute(binary, "mimeCode"),
    )
