"""Read UBL's VAT categories and VAT breakdown, with the Belgian codes of e-FFF and UBL.BE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from core.i18n import N_
from core.model import ZERO, VatBreakdown
from core.money import round_half_up
from core.sources.values import Reading, attribute, basic, child, children, code, exact, money, prose, required, required_money, text
from core.sources.xml import Element

# TaxCategory/Name to the category of EN 16931. e-FFF itself files all that is intra-Community under AE and exports under E.
BELGIAN_CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00": "Z",
        "01": "S",
        "02": "S",
        "03": "S",
        "03/SE": "S",
        "45": "AE",
        "NA": "E",
        "MA": "E",
        "FD": "E",
        "SC": "E",
        "00/44": "E",
        "NS": "O",
        "44": "K",
        "46/GO": "K",
        "46/TR": "K",
        "47/TO": "K",
        "47/AS": "K",
        "47/DI": "K",
        "47/SE": "K",
        "47/EX": "G",
        "47/EI": "G",
        "47/EE": "G",
    }
)
OTHER_STANDARD_RATES = frozenset({"AA", "H"})  # UNCL5305 lower and higher rate; EN 16931 knows S only

BREAKDOWN_MISSING = N_("The file has no VAT breakdown.")
VAT_DERIVED = N_("The file does not state its total VAT; {amount} was taken from the VAT groups.")
VAT_IN_OTHER_CURRENCY = N_("The VAT is stated in {stated}, while the document is in {currency}.")
CATEGORY_ASSUMED = N_("A VAT group without VAT has no category; it was read as exempt.")


@dataclass(frozen=True, kw_only=True)
class Category:
    """A TaxCategory as far as it is stated."""

    code: str | None = None
    rate: Decimal | None = None
    belgian_code: str | None = None
    exemption_reason: str | None = None
    exemption_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Taxes:
    total: Decimal | None  # BT-110
    accounting_total: Decimal | None  # BT-111
    breakdown: tuple[VatBreakdown, ...]


def read_category(reading: Reading, element: Element | None, *, around: Element | None = None) -> Category:
    """A TaxCategory or ClassifiedTaxCategory. UBL 2.0 may state the rate in the TaxSubtotal `around` it."""
    if element is None:
        return Category()
    rate = exact(element, "Percent", N_("VAT rate"), N_("percentage"))
    if rate is None:
        rate = exact(around, "Percent", N_("VAT rate"), N_("percentage"))
    belgian = _belgian_code(text(element, "Name"))
    category = _real_category(reading, code(element, "ID"), belgian, rate)
    return Category(
        code=category,
        rate=rate_in(category, rate),
        belgian_code=belgian,
        exemption_reason=prose(element, "TaxExemptionReason"),
        exemption_code=text(element, "TaxExemptionReasonCode"),
    )


def _belgian_code(name: str | None) -> str | None:
    """The name where it is a code and not words like “BTW 21 %”. OSS-… are UBL.BE's one-stop-shop codes."""
    upper = (name or "").upper().replace(" ", "")
    return upper if upper in BELGIAN_CATEGORIES or upper.startswith("OSS-") else None


def _real_category(reading: Reading, stated: str | None, belgian: str | None, rate: Decimal | None) -> str | None:
    """EN 16931 files are taken at their word; in older ones the Belgian code knows better."""
    from_name = BELGIAN_CATEGORIES.get(belgian or "")
    if from_name and not (reading.en16931 and stated):
        return from_name
    if stated in OTHER_STANDARD_RATES:
        return "S"
    return stated or ("S" if rate else None)


def rate_in(category: str | None, stated: Decimal | None) -> Decimal | None:
    if category == "O":
        return None  # BR-O-05: not subject to VAT has no rate, not even zero
    if stated is None and category in {"Z", "E", "AE", "K", "G"}:
        return ZERO
    return stated


def read_taxes(reading: Reading, root: Element) -> Taxes:
    """The document's TaxTotals: BT-110 is the one in the document currency, BT-111 the one in another."""
    own: list[Element] = []
    foreign: list[Element] = []
    for total in children(root, "TaxTotal"):
        stated = attribute(basic(total, "TaxAmount"), "currencyID") or reading.currency
        (own if stated.upper() == reading.currency else foreign).append(total)
    if not own and foreign:
        reading.remarks.add(VAT_IN_OTHER_CURRENCY, stated=attribute(basic(foreign[0], "TaxAmount"), "currencyID"), currency=reading.currency)
        own, foreign = foreign[:1], foreign[1:]
    # UBL 2.0 may have one TaxTotal per rate
    detailed = [total for total in own if child(total, "TaxSubtotal") is not None] or own[:1]
    groups = [tuple(_group(reading, subtotal) for subtotal in children(total, "TaxSubtotal")) for total in detailed]
    amounts = [_total(reading, total, of_total) for total, of_total in zip(detailed, groups, strict=True)]
    breakdown = tuple(group for of_total in groups for group in of_total)
    if not breakdown:
        reading.remarks.add(BREAKDOWN_MISSING)
    accounting = [money(reading, total, "TaxAmount", N_("Total VAT in accounting currency (BT-111)")) for total in foreign]
    return Taxes(
        total=sum(amounts, ZERO) if amounts else None,
        accounting_total=next((amount for amount in accounting if amount is not None), None),
        breakdown=breakdown,
    )


def _total(reading: Reading, total: Element, groups: tuple[VatBreakdown, ...]) -> Decimal:
    stated = money(reading, total, "TaxAmount", N_("Total VAT (BT-110)"))
    if stated is None and groups and not reading.en16931:
        stated = sum((group.vat_amount for group in groups), ZERO)
        reading.remarks.add(VAT_DERIVED, amount=stated)
    return required(stated, total, "TaxAmount", N_("Total VAT (BT-110)"))


def _group(reading: Reading, subtotal: Element) -> VatBreakdown:
    taxable = required_money(reading, subtotal, "TaxableAmount", N_("Taxable amount of a VAT group (BT-116)"))
    vat = required_money(reading, subtotal, "TaxAmount", N_("VAT of a VAT group (BT-117)"))
    element = child(subtotal, "TaxCategory")
    category = read_category(reading, element, around=subtotal)
    return group_of(reading, category, taxable, vat)


def group_of(reading: Reading, category: Category, taxable: Decimal, vat: Decimal) -> VatBreakdown:
    """A group of the breakdown; a category or rate that is not stated follows from the amounts."""
    if category.code is None:
        category = assumed(reading, category, vat)
    rate = category.rate
    if rate is None and category.code == "S":
        rate = rate_of(vat, taxable)
    return VatBreakdown(
        category=category.code or "S",
        rate=rate,
        taxable_amount=taxable,
        vat_amount=vat,
        exemption_reason=category.exemption_reason,
        exemption_code=category.exemption_code,
        belgian_code=category.belgian_code,
    )


def assumed(reading: Reading, category: Category, vat: Decimal) -> Category:
    if vat:
        return replace(category, code="S")
    reading.remarks.add(CATEGORY_ASSUMED)
    return replace(category, code="E", rate=ZERO)


def rate_of(vat: Decimal, taxable: Decimal) -> Decimal | None:
    """The rate behind two amounts, to half a percent."""
    return round_half_up(vat * 200 / taxable).quantize(Decimal(1)) / 2 if taxable else None
