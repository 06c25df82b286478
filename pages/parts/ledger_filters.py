"""The controls above a ledger: search, company, period, customer, order, and the chips."""

from __future__ import annotations

from datetime import date

import streamlit as st

from core import styling
from core.dispatch import companies, customers
from core.dispatch.looking import GROUPS, LedgerPage
from core.dispatch.periods import Period
from core.i18n import N_
from core.model import Ledger
from pages.parts import ledger_state
from pages.parts.ledger_state import Screen
from pages.parts.resources import desk, t, translated, worded

GROUP_NAMES = {"to_send": N_("To send"), "in_progress": N_("In progress"), "to_handle": N_("To handle"), "held": N_("Held"), "sent": N_("Sent")}
PAPER_NAMES = {"to_send": N_("To print"), "sent": N_("Mailed")}
PERIODS = {
    Period.ALL: N_("All periods"),
    Period.THIS_MONTH: N_("This month"),
    Period.LAST_MONTH: N_("Last month"),
    Period.THIS_QUARTER: N_("This quarter"),
    Period.LAST_QUARTER: N_("Last quarter"),
    Period.THIS_YEAR: N_("This year"),
    Period.LAST_YEAR: N_("Last year"),
    Period.DATES: N_("From … to …"),
}
SORTS = {
    "issue_date": N_("Date"),
    "number": N_("Number"),
    "buyer": N_("Customer"),
    "total_with_vat": N_("Total"),
    "due_date": N_("Due date"),
    "status": N_("Status"),
    "company": N_("Company"),
}
EVERY = 0  # no filter; None would leave a drop-down empty
LISTED = 300  # customers in a drop-down; beyond that they are searched
FALLING = frozenset({"issue_date", "total_with_vat", "due_date"})  # newest and largest first


def show(name: str) -> None:
    """Every choice goes to the screen's state at once; the widgets start from there."""
    screen = ledger_state.of(name)
    search, company, period, more, clear = st.columns([3.4, 2.4, 1.8, 1.5, 1.1], vertical_alignment="bottom")
    _keep(f"search/{name}", screen.search)
    search.text_input(
        t("Search"),
        key=f"search/{name}",
        placeholder=t("Number, customer, address, amount, reference"),
        label_visibility="collapsed",
        on_change=_take,
        args=(name, "search", f"search/{name}"),
    )
    _company(company, name, screen)
    period_key = worded(f"period/{name}")
    _keep(period_key, ledger_state.period_of(screen.period))
    names = translated(PERIODS)
    period.selectbox(
        t("Period"),
        list(Period),
        format_func=names.__getitem__,
        key=period_key,
        label_visibility="collapsed",
        on_change=_take,
        args=(name, "period", period_key),
    )
    with more.popover(t("Filter and order"), width="stretch", key=f"filters/{name}", on_change="rerun") as popover:
        if popover.open:
            _more(name, screen)
    clear.button(t("Clear all"), key=f"clear/{name}", disabled=not screen.is_filtered, on_click=forget, args=(name,), width="stretch")


def _keep(key: str, value: object) -> None:
    """A widget that was away, on another page, starts from what is kept."""
    if key not in st.session_state:
        st.session_state[key] = value


def _take(name: str, field: str, key: str) -> None:
    value = st.session_state[key]
    ledger_state.change(name, **{field: None if value == EVERY else value})


def forget(name: str) -> None:
    """Show everything again; the order stays."""
    order = ledger_state.of(name)
    fresh = Screen(column=order.column, descending=order.descending)
    ledger_state.change(name, **vars(fresh))
    for widget in ("search", "since", "until", "group"):
        st.session_state.pop(f"{widget}/{name}", None)
    for box in ("company", "period", "customer"):
        st.session_state.pop(worded(f"{box}/{name}"), None)


def _company(place: st.delta_generator.DeltaGenerator, name: str, screen: Screen) -> None:
    found = companies.list_companies(desk())
    codes = styling.codes({each.key: each.name for each in found})
    known = {EVERY: t("All companies")} | {each.id: f"{codes[each.key]} · {each.name}" for each in found}
    key = worded(f"company/{name}")
    _keep(key, screen.company_id if screen.company_id in known else EVERY)
    place.selectbox(
        t("Company"),
        list(known),
        format_func=known.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_take,
        args=(name, "company_id", key),
    )


def _more(name: str, screen: Screen) -> None:
    found = customers.choices(desk(), limit=LISTED)
    if len(found) == LISTED or st.session_state.get(f"find/{name}"):
        found = customers.choices(desk(), st.text_input(t("Find a customer"), key=f"find/{name}"), limit=LISTED)
    if screen.customer_id is not None and screen.customer_id not in found:
        found |= customers.named(desk(), screen.customer_id)
    found = {EVERY: t("All customers")} | found
    key = worded(f"customer/{name}")
    _keep(key, screen.customer_id if screen.customer_id in found else EVERY)
    st.selectbox(
        t("Customer"),
        list(found),
        format_func=found.__getitem__,
        key=key,
        on_change=_take,
        args=(name, "customer_id", key),
    )
    if screen.period == Period.DATES:
        _dates(name, screen)
    orders, order = translated(SORTS), worded(f"sort/{name}/{screen.column}")
    _keep(order, screen.column)
    st.selectbox(
        t("Sort by"),
        list(SORTS),
        format_func=orders.__getitem__,
        key=order,
        on_change=lambda: sort_by(name, st.session_state[order]),
    )
    st.toggle(
        t("Newest or largest first"),
        value=screen.descending,
        key=f"order/{name}/{screen.descending}",
        on_change=lambda: ledger_state.change(name, descending=not screen.descending),
    )
    st.caption(t("A click on the head of a column sorts the whole ledger by it."))


def _dates(name: str, screen: Screen) -> None:
    first, last = st.columns(2)
    for place, field, title, value in ((first, "since", t("From"), screen.since), (last, "until", t("Up to"), screen.until)):
        _keep(f"{field}/{name}", date.fromisoformat(value) if value else None)
        place.date_input(title, key=f"{field}/{name}", format="DD/MM/YYYY", on_change=_take_day, args=(name, field))


def _take_day(name: str, field: str) -> None:
    day: date | None = st.session_state[f"{field}/{name}"]
    ledger_state.change(name, **{field: day.isoformat() if day else None})


def sort_by(name: str, column: str) -> None:
    """The same column again turns the order round."""
    screen = ledger_state.of(name)
    descending = not screen.descending if screen.column == column else column in FALLING
    ledger_state.change(name, column=column, descending=descending)


def chips(ledger: Ledger | None, name: str, shown: LedgerPage) -> None:
    names = translated(GROUP_NAMES | (PAPER_NAMES if ledger is Ledger.PAPER else {}))
    _keep(f"group/{name}", ledger_state.of(name).group)
    st.pills(
        t("Status"),
        list(GROUPS),
        format_func=lambda group: f"{names[group]} {shown.groups[group]}",
        key=f"group/{name}",
        label_visibility="collapsed",
        on_change=_take,
        args=(name, "group", f"group/{name}"),
    )
