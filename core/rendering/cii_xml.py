"""Build UN/CEFACT CII from strings: an element that says nothing is nothing, and so is a group of such."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from core.model import Identifier
from core.rendering.ubl_xml import clean, decimal

_ICD: Final = re.compile(r"0\d{3}")  # ISO 6523
_IN_TEXTS: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_ATTRIBUTES: Final = _IN_TEXTS | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_SPECIAL: Final = re.compile('[&<>"\r\n\t]')


def element(tag: str, value: str | None, attributes: str = "") -> str:
    """A basic element (`ram:`) with cleaned text; nothing when there is nothing to say."""
    content = clean(value)
    if not content:
        return ""
    if _SPECIAL.search(content):
        content = _escaped(content, _IN_TEXTS)
    return f"<ram:{tag}{attributes}>{content}</ram:{tag}>"


def attribute(name: str, value: str | None) -> str:
    """An attribute for `element`, with the blank before it."""
    content = clean(value)
    return f' {name}="{_escaped(content, _IN_ATTRIBUTES)}"' if content else ""


def group(tag: str, *parts: str) -> str:
    """An aggregate (`ram:`); nothing when it would be empty (PEPPOL-EN16931-R008)."""
    content = "".join(parts)
    return f"<ram:{tag}>{content}</ram:{tag}>" if content else ""


def amount(tag: str, value: Decimal | None, attributes: str = "") -> str:
    """With two decimals, or more where there are more: prices."""
    if value is None:
        return ""
    whole, _, cents = decimal(value).partition(".")
    return f"<ram:{tag}{attributes}>{whole}.{cents:0<2}</ram:{tag}>"


def number(tag: str, value: Decimal | None, attributes: str = "") -> str:
    """A quantity or percentage."""
    return "" if value is None else f"<ram:{tag}{attributes}>{decimal(value)}</ram:{tag}>"


def day(tag: str, value: date | None) -> str:
    """A `udt:DateTimeString` in format 102: CCYYMMDD."""
    return "" if value is None else f'<ram:{tag}><udt:DateTimeString format="102">{_digits(value)}</udt:DateTimeString></ram:{tag}>'


def plain_day(tag: str, value: date | None) -> str:
    """BT-7 alone is a `udt:DateString`."""
    return "" if value is None else f'<ram:{tag}><udt:DateString format="102">{_digits(value)}</udt:DateString></ram:{tag}>'


def reference_day(tag: str, value: date | None) -> str:
    """BT-26 alone is a `qdt:DateTimeString`."""
    return "" if value is None else f'<ram:{tag}><qdt:DateTimeString format="102">{_digits(value)}</qdt:DateTimeString></ram:{tag}>'


def indicator(tag: str, value: bool) -> str:
    return f"<ram:{tag}><udt:Indicator>{'true' if value else 'false'}</udt:Indicator></ram:{tag}>"


def identifier(tag: str, value: Identifier | None) -> str:
    """An identifier with its scheme, if ISO 6523 has it: EN 16931 knows no other (BR-CL-10, BR-CL-11, BR-CL-21, BR-CL-26)."""
    if value is None:
        return ""
    return element(tag, value.value, attribute("schemeID", value.scheme if is_global(value) else None))


def is_global(value: Identifier) -> bool:
    """Whether CII calls it a GlobalID rather than an ID."""
    return bool(_ICD.fullmatch(clean(value.scheme)))


def _digits(value: date) -> str:
    return value.isoformat().replace("-", "")


def _escaped(text: str, special: dict[str, str]) -> str:
    return _SPECIAL.sub(lambda found: special.get(found[0], found[0]), text)
