"""The XML before the PDF is inside, and what is refused."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DocumentImpossible
from core.model import Invoice, PaymentMeans, XmlFormat
from core.rendering.rules import schema_violations
from core.rendering.ubl import draft, file_name, write
from tests import builders as make
from tests.rendering.samples import full
from tests.rendering.test_ubl import KINDS, one, texts

FORMATS = [XmlFormat.BIS3, XmlFormat.EFFF3, XmlFormat.EFFF1]
PDF = bytes(range(256)) * 50
NOTHING = "\x00 \x0b\ufffe "


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_the_document_without_its_pdf(kind: Any, wanted: XmlFormat) -> None:
    invoice = full(kind)
    made = draft(invoice, wanted=wanted)
    assert made.content == write(invoice, wanted=wanted, pdf=None, pdf_name="").content
    assert made.without_pdf() == write(invoice, wanted=wanted, pdf=None, pdf_name="")
    assert schema_violations(made.content) == ()


@pytest.mark.parametrize("wanted", FORMATS)
def test_the_pdf_goes_in_afterwards(wanted: XmlFormat) -> None:
    invoice = full(make.invoice)
    made = draft(invoice, wanted=wanted)
    document = made.with_pdf(PDF, 'a "b" & c.pdf')
    assert document == write(invoice, wanted=wanted, pdf=PDF, pdf_name='a "b" & c.pdf')
    binary = "/*/cac:AdditionalDocumentReference[1]/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"
    assert base64.b64decode(one(document, binary)) == PDF
    assert one(document, f"{binary}/@filename") == 'a "b" & c.pdf'
    assert (document.file_name, document.format, document.notes) == (made.file_name, made.format, made.notes)


def test_an_encoding_that_is_there_already_is_taken() -> None:
    made = draft(make.invoice(), wanted=XmlFormat.EFFF3)
    assert made.with_pdf(PDF, "a.pdf", pdf_base64=base64.b64encode(PDF)) == made.with_pdf(PDF, "a.pdf")


@pytest.mark.parametrize(
    ("overrides", "term"),
    [
        ({"number": NOTHING}, "Invoice number (BT-1)"),
        ({"seller": make.seller(name=NOTHING)}, "Seller name (BT-27)"),
        ({"buyer": make.party(name=NOTHING)}, "Buyer name (BT-44)"),
        ({"currency": NOTHING}, "Currency (BT-5)"),
    ],
)
@pytest.mark.parametrize("wanted", FORMATS)
def test_a_name_of_forbidden_characters_is_refused(overrides: dict[str, Any], term: str, wanted: XmlFormat) -> None:
    with pytest.raises(DocumentImpossible) as refused:
        draft(make.invoice(**overrides), wanted=wanted)
    assert f"{term} holds nothing that XML can say." in str(refused.value)


@pytest.mark.parametrize("wanted", FORMATS)
def test_an_invoice_without_lines_is_refused(wanted: XmlFormat) -> None:
    with pytest.raises(DocumentImpossible, match="has no lines"):
        draft(make.invoice(lines=()), wanted=wanted)


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("rate", [21, 25])
def test_the_name_is_known_without_the_document(wanted: XmlFormat, rate: int) -> None:
    invoice = make.invoice(lines=(make.line(vat_rate=Decimal(rate)),))
    assert file_name(invoice, wanted=wanted) == draft(invoice, wanted=wanted).file_name


@pytest.mark.parametrize("wanted", FORMATS)
def test_whatever_else_is_nothing_is_left_out(wanted: XmlFormat) -> None:
    line = make.line(id=NOTHING, name=NOTHING, unit_code=NOTHING, attributes=((NOTHING, "x"), ("x", NOTHING)))
    invoice = make.invoice(
        lines=(line,),
        notes=(NOTHING,),
        payee=make.party(name=NOTHING),
        payment_terms=NOTHING,
        delivery_name=NOTHING,
        order_reference=NOTHING,
        source_type_code=NOTHING,
        payment_means=(PaymentMeans(means_code=NOTHING, reference=NOTHING, iban=NOTHING),),
    )
    document = draft(invoice, wanted=wanted).without_pdf()
    assert schema_violations(document.content) == ()
    assert one(document, "//cac:Item/cbc:Name") == "1"
    assert one(document, "//cbc:InvoicedQuantity/@unitCode") == "C62"
    assert one(document, "//cbc:InvoiceTypeCode") == "380"
    assert [tag for tag in ("Note", "PaymentTerms", "PayeeParty", "OrderReference") if texts(document, f"/*/*[local-name() = '{tag}']")] == []
    assert texts(document, "//*[not(node())]") == []


def test_forbidden_characters_never_break_a_file() -> None:
    bad = "".join(map(chr, [*range(32), 0x7F, 0xD800, 0xFFFE, 0xFFFF])) + "é"
    invoice: Invoice = make.invoice(number=bad, notes=(bad,), seller=make.seller(name=bad, contact_name=bad))
    document = draft(invoice, wanted=XmlFormat.EFFF3).with_pdf(PDF, bad)
    assert schema_violations(document.content) == ()
    assert one(document, "/*/cbc:ID") == "\x7fé"
