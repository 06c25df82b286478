"""Lay out text, rules and pictures in blocks, and the blocks on A4 pages, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from core.rendering.fonts import MM_PER_POINT, Typefaces

# Millimetres on A4
WIDTH: Final = 210.0
HEIGHT: Final = 297.0
LEFT: Final = 18.0
RIGHT: Final = WIDTH - 18.0
TOP: Final = 16.0
BOTTOM: Final = HEIGHT - 19.0

Colour = tuple[int, int, int]
INK: Final[Colour] = (33, 37, 43)
GREY: Final[Colour] = (96, 104, 114)
HAIRLINE: Final[Colour] = (214, 218, 224)
TINT: Final[Colour] = (245, 246, 248)
_WORTH_BEGINNING: Final = 60.0  # millimetres left on a page, for what is longer than any page
_SMALL: Final = 40.0  # a box no higher than this is not cut: a bar, not a ground


@dataclass(frozen=True, kw_only=True)
class Style:
    size: float = 9.0  # points
    bold: bool = False
    colour: Colour = INK

    @property
    def leading(self) -> float:
        """Millimetres from one baseline to the next."""
        return self.size * MM_PER_POINT * 1.4

    @property
    def ascent(self) -> float:
        """Millimetres from the top of a line to its baseline."""
        return self.size * MM_PER_POINT * 1.08


BODY: Final = Style()
STRONG: Final = Style(bold=True)
SMALL: Final = Style(size=8, colour=GREY)
LABEL: Final = Style(size=7, colour=GREY)


class Text(NamedTuple):
    x: float
    y: float  # of the baseline
    text: str
    style: Style


class Rule(NamedTuple):
    x: float
    y: float
    width: float
    colour: Colour
    weight: float


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    colour: Colour


class Picture(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    image: Any  # a PIL image


Mark = Text | Rule | Box | Picture


@dataclass(kw_only=True)
class Block:
    """Marks that stay together; x is on the page, y from the top of the block, which grows with what is put in."""

    typefaces: Typefaces
    marks: list[Mark] = field(default_factory=list)
    height: float = 0.0

    def text(self, x: float, y: float, text: str, style: Style = BODY, *, right: bool = False) -> None:
        """One line with its top at y; with `right`, x is where it ends."""
        self.line(x, y, self.typefaces.shown(text), style, right=right)

    def line(self, x: float, y: float, shown: str, style: Style = BODY, *, right: bool = False) -> None:
        """The same for a text that was made by `shown` or `wrapped`."""
        if right:
            x -= self.typefaces.width(shown, style.size, bold=style.bold)
        self.marks.append(Text(x, y + style.ascent, shown, style))
        self.height = max(self.height, y + style.leading)

    def figure(self, right: float, y: float, width: float, text: str, style: Style = BODY) -> None:
        """A number that ends at `right`; the rare one that is too long for its column is set smaller, never cut."""
        shown = self.typefaces.shown(text)
        natural = self.typefaces.width(shown, style.size, bold=style.bold)
        fitting = style if natural <= width else replace(style, size=style.size * width / natural)
        self.marks.append(Text(right - min(natural, width), y + style.ascent, shown, fitting))
        self.height = max(self.height, y + style.leading)

    def headline(self, x: float, y: float, width: float, text: str, style: Style = BODY, *, right: bool = False) -> None:
        """One line that is cut with an ellipsis where it is too long."""
        shown = self.typefaces.shown(text)
        if self.typefaces.width(shown, style.size, bold=style.bold) > width:
            room = width - self.typefaces.width("…", style.size, bold=style.bold)
            shown = shown[: _fitting(self.typefaces, shown, room, style)] + "…"
        self.line(x + width if right else x, y, shown, style, right=right)

    def paragraph(self, x: float, y: float, width: float, text: str, style: Style = BODY, *, right: bool = False) -> float:
        """Wrapped lines from y on; gives the y below them."""
        for line in wrapped(self.typefaces, text, width, style):
            self.line(x + width if right else x, y, line, style, right=right)
            y += style.leading
        return y

    def rule(self, y: float, *, x: float = LEFT, to: float = RIGHT, colour: Colour = HAIRLINE, weight: float = 0.2) -> None:
        self.marks.append(Rule(x, y, to - x, colour, weight))
        self.height = max(self.height, y)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle behind all that the block has so far."""
        self.marks.insert(0, Box(x, y, width, height, colour))
        self.height = max(self.height, y + height)

    def picture(self, x: float, y: float, width: float, height: float, image: Any) -> None:
        self.marks.append(Picture(x, y, width, height, image))
        self.height = max(self.height, y + height)

    def parted(self, height: float) -> tuple[Block, Block]:
        """What fits into the height, and the rest; nothing small is cut through."""
        cut = height
        for mark in sorted(self.marks, key=_top, reverse=True):
            if _top(mark) < cut < _bottom(mark) and not (isinstance(mark, Box) and mark.height > _SMALL):
                cut = _top(mark)
        upper, lower = Block(typefaces=self.typefaces, height=cut), Block(typefaces=self.typefaces, height=self.height - cut)
        for mark in self.marks:
            if isinstance(mark, Box) and _top(mark) < cut < _bottom(mark):
                upper.marks.append(mark._replace(height=cut - mark.y))
                lower.marks.append(mark._replace(y=0.0, height=_bottom(mark) - cut))
            elif _top(mark) < cut:
                upper.marks.append(mark)
            else:
                lower.marks.append(mark._replace(y=mark.y - cut))
        return upper, lower

    def below(self, other: Block, y: float) -> None:
        """Take in a block that starts at y."""
        self.marks += [mark._replace(y=mark.y + y) for mark in other.marks]
        self.height = max(self.height, y + other.height)

    def beside(self, other: Block) -> None:
        """Take in the marks of a block that starts at the same height."""
        self.marks += other.marks
        self.height = max(self.height, other.height)


