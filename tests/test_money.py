"""Amounts survive the way to the database and back, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import from_minor, round_half_up, to_minor


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_there_and_back(amount: Decimal) -> None:
    assert from_minor(to_minor(amount)) == amount


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_back_and_there(minor: int) -> None:
    assert to_minor(from_minor(minor)) == minor


def test_more_than_two_decimals_are_not_cut_in_silence() -> None:
    with pytest.raises(ValueError, match=r"12\.345"):
        to_minor(Decimal("12.345"))


@pytest.mark.parametrize(("amount", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("1.004999", "1.00"), ("2.675", "2.68")])
def test_half_is_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert round_half_up(Decimal(amount)) == Decimal(rounded)
