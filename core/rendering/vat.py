"""What EN 16931 says of VAT categories: their names, their standard reasons, and which belong together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.model import ZERO, AllowanceCharge, Invoice, VatBreakdown
from core.money import round_half_up
from core.rendering.changes import altered

# VATEX code and English words; E has no code of its own: the legal ground differs from case to case
STANDARD_REASONS: Final[dict[str, tuple[str | None, str]]] = {
    "AE": ("VATEX-EU-AE", "Reverse charge"),
    "K": ("VATEX-EU-IC", "Intra-community supply"),
    "G": ("VATEX-EU-G", "Export outside the EU"),
    "O": ("VATEX-EU-O", "Not subject to VAT"),
    "E": (None, "Exempt from VAT"),
}
_VATEX: Final = "VATEX-"
_CASH_DISCOUNT: Final = frozenset({"cash discount", "financial discount"})


def category(stated: str) -> str:
    """The category of EN 16931; "AA" (lower rate) is what UNCL5305 and the older Belgian formats call S at 6 or 12 %."""
    return "S" if stated == "AA" else stated


def reason_in_words(category: str, words: str | None, code: str | None = None) -> str | None:
    """Why no VAT is charged, for a format without reason codes: a European code stands among the words where it is all there is."""
    _, standard = STANDARD_REASONS.get(category, (None, None))
    if words or standard is None:
        return words
    return f"{standard} ({code})" if code and code.startswith(_VATEX) else standard


def is_cash_discount(part: VatBreakdown) -> bool:
    """Whether this is the part of the price that escapes VAT because of a discount for early payment (CTVA/WBTW art. 28)."""
    if part.category != "E":
        return False
    return part.belgian_code == "FD" or part.exemption_code == "BETE-FD" or (part.exemption_reason or "").strip().casefold() in _CASH_DISCOUNT


def with_categories(invoice: Invoice) -> Invoice:
    """BT-95, BT-102 and their rates where the source gives none and only one group of the breakdown can be meant."""
    charges = tuple(_with_category(charge, invoice) for charge in invoice.allowances_charges)
    return altered(invoice, allowances_charges=charges)


def _with_category(charge: AllowanceCharge, invoice: Invoice) -> AllowanceCharge:
    groups = _possible_groups(charge, invoice)
    if len(groups) != 1:
        return charge
    (group,) = groups
    return altered(charge, vat_category=group.category, vat_rate=group.rate, belgian_code=charge.belgian_code or group.belgian_code)


def _possible_groups(charge: AllowanceCharge, invoice: Invoice) -> Sequence[VatBreakdown]:
    """The group of its category, else the only one there is, else those that lack just this amount."""
    if charge.vat_category and charge.vat_rate is None:
        return [part for part in invoice.vat_breakdown if part.category == charge.vat_category]
    if charge.vat_category or len(invoice.vat_breakdown) == 1:
        return () if charge.vat_category else invoice.vat_breakdown
    return [part for part in invoice.vat_breakdown if _gap(part, invoice) == _signed(charge)]


def _gap(part: VatBreakdown, invoice: Invoice) -> Decimal:
    """What is taxable in this category and at this rate beyond its lines, allowances and charges."""
    key = (part.category, part.rate)
    lines = sum((line.net_amount for line in invoice.lines if (line.vat_category, line.vat_rate) == key), ZERO)
    charges = sum((_signed(each) for each in invoice.allowances_charges if (each.vat_category, each.vat_rate) == key), ZERO)
    return part.taxable_amount - lines - charges


def _signed(charge: AllowanceCharge) -> Decimal:
    return charge.amount if charge.is_charge else -charge.amount


def with_breakdown(invoice: Invoice) -> Invoice:
    """BG-23 from lines, allowances and charges where the source has none (BR-CO-18), if that makes the VAT that it states."""
    if invoice.vat_breakdown:
        return invoice
    bases: dict[tuple[str, Decimal | None], Decimal] = {}
    for line in invoice.lines:
        key = (line.vat_category, line.vat_rate)
        bases[key] = bases.get(key, ZERO) + line.net_amount
    for charge in invoice.allowances_charges:
        key = (charge.vat_category or "", charge.vat_rate)
        bases[key] = bases.get(key, ZERO) + _signed(charge)
    parts = tuple(_part(category, rate, base) for (category, rate), base in bases.items())
    if "" in {part.category for part in parts} or sum((part.vat_amount for part in parts), ZERO) != invoice.totals.vat_total:
        return invoice
    return altered(invoice, vat_breakdown=parts)


def _part(category: str, rate: Decimal | None, base: Decimal) -> VatBreakdown:
    due = round_half_up(base * (rate or ZERO) / 100)
    return VatBreakdown(category=category, rate=rate, taxable_amount=round_half_up(base), vat_amount=due)
