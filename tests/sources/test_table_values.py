"""Cells become exact numbers and days, or are refused; nothing is guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sources.table_values import CellInvalid, day, decimal_mark, number, text, yes


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12,50", "12.50"),
        ("12.5", "12.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("€ 12,50", "12.50"),
        ("12,50 EUR", "12.50"),
        ("21 %", "21"),
        ("-5", "-5"),
        ("5-", "-5"),
        ("(5,00)", "-5.00"),
        ("−5", "-5"),
        ("0.835", "0.835"),
        (",5", "0.5"),
        ("0", "0"),
        ("-0", "0"),
    ],
)
def test_a_number_is_read_exactly(written: str, expected: str) -> None:
    value = number(written, None)
    assert value == Decimal(expected)
    assert not value.is_signed() or value < 0


@pytest.mark.parametrize("written", ["", "abc", "1 2", "12.34.5", "1,2.3,4", "12e3", "NaN", "Infinity", "1.23.456,7", "--5", "#REF!"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(CellInvalid):
        number(written, None)


def test_three_digits_after_a_mark_are_asked_for_unless_the_table_tells() -> None:
    with pytest.raises(CellInvalid, match=r"1234 or as 1\.234"):
        number("1.234", None)
    assert number("1.234", decimal_mark(["12,50", "1.234"])) == 1234
    assert number("1.234", decimal_mark(["12.5", "x"])) == Decimal("1.234")
    assert decimal_mark(["12,5", "12.5"]) is None
    assert decimal_mark(["1.234.567"]) == ","


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_every_amount_survives_the_belgian_way_of_writing(amount: Decimal) -> None:
    written = f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    assert number(written, None) == amount


@pytest.mark.parametrize(
    "written", ["24/11/2026", "24-11-2026", "24.11.26", "2026-11-24", "2026-11-24T00:00:00", "20261124", "24/11/2026 10:15", date(2026, 11, 24)]
)
def test_days(written: str | date) -> None:
    assert day(written) == date(2026, 11, 24)


@pytest.mark.parametrize("written", ["11/24/2026", "31/02/2026", "November", "1/1", Decimal(46350), True])
def test_no_day_is_guessed(written: str | Decimal | bool) -> None:
    with pytest.raises(CellInvalid, match="day first"):
        day(written)


def test_the_day_comes_first() -> None:
    assert day("03/04/2026") == date(2026, 4, 3)


def test_a_whole_number_has_no_decimals_and_a_text_keeps_its_zeros() -> None:
    assert (text(Decimal("2026001.0")), text(Decimal("1E+3")), text("0475"), text(Decimal("12.50"))) == ("2026001", "1000", "0475", "12.5")


@pytest.mark.parametrize(
    ("cell", "expected"), [("Oui", True), ("ja", True), ("X", True), (Decimal(1), True), (True, True), ("nee", False), ("0", False)]
)
def test_yes_and_no(cell: str | Decimal | bool, expected: bool) -> None:
    assert yes(cell) is expected


def test_perhaps_is_neither() -> None:
    with pytest.raises(CellInvalid):
        yes("perhaps")
