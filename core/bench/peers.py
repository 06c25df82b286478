"""What others would use for the same invoice: ReportLab, typst, WeasyPrint, plain fpdf2; lxml; the email package and yagmail."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Callable
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from lxml import etree

from core.model import Invoice, Line
from core.rendering import epc, fonts

Draw = Callable[[Invoice], bytes]
_REGULAR: Final = str(fonts.FOLDER / "NotoSans-Regular.ttf")
_BOLD: Final = str(fonts.FOLDER / "NotoSans-Bold.ttf")


def _rows(invoice: Invoice) -> list[tuple[str, str, str, str, str]]:
    return [(row.name, f"{row.quantity:f}", f"{row.net_price:.2f}", f"{row.vat_rate:f} %", f"{row.net_amount:.2f}") for row in invoice.lines]


def _texts(invoice: Invoice) -> list[str]:
    """Everything beside the lines, top to bottom."""
    parties = [part for party in (invoice.seller, invoice.buyer) for part in (party.name, party.address.street, party.address.city, party.vat_id)]
    groups = [f"{part.rate:f} %   {part.taxable_amount:.2f}   {part.vat_amount:.2f}" for part in invoice.vat_breakdown]
    totals = invoice.totals
    sums = [f"Total HTVA {totals.total_without_vat:.2f}", f"TVA {totals.vat_total:.2f}", f"À payer {totals.amount_due:.2f} €"]
    return [f"Facture {invoice.number}", *filter(None, parties), *groups, *sums, f"Communication {invoice.payment_reference}"]


def _code(invoice: Invoice) -> Any:
    return epc.picture(epc.payload(invoice) or "")


def _module(name: str) -> Any:
    """A library that may be missing, and whose types we do not ask for."""
    return import_module(name)


# PDF -------------------------------------------------------------------------------------------------------------


def fpdf2(logo: bytes, _folder: Path) -> Draw:
    """As its documentation shows it: fonts added, `cell()` and `image()` in each document."""
    from fpdf import FPDF

    def draw(invoice: Invoice) -> bytes:
        document = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-3B")
        document.add_font("noto", "", _REGULAR)
        document.add_font("noto", "B", _BOLD)
        document.set_font("noto", "", 9)
        document.set_lang("fr")
        document.add_page()
        document.image(io.BytesIO(logo), x=18, y=16, w=60)
        document.set_xy(18, 40)
        for text in _texts(invoice):
            document.cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
        for row in _rows(invoice):
            for text, width in zip(row, (80, 20, 30, 15, 35), strict=True):
                document.cell(width, 5, text, align="L" if width == 80 else "R", border="B")
            document.ln()
        document.image(_code(invoice), x=160, w=30)
        written = bytes(document.output())
        fonts.close(document)
        return written

    return draw


def reportlab(logo: bytes, _folder: Path) -> Draw:
    """The canvas, its fastest way; fonts registered once."""
    canvases, utilities = _module("reportlab.pdfgen.canvas"), _module("reportlab.lib.utils")
    _module("reportlab.pdfbase.pdfmetrics").registerFont(_module("reportlab.pdfbase.ttfonts").TTFont("noto", _REGULAR))
    picture = utilities.ImageReader(io.BytesIO(logo))

    def draw(invoice: Invoice) -> bytes:
        content = io.BytesIO()
        canvas = canvases.Canvas(content, pagesize=(595.28, 841.89))
        canvas.setFont("noto", 9)
        canvas.drawImage(picture, 50, 760, width=170, height=51, mask="auto")
        y = 740.0
        for text in _texts(invoice):
            canvas.drawString(50, y, text)
            y -= 13
        for row in _rows(invoice):
            if y < 60:
                canvas.showPage()
                canvas.setFont("noto", 9)
                y = 780.0
            canvas.drawString(50, y, row[0])
            for text, right in zip(row[1:], (330, 400, 450, 545), strict=True):
                canvas.drawRightString(right, y, text)
            canvas.line(50, y - 4, 545, y - 4)
            y -= 16
        canvas.drawImage(utilities.ImageReader(_code(invoice).convert("L")), 460, 60, width=85, height=85)
        canvas.save()
        return content.getvalue()

    return draw


def typst(logo: bytes, folder: Path) -> Draw:
    """One template, data as JSON input; PDF/A-3B is its own."""
    library = _module("typst")
    (folder / "logo.png").write_bytes(logo)
    (folder / "invoice.typ").write_text(_TYPST, encoding="utf-8")
    compiler = library.Compiler(str(folder / "invoice.typ"), font_paths=[str(fonts.FOLDER)])

    def draw(invoice: Invoice) -> bytes:
        _code(invoice).convert("L").save(folder / "qr.png")
        data = json.dumps({"texts": _texts(invoice), "rows": [cell for row in _rows(invoice) for cell in row]})
        return bytes(compiler.compile(format="pdf", sys_inputs={"data": data}, pdf_standards=["a-3b"]))

    return draw


_TYPST: Final = """
#set document(title: "Facture", date: datetime(year: 2026, month: 11, day: 24))
#set page(paper: "a4", margin: 18mm)
#set text(font: "Noto Sans", size: 9pt, lang: "fr")
#let data = json(bytes(sys.inputs.data))
#image("logo.png", width: 60mm)
#for text in data.texts [ #text \\ ]
#table(columns: (80mm, 1fr, 1fr, 1fr, 1fr), align: (left, right, right, right, right), ..data.rows)
#image("qr.png", width: 30mm)
"""


def weasyprint(logo: bytes, _folder: Path) -> Draw:
    """HTML and CSS."""
    library = _module("weasyprint")
    picture = base64.b64encode(logo).decode()
    faces = _module("weasyprint.text.fonts").FontConfiguration()

    def draw(invoice: Invoice) -> bytes:
        code = io.BytesIO()
        _code(invoice).convert("L").save(code, "PNG")
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in _rows(invoice))
        texts = "<br>".join(map(html.escape, _texts(invoice)))
        page = (
            f"<style>@font-face{{font-family:noto;src:url(file://{_REGULAR})}} body{{font:9pt noto}} td{{border-bottom:1px solid #ccc}}</style>"
            f'<img src="data:image/png;base64,{picture}" width="220"><p>{texts}</p><table>{rows}</table>'
            f'<img src="data:image/png;base64,{base64.b64encode(code.getvalue()).decode()}" width="110">'
        )
        return bytes(library.HTML(string=page).write_pdf(font_config=faces, pdf_variant="pdf/a-3b"))

    return draw


PDF: Final = (
    ("fpdf", "plain fpdf2", fpdf2, True),
    ("reportlab", "ReportLab canvas", reportlab, True),
    ("typst", "typst", typst, True),
    ("weasyprint", "WeasyPrint", weasyprint, False),
)

# XML -------------------------------------------------------------------------------------------------------------

_CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_ROOT: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"


def lxml_subelement(invoice: Invoice) -> bytes:
    """The lines of the invoice, element by element; the head is left out, which only flatters it."""
    root = etree.Element(f"{{{_ROOT}}}Invoice", nsmap={"cac": _CAC, "cbc": _CBC})
    for row in invoice.lines:
        line = etree.SubElement(root, f"{{{_CAC}}}InvoiceLine")
        for path, value in _elements(row):
            parent = line
            for name in path[:-1]:
                parent = etree.SubElement(parent, f"{{{_CAC}}}{name}")
            etree.SubElement(parent, f"{{{_CBC}}}{path[-1]}").text = value
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def lxml_builder(invoice: Invoice) -> bytes:
    maker = _module("lxml.builder").ElementMaker
    aggregates = maker(namespace=_CAC, nsmap={"cac": _CAC, "cbc": _CBC})
    basics = maker(namespace=_CBC)
    lines = []
    for row in invoice.lines:
        parts = []
        for path, value in _elements(row):
            element = getattr(basics, path[-1])(value)
            for name in reversed(path[:-1]):
                element = getattr(aggregates, name)(element)
            parts.append(element)
        lines.append(aggregates.InvoiceLine(*parts))
    return etree.tostring(maker(namespace=_ROOT).Invoice(*lines), xml_declaration=True, encoding="UTF-8")


def _elements(row: Line) -> list[tuple[tuple[str, ...], str]]:
    return [
        (("ID",), row.id),
        (("InvoicedQuantity",), f"{row.quantity:f}"),
        (("LineExtensionAmount",), f"{row.net_amount:.2f}"),
        (("Item", "Name"), row.name),
        (("Item", "ClassifiedTaxCategory", "ID"), row.vat_category),
        (("Item", "ClassifiedTaxCategory", "Percent"), f"{row.vat_rate:f}"),
        (("Item", "ClassifiedTaxCategory", "TaxScheme", "ID"), "VAT"),
        (("Price", "PriceAmount"), f"{row.net_price:.2f}"),
    ]


XML: Final = (("lxml SubElement, the lines only", lxml_subelement), ("lxml.builder, the lines only", lxml_builder))

# Mail ------------------------------------------------------------------------------------------------------------


def standard_library(parts: tuple[bytes, bytes, bytes]) -> bytes:
    mail = _addressed()
    mail.set_content("Bonjour,\n\nVeuillez trouver notre facture en annexe.\n")
    mail.add_alternative("<p>Bonjour,</p><p>Veuillez trouver notre facture en annexe.</p>", subtype="html")
    for content, kind, name in zip(parts, ("pdf", "xml", "pdf"), ("facture.pdf", "facture.xml", "conditions.pdf"), strict=True):
        mail.add_attachment(content, maintype="application", subtype=kind, filename=name)
    return mail.as_bytes()


def _addressed() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "factures@dubois.example", "compta@peeters.example", "Facture 2026-0042"
    return mail


def yagmail(parts: tuple[bytes, bytes, bytes]) -> bytes:
    from yagmail.message import prepare_message

    named = []
    for content, name in zip(parts, ("facture.pdf", "facture.xml", "conditions.pdf"), strict=True):
        file = io.BytesIO(content)
        file.name = name
        named.append(file)
    addresses = {"To": "compta@peeters.example", "recipients": ["compta@peeters.example"]}
    mail: Any = prepare_message(
        user="factures@dubois.example",
        useralias="Atelier",
        addresses=addresses,
        subject="Facture 2026-0042",
        contents=["Bonjour", *named],
        attachments=None,
        headers=None,
        encoding="utf-8",
        prettify_html=False,
        message_id=None,
        group_messages=True,
    )
    return bytes(mail.as_bytes())


MAIL: Final = (("the email package", standard_library), ("yagmail", yagmail))
