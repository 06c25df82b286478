"""Find the PDF inside an invoice, and list the other documents that it names."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
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
class Referenced:
    """A document that an invoice refers to, in any syntax; `binary` holds its bytes in base64."""

    id: str | None
    type_code: str | None
    names: tuple[str | None, ...]  # what may call it the invoice
    description: str | None
    url: str | None
    binary: Element | None


@dataclass(frozen=True, kw_only=True)
class Attachments:
    pdf: bytes | None = None
    pdf_name: str | None = None
    documents: tuple[SupportingDocument, ...] = ()


def read_attachments(root: Element, number: str, remarks: Remarks) -> Attachments:
    """The invoice's own PDF and the supporting documents (BG-24) beside it."""
    return sorted_out([_referenced(element) for element in children(root, "AdditionalDocumentReference")], number, remarks)


def _referenced(element: Element) -> Referenced:
    attachment = child(element, "Attachment")
    return Referenced(
        id=text(element, "ID"),
        type_code=text(element, "DocumentTypeCode"),
        names=(text(element, "DocumentType"), text(element, "DocumentDescription")),
        description=prose(element, "DocumentDescription") or text(element, "DocumentType"),
        url=text(child(attachment, "ExternalReference"), "URI"),
        binary=None if attachment is None else next(attachment.iterchildren(CBC + "EmbeddedDocumentBinaryObject"), None),
    )


def sorted_out(references: Sequence[Referenced], number: str, remarks: Remarks) -> Attachments:
    """The PDF that is the invoice itself, else the first; whatever else is named supports it."""
    candidates = [reference for reference in references if _holds_pdf(reference.binary)]
    chosen = next((reference for reference in candidates if _is_the_invoice(reference, number)), candidates[0] if candidates else None)
    pdf = name = None
    if chosen is not None:
        name = _file_name(chosen.binary)
        pdf = _decoded(chosen.binary)
        if pdf is None:
            remarks.add(PDF_DAMAGED, name=name or chosen.id or "PDF")
    documents = (_supporting(reference) for reference in references if reference is not chosen)
    return Attachments(pdf=pdf, pdf_name=name if pdf else None, documents=tuple(document for document in documents if document))


def _holds_pdf(binary: Element | None) -> bool:
    """By the MIME type or, as senders get that wrong, by the first bytes."""
    if binary is None:
        return False
    mime = (attribute(binary, "mimeCode") or "").lower()
    return mime.startswith("application/pdf") or (binary.text or "")[:200].lstrip().startswith(_PDF_IN_BASE64)


def _is_the_invoice(reference: Referenced, number: str) -> bool:
    words = {"".join((value or "").casefold().split()) for value in reference.names}
    return bool(words & _THE_INVOICE) or reference.type_code in _INVOICE_CODES or reference.id == number


def _decoded(binary: Element | None) -> bytes | None:
    stated = "" if binary is None else "".join((binary.text or "").split())
    try:
        data = b64decode(stated, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b"%PDF-" in data[:1024] else None  # ISO 32000, annex H: within the first kilobyte


def _file_name(binary: Element | None) -> str | None:
    stated = attribute(binary, "filename")
    return last_part(stated) if stated else None


def last_part(stated: str) -> str | None:
    """Only the last part: a name from outside is never a path."""
    printable = "".join(character for character in PureWindowsPath(stated).name if character.isprintable())
    return printable[-_NAME_LENGTH:].lstrip(". ") or None


def _supporting(reference: Referenced) -> SupportingDocument | None:
    number, description = reference.id, reference.description
    if reference.type_code in _OTHER_PURPOSE or ((number or "").casefold() in _SOFTWARE and reference.binary is None):
        return None
    if number is None and description is None and reference.binary is None:
        return None
    return SupportingDocument(
        id=number or description or "–",
        description=description,
        url=reference.url,
        file_name=_file_name(reference.binary),
        mime_type=attribute(reference.binary, "mimeCode"),
    )
