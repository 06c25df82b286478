"""VAT and totals of an invoice from its lines (EN 16931), checked against what the table states."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.errors import Sentence
from core.i18n import N_
from core.model import ZERO, Line, Party, Totals, VatBreakdown
from core.money import round_half_up
from core.sources.table_parties import Seller
from core.sources.table_rows import Rows

TOTAL_DIFFERS = N_("The lines give {sum}, but the table says {stated}.")
BUYER_NUMBER = N_("Without VAT for the reason {category}, the VAT number of the customer is needed.")
MIXED = N_("Lines outside VAT (O) cannot stand on one invoice with others.")
_CHECKED = ("total_without_vat", "vat_total", "total_with_vat")


def breakdown(rows: Rows, lines: Sequence[Line], seller: Seller | None, buyer: Party | None) -> tuple[VatBreakdown, ...]:
    """One group per category and rate, its VAT rounded half up (BR-CO-17)."""
    groups: dict[tuple[str, Decimal | None], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.vat_category, line.vat_rate), []).append(line)
    categories = {category for category, _ in groups}
    if buyer is not None and seller is not None:
        _demand_number(rows, categories, buyer)
    if "O" in categories and len(categories) > 1:  # BR-O-11
        rows.blame(rows.first, "vat_category", Sentence(MIXED))
    return tuple(_group(category, rate, found) for (category, rate), found in groups.items())


def _demand_number(rows: Rows, categories: set[str], buyer: Party) -> None:
    """BR-AE-02 and BR-IC-02: reverse charge and intra-community supplies name the buyer's number."""
    for category in sorted(categories & {"AE", "K"}):
        if not buyer.vat_id and not (category == "AE" and buyer.legal_id):
            rows.blame(rows.first, "buyer_vat_id", Sentence(BUYER_NUMBER, {"category": category}))


def _group(category: str, rate: Decimal | None, lines: Sequence[Line]) -> VatBreakdown:
    base = sum((line.net_amount for line in lines), ZERO)
    reasons = dict.fromkeys(line.exemption_reason for line in lines if line.exemption_reason)
    return VatBreakdown(
        category=category,
        rate=rate,
        taxable_amount=base,
        vat_amount=round_half_up(base * (rate or ZERO) / 100),
        exemption_reason="; ".join(reasons) or None,
    )


def totals(lines: Sequence[Line], parts: Sequence[VatBreakdown]) -> Totals:
    net = sum((line.net_amount for line in lines), ZERO)
    vat = sum((part.vat_amount for part in parts), ZERO)
    return Totals(line_total=net, total_without_vat=net, vat_total=vat, total_with_vat=net + vat, amount_due=net + vat)


def check_stated(rows: Rows, computed: Totals) -> None:
    """Each row that states a total must state this one; the first that does not is blamed."""
    for name in _CHECKED:
        due: Decimal = getattr(computed, name)
        for row in rows.numbers:
            stated = rows.decimal(row, name)
            if stated is not None and round_half_up(stated) != due:
                rows.blame(row, name, Sentence(TOTAL_DIFFERS, {"sum": f"{due:.2f}", "stated": f"{stated:.2f}"}))
                break
