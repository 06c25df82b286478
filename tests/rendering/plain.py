"""The same pages drawn with fpdf2's public calls alone: slow, and what our own operators are measured against."""

from __future__ import annotations

from typing import Any

from fpdf import FPDF

from core.rendering import fonts
from core.rendering.logos import Logo
from core.rendering.pdf_head import Page
from core.rendering.sheet import Block, Box, Picture, Rule, Text


def drawn(page: Page) -> bytes:
    document = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-3B")
    page.sheet.typefaces.put_into(document)
    document.set_margin(0)
    document.set_auto_page_break(False)
    for blocks in page.sheet.pages:
        document.add_page()
        _draw(document, blocks)
    written = bytes(document.output())
    fonts.close(document)
    return written


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
                    known: Any = image.put_into(document) if isinstance(image, Logo) else image
                    document.image(known, x=x, y=y, w=width, h=height)
