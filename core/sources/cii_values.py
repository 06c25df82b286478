"""Read elements of CII as texts, amounts and dates: by their local names, under which ZUGFeRD 1.0 has some of them too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final, TypeVar

from core.i18n import N_
from core.model import Identifier
from core.sources.values import Reading, attribute, cents, content, decimal, iso_date, refuse_element, required
from core.sources.xml import Element

# What ZUGFeRD 1.0 (2014) calls the elements of CII D16B and later
OLD_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ExchangedDocumentContext": "SpecifiedExchangedDocumentContext",
        "ExchangedDocument": "HeaderExchangedDocument",
        "SupplyChainTradeTransaction": "SpecifiedSupplyChainTradeTransaction",
        "ApplicableHeaderTradeAgreement": "ApplicableSupplyChainTradeAgreement",
        "ApplicableHeaderTradeDelivery": "ApplicableSupplyChainTradeDelivery",
        "ApplicableHeaderTradeSettlement": "ApplicableSupplyChainTradeSettlement",
        "SpecifiedTradeSettlementHeaderMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
        "SpecifiedLineTradeAgreement": "SpecifiedSupplyChainTradeAgreement",
        "SpecifiedLineTradeDelivery": "SpecifiedSupplyChainTradeDelivery",
        "SpecifiedLineTradeSettlement": "SpecifiedSupplyChainTradeSettlement",
        "SpecifiedTradeSettlementLineMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
        "RateApplicablePercent": "ApplicablePercent",
        "IssuerAssignedID": "ID",
        "FormattedIssueDateTime": "IssueDateTime",
    }
)
_FORMAT_102: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DAYS: Final = frozenset({"102", None})  # UNTDID 2379: CCYYMMDD; ISO 8601 has no code there
DATE: Final = N_("date in format 102, such as 20261124")

T = TypeVar("T")


@cache
def _tags(name: str) -> tuple[str, ...]:
    old = OLD_NAMES.get(name)
    return (f"{{*}}{name}", f"{{*}}{old}") if old else (f"{{*}}{name}",)


def child(parent: Element | None, *names: str) -> Element | None:
    """The first element at the end of that way, or None."""
    for name in names:
        if parent is None:
            return None
        parent = next(parent.iterchildren(*_tags(name)), None)
    return parent


def children(parent: Element | None, name: str) -> Iterator[Element]:
    if parent is not None:
        yield from parent.iterchildren(*_tags(name))


def basic(parent: Element | None, name: str) -> Element | None:
    """The first element of that name that holds more than white space."""
    for element in children(parent, name):
        if element.text and not element.text.isspace():
            return element
    return None


def text(parent: Element | None, name: str) -> str | None:
    element = basic(parent, name)
    return None if element is None else content(element)


def code(parent: Element | None, name: str) -> str | None:
    value = text(parent, name)
    return None if value is None else value.upper()


def paragraphs(parent: Element | None, name: str) -> tuple[str, ...]:
    """Every filled element of that name, with its line breaks but without indentation."""
    found = ("\n".join(line.strip() for line in (element.text or "").strip().splitlines()) for element in children(parent, name))
    return tuple(value for value in found if value)


def prose(parent: Element | None, name: str) -> str | None:
    return "\n".join(paragraphs(parent, name)) or None


def identifier(parent: Element | None, name: str = "ID") -> Identifier | None:
    return next(identifiers(parent, name), None)


def identifiers(parent: Element | None, name: str = "ID") -> Iterator[Identifier]:
    for element in children(parent, name):
        if value := content(element):
            yield Identifier(value=value, scheme=attribute(element, "schemeID"))


def day(parent: Element | None, name: str, term: str) -> date | None:
    """A date in format 102 or ISO 8601, in one more element or, as older files have it, without. Raises ValueInvalid."""
    holder = child(parent, name)
    for inner in ("DateTimeString", "DateString", "DateTime"):
        if (element := basic(holder, inner)) is not None:
            return _day(element, term)
    return None if holder is None or not content(holder) else _day(holder, term)


def _day(element: Element, term: str) -> date:
    stated = content(element)
    match = _FORMAT_102.fullmatch(stated)
    if match is None and "-" in stated:
        return iso_date(element, term)
    if match is None or attribute(element, "format") not in _DAYS:
        refuse_element(element, term, DATE)
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        refuse_element(element, term, DATE)


def exact(parent: Element | None, name: str, term: str, expected: str = N_("amount")) -> Decimal | None:
    """A finite number with all its decimals. Raises ValueInvalid."""
    element = basic(parent, name)
    return None if element is None else decimal(element, term, expected)


def money(reading: Reading, parent: Element | None, name: str, term: str) -> Decimal | None:
    """An amount in hundredths; more is rounded and remarked."""
    stated = exact(parent, name, term)
    return None if stated is None else cents(reading, stated, term)


def required_money(reading: Reading, parent: Element, name: str, term: str) -> Decimal:
    return required(money(reading, parent, name, term), parent, name, term)


def truth(parent: Element, name: str, term: str) -> bool:
    """A `udt:Indicator`. Raises ElementMissing and ValueInvalid."""
    holder = required(child(parent, name), parent, name, term)
    element = basic(holder, "Indicator")
    if element is None:
        element = required(basic(parent, name), parent, name, term)
    value = content(element).lower()
    if value not in {"true", "false", "1", "0"}:
        refuse_element(element, term, N_("true or false"))
    return value in {"true", "1"}
