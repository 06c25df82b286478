"""The invoice inside a PDF: where it is looked for, which one is taken, and what a broken or hostile PDF comes to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileEmpty, FileTooLarge, SourceRefused
from core.model import Invoice
from core.sources import pdf
from core.sources.pdf import InsideRefused, PdfDamaged, PdfLocked
from tests.papers import pdf as plain_pdf
from tests.sources import cii_documents, documents
from tests.sources.carriers import associated, carrying, in_a_tree

CII, UBL = cii_documents.invoice(), documents.invoice()
ORDER = b"<rsm:SCRDMCCBDACIOMessageStructure xmlns:rsm='urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100'/>"


def invoice_in(content: bytes) -> Invoice | None:
    found = pdf.read("a.pdf", content)
    return found.invoice if found else None


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "zugferd-invoice.xml", "xrechnung.xml", "2026-17.xml", "FACTUR-X.XML"])
@pytest.mark.parametrize("wrapped", [carrying, associated, in_a_tree])
def test_the_invoice_comes_with_the_pdf_as_it_came(name: str, wrapped: object) -> None:
    assert callable(wrapped)
    content = wrapped({name: CII})
    found = pdf.read("2026-17.pdf", content)
    assert found is not None
    assert (found.invoice.number, found.xml, found.pdf, found.pdf_name) == ("2026-17", CII, content, "2026-17.pdf")


def test_ubl_and_zugferd_of_2014_are_taken_too() -> None:
    ubl, old = invoice_in(carrying({"2026-17.xml": UBL})), invoice_in(carrying({"ZUGFeRD-invoice.xml": cii_documents.zugferd1()}))
    assert ubl is not None and ubl.number == "2026-17"
    assert old is not None and old.number == "471102"


def test_the_pdf_inside_the_xml_inside_the_pdf_does_not_count() -> None:
    content = carrying({"a.xml": documents.with_pdf(UBL, "JVBERi0xLjcgaW5uZXI=")})
    found = pdf.read("outer.pdf", content)
    assert found is not None and (found.pdf, found.pdf_name) == (content, "outer.pdf")


def test_prescribed_names_come_before_others() -> None:
    other = CII.replace(b"2026-17", b"2026-99")
    found = invoice_in(carrying({"a.xml": other, "notes.txt": b"x", "xrechnung.xml": other, "factur-x.xml": CII}))
    assert found is not None and found.number == "2026-17"


def test_what_is_no_invoice_is_passed_over() -> None:
    found = invoice_in(carrying({"factur-x.xml": ORDER, "broken.xml": b"<a", "x.xml": b"<x/>", "b.xml": CII}))
    assert found is not None and found.number == "2026-17"
    assert invoice_in(carrying({"order-x.xml": ORDER, "x.xml": b"<x/>", "invoice.txt": CII})) is None
    assert invoice_in(carrying({"broken.xml": b"<a", "empty.xml": b""})) is None
    assert invoice_in(plain_pdf()) is None


@pytest.mark.parametrize("circle", [False, True])
def test_a_deep_tree_of_names_ends(circle: bool) -> None:
    found = invoice_in(in_a_tree({"a.xml": CII}, depth=8, circle=circle))
    assert found is not None
    assert invoice_in(in_a_tree({"a.xml": CII}, depth=60, circle=circle)) is None


def test_an_invoice_that_cannot_be_taken_says_where_it_is_wrong() -> None:
    spoiled = cii_documents.edited(CII, {"//ram:SellerTradeParty/ram:Name": None})
    with pytest.raises(InsideRefused) as caught:
        pdf.read("a.pdf", carrying({"factur-x.xml": spoiled}))
    assert str(caught.value) == (
        "The PDF carries an invoice (factur-x.xml) that cannot be taken: Seller name (BT-27) is missing (SellerTradeParty/Name)."
    )
    assert caught.value.place.startswith("line ")
    with pytest.raises(InsideRefused):
        pdf.read("a.pdf", carrying({"factur-x.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + CII.split(b"?>")[1]}))


def test_a_second_invoice_stands_in_for_one_that_cannot_be_taken() -> None:
    found = invoice_in(carrying({"factur-x.xml": CII[:300], "b.xml": UBL}))
    assert found is not None and found.number == "2026-17"


def test_a_password_locks_and_a_mere_restriction_does_not() -> None:
    with pytest.raises(PdfLocked):
        pdf.read("a.pdf", carrying({"factur-x.xml": CII}, password="secret"))
    found = invoice_in(carrying({"factur-x.xml": CII}, owner="secret"))
    assert found is not None and found.number == "2026-17"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 only a test", b"%PDF-1.4\n%%EOF", b"no pdf", b"%PDF-1.7\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF"]
)
def test_a_damaged_pdf(content: bytes) -> None:
    with pytest.raises(PdfDamaged):
        pdf.read("a.pdf", content)


def test_an_empty_and_a_huge_one() -> None:
    with pytest.raises(FileEmpty):
        pdf.read("a.pdf", b"")
    with pytest.raises(FileTooLarge):
        pdf.read("a.pdf", b"%PDF-" + b" " * 30_000_000)


@pytest.mark.parametrize("size", [31_000_000, 90_000_000])
def test_a_bomb_is_refused(size: int) -> None:
    """Thirty or ninety megabytes of blanks in some kilobytes."""
    bomb = in_a_tree({"factur-x.xml": b"<a>" + b" " * size + b"</a>"})
    assert len(bomb) < 200_000
    with pytest.raises(InsideRefused) as caught:
        pdf.read("a.pdf", bomb)
    assert "more than 30 MB is refused" in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_is_a_crash(data: st.DataObject) -> None:
    """Bytes changed, cut off or doubled anywhere: an invoice, none, or a sentence."""
    content = bytearray(in_a_tree({"factur-x.xml": CII}))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        found = invoice_in(bytes(content[: data.draw(st.integers(1, len(content)))]))
    except SourceRefused:
        return
    assert found is None or isinstance(found, Invoice)
