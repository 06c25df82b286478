"""Render an invoice as a PDF/A-3B that is the same, byte for byte, each time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from core.i18n import N_
from core.model import Invoice, Language
from core.rendering import fonts, logos
from core.rendering.fonts import CharacterMissing, Typefaces
from core.rendering.labels import Words, title
from core.rendering.logos import Logo
from core.rendering.pdf_head import Page, running_head, write_head
from core.rendering.pdf_lines import write_lines
from core.rendering.pdf_totals import write_closing, write_payment, write_totals
from core.rendering.sheet import HEIGHT, LABEL, LEFT, RIGHT, Block, Box, Colour, Picture, Rule, Sheet, Text

if TYPE_CHECKING:
    from fpdf import FPDF

_ACCENT: Final[Colour] = (31, 58, 95)
_PRODUCER: Final = "Facturier 0.1"
_FOOT: Final = HEIGHT - 13

_XMP: Final = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
      <pdfaid:part>3</pdfaid:part>
      <pdfaid:conformance>B</pdfaid:conformance>
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


def render(invoice: Invoice, *, language: Language, logo: bytes | None = None, colour: str | None = None) -> bytes:
    """The invoice in the customer's language with the company's logo and colour (`#1f3a5f`)."""
    try:
        return _render(invoice, fonts.typefaces(wide=False), language, logo, colour)
    except CharacterMissing:
        return _render(invoice, fonts.typefaces(wide=True), language, logo, colour)


def _render(invoice: Invoice, typefaces: Typefaces, language: Language, logo: bytes | None, colour: str | None) -> bytes:
    sheet = Sheet(typefaces=typefaces, head=lambda: running_head(page))
    page = Page(invoice=invoice, words=Words(language), sheet=sheet, accent=accent(colour), logo=logos.logo(logo) if logo else None)
    write_head(page)
    write_lines(page)
    write_totals(page)
    write_payment(page)
    write_closing(page)
    return _drawn(page)


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


# Drawing ---------------------------------------------------------------------------------------------------------


def _drawn(page: Page) -> bytes:
    from fpdf import FPDF

    invoice, typefaces = page.invoice, page.sheet.typefaces
    document = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-3B")
    document.fonts.update(typefaces.fonts)
    document.set_margin(0)
    document.set_auto_page_break(False)
    document.set_lang(page.words.language.value)
    issued = datetime.combine(invoice.issue_date, time(), tzinfo=UTC)
    document.set_creation_date(issued)
    document.set_xmp_metadata(_xmp(page, issued))
    with typefaces.lock:
        for number, blocks in enumerate(page.sheet.pages, 1):
            document.add_page()
            _draw(document, [*blocks, (_FOOT, _foot(page, number))])
        return _written(document, typefaces)


def _xmp(page: Page, issued: datetime) -> str:
    values = {
        "title": f"{page.words(title(page.invoice))} {page.invoice.number}",
        "author": page.invoice.seller.name,
        "language": page.words.language.value,
        "date": issued.isoformat(timespec="seconds"),
        "producer": _PRODUCER,
    }
    return _XMP.format_map({name: escape(page.sheet.typefaces.shown(value)) for name, value in values.items()})


def _foot(page: Page, number: int) -> Block:
    block, words = page.sheet.block(), page.words
    block.rule(0)
    of_pages = words(N_("Page {page} of {pages}"), page=str(number), pages=str(len(page.sheet.pages)))
    block.text(RIGHT, 1.5, of_pages, LABEL, right=True)
    block.headline(LEFT, 1.5, 140, f"{words(title(page.invoice))} {page.invoice.number}", LABEL)
    return block


def _draw(document: FPDF, blocks: list[tuple[float, Block]]) -> None:
    for top, block in blocks:
        for mark in block.marks:
            y = top + mark.y
            match mark:
                case Text(x=x, text=text, style=style):
                    document.set_font(fonts.FAMILY, "B" if style.bold else "", style.size)
                    document.set_text_color(*style.colour)
                    document.text(x, y, text)
                case Rule(x=x, width=width, colour=colour, weight=weight):
                    document.set_draw_color(*colour)
                    document.set_line_width(weight)
                    document.line(x, y, x + width, y)
                case Box(x=x, width=width, height=height, colour=colour):
                    document.set_fill_color(*colour)
                    document.rect(x, y, width, height, style="F")
                case Picture(x=x, width=width, height=height, image=image):
                    known = image.put_into(document) if isinstance(image, Logo) else image
                    document.image(known, x=x, y=y, w=width, h=height)


def _written(document: FPDF, typefaces: Typefaces) -> bytes:
    """The bytes; the fonts' objects are made by the first document and written again by all later ones."""
    from fpdf.output import OutputProducer
    from fpdf.syntax import PDFContentStream

    class Producer(OutputProducer):
        # Not public: fpdf2 is pinned, and tests look at what comes out

        def _add_fonts(self, *resources: Any) -> Any:
            if not typefaces.written:
                before = len(self.pdf_objs)
                typefaces.index = super()._add_fonts(*resources)
                typefaces.written = self.pdf_objs[before:]
            else:
                for each in typefaces.written:
                    self._add_pdf_obj(each)
            return typefaces.index

        def _add_pdf_obj(self, pdf_obj: Any, trace_label: str | None = None) -> int:
            # Data that ends in CR before the LF of "endstream" looks one byte too short to a reader (ISO 19005-3, 6.1.7.1)
            if isinstance(pdf_obj, PDFContentStream) and pdf_obj._contents.endswith(b"\r"):
                pdf_obj._contents += b"\0"
                pdf_obj.length += 1
            return super()._add_pdf_obj(pdf_obj, trace_label)

    return bytes(document.output(output_producer_class=Producer))
