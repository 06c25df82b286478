"""Read elements of UBL as texts, amounts and dates, and collect what is odd about them; other syntaxes share what begins at an element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NoReturn, TypeVar

from core.errors import ElementMissing, Sentence, ValueInvalid
from core.i18n import N_
from core.model import Identifier
from core.money import round_half_up
from core.sources.xml import Element, path, place

CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

ROUNDED = N_("{term} is stated as {stated}; amounts have two decimals, so {rounded} was taken.")

_LINES_NAMED = 10
_MOST = 100  # sentences; nobody reads more of a file that is so wrong
_LONGEST = 100  # characters of a number or date
_SHOWN = 60  # characters of a refused value
# xs:decimal without exponent; fifteen digits before the point fit every database as hundredths
_DECIMAL = re.compile(r"[+-]?(?:0*[0-9]{1,15}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_BREAKS = re.compile(r"[\r\n\t]+")

T = TypeVar("T")


@dataclass(kw_only=True)
class Remarks:
    """What is odd in a source. The same oddity on several lines becomes one sentence with `{lines}` in it."""

    _sentences: dict[tuple[str, ...], Sentence] = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, template: str, **values: object) -> None:
        filled = {name: str(value) for name, value in values.items()}
        if len(self._sentences) < _MOST:
            self._sentences.setdefault((template, *filled.values()), Sentence(template, filled))

    def on_line(self, template: str, line: str) -> None:
        self._lines.setdefault(template, []).append(line)

    def sentences(self) -> tuple[Sentence, ...]:
        return (*self._sentences.values(), *(Sentence(template, {"lines": _named(lines)}) for template, lines in self._lines.items()))


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What every part of a reading needs to know of the whole file."""

    currency: str  # BT-5
    en16931: bool  # else an older UBL or e-FFF, where more may be missing
    remarks: Remarks


def child(parent: Element | None, *names: str) -> Element | None:
    """The first aggregate at the end of that way, or None."""
    for name in names:
        if parent is None:
            return None
        parent = next(parent.iterchildren(CAC + name), None)
    return parent


def children(parent: Element | None, name: str) -> Iterator[Element]:
    if parent is not None:
        yield from parent.iterchildren(CAC + name)


def basic(parent: Element | None, name: str) -> Element | None:
    """The first basic element of that name that holds more than white space."""
    if parent is not None:
        for element in parent.iterchildren(CBC + name):
            if element.text and not element.text.isspace():
                return element
    return None


def text(parent: Element | None, name: str) -> str | None:
    """A value on one line: without white space around it, its own spaces kept."""
    element = basic(parent, name)
    return None if element is None else content(element)


def content(element: Element) -> str:
    value = (element.text or "").strip()
    return value if value.isprintable() else " ".join(part for line in _BREAKS.split(value) if (part := line.strip()))


def paragraphs(parent: Element | None, name: str) -> tuple[str, ...]:
    """Every filled element of that name, with its line breaks but without indentation."""
    if parent is None:
        return ()
    found = ("\n".join(line.strip() for line in (element.text or "").strip().splitlines()) for element in parent.iterchildren(CBC + name))
    return tuple(value for value in found if value)


def prose(parent: Element | None, name: str) -> str | None:
    return "\n".join(paragraphs(parent, name)) or None


def code(parent: Element | None, name: str) -> str | None:
    value = text(parent, name)
    return None if value is None else value.upper()


def identifier(parent: Element | None, name: str = "ID") -> Identifier | None:
    element = basic(parent, name)
    return None if element is None else Identifier(value=content(element), scheme=attribute(element, "schemeID"))


def attribute(element: Element | None, name: str) -> str | None:
    value = None if element is None else element.get(name)
    return (value or "").strip() or None


def day(parent: Element | None, name: str, term: str) -> date | None:
    """An xs:date; its time zone says nothing about the day and is dropped. Raises ValueInvalid."""
    element = basic(parent, name)
    return None if element is None else iso_date(element, term)


def iso_date(element: Element, term: str) -> date:
    match = _DATE.fullmatch(content(element)[:_LONGEST])
    try:
        return date(*(int(part) for part in match.groups())) if match else refuse_element(element, term, N_("date"))
    except ValueError:
        refuse_element(element, term, N_("date"))


def exact(parent: Element | None, name: str, term: str, expected: str = N_("amount")) -> Decimal | None:
    """A finite number with all its decimals. Raises ValueInvalid."""
    element = basic(parent, name)
    return None if element is None else decimal(element, term, expected)


def decimal(element: Element, term: str, expected: str) -> Decimal:
    stated = content(element)
    if len(stated) > _LONGEST or not _DECIMAL.fullmatch(stated):
        refuse_element(element, term, expected)
    return Decimal(stated) or Decimal(0)  # never minus zero


def money(reading: Reading, parent: Element | None, name: str, term: str) -> Decimal | None:
    """An amount in hundredths, as EN 16931 has them outside the lines (BR-DEC-*); more is rounded and remarked."""
    stated = exact(parent, name, term)
    return None if stated is None else cents(reading, stated, term)


def cents(reading: Reading, stated: Decimal, term: str) -> Decimal:
    rounded = round_half_up(stated)
    if rounded != stated:
        reading.remarks.add(ROUNDED, term=term, stated=stated, rounded=rounded)
    return rounded


def required_money(reading: Reading, parent: Element, name: str, term: str) -> Decimal:
    return required(money(reading, parent, name, term), parent, name, term)


def required(value: T | None, parent: Element, element: str, term: str) -> T:
    """The value, or ElementMissing at the parent."""
    if value is None:
        below = path(parent) if parent.getparent() is not None else ""
        raise ElementMissing(term=term, element=f"{below}/{element}".lstrip("/"), place=place(parent))
    return value


def truth(parent: Element, name: str, term: str) -> bool:
    """An xs:boolean. Raises ElementMissing and ValueInvalid."""
    value = required(text(parent, name), parent, name, term).lower()
    if value not in {"true", "false", "1", "0"}:
        refuse(parent, name, term, N_("true or false"))
    return value in {"true", "1"}


def refuse(parent: Element, name: str, term: str, expected: str) -> NoReturn:
    refuse_element(required(basic(parent, name), parent, name, term), term, expected)


def refuse_element(element: Element, term: str, expected: str) -> NoReturn:
    stated = content(element)
    shown = stated if len(stated) <= _SHOWN else stated[:_SHOWN] + "…"
    raise ValueInvalid(term=term, value=shown, expected=expected, place=place(element))


def _named(lines: list[str]) -> str:
    shown = ", ".join(lines[:_LINES_NAMED])
    return shown if len(lines) <= _LINES_NAMED else f"{shown}… ({len(lines)})"
