"""What a person looks at in a ledger: kept in the session, and with the desk for the next load of the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any

import streamlit as st

from core.database.ledger_rows import Filter, Sort
from core.dispatch import periods, screens
from core.dispatch.periods import Period
from core.model import Ledger
from pages.parts import browser
from pages.parts.resources import desk, zone


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Filters, order and page of one ledger, in values that JSON knows."""

    search: str = ""
    company_id: int | None = None
    customer_id: int | None = None
    period: str = Period.ALL.value
    since: str | None = None
    until: str | None = None
    group: str | None = None
    column: str = "issue_date"
    descending: bool = True
    page: int = 0

    @property
    def sort(self) -> Sort:
        return Sort(self.column, self.descending)

    @property
    def is_filtered(self) -> bool:
        return self != Screen(column=self.column, descending=self.descending, page=self.page)

    def filter(self, ledger: Ledger | None) -> Filter:
        since, until = (date.fromisoformat(day) if day else None for day in (self.since, self.until))
        first, last = periods.days(period_of(self.period), datetime.now(zone()).date(), since=since, until=until)
        return Filter(ledger=ledger, company_id=self.company_id, customer_id=self.customer_id, since=first, until=last, search=self.search.strip())


def of(name: str) -> Screen:
    """As the session has it, else as this browser left it."""
    if f"screen/{name}" not in st.session_state:
        kept = screens.load(desk(), browser.mark(), f"screen/{name}")
        st.session_state[f"screen/{name}"] = _read(kept)
    screen: Screen = st.session_state[f"screen/{name}"]
    return screen


def _read(kept: dict[str, Any]) -> Screen:
    """A newer program may have other fields."""
    known = {field.name for field in fields(Screen)}
    return Screen(**{key: value for key, value in kept.items() if key in known})


def was_turned(name: str) -> bool:
    """The last change was another page or order, and this is asked for the first time since."""
    turned: bool = st.session_state.pop(f"turned/{name}", False)
    return turned


def change(name: str, **values: Any) -> None:
    """Another filter or order starts at the first page."""
    before = of(name)
    after = replace(before, **({"page": 0} | values))
    st.session_state[f"turned/{name}"] = values.keys() <= {"page", "column", "descending"}
    if after != before:
        st.session_state[f"screen/{name}"] = after
        screens.keep(desk(), browser.mark(), f"screen/{name}", asdict(after))


def period_of(kept: str) -> Period:
    """A choice that was read while the language changed comes as the label it had."""
    return Period(kept) if kept in {each.value for each in Period} else Period.ALL
