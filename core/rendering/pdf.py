"""Render an invoice as a PDF/A-3B that is the same, byte for byte, each time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from core.errors import TotalsDiffer
from core.i18n import N_
from core.model import Invoice, Language
from core.rendering import epc, fonts, identity, logos, skeleton
from core.rendering.enclosed import Enclosed
from core.rendering.fonts import CharacterMissing, Typefaces
from core.rendering.labels import Words, title
from core.rendering.pdf_drawing import operators
from core.rendering.pdf_file import Contents, assemble
from core.rendering.pdf_head import Page, running_head, write_head
from core.rendering.pdf_lines import write_lines
from core.rendering.pdf_totals import shown_due, write_closing, write_payment, write_totals
from core.rendering.sheet import HEIGHT, LABEL, LEFT, RIGHT, Block, Colour, Sheet, Text
from core.rendering.totals import TERMS

_ACCENT: Final[Colour] = (31, 58, 95)
_PRODUCER: Final = "Facturier 0.1"
_FOOT: Final = HEIGHT - 13

_XMP: Final = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
      <pdfaid:part>3</pdfaid:part>
      <pdfaid:conformance>B</pdfaid:conformance>{factur_x}
      <dc:format>application/pdf</dc:format>
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
      <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
      <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
      <xmp:CreateDate>{date}</xmp:CreateDate>
      <xmp:ModifyDate>{date}</xmp:ModifyDate>
      <xmp:MetadataDate>{date}</xmp:MetadataDate>
      <xmp:CreatorTool>{producer}</xmp:CreatorTool>
      <pdf:Producer>{producer}</pdf:Producer>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>"""


# What Factur-X adds, with the description that PDF/A wants of properties it does not know (ISO 19005-3, 6.6.2.3)
_FACTUR_X: Final = """
    </rdf:Description>
    <rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
      <fx:DocumentType>INVOICE</fx:DocumentType>
      <fx:DocumentFileName>{name}</fx:DocumentFileName>
      <fx:Version>1.0</fx:Version>
      <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
    </rdf:Description>
    <rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
        xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
      <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
        <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
        <pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
        <pdfaSchema:prefix>fx</pdfaSchema:prefix>
        <pdfaSchema:property><rdf:Seq>{properties}
        </rdf:Seq></pdfaSchema:property>
      </rdf:li></rdf:Bag></pdfaExtension:schemas>
    </rdf:Description>
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:pdf="http://ns.adobe.com/pdf/1.3/">"""
_PROPERTY: Final = """
          <rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>
          <pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{name}</pdfaProperty:description></rdf:li>"""
_PROPERTIES: Final = "".join(_PROPERTY.format(name=name) for name in ("DocumentFileName", "DocumentType", "Version", "ConformanceLevel"))


def render(
    invoice: Invoice,
    *,
    language: Language,
    logo: bytes | None = None,
    colour: str | None = None,
    mentions: Mapping[str, str] | None = None,
    enclosed: Enclosed | None = None,
) -> bytes:
    """The invoice in the customer's language with the company's logo and colour (`#1f3a5f`).

    `mentions`: legal mentions in the company's own words, by subject. `enclosed`: the same invoice as XML, to be carried inside.
    Raises TotalsDiffer if a total is not on the page as the invoice states it.
    """
    words = Words(language, mentions or {}, belgian=identity.country(invoice.seller) in (None, "BE"))
    try:
        return _render(invoice, fonts.typefaces(wide=False), words, logo, colour, enclosed)
    except CharacterMissing:
        lent = fonts.lent_for(f"{invoice!r} {words.own_mentions!r}")
        return _render(invoice, fonts.typefaces(wide=True, extra=lent), words, logo, colour, enclosed)


