"""e-FFF 1.0: UBL 2.0 in the root Invoice, whatever the kind of document."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest

from core.model import Invoice, XmlFormat
from core.rendering import efff_rules
from core.rendering.rules import schema_violations
from core.rendering.ubl import XmlDocument, write
from tests import builders as make
from tests.rendering.samples import Maker, full
from tests.rendering.test_ubl import KINDS, discounted, one, texts

PDF = b"%PDF-1.7 only a test"
# Elements and attributes that came with UBL 2.1, of those that the other formats write
NEWER = (
    "/*/cbc:DueDate",
    "/*/cbc:BuyerReference",
    "/*/cac:ProjectReference",
    "//cbc:DocumentDescription",
    "//cbc:CompanyLegalForm",
    "//cac:PaymentMandate",
    "//cac:InvoiceLine/cac:InvoicePeriod",
    "//@unitCodeListID",
)


def efff1(invoice: Invoice) -> XmlDocument:
    return write(invoice, wanted=XmlFormat.EFFF1, pdf=PDF, pdf_name="2026-0042.pdf")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [make.invoice, full], ids=["plain", "full"])
def test_it_follows_the_schema_and_its_own_rules(kind: Maker, content: Maker) -> None:
    document = efff1(full(kind) if content is full else kind())
    assert document.format is XmlFormat.EFFF1
    assert document.notes == ()
    assert schema_violations(document.content) == ()
    assert efff_rules.violations(document.content) == ()


@pytest.mark.parametrize(("kind", "code", "name"), [(make.invoice, "380", "CommercialInvoice"), (make.credit_note, "381", "CreditNote")])
def test_it_carries_the_fields_of_its_version(kind: Maker, code: str, name: str) -> None:
    document = efff1(kind())
    assert document.content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<Invoice ")
    assert one(document, "/*/cbc:UBLVersionID") == "2.0"
    assert one(document, "/*/cbc:CustomizationID") == "1.0"
    assert one(document, "/*/cbc:ProfileID") == "EFFF.BE Facturier 0.1"
    assert one(document, "/*/cbc:InvoiceTypeCode") == code
    assert texts(document, "/*/cac:AdditionalDocumentReference/cbc:DocumentType") == [name]
    assert base64.b64decode(one(document, "//cbc:EmbeddedDocumentBinaryObject")) == PDF
    assert texts(document, "/*/cac:PaymentMeans/*[self::cbc:InstructionID or self::cbc:PaymentID]") == [make.OGM, make.OGM]
    assert one(document, "//cbc:PaymentDueDate") == "2026-12-24"
    assert texts(document, "//cac:TaxCategory/cbc:Name | //cac:ClassifiedTaxCategory/cbc:Name") == ["03", "03", "03"]
    assert one(document, "/*/cac:InvoiceLine/cac:TaxTotal/cbc:TaxAmount") == "42.00"
    assert Decimal(one(document, "//cbc:PayableAmount")) == Decimal(242)


def test_it_has_the_name_of_an_efff_3() -> None:
    invoice = make.invoice()
    assert efff1(invoice).file_name == write(invoice, wanted=XmlFormat.EFFF3, pdf=None, pdf_name="").file_name


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_newer_than_ubl_2_0_is_written(kind: Maker) -> None:
    document = efff1(full(kind))
    assert not any(texts(document, path) for path in NEWER)
    newest = write(full(make.invoice), wanted=XmlFormat.BIS3, pdf=PDF, pdf_name="").content
    assert all(name in newest for name in (b"DueDate", b"BuyerReference", b"ProjectReference", b"DocumentDescription", b"CompanyLegalForm"))


def test_what_ubl_2_0_has_elsewhere_is_written_there() -> None:
    document = efff1(full(make.invoice))
    assert one(document, "/*/cac:OrderReference/cbc:CustomerReference") == "Service achats"
    assert one(document, "/*/cac:AdditionalDocumentReference[cbc:DocumentTypeCode = '50']/cbc:ID") == "P-1"
    assert "Feuille d'heures" in texts(document, "/*/cac:AdditionalDocumentReference/cbc:DocumentType")


def test_a_cash_discount_is_complete() -> None:
    document = efff1(discounted())
    assert document.format is XmlFormat.EFFF1
    assert schema_violations(document.content) == ()
    assert efff_rules.violations(document.content) == ()


def test_what_has_no_belgian_code_leaves_as_bis3_with_the_same_note() -> None:
    invoice = make.invoice(lines=(make.line(vat_rate=Decimal(25)),))
    document, of_three = efff1(invoice), write(invoice, wanted=XmlFormat.EFFF3, pdf=PDF, pdf_name="")
    assert document.format is XmlFormat.BIS3
    assert document.notes == of_three.notes
    assert "25 %" in str(document.note)
