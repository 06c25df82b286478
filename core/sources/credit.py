"""Turn an invoice with a negative total into the credit note that it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from core.model import AllowanceCharge, DocumentType, Invoice, Line, Totals, VatBreakdown


def as_credit_note(invoice: Invoice) -> Invoice:
    """Type 381 with every amount and quantity turned round. Prices stay, except that one below zero changes instead of its quantity.

    `source_type_code` keeps what the file said.
    """
    discount = invoice.cash_discount
    return replace(
        invoice,
        type_code=DocumentType.CREDIT_NOTE,
        totals=_totals(invoice.totals),
        vat_breakdown=tuple(_group(group) for group in invoice.vat_breakdown),
        lines=tuple(_line(line) for line in invoice.lines),
        allowances_charges=_allowances(invoice.allowances_charges),
        cash_discount=None if discount is None else replace(discount, amount=_turned(discount.amount)),
    )


def _totals(totals: Totals) -> Totals:
    return Totals(
        line_total=_turn(totals.line_total),
        allowance_total=_turn(totals.allowance_total),
        charge_total=_turn(totals.charge_total),
        total_without_vat=_turn(totals.total_without_vat),
        vat_total=_turn(totals.vat_total),
        vat_total_accounting=_turned(totals.vat_total_accounting),
        total_with_vat=_turn(totals.total_with_vat),
        paid_amount=_turn(totals.paid_amount),
        rounding_amount=_turn(totals.rounding_amount),
        amount_due=_turn(totals.amount_due),
    )


def _group(group: VatBreakdown) -> VatBreakdown:
    return replace(group, taxable_amount=_turn(group.taxable_amount), vat_amount=_turn(group.vat_amount))


def _line(line: Line) -> Line:
    turned = replace(line, net_amount=_turn(line.net_amount), allowances_charges=_allowances(line.allowances_charges))
    if line.net_price < 0:  # BR-27: a price is never negative
        return replace(turned, net_price=-line.net_price, gross_price=_turned(line.gross_price), price_discount=_turned(line.price_discount))
    return replace(turned, quantity=_turn(line.quantity))


def _allowances(items: Iterable[AllowanceCharge]) -> tuple[AllowanceCharge, ...]:
    return tuple(replace(item, amount=_turn(item.amount), base_amount=_turned(item.base_amount)) for item in items)


def _turn(value: Decimal) -> Decimal:
    return value.copy_negate() if value else value


def _turned(value: Decimal | None) -> Decimal | None:
    return None if value is None else _turn(value)
