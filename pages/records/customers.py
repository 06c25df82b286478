"""Customers: who wants invoices by e-mail, where, in which language and format, and why.

Other pages lead here with `?customer=KEY`, which opens that card.
"""

import streamlit as st

from core.dispatch import customer_view
from core.dispatch.customer_view import CustomerPage
from pages.parts import customer_card, customer_filters, customer_new, customer_state, customer_table, feedback, menu
from pages.parts.resources import desk, t


def body(page: CustomerPage, opened: str | None) -> None:
    if opened is None:
        listed(page, narrow=False)
        return
    left, right = st.columns([44, 56], gap="small")
    with left:
        listed(page, narrow=True)
    with right:
        customer_card.show(opened, [card.key for card in page.customers])


def listed(page: CustomerPage, *, narrow: bool) -> None:
    if page.customers:
        customer_table.show(page, narrow=narrow)
    else:
        st.info(t("No customer fits the search and the filters."))
        st.button(t("Show everything"), key="customers-everything", on_click=customer_state.forget)


menu.header(t("Customers"))
with feedback.told():
    screen = customer_state.screen()
    found = customer_view.page(desk(), screen.filter, screen.sort, number=screen.page)
    if not found.customers and screen.page > 0:  # the last page emptied itself
        customer_state.change(page=0)
        st.rerun()
    if not found.everyone and not screen.is_filtered:
        st.info(t("No customers yet. They come with the invoices you import."))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(menu.IMPORTS, label=t("Import"))
            customer_new.menu()
    else:
        customer_filters.show()
        left, right = st.columns([6, 5], vertical_alignment="center")
        with left:
            customer_filters.chips(found)
        with right.container(horizontal=True, horizontal_alignment="right"):
            customer_filters.actions(found)
        body(found, customer_state.opened())
        customer_filters.foot(found)
