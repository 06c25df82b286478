"""Prepare an invoice for e-FFF: the Belgian VAT codes, and the cash discount with all that it makes mandatory."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.errors import Sentence
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, CashDiscount, Invoice, Line, VatBreakdown
from core.money import round_half_up
from core.rendering import identity, vat
from core.rendering.changes import altered

NO_CODE_FOR_RATE: Final = N_("e-FFF has no code for VAT rate {rate} %; the XML is a BIS 3 / EN 16931 invoice instead.")
NO_CODE_FOR_CATEGORY: Final = N_("e-FFF has no code for VAT category {category}; the XML is a BIS 3 / EN 16931 invoice instead.")
DISCOUNT_BESIDE_EXEMPT: Final = N_(
    "e-FFF cannot tell a cash discount from the other exempt amounts of this invoice; the XML is a BIS 3 / EN 16931 invoice instead."
)
OTHER_COUNTRY: Final = N_("e-FFF is for Belgian VAT, and {seller} charges that of another country; the XML is a BIS 3 / EN 16931 invoice instead.")
CASH_DISCOUNT: Final = "Cash Discount"  # the very words of EFFF-T10-R013 and R018

# EFFF-T10-R016, R017: the code list, with the category (UNCL5305 as e-FFF uses it) that goes with each code
CATEGORY_OF: Final = {
    "00": "Z",
    "01": "AA",
    "02": "AA",
    "03": "S",
    "03/SE": "S",
    "MA": "S",
    "45": "AE",
    "44": "AE",
    "46/GO": "AE",
    "46/TR": "AE",
    "47/TO": "AE",
    "47/AS": "AE",
    "47/DI": "AE",
    "47/SE": "AE",
    "NA": "E",
    "00/44": "E",
    "47/EX": "E",
    "47/EI": "E",
    "47/EE": "E",
}
# Which codes a source may give for a category of EN 16931; S depends on the rate too, see _fits
_INTRA_COMMUNITY: Final = frozenset({"44", "46/GO", "46/TR", "47/TO", "47/AS", "47/DI", "47/SE"})
_EXPORT: Final = frozenset({"47/EX", "47/EI", "47/EE"})
_CODES_OF: Final = {
    "Z": frozenset({"00"}),
    "AE": frozenset({"45"}) | _INTRA_COMMUNITY,
    "K": _INTRA_COMMUNITY,
    "G": _EXPORT,
    "E": frozenset({"NA", "00/44", "MA"}) | _EXPORT,
}
_STANDARD_CODES: Final = {"Z": "00", "AE": "45", "K": "46/GO", "G": "47/EX", "E": "NA"}
_RATE_CODES: Final = {ZERO: "00", Decimal(6): "01", Decimal(12): "02", Decimal(21): "03"}
_MARGIN_REASONS: Final = frozenset({"VATEX-EU-D", "VATEX-EU-F", "VATEX-EU-I", "VATEX-EU-J"})

_Part = VatBreakdown | Line | AllowanceCharge


def belgian_code(category: str, rate: Decimal | None, *, stated: str | None = None, exemption_code: str | None = None) -> str | None:
    """The e-FFF code: the stated one if it fits, else the one of category and rate; None if there is none.

    UBL.BE knows more codes than e-FFF. SC (small company) and FD (financial discount) are "NA" on the VAT return, as any
    exemption is; NS (category O) and OSS (VAT of another country) have no counterpart here.
    """
    if _is_elsewhere(stated):
        return None
    category = vat.category(category)
    if stated and _fits(stated, category, rate):
        return stated
    if category == "E" and exemption_code in _MARGIN_REASONS:
        return "MA"
    if category == "S":
        return _RATE_CODES.get(rate) if rate is not None else None
    return _STANDARD_CODES.get(category)


def _fits(code: str, category: str, rate: Decimal | None) -> bool:
    if category != "S":
        return code in _CODES_OF.get(category, frozenset())
    return code == "MA" or (rate is not None and code.removesuffix("/SE") == _RATE_CODES.get(rate) and code in CATEGORY_OF)


def prepared(invoice: Invoice) -> Invoice | Sentence:
    """The invoice with an e-FFF code on each line, breakdown and allowance, or why it cannot have them."""
    if not _charges_belgian_vat(invoice):
        return Sentence(OTHER_COUNTRY, {"seller": " ".join(invoice.seller.name.split())})
    invoice = _with_cash_discount(vat.with_categories(vat.with_breakdown(invoice)))
    lines = tuple(altered(line, belgian_code=_of_line(line, invoice)) for line in invoice.lines)
    breakdown = tuple(altered(part, belgian_code=_of_breakdown(part, invoice)) for part in invoice.vat_breakdown)
    charges = tuple(_with_code(charge) for charge in invoice.allowances_charges)
    before: tuple[_Part, ...] = (*invoice.lines, *invoice.vat_breakdown, *invoice.allowances_charges)
    after: tuple[_Part, ...] = (*lines, *breakdown, *charges)
    for stated, coded in zip(before, after, strict=True):
        if coded.belgian_code is None and not (isinstance(coded, AllowanceCharge) and not coded.vat_category):
            return _refusal(stated)
    if invoice.cash_discount and any(_is_otherwise_exempt(part) for part in breakdown):
        return Sentence(DISCOUNT_BESIDE_EXEMPT)
    return altered(invoice, lines=lines, vat_breakdown=breakdown, allowances_charges=charges)


def _charges_belgian_vat(invoice: Invoice) -> bool:
    """By the seller's VAT number or that of its representative, by its enterprise number, and without any number by its country."""
    seller, representative = invoice.seller, invoice.tax_representative
    numbers = [identity.vat_number(party) for party in (seller, representative) if party]
    if any(number.startswith("BE") for number in numbers) or identity.enterprise_number(seller):
        return True
    return not any(numbers) and identity.country(seller) in (None, "BE")


