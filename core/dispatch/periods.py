"""The periods of a bookkeeper: this month, last quarter … as days, both included."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class Period(StrEnum):
    ALL = "all"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_QUARTER = "this_quarter"
    LAST_QUARTER = "last_quarter"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    DATES = "dates"


def days(period: Period, today: date, *, since: date | None = None, until: date | None = None) -> tuple[date | None, date | None]:
    """First and last day; `since` and `until` are those of a period that the person chose by dates."""
    if period is Period.ALL:
        return None, None
    if period is Period.DATES:
        return since, until
    month = today.replace(day=1)
    quarter = month.replace(month=3 * ((today.month - 1) // 3) + 1)
    year = today.replace(month=1, day=1)
    first, months = {
        Period.THIS_MONTH: (month, 1),
        Period.LAST_MONTH: (_later(month, -1), 1),
        Period.THIS_QUARTER: (quarter, 3),
        Period.LAST_QUARTER: (_later(quarter, -3), 3),
        Period.THIS_YEAR: (year, 12),
        Period.LAST_YEAR: (_later(year, -12), 12),
    }[period]
    return first, _later(first, months) - timedelta(days=1)


def _later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