def laid_out(invoice: Invoice, typefaces: Typefaces, words: Words, *, logo: bytes | None = None, colour: str | None = None) -> Page:
    """The pages with all their marks, not yet drawn."""
    sheet = Sheet(typefaces=typefaces, head=lambda: running_head(page))
    page = Page(invoice=invoice, words=words, sheet=sheet, accent=accent(colour), logo=logos.logo(logo) if logo else None)
    write_head(page)
    write_lines(page)
    write_totals(page)
    write_payment(page)
    write_closing(page)
    for number, blocks in enumerate(sheet.pages, 1):
        blocks.append((_FOOT, _foot(page, number)))
    return page


def _render(invoice: Invoice, typefaces: Typefaces, words: Words, logo: bytes | None, colour: str | None, enclosed: Enclosed | None) -> bytes:
    page = laid_out(invoice, typefaces, words, logo=logo, colour=colour)
    _check_totals(page)
    issued = datetime.combine(invoice.issue_date, time(), tzinfo=UTC)
    contents = Contents(
        pages=[operators(typefaces, blocks) for blocks in page.sheet.pages],
        picture=epc.picture(content) if (content := epc.payload(invoice)) else None,
        xmp=_xmp(page, issued, enclosed).encode(),
        language=words.language.value,
        date=issued,
        enclosed=enclosed,
    )
    shared = skeleton.skeleton(typefaces, logo if page.logo else None)
    return assemble(shared, contents)


def _check_totals(page: Page) -> None:
    """What is drawn, read once more: each total stands within a page as the invoice states it."""
    marks = ((top + mark.y, mark) for blocks in page.sheet.pages for top, block in blocks for mark in block.marks)
    drawn = {mark.text for y, mark in marks if isinstance(mark, Text) and 0 < y < _FOOT}
    for name, value, figure in _expected(page):
        if page.sheet.typefaces.shown(figure) not in drawn:
            raise TotalsDiffer(number=page.invoice.number, term=TERMS[name], document="PDF", stated="–", total=value)


def _expected(page: Page) -> Iterator[tuple[str, Decimal, str]]:
    totals = page.invoice.totals
    for name in ("total_without_vat", "vat_total", "total_with_vat"):
        value: Decimal = getattr(totals, name)
        yield name, value, page.words.figure(value)
    yield "amount_due", totals.amount_due, page.words.money(shown_due(page.invoice), page.invoice.currency)


def accent(colour: str | None) -> Colour:
    """The company's colour, darkened until white on it can be read (contrast 4.5, WCAG 2.1); a dark blue if it is none."""
    match = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", (colour or "").strip())
    if match is None:
        return _ACCENT
    red, green, blue = (int(part, 16) for part in match.groups())
    while _luminance((red, green, blue)) > 1.05 / 4.5 - 0.05:
        red, green, blue = (part * 19 // 20 for part in (red, green, blue))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# Around the pages ------------------------------------------------------------------------------------------------


def _xmp(page: Page, issued: datetime, enclosed: Enclosed | None) -> str:
    values = {
        "title": f"{page.words(title(page.invoice))} {page.invoice.number}",
        "author": page.invoice.seller.name,
        "language": page.words.language.value,
        "date": issued.isoformat(timespec="seconds"),
        "producer": _PRODUCER,
    }
    shown = {name: escape(page.sheet.typefaces.shown(value)) for name, value in values.items()}
    factur_x = _FACTUR_X.format(name=escape(enclosed.file_name), properties=_PROPERTIES) if enclosed and enclosed.factur_x else ""
    return _XMP.format_map(shown | {"factur_x": factur_x})


def _foot(page: Page, number: int) -> Block:
    block, words = page.sheet.block(), page.words
    block.rule(0)
    of_pages = words(N_("Page {page} of {pages}"), page=str(number), pages=str(len(page.sheet.pages)))
    block.text(RIGHT, 1.5, of_pages, LABEL, right=True)
    block.headline(LEFT, 1.5, 140, f"{words(title(page.invoice))} {page.invoice.number}", LABEL)
    return block
