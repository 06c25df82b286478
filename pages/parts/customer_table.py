"""The list of customers: two hundred a page, rows are ticks, a cell opens the card beside, a head sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core import selection, styling
from core.dispatch import customer_view
from core.dispatch.customer_view import CustomerPage
from core.i18n import N_
from core.model import DispatchStatus, RecipientRole, XmlFormat
from core.records import Customer
from pages.parts import customer_state, ticks
from pages.parts.resources import dark, language, say, t

HEIGHT, BESIDE = 528, 540  # what 1280 × 800 has room for
MISSING, CUSTOMER, TOWN, BY_EMAIL, SEND_TO, LANGUAGE, FORMAT, TO_SEND, KEY = range(9)
HEADINGS = {
    MISSING: N_("Missing"),
    CUSTOMER: N_("Customer"),
    TOWN: N_("Town"),
    BY_EMAIL: N_("By e-mail"),
    SEND_TO: N_("Send to"),
    LANGUAGE: N_("Lang."),
    FORMAT: "XML",
    TO_SEND: N_("To send"),
    KEY: N_("Key"),
}
WIDTHS = {MISSING: 215, CUSTOMER: 200, TOWN: 125, BY_EMAIL: 78, SEND_TO: 185, LANGUAGE: 48, FORMAT: 100, TO_SEND: 80, KEY: 135}
NARROW = {MISSING: 165, CUSTOMER: 170, SEND_TO: 150}
SORTED_BY = {MISSING: "missing", CUSTOMER: "name", TOWN: "town", LANGUAGE: "language"}
SHORT = {XmlFormat.EFFF3: "e-FFF", XmlFormat.EFFF1: "e-FFF 1", XmlFormat.BIS3: "BIS 3", XmlFormat.ORIGINAL: N_("as imported"), XmlFormat.NONE: "–"}


def show(page: CustomerPage, *, narrow: bool) -> None:
    ids = [card.id for card in page.customers]
    keys = [card.key for card in page.customers]
    columns = list(NARROW) if narrow else list(WIDTHS)
    grid = f"customers/{language()}/{customer_state.screen().sort}/{ticks.revision(customer_state.NAME)}/{hash(tuple(ids))}"  # other rows, other grid
    st.session_state["grid/customers"] = grid
    st.dataframe(
        table(page, columns),
        key=grid,
        on_select=lambda: _take(grid, ids, keys),
        selection_mode=["multi-row", "single-cell", "single-column"],
        selection_default={"selection": {"rows": selection.positions(ticks.of(customer_state.NAME), ids), "columns": [], "cells": []}},
        hide_index=True,
        height=BESIDE if narrow else min(35 * (len(ids) + 1) + 3, HEIGHT),
        column_config=_config(NARROW if narrow else WIDTHS),
    )


def _config(widths: dict[int, int]) -> dict[str, Any]:
    screen = customer_state.screen()
    arrow = " ↓" if screen.descending else " ↑"
    return {
        str(column): st.column_config.TextColumn(
            t(HEADINGS[column]) + (arrow if SORTED_BY.get(column) == screen.column else ""),
            width=width,
            alignment="right" if column == TO_SEND else None,
        )
        for column, width in widths.items()
    }


def _take(grid: str, ids: list[int], keys: list[str]) -> None:
    """Boxes are ticks, a cell opens its card, a head sorts."""
    chosen = st.session_state[grid]["selection"]
    before = ticks.of(customer_state.NAME)
    ticks.by_the_grid(customer_state.NAME, selection.ticked(before, ids, chosen["rows"]))
    ticks.can_come_back(customer_state.NAME, before)
    if chosen["columns"]:
        st.session_state[grid] = {"selection": {"rows": chosen["rows"], "columns": [], "cells": []}}
        column = int(chosen["columns"][0])
        if column in SORTED_BY:
            customer_state.sort_by(SORTED_BY[column])
    elif chosen["cells"]:
        customer_state.open_card(keys[chosen["cells"][0][0]])


def table(page: CustomerPage, columns: list[int]) -> Styler:
    """Words for the reader; what is missing in a colour of its own."""
    cells = {column: [_CELLS[column](card, page) for card in page.customers] for column in columns}
    shown = pd.DataFrame({str(column): values for column, values in cells.items()})
    paint = (styling.YELLOW.dark if dark() else styling.YELLOW.light).css
    css = pd.DataFrame("", index=shown.index, columns=shown.columns)
    css[str(MISSING)] = [paint if text else "" for text in cells[MISSING]]
    return shown.style.apply(lambda _: css, axis=None).set_uuid("customers")


def _missing(card: Customer, _page: CustomerPage) -> str:
    found = dict.fromkeys(say(lack.short) for lack in customer_view.lacks(card))
    return f"⚠ {' · '.join(found)}" if found else ""


def _send_to(card: Customer, _page: CustomerPage) -> str:
    to = card.mailboxes(RecipientRole.TO)
    return (to[0].addr_spec if to else "") + (f" +{len(to) - 1}" if len(to) > 1 else "")


def _format(card: Customer, _page: CustomerPage) -> str:
    return t(SHORT.get(card.xml_format, card.xml_format.value)) + (" · Peppol" if card.peppol_elsewhere else "")


def _to_send(card: Customer, page: CustomerPage) -> str:
    count = page.waiting.get(card.id, {}).get(DispatchStatus.TO_SEND, 0)
    return str(count) if count else ""


_CELLS: dict[int, Callable[[Customer, CustomerPage], str]] = {
    MISSING: _missing,
    CUSTOMER: lambda card, _page: card.name,
    TOWN: lambda card, _page: " ".join(part for part in (card.address.postcode, card.address.city) if part),
    BY_EMAIL: lambda card, _page: "✓" if card.wants_email else "",
    SEND_TO: _send_to,
    LANGUAGE: lambda card, _page: card.language.value.upper(),
    FORMAT: _format,
    TO_SEND: _to_send,
    KEY: lambda card, _page: card.key,
}
