from __future__ import annotations

from base64 import b64encode

import pytest

from core.model import SupportingDocument
from core.sources import ubl
from tests.sources.documents import invoice, with_pdf

PDF = b"%PDF-1.7\n1 0 obj\n%%EOF"
OTHER = b"%PDF-1.4\nterms of sale\n%%EOF"
ENCODED = b64encode(PDF).decode()
ENCODED_OTHER = b64encode(OTHER).decode()


def test_the_pdf_comes_out_as_it_went_in() -> None:
    source = ubl.read(with_pdf(invoice(), f"\n  {ENCODED[:9]}\n\t{ENCODED[9:]}\n"))
    assert (source.pdf, source.pdf_name) == (PDF, "a.pdf")
    assert (source.invoice.supporting_documents, source.invoice.warnings) == ((), ())


def test_without_attachment_there_is_no_pdf() -> None:
    source = ubl.read(invoice())
    assert (source.pdf, source.pdf_name) == (None, None)


@pytest.mark.parametrize("mime", ['mimeCode="application/octet-stream"', 'mimeCode="text/xml"', "", 'mimeCode="APPLICATION/PDF; v=1"'])
def test_a_pdf_is_known_by_its_bytes_too(mime: str) -> None:
    assert ubl.read(with_pdf(invoice(), ENCODED, attributes=mime)).pdf == PDF


@pytest.mark.parametrize(
    "identity",
    [
        "<cbc:ID>x</cbc:ID><cbc:DocumentType>CommercialInvoice</cbc:DocumentType>",
        "<cbc:ID>x</cbc:ID><cbc:DocumentDescription>Commercial Invoice</cbc:DocumentDescription>",
        "<cbc:ID>x</cbc:ID><cbc:DocumentDescription>CreditNote</cbc:DocumentDescription>",
        "<cbc:ID>x</cbc:ID><cbc:DocumentTypeCode>380</cbc:DocumentTypeCode>",
        "<cbc:ID>2026-17</cbc:ID>",
    ],
)
def test_of_several_the_one_that_says_it_is_the_invoice(identity: str) -> None:
    source = ubl.read(with_pdf(with_pdf(invoice(), ENCODED_OTHER, identity="<cbc:ID>terms</cbc:ID>"), ENCODED, identity=identity))
    assert source.pdf == PDF
    assert source.invoice.supporting_documents == (SupportingDocument(id="terms", file_name="a.pdf", mime_type="application/pdf"),)


def test_of_several_silent_ones_the_first() -> None:
    assert ubl.read(with_pdf(with_pdf(invoice(), ENCODED), ENCODED_OTHER)).pdf == PDF


@pytest.mark.parametrize("held", ["JVBERi0", "JVBERi0*", "é", "", b64encode(b"<html>").decode()])
def test_a_damaged_pdf_is_left_out_in_words(held: str) -> None:
    source = ubl.read(with_pdf(invoice(), held))
    assert (source.pdf, source.pdf_name) == (None, None)
    assert [str(warning) for warning in source.invoice.warnings] == ["The PDF “a.pdf” inside the file is damaged or no PDF at all; it was left out."]


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\invoices\\17.pdf", "17.pdf"),
        ("in&#9;voice&#10;.pdf", "invoice.pdf"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("..", None),
        ("", None),
    ],
)
def test_a_file_name_is_never_a_path(stated: str, name: str | None) -> None:
    assert ubl.read(with_pdf(invoice(), ENCODED, attributes=f'filename="{stated}"')).pdf_name == name


def test_other_attachments_are_listed() -> None:
    identity = "<cbc:ID>sheet</cbc:ID><cbc:DocumentDescription>Hours worked</cbc:DocumentDescription>"
    source = ubl.read(with_pdf(invoice(), "AAAA", identity=identity, attributes='mimeCode="text/csv" filename="hours.csv"'))
    assert source.pdf is None
    assert source.invoice.supporting_documents == (
        SupportingDocument(id="sheet", description="Hours worked", file_name="hours.csv", mime_type="text/csv"),
    )
