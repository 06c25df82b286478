"""Amounts: `Decimal` in Python, integer hundredths in the database, never float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def to_minor(amount: Decimal) -> int:
    """Hundredths of the currency unit. EN 16931 allows two decimals in every total (BR-DEC-*), whatever the currency."""
    scaled = amount.scaleb(2)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than two decimals")
    return int(scaled)


def from_minor(minor: int) -> Decimal:
    """The amount in currency units, with two decimals."""
    return Decimal(minor).scaleb(-2)


def round_half_up(amount: Decimal) -> Decimal:
    """Commercial rounding to cents, as VAT is rounded per category and rate (EN 16931 BR-CO-17)."""
    return amount.quantize(CENT, ROUND_HALF_UP)