def _top(mark: Mark) -> float:
    return mark.y - mark.style.ascent if isinstance(mark, Text) else mark.y


def _bottom(mark: Mark) -> float:
    match mark:
        case Text(y=y, style=style):
            return y - style.ascent + style.leading
        case Rule(y=y):
            return y
        case Box(y=y, height=height) | Picture(y=y, height=height):
            return y + height


@dataclass(kw_only=True)
class Sheet:
    """The pages so far: blocks with the y they start at, and where the next one goes."""

    typefaces: Typefaces
    head: Callable[[], Block]  # on top of every page but the first
    pages: list[list[tuple[float, Block]]] = field(default_factory=lambda: [[]])
    y: float = TOP

    def block(self) -> Block:
        return Block(typefaces=self.typefaces)

    def gap(self, height: float) -> None:
        self.y += height

    def flow(
        self,
        *strips: Block,
        on_new_page: Callable[[], Block] | None = None,
        before_turn: Callable[[], Block] | None = None,
        reserve: float = 0,
        after_first: Callable[[], None] | None = None,
    ) -> None:
        """Put the strips below each other. They stay together, unless they take half a page: then they break between.

        Where the page turns, `before_turn` ends it and `on_new_page` begins the next; `reserve` is kept free for the former.
        """
        self.keep(sum(strip.height for strip in strips) + reserve, on_new_page=on_new_page, before_turn=before_turn)
        for place, whole in enumerate(strips):
            strip = whole
            begins_here = strip.height > BOTTOM - TOP and BOTTOM - self.y > _WORTH_BEGINNING
            if strip.height + reserve > BOTTOM - self.y and self.pages[-1] and not begins_here:
                self._turn(on_new_page, before_turn)
            while strip.height > BOTTOM - self.y:  # more than a page: what fits, and the rest on the next
                part, strip = strip.parted(BOTTOM - self.y)
                if not part.marks:
                    break
                self._put(part)
                self._turn(on_new_page, before_turn)
            self._put(strip)
            if place == 0 and after_first:
                after_first()

    def keep(self, height: float, *, on_new_page: Callable[[], Block] | None = None, before_turn: Callable[[], Block] | None = None) -> None:
        """Turn the page if what comes does not fit on this one, unless it would take half a page or more."""
        if BOTTOM - self.y < height < (BOTTOM - TOP) / 2:
            self._turn(on_new_page, before_turn)

    def _turn(self, on_new_page: Callable[[], Block] | None, before_turn: Callable[[], Block] | None) -> None:
        if before_turn:
            self._put(before_turn())
        self.pages.append([])
        self.y = TOP
        self._put(self.head())
        if on_new_page:
            self._put(on_new_page())

    def _put(self, block: Block) -> None:
        self.pages[-1].append((self.y, block))
        self.y += block.height


def wrapped(typefaces: Typefaces, text: str, width: float, style: Style) -> list[str]:
    """The lines of a text in a column; words that are too long for it are cut."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += _lines(typefaces, typefaces.shown(paragraph), width, style)
    return lines


def _lines(typefaces: Typefaces, text: str, width: float, style: Style) -> list[str]:
    if typefaces.width(text, style.size, bold=style.bold) <= width:  # most do
        return [text] if text.strip() else []
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if typefaces.width(longer, style.size, bold=style.bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while typefaces.width(word, style.size, bold=style.bold) > width:
            cut = _fitting(typefaces, word, width, style)
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


def _fitting(typefaces: Typefaces, word: str, width: float, style: Style) -> int:
    """How many characters of the word go into the width; one at least."""
    so_far = 0.0
    for at, character in enumerate(word):
        so_far += typefaces.width(character, style.size, bold=style.bold)
        if so_far > width:
            return max(at, 1)
    return len(word)


def rows(typefaces: Typefaces, x: float, width: float, text: str, style: Style = BODY) -> Sequence[Block]:
    """A paragraph as one block per line, so that it can break over pages."""
    blocks = []
    for line in wrapped(typefaces, text, width, style):
        block = Block(typefaces=typefaces)
        block.text(x, 0, line, style)
        blocks.append(block)
    return blocks
