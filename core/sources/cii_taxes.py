"""Read CII's VAT categories and VAT breakdown."""

from __future__ import annotations

from decimal import Decimal

from core.i18n import N_
from core.model import ZERO, VatBreakdown
from core.sources.cii_values import basic, children, code, exact, prose, required_money, text
from core.sources.ubl_taxes import BREAKDOWN_MISSING, OTHER_STANDARD_RATES, VAT_DERIVED, VAT_IN_OTHER_CURRENCY, Category, Taxes, group_of, rate_in
from core.sources.values import Reading, attribute, cents, decimal
from core.sources.xml import Element

_TOTAL = N_("Total VAT (BT-110)")
_ACCOUNTING = N_("Total VAT in accounting currency (BT-111)")


def read_category(element: Element | None) -> Category:
    """An ApplicableTradeTax, CategoryTradeTax or AppliedTradeTax as far as it is stated."""
    if element is None:
        return Category()
    rate = exact(element, "RateApplicablePercent", N_("VAT rate"), N_("percentage"))
    stated = code(element, "CategoryCode")
    category = "S" if stated in OTHER_STANDARD_RATES or (stated is None and rate) else stated
    return Category(
        code=category,
        rate=rate_in(category, rate),
        exemption_reason=prose(element, "ExemptionReason"),
        exemption_code=text(element, "ExemptionReasonCode"),
    )


def taxes_in(parent: Element | None) -> list[Element]:
    """The ApplicableTradeTax elements that are of VAT; other taxes are none of EN 16931's."""
    return [element for element in children(parent, "ApplicableTradeTax") if code(element, "TypeCode") in {"VAT", None}]


def read_taxes(reading: Reading, settlement: Element, totals: Element | None) -> Taxes:
    """BG-23; BT-110 is the total in the document currency, BT-111 the one in another."""
    breakdown = tuple(_group(reading, element) for element in taxes_in(settlement))
    if not breakdown:
        reading.remarks.add(BREAKDOWN_MISSING)
    own: list[Element] = []
    foreign: list[Element] = []
    for total in children(totals, "TaxTotalAmount"):
        if total.text and not total.text.isspace():
            stated = attribute(total, "currencyID") or reading.currency
            (own if stated.upper() == reading.currency else foreign).append(total)
    if not own and foreign:
        reading.remarks.add(VAT_IN_OTHER_CURRENCY, stated=attribute(foreign[0], "currencyID"), currency=reading.currency)
        own, foreign = foreign[:1], foreign[1:]
    return Taxes(
        total=_total(reading, own, breakdown),
        accounting_total=cents(reading, decimal(foreign[0], _ACCOUNTING, N_("amount")), _ACCOUNTING) if foreign else None,
        breakdown=breakdown,
    )


def _total(reading: Reading, own: list[Element], breakdown: tuple[VatBreakdown, ...]) -> Decimal | None:
    if own:
        return cents(reading, decimal(own[0], _TOTAL, N_("amount")), _TOTAL)
    if not breakdown:
        return None
    derived = sum((group.vat_amount for group in breakdown), ZERO)
    if derived:  # without any VAT, its total may go unsaid
        reading.remarks.add(VAT_DERIVED, amount=derived)
    return derived


def _group(reading: Reading, element: Element) -> VatBreakdown:
    taxable = required_money(reading, element, "BasisAmount", N_("Taxable amount of a VAT group (BT-116)"))
    stated = basic(element, "CalculatedAmount")
    category = read_category(element)
    if stated is None and category.code in {"Z", "E", "AE", "K", "G", "O"} and not reading.en16931:
        vat = ZERO
    else:
        vat = required_money(reading, element, "CalculatedAmount", N_("VAT of a VAT group (BT-117)"))
    return group_of(reading, category, taxable, vat)
