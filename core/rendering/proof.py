"""Draw the proof of a sending: one page, the same byte for byte each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from core.model import Language
from core.rendering import fonts, scripts

if TYPE_CHECKING:
    from fpdf import FPDF

LEFT: Final = 20.0
RIGHT: Final = 190.0
NAMES: Final = 48.0  # millimetres for the names of the fields
BOTTOM: Final = 280.0
LINE: Final = 1.35  # of the height of a letter
GREY: Final = (95, 95, 95)
BLACK: Final = (20, 20, 20)


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Whom the mail was for, what became of it, and the server's words."""

    address: str
    state: str
    reply: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """All words of the page, in the reader's language."""

    language: Language
    at: datetime  # of the document: when the mail was handed over
    title: str
    issuer: str
    fields: Sequence[tuple[str, str]]
    recipients_title: str
    recipients: Sequence[Recipient]
    seals_title: str
    seals: Sequence[tuple[str, str]]
    sentences: Sequence[str]  # what it proves, and what not
    more: str  # "and {count} more", for recipients that do not fit on the page

    def words(self) -> Iterator[str]:
        yield from (self.title, self.issuer, self.recipients_title, self.seals_title, self.more, *self.sentences)
        for pair in (*self.fields, *self.seals):
            yield from pair
        for each in self.recipients:
            yield from (each.address, each.state, each.reply)


def draw(proof: Proof) -> bytes:
    paper = _Paper(proof)
    paper.text(proof.issuer, size=9, colour=GREY)
    paper.text(proof.title, size=17, bold=True)
    paper.gap(3)
    paper.table(proof.fields)
    paper.heading(proof.recipients_title)
    _recipients(paper, proof)
    paper.heading(proof.seals_title)
    paper.table(proof.seals)
    paper.gap(4)
    for sentence in proof.sentences:
        paper.text(sentence, size=9)
        paper.gap(1.2)
    return paper.finished()


def _recipients(paper: _Paper, proof: Proof) -> None:
    """As many as leave room for what follows."""
    needed = paper.height([*(f"{name} {value}" for name, value in proof.seals), *proof.sentences]) + 24
    for place, each in enumerate(proof.recipients):
        if paper.y + 12 + needed > BOTTOM:
            paper.text(proof.more.replace("{count}", str(len(proof.recipients) - place)), size=9, colour=GREY)
            return
        paper.text(each.address, size=9, bold=True)
        paper.text(each.state, size=9, indent=4)
        if each.reply:
            paper.text(each.reply, size=8.5, indent=4, colour=GREY)
        paper.gap(1)


class _Paper:
    """A page that is written from top to bottom."""

    def __init__(self, proof: Proof) -> None:
        from fpdf import FPDF  # 0.4 s: only where a PDF is made

        extra = fonts.lent_for("".join(proof.words()))
        self.faces = fonts.typefaces(wide=True, extra=extra)
        self.document: FPDF = FPDF(unit="mm", format="A4")
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.document.add_font(fonts.FAMILY, style, fonts.FOLDER / f"NotoSans-{name}.ttf")
        self.families = [(fonts.FAMILY, ""), (fonts.FAMILY, "B")]
        for place, (name, _) in enumerate(scripts.from_elsewhere(extra)):
            self.document.add_font(f"lent{place}", "", fonts.FOLDER / name)
            self.families.append((f"lent{place}", ""))
        self.document.set_creation_date(proof.at)
        self.document.set_title(proof.title)
        self.document.set_lang(proof.language.value)
        self.document.set_producer("Facturier")
        self.document.set_auto_page_break(False)
        self.document.add_page()
        self.y = 20.0

    def finished(self) -> bytes:
        written = bytes(self.document.output())
        fonts.close(self.document)
        return written

    def gap(self, height: float) -> None:
        self.y += height

    def heading(self, text: str) -> None:
        self.gap(3)
        self.text(text, size=11, bold=True)
        self.document.set_draw_color(190)
        self.document.line(LEFT, self.y, RIGHT, self.y)
        self.gap(1.5)

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        for name, value in rows:
            top = self.y
            self.text(name, size=9, colour=GREY, width=NAMES - 3)
            below, self.y = self.y, top
            self.text(value, size=9, indent=NAMES)
            self.y = max(below, self.y) + 0.6

    def height(self, texts: Iterable[str]) -> float:
        """About what these take: each is wrapped at most where a value would be."""
        return sum(len(list(self._lines(text, 9, RIGHT - LEFT - NAMES, bold=False))) for text in texts) * self._pitch(9)

    def text(self, text: str, *, size: float, bold: bool = False, indent: float = 0, width: float = 0, colour: tuple[int, int, int] = BLACK) -> None:
        self.document.set_text_color(*colour)
        for line in self._lines(text, size, width or RIGHT - LEFT - indent, bold=bold):
            self.y += self._pitch(size)
            x = LEFT + indent
            for face, piece in self.faces.runs(line, bold=bold):
                family, style = self.families[face]
                self.document.set_font(family, style, size)
                self.document.text(x, self.y, piece)
                x += self.faces.width(piece, size, bold=bold)
        self.gap(self._pitch(size) * 0.25)

    @staticmethod
    def _pitch(size: float) -> float:
        return size * fonts.MM_PER_POINT * LINE

    def _lines(self, text: str, size: float, width: float, *, bold: bool) -> Iterator[str]:
        """Broken between words; a word that is wider than the line, as a digest, wherever it is full."""
        line = ""
        for word in self.faces.shown(text).split():
            if line and self._fits(f"{line} {word}", size, width, bold=bold):
                line = f"{line} {word}"
                continue
            if line:
                yield line
            line = word
            while not self._fits(line, size, width, bold=bold):
                cut = next(end for end in range(len(line) - 1, 0, -1) if end == 1 or self._fits(line[:end], size, width, bold=bold))
                yield line[:cut]
                line = line[cut:]
        if line:
            yield line

    def _fits(self, text: str, size: float, width: float, *, bold: bool) -> bool:
        return len(text) < 2 or self.faces.width(text, size, bold=bold) <= width
