"""Build UBL 2.1 elements with lxml, and write values the way UBL wants them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from lxml import etree

from core.model import Identifier
from core.money import CENT

INVOICE: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE: Final = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ICD: Final = re.compile(r"0\d{3}")


def codes(listed: str) -> frozenset[str]:
    """A code list from its codes with blanks between them, as the standards print them."""
    return frozenset(listed.split())


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What changes from one XML to the next: the format, the kind of document and its currency."""

    efff: bool
    peppol: bool = False
    credit_note: bool
    currency: str


def clean(text: str | None) -> str:
    """The text without the characters that XML 1.0 forbids and without blanks around it."""
    if not text:
        return ""
    return text.strip() if text.isprintable() else _FORBIDDEN.sub("", text).strip()


def group(parent: etree._Element, tag: str) -> etree._Element:
    """A new aggregate (`cac:`) at the end of the parent."""
    return etree.SubElement(parent, _cac(tag))


def text(parent: etree._Element, tag: str, value: str | None, **attributes: str | None) -> None:
    """A new basic element (`cbc:`), unless there is nothing to say: empty elements are forbidden (PEPPOL-EN16931-R008)."""
    content = clean(value)
    if not content:
        return
    element = etree.SubElement(parent, _cbc(tag))
    element.text = content
    for name, attribute in attributes.items():
        if kept := clean(attribute):
            element.set(name, kept)


@cache
def _cac(tag: str) -> str:
    return f"{{{CAC}}}{tag}"


@cache
def _cbc(tag: str) -> str:
    return f"{{{CBC}}}{tag}"


def day(parent: etree._Element, tag: str, value: date | None) -> None:
    if value is not None:
        text(parent, tag, value.isoformat())


def money(parent: etree._Element, tag: str, value: Decimal, currency: str) -> None:
    text(parent, tag, decimal(value, at_least=2), currencyID=currency)


def identifier(parent: etree._Element, tag: str, value: Identifier, *, efff: bool) -> None:
    """An identifier; EN 16931 knows only ISO 6523 schemes here (BR-CL-10, BR-CL-11, BR-CL-21, BR-CL-26)."""
    scheme = value.scheme or ""
    text(parent, tag, value.value, schemeID=scheme if efff or _ICD.fullmatch(scheme) else None)


def decimal(value: Decimal, *, at_least: int = 0) -> str:
    """The number without exponent or needless zeros, with no fewer decimals than asked for."""
    if at_least == 2 and value == (cents := value.quantize(CENT)):
        return f"{cents + 0:f}"  # adding 0 turns -0.00 into 0.00
    digits = f"{value + 0:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
