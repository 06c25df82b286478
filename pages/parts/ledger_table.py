"""A ledger: 200 rows in their colours, ticks that are ids, a click that opens the document beside, a head that sorts."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import streamlit as st

from core import frames, selection, styling
from core.database.ledger_rows import Filter
from core.dispatch import companies, customers, looking
from core.dispatch.looking import LedgerPage, Tallies
from core.i18n import N_
from core.model import Ledger
from pages.parts import actions, browser, feedback, invoice_panel, ledger_filters, ledger_foot, ledger_state, menu, sheet, ticks
from pages.parts.ledger_state import Screen
from pages.parts.resources import dark, desk, language, t, zone

HEIGHT = 528  # fourteen rows and the head: what 1280 × 800 has room for
SORTED_BY = {
    styling.STATUS: "status",
    styling.NUMBER: "number",
    styling.DATE: "issue_date",
    styling.CUSTOMER: "buyer",
    styling.TOTAL: "total_with_vat",
    styling.COMPANY: "company",
}
RECENT_S = 10  # counts that old are shown again to whoever only turns pages
NARROW = {styling.STATUS: 122, styling.NUMBER: 112, styling.CUSTOMER: 142, styling.TOTAL: 95}  # and a scroll bar beside them
EMPTY_EMAIL = N_("No invoices for e-mail yet. Import invoices, then tick “wants invoices by e-mail” on the customer cards.")


def show(ledger: Ledger | None, title: str) -> None:
    """The whole page of one ledger."""
    name = ledger.value if ledger else "all"
    menu.header(title, live=f"open/{name}" not in st.session_state)  # nothing moves under whoever reads a document
    with feedback.told():
        _asked_for(name)
        ledger_filters.show(name)
        screen = ledger_state.of(name)
        shown = _page(name, screen, screen.filter(ledger))
        if shown.frame.empty and screen.page > 0:  # the last page emptied itself
            ledger_state.change(name, page=0)
            st.rerun()
        _desk(ledger, name, screen, shown)
        ledger_foot.pages(name, shown)


@st.fragment
def _desk(ledger: Ledger | None, name: str, screen: Screen, shown: LedgerPage) -> None:
    """What a tick or a click changes, on rows that are read already: another filter, order or page is a run of the whole page."""
    with feedback.told():
        if ticks.just_went(name) or ledger_state.of(name) != screen:
            st.rerun()
        left, right = st.columns([5.6, 5.8], vertical_alignment="center")
        with left:
            ledger_filters.chips(ledger, name, shown)
        with right.container(horizontal=True, horizontal_alignment="right", key="ledger-buttons"):
            actions.buttons(ledger, name, screen.filter(ledger), to_send=shown.to_send, blocked=shown.tallies.blocked.count)
        sheet.show(name)
        _body(ledger, name, shown)
        ledger_foot.show(ledger, name, screen.filter(ledger), shown)


def _page(name: str, screen: Screen, chosen: Filter) -> LedgerPage:
    """Whoever only turns pages or sorts keeps the counts of a moment ago: at a million rows they are most of the work."""
    kept: tuple[Filter, float, Tallies] | None = st.session_state.get(f"tallies/{name}")
    if ledger_state.was_turned(name) and kept and kept[0] == chosen and time.monotonic() - kept[1] < RECENT_S:
        return looking.ledger_page(desk(), chosen, screen.group, screen.sort, page=screen.page, tallies=kept[2])
    shown = looking.ledger_page(desk(), chosen, screen.group, screen.sort, page=screen.page)
    st.session_state[f"tallies/{name}"] = (chosen, time.monotonic(), shown.tallies)
    return shown


def _asked_for(name: str) -> None:
    """The card of a customer leads here."""
    if key := st.query_params.pop("customer", None):
        ledger_filters.forget(name)
        ledger_state.change(name, customer_id=customers.find(desk(), key).id)


def _body(ledger: Ledger | None, name: str, shown: LedgerPage) -> None:
    opened: int | None = st.session_state.get(f"open/{name}")
    left, *right = st.columns([1] if opened is None else [44, 56], gap="small")  # one place for the grid: made anew, it loses the keys
    with left:
        if shown.frame.empty:
            _nothing(ledger, name)
        else:
            _table(ledger, name, shown, narrow=opened is not None)
    if opened is not None:
        with right[0]:
            invoice_panel.beside(name, opened, _ids(shown))


def _nothing(ledger: Ledger | None, name: str) -> None:
    if ledger_state.of(name).is_filtered:
        st.info(t("Nothing here fits the filter. Clear the search or choose another status."))
        st.button(t("Show everything"), key=f"everything/{name}", on_click=ledger_filters.forget, args=(name,))
        return
    st.info(t(EMPTY_EMAIL) if ledger is Ledger.EMAIL else t("No invoices yet. Start with “Import”."))
    with st.container(horizontal=True):
        st.page_link(menu.IMPORTS, label=t("Import"), icon=":material/upload:")
        if ledger is Ledger.EMAIL:
            st.page_link(menu.CUSTOMERS, label=t("Customers"), icon=":material/group:")


def _table(ledger: Ledger | None, name: str, shown: LedgerPage, *, narrow: bool) -> None:
    ids, tall = _ids(shown), HEIGHT + browser.spare()
    key = grid_key(name, ids)
    names = {company.key: company.name for company in companies.list_companies(desk())}
    columns = styling.columns(ledger, narrow=narrow, companies=len(names) > 1)
    today = datetime.now(zone()).date()
    reader = styling.Reader(language=language(), zone=zone(), today=today, dark=dark(), codes=styling.codes(names))
    st.session_state[f"grid/{name}"] = key
    st.session_state[f"rows/{name}"] = ids
    st.dataframe(
        styling.table(shown.frame, reader, columns, shown.because),
        key=key,
        on_select=lambda: _take(key, ids, name),
        selection_mode=["multi-row", "single-cell", "single-column"],
        selection_default={"selection": {"rows": _ticked_at_first(name, key, ids), "columns": [], "cells": []}},
        hide_index=True,
        height=tall if narrow else min(35 * (len(ids) + 1) + 3, tall),
        column_config=_column_config(name, columns, narrow=narrow),
    )


def _ticked_at_first(name: str, key: str, ids: list[int]) -> list[int]:
    """Where the ticks were when this grid was made: another default at every click would send the whole table again."""
    if st.session_state.get(f"first-ticks/{name}", ("",))[0] != key:
        st.session_state[f"first-ticks/{name}"] = (key, selection.positions(ticks.of(name), ids))
    positions: list[int] = st.session_state[f"first-ticks/{name}"][1]
    return positions


def grid_key(name: str, ids: list[int]) -> str:
    """Other rows, other grid: a position must never mean another invoice. Under other headings the browser's grid forgets its boxes."""
    screen = ledger_state.of(name)
    return f"rows/{name}/{language()}/{screen.column}{screen.descending}/{screen.page}/{ticks.revision(name)}/{hash(tuple(ids))}"


