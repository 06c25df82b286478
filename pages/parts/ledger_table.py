"""A ledger: chips, search, 200 rows in their colours, ticks that are ids, and what can be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import frames, i18n, selection, styling
from core.database.ledger_rows import Filter, Sort, Tally
from core.dispatch import companies, looking
from core.dispatch.looking import GROUPS, PAGE_SIZE, LedgerPage
from core.i18n import N_
from core.model import Ledger
from pages.parts import actions, feedback, menu, ticks
from pages.parts.resources import desk, language, t, translated, zone

GROUP_NAMES = {"to_send": N_("To send"), "in_progress": N_("In progress"), "to_handle": N_("To handle"), "held": N_("Held"), "sent": N_("Sent")}
PAPER_NAMES = {"to_send": N_("To print"), "sent": N_("Mailed")}
HEIGHT = 458  # thirteen rows and the head: what 1280 × 800 has room for
SORTS = {
    "issue_date": N_("Date"),
    "number": N_("Number"),
    "buyer": N_("Customer"),
    "total_with_vat": N_("Total"),
    "status": N_("Status"),
    "company": N_("Company"),
}


@dataclass(frozen=True, kw_only=True)
class View:
    """What the person looks at; positions in the table mean something only together with it."""

    ledger: Ledger | None
    group: str | None
    chosen: Filter
    sort: Sort
    page: int

    @property
    def key(self) -> str:
        sort = f"{self.sort.column}{self.sort.descending}"
        return f"rows/{self.ledger}/{self.group}/{self.chosen.company_id}/{self.chosen.search}/{sort}/{self.page}"


def show(ledger: Ledger | None, title: str) -> None:
    """The whole page of one ledger."""
    feedback.say_later()
    name = ledger.value if ledger else "all"
    menu.header(title)
    with feedback.told():
        view = _controls(ledger, name)
        shown = looking.ledger_page(desk(), view.chosen, view.group, view.sort, page=view.page)
        if shown.frame.empty and view.page > 0:  # the last page emptied itself
            _first_page(name)
            st.rerun()
        chips, buttons = st.columns([6, 5], vertical_alignment="center")
        with chips:
            _chips(ledger, name, shown)
        with buttons.container(horizontal=True, horizontal_alignment="right"):
            _buttons(view, name)
        actions.sheet(name, ticks.of(name))
        if shown.frame.empty:
            _nothing(view)
        else:
            _table(view, shown, name)
        _foot(view, shown, name)


def _controls(ledger: Ledger | None, name: str) -> View:
    search, company, sort, order = st.columns([4, 2.5, 1.5, 1], vertical_alignment="bottom")
    words = search.text_input(
        t("Search"), key=f"search/{name}", placeholder=t("Number or customer"), label_visibility="collapsed", on_change=_first_page, args=(name,)
    )
    known: dict[int | None, str] = {None: t("All companies")} | {each.id: each.name for each in companies.list_companies(desk())}
    company_id = company.selectbox(
        t("Company"),
        list(known),
        format_func=known.__getitem__,
        key=f"company/{name}",
        label_visibility="collapsed",
        on_change=_first_page,
        args=(name,),
    )
    orders = translated(SORTS)
    column = sort.selectbox(t("Sort by"), list(SORTS), format_func=orders.__getitem__, key=f"sort/{name}", label_visibility="collapsed")
    descending = order.toggle("↓", value=True, key=f"order/{name}", help=t("Newest or largest first"))
    return View(
        ledger=ledger,
        group=st.session_state.get(f"group/{name}"),
        chosen=Filter(ledger=ledger, company_id=company_id, search=words.strip()),
        sort=Sort(column, descending),
        page=st.session_state.get(f"page/{name}", 0),
    )


def _first_page(name: str) -> None:
    st.session_state[f"page/{name}"] = 0


def _chips(ledger: Ledger | None, name: str, shown: LedgerPage) -> None:
    names = translated(GROUP_NAMES | (PAPER_NAMES if ledger is Ledger.PAPER else {}))
    st.pills(
        t("Status"),
        list(GROUPS),
        format_func=lambda group: f"{names[group]} {shown.groups[group]}",
        key=f"group/{name}",
        label_visibility="collapsed",
        on_change=_first_page,
        args=(name,),
    )


def _nothing(view: View) -> None:
    if view.group or view.chosen.search or view.chosen.company_id:
        st.info(t("Nothing here fits the filter. Clear the search or choose another status."))
    elif view.ledger is Ledger.EMAIL:
        st.info(t("No invoices for e-mail yet. Import invoices, then tick “wants invoices by e-mail” on the customer cards."))
    else:
        st.info(t("No invoices yet. Start with “Import”."))


def _table(view: View, shown: LedgerPage, name: str) -> None:
    ids = _ids(shown)
    key = f"{view.key}/{ticks.revision(name)}/{hash(tuple(ids))}"  # other rows, other grid: a position must never mean another invoice
    st.dataframe(
        styling.table(shown.frame, language(), zone(), view.ledger),
        key=key,
        on_select=lambda: _take_ticks(key, ids, name),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": selection.positions(ticks.of(name), ids), "columns": [], "cells": []}},
        hide_index=True,
        height=min(35 * (len(ids) + 1) + 3, HEIGHT),
        column_config=_column_config(view.ledger),
    )


def _column_config(ledger: Ledger | None) -> dict[str, Any]:
    return {
        column: st.column_config.TextColumn(
            t(styling.HEADINGS[column]), width=styling.WIDTHS[column], alignment="right" if column in styling.RIGHT else None
        )
        for column in styling.columns(ledger)
    }


def _take_ticks(key: str, ids: list[int], name: str) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    ticks.by_the_grid(name, selection.ticked(ticks.of(name), ids, rows))


def _buttons(view: View, name: str) -> None:
    ticked = ticks.of(name)
    if view.ledger is not Ledger.PAPER:
        st.button(t("Select all to send"), key=f"all/{name}", on_click=_tick_all, args=(view, name))
    clear = t("Take all ticks away")
    st.button(t("Clear"), key=f"none/{name}", disabled=not ticked, on_click=ticks.change, args=(name, frozenset()), help=clear)
    actions.send_button(name, ticked, is_paper=view.ledger is Ledger.PAPER)


def _foot(view: View, shown: LedgerPage, name: str) -> None:
    ticked = ticks.of(name)
    left, right = st.columns([8, 3], vertical_alignment="center")
    left.markdown(_sums(view, shown, ticked))
    pages = max(1, -(-shown.tally.count // PAGE_SIZE))
    if pages > 1:
        with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            st.button("‹", key=f"back/{name}", disabled=view.page == 0, on_click=_turn, args=(name, view.page - 1), help=t("Previous page"))
            st.markdown(t("Page {page} of {pages}", page=view.page + 1, pages=pages))
            st.button("›", key=f"next/{name}", disabled=view.page + 1 >= pages, on_click=_turn, args=(name, view.page + 1), help=t("Next page"))
    actions.other_ways(name, ticked)


def _turn(name: str, page: int) -> None:
    st.session_state[f"page/{name}"] = page


def _tick_all(view: View, name: str) -> None:
    ticks.change(name, frozenset(looking.pending_ids(desk(), view.chosen)))


def _ids(shown: LedgerPage) -> list[int]:
    return [int(identity) for identity in shown.frame[frames.ID]]


def _sums(view: View, shown: LedgerPage, ticked: frozenset[int]) -> str:
    everything = t("Documents: {count} · {sum}", count=shown.tally.count, sum=_money(shown.tally))
    if not ticked:
        return everything
    tally, hidden = looking.selected_tally(desk(), sorted(ticked), view.chosen, view.group)
    text = t("**Ticked: {count} · {sum}**", count=tally.count, sum=_money(tally))
    if hidden:
        text += " · " + t("{hidden} of them hidden by the filter", hidden=hidden)
    return f"{text} · {everything}"


def _money(tally: Tally) -> str:
    parts = [i18n.amount(language(), value, currency) for currency, value in sorted(tally.sums.items())]
    return " + ".join(parts) or "–"