def _is_otherwise_exempt(part: VatBreakdown) -> bool:
    """EFFF-T10-R013: with a cash discount, whatever is exempt is the cash discount."""
    return part.exemption_reason != CASH_DISCOUNT and CATEGORY_OF.get(part.belgian_code or "") == "E"


def _refusal(part: _Part) -> Sentence:
    """Why this part has no code."""
    category, rate = (part.category, part.rate) if isinstance(part, VatBreakdown) else (part.vat_category or "", part.vat_rate)
    elsewhere = part.belgian_code if _is_elsewhere(part.belgian_code) else None
    if vat.category(category) == "S" and rate is not None and not elsewhere:
        return Sentence(NO_CODE_FOR_RATE, {"rate": f"{rate.normalize():f}"})
    return Sentence(NO_CODE_FOR_CATEGORY, {"category": elsewhere or category or "?"})


def _is_elsewhere(code: str | None) -> bool:
    """UBL.BE's OSS codes: VAT of another country, whatever its rate."""
    return (code or "").startswith("OSS")


def _of_line(line: Line, invoice: Invoice) -> str | None:
    """The line's own code, else that of the only breakdown with its category and rate: goods or services is known there."""
    codes = {part.belgian_code for part in invoice.vat_breakdown if (part.category, part.rate) == (line.vat_category, line.vat_rate)}
    stated = line.belgian_code or (codes.pop() if len(codes) == 1 else None)
    return belgian_code(line.vat_category, line.vat_rate, stated=stated, exemption_code=line.exemption_code)


def _of_breakdown(part: VatBreakdown, invoice: Invoice) -> str | None:
    codes = {line.belgian_code for line in invoice.lines if (line.vat_category, line.vat_rate) == (part.category, part.rate)}
    stated = part.belgian_code or (codes.pop() if len(codes) == 1 else None)
    return belgian_code(part.category, part.rate, stated=stated, exemption_code=part.exemption_code)


def _with_code(charge: AllowanceCharge) -> AllowanceCharge:
    if not charge.vat_category:
        return charge
    return altered(charge, belgian_code=belgian_code(charge.vat_category, charge.vat_rate, stated=charge.belgian_code))


# The cash discount -----------------------------------------------------------------------------------------------


def _with_cash_discount(invoice: Invoice) -> Invoice:
    """Amount to subtract, last day, and the exempt part by the name that e-FFF gives it (EFFF-T10-R005, R006, R013)."""
    discount = invoice.cash_discount
    if discount is None:
        return invoice
    breakdown = tuple(altered(part, exemption_reason=CASH_DISCOUNT) if vat.is_cash_discount(part) else part for part in invoice.vat_breakdown)
    if not any(part.exemption_reason == CASH_DISCOUNT for part in breakdown):
        nothing = VatBreakdown(category="E", rate=ZERO, taxable_amount=ZERO, vat_amount=ZERO, exemption_reason=CASH_DISCOUNT, belgian_code="NA")
        breakdown = (*breakdown, nothing)  # the VAT was reckoned on the full price
    stated = altered(discount, amount=to_subtract(discount, invoice), until=discount.until or invoice.due_date or invoice.issue_date)
    return altered(invoice, vat_breakdown=breakdown, cash_discount=stated)


def to_subtract(discount: CashDiscount, invoice: Invoice) -> Decimal:
    """e-FFF states what may be subtracted, UBL.BE what is then left to pay: the larger part of the total is the latter."""
    total = invoice.totals.total_without_vat
    expected = round_half_up(total * discount.percentage / 100)
    if discount.amount is None or 2 * abs(discount.amount) > abs(total):
        return expected
    return discount.amount


def exempt_parts(invoice: Invoice) -> tuple[Decimal, ...]:
    """What of each line is exempt as cash discount: the lines' shares, in whole cents, of the exempt part of the document."""
    exempt = sum((part.taxable_amount for part in invoice.vat_breakdown if part.exemption_reason == CASH_DISCOUNT), ZERO)
    total = sum((line.net_amount for line in invoice.lines), ZERO)
    shares, so_far, given = [], ZERO, ZERO
    for line in invoice.lines:
        so_far += line.net_amount
        until_here = round_half_up(exempt * so_far / total) if total else ZERO
        shares.append(until_here - given)
        given = until_here
    return tuple(shares)
