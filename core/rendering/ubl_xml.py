"""Write UBL elements as text: values the way UBL wants them, and nothing where there is nothing to say.

The parts of a document are strings of finished XML, an element that would be empty is the empty string, and so a document
reads like its schema: `group("Price", money("PriceAmount", …), text(…))`. Every value passes `clean` and the escaping here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.model import Identifier

INVOICE: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE: Final = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ICD: Final = re.compile(r"0\d{3}")
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE: Final = _IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_SPECIAL: Final = re.compile('[&<>"\r\n\t]')


def codes(listed: str) -> frozenset[str]:
    """A code list from its codes with blanks between them, as the standards print them."""
    return frozenset(listed.split())


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What changes from one XML to the next: the format, the kind of document and its currency."""

    efff: bool
    ubl20: bool = False  # e-FFF 1.0: no element that came with UBL 2.1, and always the root Invoice
    peppol: bool = False
    credit_note: bool  # the root, not the kind of document
    currency: str


def clean(text: str | None) -> str:
    """The text without the characters that XML 1.0 forbids and without blanks around it."""
    if not text:
        return ""
    return text.strip() if text.isprintable() else _FORBIDDEN.sub("", text).strip()


def opening(name: str, namespace: str) -> str:
    """The start of a document; `closing` ends it."""
    return f'<?xml version=\'1.0\' encoding=\'UTF-8\'?>\n<{name} xmlns="{namespace}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'


def closing(name: str) -> str:
    return f"</{name}>"


def group(tag: str, *parts: str) -> str:
    """An aggregate (`cac:`) around its parts, unless all are empty: empty elements are forbidden (PEPPOL-EN16931-R008)."""
    content = "".join(parts)
    return f"<cac:{tag}>{content}</cac:{tag}>" if content else ""


def text(tag: str, value: str | None, **attributes: str | None) -> str:
    """A basic element (`cbc:`), unless there is nothing to say."""
    content = clean(value) if value else ""
    if not content:
        return ""
    if _SPECIAL.search(content):
        content = content.translate(_IN_TEXT)
    if not attributes:
        return f"<cbc:{tag}>{content}</cbc:{tag}>"
    return f"<cbc:{tag}{''.join(attribute(name, stated) for name, stated in attributes.items())}>{content}</cbc:{tag}>"


@lru_cache(maxsize=512)  # currencies, schemes and units, over and over
def attribute(name: str, value: str | None) -> str:
    """An attribute with the blank before it, or nothing."""
    kept = clean(value)
    return f' {name}="{kept.translate(_IN_ATTRIBUTE) if _SPECIAL.search(kept) else kept}"' if kept else ""


def day(tag: str, value: date | None) -> str:
    return "" if value is None else f"<cbc:{tag}>{value.isoformat()}</cbc:{tag}>"


def money(tag: str, value: Decimal, currency: str) -> str:
    return f"<cbc:{tag}{attribute('currencyID', currency)}>{decimal(value, at_least=2)}</cbc:{tag}>"


def identifier(tag: str, value: Identifier, *, efff: bool) -> str:
    """An identifier; EN 16931 knows only ISO 6523 schemes here (BR-CL-10, BR-CL-11, BR-CL-21, BR-CL-26)."""
    scheme = value.scheme or ""
    return text(tag, value.value, schemeID=scheme if efff or _ICD.fullmatch(scheme) else None)


def decimal(value: Decimal, *, at_least: int = 0) -> str:
    """The number without exponent or needless zeros, with no fewer decimals than asked for."""
    digits = str(value)  # four times as fast as the format below
    if "E" in digits or digits.startswith("-0"):
        digits = f"{value + 0:f}"  # adding 0 turns -0.00 into 0.00
    whole, _, decimals = digits.partition(".")
    if len(decimals) == at_least:
        return digits
    kept = decimals[:at_least].ljust(at_least, "0") + decimals[at_least:].rstrip("0")
    return f"{whole}.{kept}" if kept else whole
