"""Customers: who wants invoices by e-mail, where, in which language and format, and why."""

import pandas as pd
import streamlit as st

from core.dispatch import customers
from core.model import RecipientRole
from core.records import Customer
from pages.parts import customer_card, feedback, menu
from pages.parts.resources import desk, t


def missing(customer: Customer) -> str:
    return t("Address missing") if customer.wants_email and not customer.mailboxes(RecipientRole.TO) else ""


def table(found: list[Customer]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Customer"): [each.name for each in found],
            t("Town"): [" ".join(part for part in (each.address.postcode, each.address.city) if part) for each in found],
            t("By e-mail"): ["✓" if each.wants_email else "" for each in found],
            t("Send to"): [customer_card.addresses(each, RecipientRole.TO) for each in found],
            t("Lang."): [each.language.value for each in found],
            t("Missing"): [missing(each) for each in found],
            t("Key"): [each.key for each in found],
        }
    )


def choose(everyone: list[Customer]) -> Customer | None:
    words = st.text_input(t("Search"), placeholder=t("Name, key or address"), label_visibility="collapsed", key="customer-search").lower().split()
    found = [
        each
        for each in everyone
        if all(word in f"{each.name} {each.key} {customer_card.addresses(each, RecipientRole.TO)}".lower() for word in words)
    ]
    found.sort(key=lambda each: (not missing(each), each.name.lower()))
    if not found:
        st.info(t("No customer fits. Customers come with the invoices you import."))
        return None
    keys = [each.key for each in found]
    chosen = st.session_state.get("customer") if len(keys) > 1 else keys[0]
    grid = f"customers/{hash(tuple(keys))}"  # other rows, other grid: a position must never mean another customer
    st.dataframe(
        table(found),
        hide_index=True,
        on_select=lambda: _take(grid, keys),
        selection_mode="single-row",
        height=min(35 * (len(found) + 1) + 3, 330),
        key=grid,
        selection_default={"selection": {"rows": [keys.index(chosen)] if chosen in keys else [], "columns": [], "cells": []}},
    )
    return next((each for each in found if each.key == chosen), None)


def _take(grid: str, keys: list[str]) -> None:
    rows = st.session_state[grid]["selection"]["rows"]
    st.session_state["customer"] = keys[rows[0]] if rows else None


feedback.say_later()
menu.header(t("Customers"))
with feedback.told():
    known = customers.list_customers(desk())
    if not known:
        st.info(t("No customers yet. They come with the invoices you import."))
        st.page_link(menu.IMPORTS, label=t("Import"))
    elif (picked := choose(known)) is not None:
        customer_card.show(picked)
    else:
        st.caption(t("Click a row to open its card."))
