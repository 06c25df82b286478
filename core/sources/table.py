"""Sheets of cells, as CSV and XLSX files hold them; nothing is interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from core.errors import SourceRefused

Cell: TypeAlias = str | Decimal | date | bool
Row: TypeAlias = tuple[Cell, ...]


class NotATable(SourceRefused):
    template = "This is no table that can be read: {why}"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Rows from the first one of the spreadsheet on, so that a row's place tells its number. Empty cells are empty texts."""

    name: str
    rows: tuple[Row, ...]


def is_filled(row: Row) -> bool:
    return any(cell != "" for cell in row)


def exact(value: float) -> Decimal:
    """What the spreadsheet shows: it keeps binary fractions but means fifteen digits (19.989999999999998 is 19.99)."""
    return Decimal(f"{value:.15g}")


def day_of(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
