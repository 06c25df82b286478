"""What the demo firms look like: a logo, and a page with the terms of sale."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from core.demo.cards import FOLDER, Firm, Terms

FONTS: Final = FOLDER.parent / "fonts"
WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)  # the same file each time
INK: Final = (38, 46, 56)


def logo(firm: Firm) -> bytes:
    """Initials in a square of the firm's colour, and its name without the legal form. PNG on a transparent ground."""
    name = firm.name.rpartition(" ")[0]
    letters, words = (ImageFont.truetype(FONTS / "NotoSans-Bold.ttf", size) for size in (96, 64))
    width = 236 + round(words.getlength(name)) + 8
    picture = Image.new("RGBA", (width, 200), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, 199, 199), radius=36, fill=firm.colour)
    draw.text((100, 100), firm.initials, font=letters, fill="white", anchor="mm")
    draw.text((232, 100), name, font=words, fill=INK, anchor="lm")
    content = BytesIO()
    picture = picture.resize((width // 2, 100), Image.Resampling.LANCZOS)
    picture.save(content, "PNG", optimize=True)
    return content.getvalue()


def terms_pdf(firm: Firm, terms: Terms) -> bytes:
    """One page: title, numbered clauses, the firm at the foot."""
    from fpdf import FPDF  # 0.4 s: only where a PDF is made

    document = FPDF(format="A4")
    document.set_creation_date(WRITTEN)
    document.set_title(f"{terms.title} – {firm.name}")
    for style, name in (("", "Regular"), ("B", "Bold")):
        document.add_font("body", style, FONTS / f"NotoSans-{name}.ttf")
    document.set_margin(25)
    document.add_page()
    document.set_text_color(firm.colour)
    document.set_font("body", "B", 18)
    document.multi_cell(0, 10, terms.title, new_x="LMARGIN", new_y="NEXT")
    document.set_text_color(*INK)
    for place, clause in enumerate(terms.clauses, start=1):
        document.ln(4)
        document.set_font("body", "", 11)
        document.multi_cell(0, 6, f"{place}.  {clause}", align="L", new_x="LMARGIN", new_y="NEXT")
    document.ln(10)
    document.set_font("body", "", 9)
    foot = f"{firm.name} · {firm.street}, {firm.postcode} {firm.city} · {firm.key}"
    document.multi_cell(0, 5, foot, new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())
