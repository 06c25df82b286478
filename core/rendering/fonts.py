"""The typefaces of the PDF: parsed once, measured by table, embedded with a fixed set of characters."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "data" / "fonts"
FAMILY: Final = "body"
MM_PER_POINT: Final = 25.4 / 72
UNKNOWN: Final = "?"

# Latin, with the punctuation and currency signs of European invoices
_LATIN: Final = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x218, 0x21C), *range(0x2010, 0x2040)))) | frozenset("ẞ€№™")
_ALIKE: Final = {"\u2212": "-", "\u2002": " ", "\u2003": " ", "\u2009": "\u202f", "\u3000": " ", "\t": " "}


class CharacterMissing(Exception):
    """A text needs a character that the smaller set of the typefaces leaves out."""


class Typefaces:
    """Regular and bold with one set of characters, shared by all documents that need no others.

    fpdf2 would parse and write the fonts anew in each document, which is two thirds of its time. The set is fixed, so
    that glyph codes never change and the written objects can be used again (see `core.rendering.pdf`).
    """

    def __init__(self, *, wide: bool) -> None:
        from fpdf import FPDF  # 0.4 s: only where a PDF is made

        document = FPDF()
        for style, name in (("", "Regular"), ("B", "Bold")):
            document.add_font(FAMILY, style, FOLDER / f"NotoSans-{name}.ttf")
        self.fonts: dict[str, Any] = dict(document.fonts)
        self.written: list[Any] = []  # filled by the first document
        self.index: dict[int, Any] = {}
        self.lock = Lock()  # writing a document numbers the shared objects
        regular, bold = (self.fonts[FAMILY], self.fonts[f"{FAMILY}B"])
        characters = set(map(chr, regular.cmap)) & set(map(chr, bold.cmap))
        characters = characters if wide else characters & _LATIN
        for font in (regular, bold):
            for character in sorted(characters):
                font.subset.pick(ord(character))
        self._widths: tuple[dict[str, float], ...] = tuple(
            {each: font.cw[ord(each)] * MM_PER_POINT / 1000 for each in characters} for font in (regular, bold)
        )
        self._shown = _Shown(characters, wide=wide)

    def shown(self, text: str) -> str:
        """The text as it can be drawn, on one line: composed, without controls, “?” for what no typeface here has."""
        return unicodedata.normalize("NFC", text).translate(self._shown)

    def width(self, text: str, size: float, *, bold: bool) -> float:
        """Millimetres of a text that was made by `shown`, at a size in points."""
        return size * sum(map(self._widths[bold].__getitem__, text))


class _Shown(dict[int, str]):
    """What is drawn for each character; those outside the set are decided on when they come up."""

    def __init__(self, characters: set[str], *, wide: bool) -> None:
        super().__init__({ord(each): each for each in characters})
        self._wide = wide

    def __missing__(self, code: int) -> str:
        character = _ALIKE.get(chr(code), chr(code))
        if ord(character) in self:
            drawn = self[ord(character)]
        elif unicodedata.category(character).startswith(("C", "M", "Z")):
            drawn = ""  # controls, joiners, marks that compose with nothing
        elif self._wide:
            drawn = UNKNOWN
        else:
            raise CharacterMissing(character)
        self[code] = drawn
        return drawn


@cache
def typefaces(*, wide: bool) -> Typefaces:
    """The shared set: Latin, or all that the files have (Latin, Greek, Cyrillic)."""
    return Typefaces(wide=wide)
