"""Add up what an invoice states, and remark where it disagrees with itself; nothing is corrected."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Invoice, Line
from core.money import CENT, round_half_up
from core.sources.values import Remarks

_LINE_SLACK = 2 * CENT  # as Peppol allows (PEPPOL-EN16931-R120)

LINES_DIFFER = N_("The lines add up to {sum}, but the file says {stated}.")
ALLOWANCES_DIFFER = N_("The allowances add up to {sum}, but the file says {stated}.")
CHARGES_DIFFER = N_("The charges add up to {sum}, but the file says {stated}.")
NET_DIFFERS = N_("Lines, allowances and charges give {sum} without VAT, but the file says {stated}.")
GROUPS_DIFFER = N_("The VAT groups add up to {sum} without VAT, but the file says {stated}.")
VAT_DIFFERS = N_("The VAT groups add up to {sum} of VAT, but the file says {stated}.")
RATE_DIFFERS = N_("{rate} % of {base} is {sum}, but the file says {stated} of VAT.")
GROSS_DIFFERS = N_("Net and VAT give {sum}, but the file says {stated} with VAT.")
DUE_DIFFERS = N_("The total with VAT less what was paid gives {sum}, but the file says {stated} is due.")
LINE_DIFFERS = N_("Line {lines}: quantity and price do not give the amount of the line.")
CREDIT_NEGATIVE = N_("This credit note has a negative total of {total}: taken literally, it asks the customer to pay.")

VAT_NOT_IN_EUR = N_("The invoice is in {currency}, and its VAT is not stated in EUR, which Belgian law asks for.")


def check(invoice: Invoice, remarks: Remarks) -> None:
    """Remarks on sums that differ by more than a cent (EN 16931 BR-CO-10 to BR-CO-17)."""
    _check_totals(invoice, remarks)
    _check_vat(invoice, remarks)
    for line in invoice.lines:
        if abs(_expected(line) - line.net_amount) > max(_LINE_SLACK, _price_slack(line)):
            remarks.on_line(LINE_DIFFERS, line.id)
    if invoice.is_credit_note and invoice.totals.total_with_vat < 0:
        remarks.add(CREDIT_NEGATIVE, total=invoice.totals.total_with_vat)
    if invoice.currency != "EUR" and invoice.totals.vat_total and _is_belgian(invoice) and not _states_vat_in_eur(invoice):
        remarks.add(VAT_NOT_IN_EUR, currency=invoice.currency)


def _is_belgian(invoice: Invoice) -> bool:
    """Whether the VAT is Belgium's: by the VAT number of the seller or of its representative, else by the seller's country."""
    seller, representative = invoice.seller, invoice.tax_representative
    numbers = [party.vat_id for party in (seller, representative) if party and party.vat_id]
    return any(number.startswith("BE") for number in numbers) if numbers else seller.address.country == "BE"


def _states_vat_in_eur(invoice: Invoice) -> bool:
    """BT-6 and BT-111."""
    return invoice.tax_currency == "EUR" and invoice.totals.vat_total_accounting is not None


def _check_totals(invoice: Invoice, remarks: Remarks) -> None:
    totals = invoice.totals
    if invoice.lines:
        _compare(remarks, LINES_DIFFER, _sum(line.net_amount for line in invoice.lines), totals.line_total)
    allowances = _of(invoice.allowances_charges, charges=False)
    charges = _of(invoice.allowances_charges, charges=True)
    _compare(remarks, ALLOWANCES_DIFFER, allowances, totals.allowance_total)
    _compare(remarks, CHARGES_DIFFER, charges, totals.charge_total)
    _compare(remarks, NET_DIFFERS, totals.line_total - totals.allowance_total + totals.charge_total, totals.total_without_vat)
    _compare(remarks, GROSS_DIFFERS, totals.total_without_vat + totals.vat_total, totals.total_with_vat)
    _compare(remarks, DUE_DIFFERS, totals.total_with_vat - totals.paid_amount + totals.rounding_amount, totals.amount_due)


def _check_vat(invoice: Invoice, remarks: Remarks) -> None:
    groups = invoice.vat_breakdown
    if not groups:
        return
    _compare(remarks, VAT_DIFFERS, _sum(group.vat_amount for group in groups), invoice.totals.vat_total)
    if invoice.cash_discount is None:  # Belgian VAT is due on the discounted amount only
        _compare(remarks, GROUPS_DIFFER, _sum(group.taxable_amount for group in groups), invoice.totals.total_without_vat)
    slack = CENT * max(1, len(invoice.lines))  # sources that round VAT per line may differ by a cent a line
    for group in groups:
        due = group.taxable_amount * (group.rate or ZERO) / 100
        if abs(due - group.vat_amount) > slack:
            remarks.add(RATE_DIFFERS, rate=_plain(group.rate or ZERO), base=group.taxable_amount, sum=round_half_up(due), stated=group.vat_amount)


def _compare(remarks: Remarks, template: str, computed: Decimal, stated: Decimal) -> None:
    if abs(computed - stated) > CENT:
        remarks.add(template, sum=_plain(computed), stated=stated)


def _expected(line: Line) -> Decimal:
    """Quantity × price ÷ base quantity, less the line's allowances, plus its charges."""
    own = line.quantity * line.net_price / (line.base_quantity or 1)
    return own - _of(line.allowances_charges, charges=False) + _of(line.allowances_charges, charges=True)


def _price_slack(line: Line) -> Decimal:
    """What half a unit of the price's last decimal makes: 10 × 0.835 may be stated as 10 × 0.83 = 8.35."""
    exponent = line.net_price.as_tuple().exponent
    half = CENT / 2 if not isinstance(exponent, int) or exponent > -2 else Decimal(5).scaleb(exponent - 1)
    return abs(line.quantity) * half / (line.base_quantity or 1)


def _of(items: Iterable[AllowanceCharge], *, charges: bool) -> Decimal:
    return _sum(item.amount for item in items if item.is_charge is charges)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _plain(value: Decimal) -> str:
    """Without trailing zeros and never as 1E+2."""
    return f"{value.normalize():f}"