def _column_config(name: str, columns: tuple[str, ...], *, narrow: bool) -> dict[str, Any]:
    screen = ledger_state.of(name)
    arrow = " ↓" if screen.descending else " ↑"
    widths = NARROW if narrow else styling.WIDTHS
    return {
        column: st.column_config.TextColumn(
            t(styling.HEADINGS[column]) + (arrow if SORTED_BY.get(column) == screen.column else ""),
            width=widths.get(column, "large"),
            alignment="right" if column in styling.RIGHT else None,
        )
        for column in columns
    }


def _take(key: str, ids: list[int], name: str) -> None:
    """Boxes are ticks, a cell opens its invoice, a head sorts. A grid that was replaced may still report: that no longer counts."""
    if st.session_state.get(f"grid/{name}") != key:
        return
    chosen, before = st.session_state[key]["selection"], ticks.of(name)
    ticks.by_the_grid(name, selection.ticked(before, ids, chosen["rows"]))
    ticks.can_come_back(name, before)
    if chosen["columns"]:
        rest = {"rows": chosen["rows"], "columns": [], "cells": []}
        st.session_state[key] = {"selection": rest}
        if chosen["columns"][0] in SORTED_BY:
            ledger_filters.sort_by(name, SORTED_BY[chosen["columns"][0]])
    elif chosen["cells"]:
        st.session_state[f"open/{name}"] = ids[chosen["cells"][0][0]]


def _ids(shown: LedgerPage) -> list[int]:
    return [int(identity) for identity in shown.frame[frames.ID]]
