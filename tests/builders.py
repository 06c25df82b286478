"""Invoices for tests: one call gives a complete, consistent one, and any field can be overridden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.model import (
    ZERO,
    Address,
    AllowanceCharge,
    DocumentType,
    Identifier,
    Invoice,
    Line,
    Party,
    PaymentMeans,
    Reference,
    Totals,
    VatBreakdown,
)
from core.money import round_half_up

SELLER_NUMBER = "0123456749"
BUYER_NUMBER = "0999999922"
IBAN = "BE71096123456769"
OGM = "+++000/0000/04242+++"


def address(**overrides: Any) -> Address:
    fields: dict[str, Any] = {"street": "Meir 1", "city": "Antwerpen", "postcode": "2000", "country": "BE"}
    return Address(**fields | overrides)


def party(**overrides: Any) -> Party:
    """A Belgian company that buys; `seller()` is the one that sells."""
    fields: dict[str, Any] = {
        "name": "Bakkerij Peeters BV",
        "vat_id": f"BE{BUYER_NUMBER}",
        "legal_id": Identifier(value=BUYER_NUMBER, scheme="0208"),
        "endpoint": Identifier(value=BUYER_NUMBER, scheme="0208"),
        "address": address(),
        "email": "boekhouding@peeters.example",
    }
    return Party(**fields | overrides)


def seller(**overrides: Any) -> Party:
    fields: dict[str, Any] = {
        "name": "Atelier Dubois SRL",
        "vat_id": f"BE{SELLER_NUMBER}",
        "legal_id": Identifier(value=SELLER_NUMBER, scheme="0208"),
        "endpoint": Identifier(value=SELLER_NUMBER, scheme="0208"),
        "legal_form": "SRL, RPM Bruxelles",
        "address": address(street="Rue de la Loi 16", city="Bruxelles", postcode="1000"),
        "email": "facturation@dubois.example",
        "telephone": "+32 2 555 01 23",
    }
    return party(**fields | overrides)


def private_person(**overrides: Any) -> Party:
    fields: dict[str, Any] = {"name": "Jeanne Martin", "vat_id": None, "legal_id": None, "endpoint": None, "email": "jeanne@martin.example"}
    return party(**fields | overrides)


def foreign_company(**overrides: Any) -> Party:
    fields: dict[str, Any] = {
        "name": "Beispiel GmbH",
        "vat_id": "DE123456788",
        "legal_id": None,
        "endpoint": Identifier(value="DE123456788", scheme="9930"),
        "address": address(street="Hauptstraße 5", city="Köln", postcode="50667", country="DE"),
    }
    return party(**fields | overrides)


def line(**overrides: Any) -> Line:
    """Two hours at 100.00 with 21 % VAT; the net amount follows from quantity, price, allowances and charges."""
    fields: dict[str, Any] = {
        "id": "1",
        "name": "Conseil",
        "quantity": Decimal(2),
        "unit_code": "HUR",
        "net_price": Decimal("100.00"),
        "vat_category": "S",
        "vat_rate": Decimal(21),
    } | overrides
    if "net_amount" not in fields:
        gross = fields["quantity"] * fields["net_price"] / fields.get("base_quantity", 1)
        fields["net_amount"] = round_half_up(gross + _balance(fields.get("allowances_charges", ())))
    return Line(**fields)


def allowance(amount: str, **overrides: Any) -> AllowanceCharge:
    fields: dict[str, Any] = {
        "is_charge": False,
        "amount": Decimal(amount),
        "reason": "Remise",
        "vat_category": "S",
        "vat_rate": Decimal(21),
    }
    return AllowanceCharge(**fields | overrides)


def charge(amount: str, **overrides: Any) -> AllowanceCharge:
    fields: dict[str, Any] = {"is_charge": True, "reason": "Transport"}
    return allowance(amount, **fields | overrides)


def invoice(**overrides: Any) -> Invoice:
    """An invoice of 242.00 EUR between two Belgian companies. Breakdown and totals follow from lines, allowances and charges."""
    fields: dict[str, Any] = {
        "number": "2026-0042",
        "type_code": DocumentType.INVOICE,
        "source_type_code": "380",
        "issue_date": date(2026, 11, 24),
        "due_date": date(2026, 12, 24),
        "currency": "EUR",
        "seller": seller(),
        "buyer": party(),
        "lines": (line(),),
        "payment_means": (PaymentMeans(reference=OGM, iban=IBAN, bic="GKCCBEBB"),),
    } | overrides
    charges = fields.get("allowances_charges", ())
    fields.setdefault("vat_breakdown", breakdown(fields["lines"], charges))
    fields.setdefault("totals", totals(fields["lines"], charges, fields["vat_breakdown"]))
    return Invoice(**fields)


def credit_note(**overrides: Any) -> Invoice:
    fields: dict[str, Any] = {
        "number": "2026-C007",
        "type_code": DocumentType.CREDIT_NOTE,
        "source_type_code": "381",
        "preceding_invoices": (Reference(number="2026-0042", issue_date=date(2026, 11, 24)),),
    }
    return invoice(**fields | overrides)


def breakdown(lines: Iterable[Line], charges: Iterable[AllowanceCharge] = ()) -> tuple[VatBreakdown, ...]:
    """BG-23: VAT once per category and rate."""
    bases: dict[tuple[str, Decimal | None], Decimal] = {}
    for each in lines:
        key = (each.vat_category, each.vat_rate)
        bases[key] = bases.get(key, ZERO) + each.net_amount
    for each_charge in charges:
        assert each_charge.vat_category
        key = (each_charge.vat_category, each_charge.vat_rate)
        bases[key] = bases.get(key, ZERO) + _balance([each_charge])
    return tuple(
        VatBreakdown(category=category, rate=rate, taxable_amount=round_half_up(base), vat_amount=round_half_up(base * (rate or ZERO) / 100))
        for (category, rate), base in bases.items()
    )


def totals(lines: Iterable[Line], charges: Iterable[AllowanceCharge], parts: Iterable[VatBreakdown], **overrides: Any) -> Totals:
    line_total = round_half_up(sum((each.net_amount for each in lines), ZERO))
    allowed = sum((each.amount for each in charges if not each.is_charge), ZERO)
    charged = sum((each.amount for each in charges if each.is_charge), ZERO)
    vat = sum((part.vat_amount for part in parts), ZERO)
    without = line_total - allowed + charged
    made = Totals(
        line_total=line_total,
        allowance_total=allowed,
        charge_total=charged,
        total_without_vat=without,
        vat_total=vat,
        total_with_vat=without + vat,
        amount_due=without + vat,
    )
    return replace(made, **overrides)


def paid(made: Invoice, amount: str, *, rounding: str = "0") -> Invoice:
    """The invoice with an amount paid beforehand and a rounding of what is left."""
    due = made.totals.total_with_vat - Decimal(amount) + Decimal(rounding)
    return replace(made, totals=replace(made.totals, paid_amount=Decimal(amount), rounding_amount=Decimal(rounding), amount_due=due))


def _balance(charges: Iterable[AllowanceCharge]) -> Decimal:
    return sum((each.amount if each.is_charge else -each.amount for each in charges), ZERO)
