"""Turn the marks of a page into PDF drawing operators, as fpdf2 would write them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from core.rendering.fonts import Typefaces
from core.rendering.logos import Logo
from core.rendering.sheet import Block, Box, Colour, Picture, Rule, Style, Text

_K: Final = 72 / 25.4  # points per millimetre
_TOP: Final = 841.89 / _K  # of the page: fpdf2 takes A4 to be 595.28 × 841.89 points
_BUTT: Final = "2 J"  # lines end in squares, as fpdf2 draws them


def operators(typefaces: Typefaces, blocks: Iterable[tuple[float, Block]]) -> bytes:
    """One page. A font or colour is named only when it changes: that is half of what a page says."""
    pen = _Pen(typefaces)
    for top, block in blocks:
        for mark in block.marks:
            match mark:
                case Text(x=x, text=text, style=style):
                    pen.text(x, top + mark.y, text, style)
                case Rule(x=x, width=width, colour=colour, weight=weight):
                    pen.rule(x, top + mark.y, width, colour, weight)
                case Box(x=x, width=width, height=height, colour=colour):
                    pen.box(x, top + mark.y, width, height, colour)
                case Picture(x=x, width=width, height=height, image=image):
                    pen.picture(x, top + mark.y, width, height, "I1" if isinstance(image, Logo) else "I2")
    return "\n".join(pen.written).encode("ascii")


class _Pen:
    def __init__(self, typefaces: Typefaces) -> None:
        self.written = [_BUTT]
        self._typefaces = typefaces
        self._codes = typefaces.codes
        self._font: tuple[int, float] | None = None
        self._fill: Colour | None = None
        self._stroke: tuple[Colour, float] | None = None

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        if not text:
            return
        if self._fill is not style.colour:
            self._fill_with(style.colour)
        if not self._typefaces.extra:
            self._show(x, y, text, int(style.bold), style.size)
            return
        for face, piece in self._typefaces.runs(text, bold=style.bold):
            self._show(x, y, piece, face, style.size)
            x += self._typefaces.width(piece, style.size, bold=style.bold)

    def _show(self, x: float, y: float, text: str, face: int, size: float) -> None:
        if self._font != (face, size):
            self._font = (face, size)
            self.written.append(f"/F{face + 1} {size:.2f} Tf")
        self.written.append("BT %.2f %.2f Td <%s> Tj ET" % (x * _K, (_TOP - y) * _K, text.translate(self._codes[face])))  # noqa: UP031  -- the faster way

    def rule(self, x: float, y: float, width: float, colour: Colour, weight: float) -> None:
        if self._stroke != (colour, weight):
            self._stroke = (colour, weight)
            self.written.append(f"{_rgb(colour)} RG {weight * _K:.2f} w")
        at = f"{(_TOP - y) * _K:.2f}"
        self.written.append(f"{x * _K:.2f} {at} m {(x + width) * _K:.2f} {at} l S")

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._fill_with(colour)
        self.written.append(f"{x * _K:.2f} {(_TOP - y) * _K:.2f} {width * _K:.2f} {-height * _K:.2f} re f")

    def picture(self, x: float, y: float, width: float, height: float, name: str) -> None:
        self.written.append(f"q {width * _K:.2f} 0 0 {height * _K:.2f} {x * _K:.2f} {(_TOP - y - height) * _K:.2f} cm /{name} Do Q")

    def _fill_with(self, colour: Colour) -> None:
        if self._fill != colour:
            self._fill = colour
            self.written.append(f"{_rgb(colour)} rg")


@cache
def _rgb(colour: Colour) -> str:
    return " ".join(f"{part / 255:.4f}" for part in colour)
