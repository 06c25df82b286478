"""The typefaces of the PDF: parsed once, measured by table, embedded with a fixed set of characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from core.rendering import scripts
from core.rendering.scripts import FOLDER as FOLDER

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY: Final = "body"
MM_PER_POINT: Final = 25.4 / 72
UNKNOWN: Final = "?"

# Latin, with the punctuation and currency signs of European invoices
_LATIN: Final = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x218, 0x21C), *range(0x2010, 0x2040)))) | frozenset("ẞ€№™")
_ALIKE: Final = {"\u2212": "-", "\u2002": " ", "\u2003": " ", "\u2009": "\u202f", "\u3000": " ", "\t": " "}
# Signs that no typeface here has, by what people type for them
_SIGNS: Final = {"→": "->", "←": "<-", "⇒": "=>", "↔": "<->", "≤": "<=", "≥": ">=", "≈": "~", "✓": "v", "✔": "v", "✗": "x", "✘": "x"} | dict.fromkeys(
    "●■□▪▫►▶◆◇○★☆➔➤", "•"
)


class CharacterMissing(Exception):
    """A text needs a character that the smaller set of the typefaces leaves out."""


class Typefaces:
    """Regular and bold with one set of characters, for all documents that need no others.

    The set is fixed, so that glyph codes never change and the written font can be shared (`core.rendering.skeleton`).
    `extra`: characters that another typeface has to lend, for the rare document that needs some.
    """

    def __init__(self, *, wide: bool, extra: frozenset[str] = frozenset()) -> None:
        from fpdf import FPDF  # 0.4 s: only where a PDF is made

        self.wide, self.extra = wide, extra
        self._lent = scripts.from_elsewhere(extra)
        document = FPDF()
        regular, bold, *others = self.put_into(document)
        sets = (self._characters, self._characters, *(characters for _, characters in self._lent))
        faces = (regular, bold, *others)
        widths = [{each: font.cw[ord(each)] * MM_PER_POINT / 1000 for each in own} for font, own in zip(faces, sets, strict=True)]
        lent = {each: width for table in widths[2:] for each, width in table.items()}
        self._widths: tuple[dict[str, float], ...] = (widths[0] | lent, widths[1] | lent)
        # By face, regular and bold first: the glyph of each character in hexadecimal (ISO 32000-2, 7.3.4.3), for what `shown` has made
        self.codes: tuple[dict[int, str], ...] = tuple(
            {ord(each): f"{font.subset.pick(ord(each)):04X}" for each in own} for font, own in zip(faces, sets, strict=True)
        )
        self._shown = _Shown([*self._characters, *lent], wide=wide)
        close(document)

    def put_into(self, document: FPDF) -> list[Any]:
        """Regular, bold and what is lent as fonts of that document, with their characters picked in the order that fixes the codes."""
        for style, name in (("", "Regular"), ("B", "Bold")):
            document.add_font(FAMILY, style, FOLDER / f"NotoSans-{name}.ttf")
        faces: dict[str, Any] = document.fonts
        regular, bold = faces[FAMILY], faces[f"{FAMILY}B"]
        characters = set(map(chr, regular.cmap)) & set(map(chr, bold.cmap))
        self._characters = sorted(characters if self.wide else characters & _LATIN)
        for font in (regular, bold):
            for character in self._characters:
                font.subset.pick(ord(character))
        others = []
        for place, (name, own) in enumerate(self._lent):
            document.add_font(f"lent{place}", "", FOLDER / name)
            others.append(faces[f"lent{place}"])
            for character in own:
                others[-1].subset.pick(ord(character))
        return [regular, bold, *others]

    @property
    def samples(self) -> list[tuple[str, str]]:
        """Of each lent face its family and a character: what fpdf2 must see drawn to write the font."""
        return [(f"lent{place}", own[0]) for place, (_, own) in enumerate(self._lent)]

    def runs(self, text: str, *, bold: bool) -> Iterator[tuple[int, str]]:
        """A text that was made by `shown`, from left to right, in pieces of one face."""
        for face, piece in groupby(scripts.ordered(text), lambda character: self._face(character, bold=bold)):
            yield face, "".join(piece)

    def _face(self, character: str, *, bold: bool) -> int:
        code = ord(character)
        return int(bold) if code in self.codes[bold] else next(face for face, codes in enumerate(self.codes) if code in codes)

    def shown(self, text: str) -> str:
        """The text as it can be drawn, on one line: composed, without controls, “?” for what no typeface here has."""
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
            if self.extra:
                text = scripts.joined(text)
        return text.translate(self._shown)

    def undrawable(self, text: str) -> str:
        """The characters of the text that would be drawn as “?”, each once."""
        composed = scripts.joined(unicodedata.normalize("NFC", text))
        return "".join(dict.fromkeys(each for each in composed if each != UNKNOWN and self._shown[ord(each)] == UNKNOWN))

    def width(self, text: str, size: float, *, bold: bool) -> float:
        """Millimetres of a text that was made by `shown`, at a size in points."""
        return size * sum(map(self._widths[bold].__getitem__, text))


class _Shown(dict[int, str]):
    """What is drawn for each character; those outside the set are decided on when they come up."""

    def __init__(self, characters: list[str], *, wide: bool) -> None:
        super().__init__({ord(each): each for each in characters})
        self._wide = wide

    def __missing__(self, code: int) -> str:
        character = _ALIKE.get(chr(code), chr(code))
        if ord(character) in self:
            drawn = self[ord(character)]
        elif self._likeness(character):
            drawn = self._likeness(character)
        elif unicodedata.category(character).startswith(("C", "M", "Z")):
            drawn = ""  # controls, joiners, marks that compose with nothing
        elif self._wide:
            drawn = UNKNOWN
        else:
            raise CharacterMissing(character)
        self[code] = drawn
        return drawn

    def _likeness(self, character: str) -> str:
        """Plainer signs that say the same: ﬁ is fi, ① is 1, ㎡ is m², ● is •."""
        plainer = _SIGNS.get(character) or unicodedata.normalize("NFKC", character)
        return plainer if all(dict.__contains__(self, ord(each)) for each in plainer) else ""


def close(document: FPDF) -> None:
    """Let go of the font files, which fpdf2 leaves open."""
    faces: dict[str, Any] = document.fonts
    for font in faces.values():
        font.ttfont.close()


@lru_cache(maxsize=16)
def typefaces(*, wide: bool, extra: frozenset[str] = frozenset()) -> Typefaces:
    """The shared set: Latin, or all that the files have (Latin, Greek, Cyrillic), with what is lent for one document."""
    return Typefaces(wide=wide, extra=extra)


def lent_for(text: str) -> frozenset[str]:
    """Those characters of a text that the wide set lacks and another typeface has."""
    missing = frozenset(typefaces(wide=True).undrawable(text))
    return frozenset(each for _, own in scripts.from_elsewhere(missing) for each in own)


def undrawable(text: str) -> str:
    """Those that no typeface here has."""
    lent = lent_for(text)
    return "".join(each for each in typefaces(wide=True).undrawable(text) if each not in lent)
