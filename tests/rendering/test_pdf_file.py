"""The file around the pages: what it carries, and that our operators draw what fpdf2 would."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import facturx
import pypdf
import pypdfium2
import pytest
from lxml import etree
from PIL import ImageChops

from core.model import Invoice, Language, XmlFormat
from core.rendering import cii, fonts, ubl
from core.rendering.enclosed import FACTUR_X, Enclosed
from core.rendering.labels import Words
from core.rendering.pdf import laid_out, render
from tests import builders as make
from tests.rendering import plain
from tests.rendering.samples import Maker, full
from tests.rendering.test_pdf import is_pdf_a, picture

LOGO = picture("RGBA", "PNG")


def many(count: int) -> Invoice:
    return make.invoice(lines=tuple(make.line(id=str(at), name=f"Prestation {at} – été") for at in range(count)))


def enclosed(invoice: Invoice, *, factur_x: bool = False) -> Enclosed:
    if factur_x:
        return Enclosed(file_name=FACTUR_X, content=cii.write(invoice), factur_x=True)
    return Enclosed(file_name="a.xml", content=ubl.draft(invoice, wanted=XmlFormat.BIS3).content)


@pytest.mark.parametrize("invoice", [full(make.invoice), make.credit_note(), many(60)], ids=["full", "credit note", "three pages"])
@pytest.mark.parametrize("wide", [False, True])
def test_it_looks_like_plain_fpdf2_to_the_pixel(invoice: Invoice, wide: bool) -> None:
    if wide:
        invoice = replace(invoice, buyer=replace(invoice.buyer, name="Αθήνα Москва"))
    ours = render(invoice, language=Language.FR, logo=LOGO, colour="#0a7d5a")
    theirs = plain.drawn(laid_out(invoice, fonts.typefaces(wide=wide), Words(Language.FR), logo=LOGO, colour="#0a7d5a"))
    library: Any = pypdfium2
    with library.PdfDocument(ours) as one, library.PdfDocument(theirs) as other:
        assert len(one) == len(other)
        for at in range(len(one)):
            pictures = [each[at].render(scale=2).to_pil().convert("RGB") for each in (one, other)]
            assert ImageChops.difference(*pictures).getbbox() is None


@pytest.mark.parametrize("factur_x", [False, True])
@pytest.mark.parametrize("kind", [make.invoice, make.credit_note])
def test_it_carries_the_xml_as_an_associated_file_and_stays_pdf_a(kind: Maker, factur_x: bool) -> None:
    invoice = kind()
    carried = enclosed(invoice, factur_x=factur_x)
    pdf = render(invoice, language=Language.NL, enclosed=carried)
    reader = pypdf.PdfReader(BytesIO(pdf))
    assert is_pdf_a(pdf)
    assert dict(reader.attachments) == {carried.file_name: [carried.content]}
    root: Any = reader.trailer["/Root"]
    [associated] = root["/AF"]
    assert associated.get_object()["/AFRelationship"] == "/Alternative"


def test_factur_x_is_found_by_the_library_that_defines_it() -> None:
    invoice = full(make.invoice)
    pdf = render(invoice, language=Language.FR, enclosed=enclosed(invoice, factur_x=True))
    library: Any = facturx
    name, xml = library.get_facturx_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert library.get_level(etree.fromstring(xml)) == "en16931"
    assert b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in pdf


@pytest.mark.skipif(which("qpdf") is None and which("pdfinfo") is None, reason="needs qpdf or poppler")
@pytest.mark.parametrize("invoice", [make.invoice(), many(60)])
def test_readers_have_nothing_to_repair(invoice: Invoice, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(render(invoice, language=Language.FR, logo=LOGO, enclosed=enclosed(invoice)))
    command = ["qpdf", "--check", str(path)] if which("qpdf") else ["pdfinfo", str(path)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")
