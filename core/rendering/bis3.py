"""Prepare an invoice for Peppol BIS Billing 3.0 or plain EN 16931: mend what a source may say and these may not."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.model import ZERO, Address, AllowanceCharge, CashDiscount, Invoice, Line, VatBreakdown
from core.money import CENT, round_half_up
from core.rendering import identity, vat
from core.rendering.changes import altered
from core.rendering.ubl_xml import codes

_UNCL5189: Final = codes("41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105")  # BR-CL-19
_TRANSFERS: Final = frozenset({"30", "58"})
DIRECT_DEBITS: Final = frozenset({"49", "59"})
_DISCOUNT: Final = "95"
_SLACK: Final = Decimal("0.02")
_FINE: Final = Decimal("0.000001")
_OTHER_CHARGE: Final = "ZZZ"
_EARLY_PAYMENT: Final = "66"
_INTRA_COMMUNITY: Final = frozenset({"44", "46/GO", "46/TR", "47/TO", "47/AS", "47/DI", "47/SE"})
_EXPORT: Final = frozenset({"47/EX", "47/EI", "47/EE"})


def prepared(invoice: Invoice) -> Invoice:
    """The same invoice as EN 16931 can say it."""
    invoice = _with_cash_discount_as_charge(vat.with_categories(vat.with_breakdown(invoice)))
    lines = _in_cents(tuple(_line(line) for line in invoice.lines), invoice.totals.line_total)
    charges = tuple(_charge(charge) for charge in invoice.allowances_charges)
    breakdown = _merged(_reasons_of_lines(part, invoice) for part in invoice.vat_breakdown)
    invoice = altered(invoice, lines=lines, allowances_charges=charges, vat_breakdown=breakdown)
    invoice = altered(invoice, payment_terms=_payment_terms(invoice))
    return _with_delivery(_without_vat_ids(_with_one_way_to_pay(invoice)))


# Lines -----------------------------------------------------------------------------------------------------------


def _line(line: Line) -> Line:
    category = _category(line.vat_category, line.vat_rate, line.belgian_code)
    charges = tuple(_charge(charge) for charge in line.allowances_charges)
    line = _with_fitting_price(altered(line, vat_category=category, vat_rate=_rate(category, line.vat_rate), allowances_charges=charges))
    if line.net_price >= 0:
        return line
    # BR-27 forbids a negative price; the same amount with a negative quantity is allowed
    return altered(line, quantity=-line.quantity, net_price=-line.net_price, gross_price=None, price_discount=None)


def _with_fitting_price(line: Line) -> Line:
    """PEPPOL-EN16931-R120: quantity times price gives the net amount, where the source only rounded or misread its own terms."""
    wanted = line.net_amount - _balance(line.allowances_charges)
    base = line.base_quantity or Decimal(1)
    if not line.quantity or abs(line.quantity * line.net_price / base - wanted) <= _SLACK:
        return line
    if abs(line.quantity * line.net_price - wanted) <= _SLACK:
        return altered(line, base_quantity=None, base_quantity_unit=None)  # the quantity once more, as in the e-FFF sample
    exact = (wanted * base / line.quantity).quantize(_FINE)
    if abs(exact - line.net_price) < CENT:  # a price taken out of one with VAT, and rounded
        return altered(line, net_price=exact, gross_price=None, price_discount=None)
    return line


def _balance(charges: Iterable[AllowanceCharge]) -> Decimal:
    """Charges less allowances."""
    return sum((charge.amount if charge.is_charge else -charge.amount for charge in charges), ZERO)


def _in_cents(lines: tuple[Line, ...], line_total: Decimal) -> tuple[Line, ...]:
    """Lines rounded to two decimals (BR-DEC-23) so that they still add up to the total (BR-CO-10); else as stated.

    Belgium allows four decimals on a line. The cents that plain rounding loses go to the lines it was hardest on.
    """
    rounded = [round_half_up(line.net_amount) for line in lines]
    if all(line.net_amount == cents for line, cents in zip(lines, rounded, strict=True)):
        return lines
    if round_half_up(sum((line.net_amount for line in lines), ZERO)) != line_total:
        return lines
    missing = line_total - sum(rounded, ZERO)
    step = CENT.copy_sign(missing)
    hardest = sorted(range(len(lines)), key=lambda at: (rounded[at] - lines[at].net_amount) * step)
    for at in hardest[: int(abs(missing) / CENT)]:
        rounded[at] += step
    return tuple(altered(line, net_amount=cents) for line, cents in zip(lines, rounded, strict=True))


def _category(stated: str, rate: Decimal | None, belgian: str | None) -> str:
    """The category of EN 16931.

    e-FFF says AE for what is K here and E for what is G, and only its code tells them apart. S has a rate above zero
    (BR-S-05): without VAT a margin scheme is an exemption, anything else a zero rate.
    """
    if stated == "AE" and belgian in _INTRA_COMMUNITY:
        return "K"
    if stated == "E" and belgian in _EXPORT:
        return "G"
    if stated == "S" and rate == 0:
        return "E" if belgian == "MA" else "Z"
    return vat.category(stated)


def _rate(category: str, rate: Decimal | None) -> Decimal | None:
    """BR-O-05 wants no rate with O, BR-Z-05 and its like want 0 where a source leaves it out."""
    if category == "O":
        return None
    return ZERO if rate is None and category != "S" else rate


# Allowances and charges ------------------------------------------------------------------------------------------


def _charge(charge: AllowanceCharge) -> AllowanceCharge:
    """A reason (BR-33, BR-38, BR-42, BR-44), and percentage with base or neither (PEPPOL-EN16931-R041, R042)."""
    code = charge.reason_code
    if not charge.is_charge and code not in _UNCL5189:
        code = None
    if not code and not charge.reason:
        code = _OTHER_CHARGE if charge.is_charge else _DISCOUNT
    category = _category(charge.vat_category, charge.vat_rate, charge.belgian_code) if charge.vat_category else None
    rate = _rate(category, charge.vat_rate) if category else None
    whole = charge.base_amount is not None and charge.percentage is not None
    base, percentage = (charge.base_amount, charge.percentage) if whole else (None, None)
    return altered(charge, reason_code=code, vat_category=category, vat_rate=rate, base_amount=base, percentage=percentage)


def _with_cash_discount_as_charge(invoice: Invoice) -> Invoice:
    """Belgium takes VAT on the price after the cash discount; EN 16931 has no words for the exempt rest.

    An allowance on each VAT rate and a charge of the same amount under E say it: the total stays and BR-S-08 holds.
    """
    exempt = next((part for part in invoice.vat_breakdown if vat.is_cash_discount(part)), None)
    if exempt is None:
        return invoice
    amount = -_gap(exempt, invoice)
    first: dict[tuple[str, Decimal | None], VatBreakdown] = {}
    for part in invoice.vat_breakdown:
        first.setdefault(_key(part), part)  # Belgium may split a rate further, by its own codes
    gaps = {key: _gap(part, invoice) for key, part in first.items() if key != _key(exempt)}
    if not amount or sum(gaps.values(), ZERO) != amount:
        return invoice  # said already, or the source's figures do not hold
    allowances = tuple(_early_payment(first[key], gap) for key, gap in gaps.items() if gap)
    charge = altered(_early_payment(exempt, amount), is_charge=True, reason_code=_OTHER_CHARGE)
    totals = invoice.totals
    totals = altered(totals, allowance_total=totals.allowance_total + amount, charge_total=totals.charge_total + amount)
    return altered(invoice, allowances_charges=(*invoice.allowances_charges, *allowances, charge), totals=totals)


def _key(part: VatBreakdown) -> tuple[str, Decimal | None]:
    return part.category, part.rate


def _gap(part: VatBreakdown, invoice: Invoice) -> Decimal:
    """By how much lines, allowances and charges of this category and rate exceed what is taxable in it."""
    key = _key(part)
    lines = sum((line.net_amount for line in invoice.lines if (line.vat_category, line.vat_rate) == key), ZERO)
    charges = _balance(charge for charge in invoice.allowances_charges if (charge.vat_category, charge.vat_rate) == key)
    return lines + charges - sum((alike.taxable_amount for alike in invoice.vat_breakdown if _key(alike) == key), ZERO)


def _early_payment(part: VatBreakdown, amount: Decimal) -> AllowanceCharge:
    return AllowanceCharge(
        is_charge=False,
        amount=amount,
        reason="Cash discount",
        reason_code=_EARLY_PAYMENT,
        vat_category=part.category,
        vat_rate=part.rate,
        belgian_code=part.belgian_code,
    )


# VAT -------------------------------------------------------------------------------------------------------------


def _reasons_of_lines(part: VatBreakdown, invoice: Invoice) -> VatBreakdown:
    """The breakdown with the reason that the lines give, where it gives none itself."""
    if part.exemption_reason or part.exemption_code:
        return part
    lines = [line for line in invoice.lines if (line.vat_category, line.vat_rate) == (part.category, part.rate)]
    reasons = dict.fromkeys(line.exemption_reason for line in lines if line.exemption_reason)
    stated = dict.fromkeys(line.exemption_code for line in lines if line.exemption_code)
    return altered(part, exemption_reason="; ".join(reasons) or None, exemption_code=next(iter(stated), None))


def _merged(parts: Iterable[VatBreakdown]) -> tuple[VatBreakdown, ...]:
    """One breakdown per category and rate (BR-IC-01 and its like); Belgium splits K further, by its own codes."""
    merged: dict[tuple[str, Decimal | None], VatBreakdown] = {}
    for stated in parts:
        category = _category(stated.category, stated.rate, stated.belgian_code)
        part = altered(stated, category=category, rate=_rate(category, stated.rate))
        same = merged.get((part.category, part.rate))
        merged[part.category, part.rate] = _together(same, part) if same else part
    return tuple(_with_reason(part) for part in merged.values())


def _together(one: VatBreakdown, other: VatBreakdown) -> VatBreakdown:
    reasons = dict.fromkeys(part.exemption_reason for part in (one, other) if part.exemption_reason)
    return altered(
        one,
        taxable_amount=one.taxable_amount + other.taxable_amount,
        vat_amount=one.vat_amount + other.vat_amount,
        exemption_reason="; ".join(reasons) or None,
        exemption_code=one.exemption_code or other.exemption_code,
    )


def _with_reason(part: VatBreakdown) -> VatBreakdown:
    """Why there is no VAT: the stated words and a VATEX code; S and Z must not have either (BR-S-10, BR-Z-10)."""
    if part.category not in vat.STANDARD_REASONS:
        return altered(part, exemption_reason=None, exemption_code=None)
    standard_code, standard_words = vat.STANDARD_REASONS[part.category]
    code = part.exemption_code if part.category == "E" and (part.exemption_code or "").startswith("VATEX-") else standard_code
    words = part.exemption_reason or (None if code else standard_words)
    return altered(part, exemption_reason=words, exemption_code=code)


# The document ----------------------------------------------------------------------------------------------------


def _payment_terms(invoice: Invoice) -> str | None:
    """BT-20 with the cash discount in words: EN 16931 has no element for it."""
    if invoice.cash_discount is None:
        return invoice.payment_terms
    return "\n".join(filter(None, (invoice.payment_terms, _in_words(invoice.cash_discount))))


def _in_words(discount: CashDiscount) -> str:
    until = f" until {discount.until.isoformat()}" if discount.until else ""
    return f"Cash discount {discount.percentage.normalize():f} %{until}"


def _with_one_way_to_pay(invoice: Invoice) -> Invoice:
    """One means code and one reference in all (UBL-SR-44, UBL-SR-47): the first's; only transfers can name further accounts.

    A direct debit outranks the other means, as in the PDF: whoever is told to transfer what is collected pays twice.
    """
    if len(invoice.payment_means) < 2:
        return invoice
    if debits := [means for means in invoice.payment_means if means.means_code in DIRECT_DEBITS]:
        debit = next((means for means in debits if means.mandate_reference), debits[0])
        return altered(invoice, payment_means=(altered(debit, reference=invoice.payment_reference),))
    first, *others = invoice.payment_means
    kept = [means for means in others if first.iban and means.iban and {first.means_code, means.means_code} <= _TRANSFERS]
    one = invoice.payment_reference
    alike = (altered(means, means_code=first.means_code, reference=means.reference and one) for means in (first, *kept))
    return altered(invoice, payment_means=tuple(alike))


def _with_delivery(invoice: Invoice) -> Invoice:
    """BR-IC-11 and BR-IC-12: an intra-community supply says when it was delivered and to which country.

    Where the source is silent, the goods were delivered on the day of the invoice (VAT Directive art. 226 (7) asks for
    the day only if it is another one) and to the buyer's address.
    """
    if not any(part.category == "K" for part in invoice.vat_breakdown):
        return invoice
    day = invoice.delivery_date
    if day is None and invoice.period_start is None and invoice.period_end is None:
        day = invoice.tax_point_date or invoice.issue_date
    address = invoice.delivery_address or Address(country=invoice.buyer.address.country)
    return altered(invoice, delivery_date=day, delivery_address=address)


def _without_vat_ids(invoice: Invoice) -> Invoice:
    """BR-O-02: no VAT identifiers where nothing is subject to VAT; a registration number identifies the parties instead."""
    if not invoice.vat_breakdown or any(part.category != "O" for part in invoice.vat_breakdown):
        return invoice
    seller, buyer = (altered(party, legal_id=identity.registration(party), vat_id=None) for party in (invoice.seller, invoice.buyer))
    return altered(invoice, seller=seller, buyer=buyer, tax_representative=None)
