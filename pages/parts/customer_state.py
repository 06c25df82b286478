"""What a person looks at in the list of customers, and whose card is open: kept in the session, and with the desk."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import streamlit as st

from core.database.customer_rows import CustomerFilter, CustomerSort, Kind
from core.dispatch import screens
from core.model import Language
from pages.parts import browser
from pages.parts.resources import desk, worded

NAME = "customers"  # of its ticks


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Search, filters, order and page, in values that JSON knows."""

    search: str = ""
    kind: str | None = None
    language: str | None = None
    column: str = "missing"
    descending: bool = False
    page: int = 0

    @property
    def sort(self) -> CustomerSort:
        return CustomerSort(self.column, self.descending)

    @property
    def is_filtered(self) -> bool:
        return self != Screen(column=self.column, descending=self.descending, page=self.page)

    @property
    def filter(self) -> CustomerFilter:
        kind = Kind(self.kind) if self.kind in list(Kind) else None
        language = Language(self.language) if self.language in list(Language) else None
        return CustomerFilter(search=self.search.strip(), kind=kind, language=language)


def screen() -> Screen:
    """As the session has it, else as this browser left it."""
    if "screen/customers" not in st.session_state:
        kept = screens.load(desk(), browser.mark(), "screen/customers")
        known = {field.name for field in fields(Screen)}  # a newer program may have others
        st.session_state["screen/customers"] = Screen(**{name: value for name, value in kept.items() if name in known})
    found: Screen = st.session_state["screen/customers"]
    return found


def change(**values: Any) -> None:
    """Another filter or order starts at the first page."""
    before = screen()
    after = replace(before, **({"page": 0} | values))
    if after != before:
        st.session_state["screen/customers"] = after
        screens.keep(desk(), browser.mark(), "screen/customers", asdict(after))


def sort_by(column: str) -> None:
    """The same column again turns the order round."""
    now = screen()
    change(column=column, descending=not now.descending if now.column == column else False)


def forget() -> None:
    """Show everyone again; the order stays."""
    now = screen()
    change(**vars(Screen(column=now.column, descending=now.descending)))
    for key in ("customer-search", "customer-kind", worded("customer-language")):
        st.session_state.pop(key, None)


def opened() -> str | None:
    """The key of the open card: the address says it (`?customer=KEY`), else the session."""
    key: str | None = st.query_params.get("customer") or st.session_state.get("customer")
    if key:
        st.session_state["customer"] = key
    return key


def open_card(key: str) -> None:
    st.session_state["customer"] = st.query_params["customer"] = key


def close_card() -> None:
    """The cell lets go too, so that a click on the same row opens it again."""
    st.session_state.pop("customer", None)
    st.query_params.pop("customer", None)
    grid: str = st.session_state.get("grid/customers", "")
    if grid in st.session_state:
        rows = st.session_state[grid]["selection"]["rows"]
        st.session_state[grid] = {"selection": {"rows": rows, "columns": [], "cells": []}}
