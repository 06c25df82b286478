"""The controls around the list of customers: search, language, chips; below it the count, the file and the pages."""

from __future__ import annotations

import streamlit as st

from core.database.customer_rows import Kind
from core.dispatch import customer_view, exporting
from core.dispatch.customer_view import PAGE_SIZE, CustomerPage
from core.i18n import N_, NAMES
from core.model import Language
from pages.parts import customer_many, customer_new, customer_state, menu, ticks
from pages.parts.resources import desk, language, t, translated, worded

KINDS = {Kind.MISSING: N_("Something missing"), Kind.EMAIL: N_("By e-mail"), Kind.PAPER: N_("On paper"), Kind.PEPPOL: N_("Peppol elsewhere")}
EVERY = ""
ORDERS = {"missing": N_("Something missing first"), "name": N_("By name")}


def show() -> None:
    """Every choice goes to the screen's state at once; the widgets start from there."""
    screen = customer_state.screen()
    search, tongue, order, clear = st.columns([5, 2, 2.4, 1.3], vertical_alignment="bottom")
    _keep("customer-search", screen.search)
    search.text_input(
        t("Search"),
        key="customer-search",
        placeholder=t("Name, number, town or address"),
        label_visibility="collapsed",
        on_change=lambda: customer_state.change(search=st.session_state["customer-search"]),
    )
    language_key = worded("customer-language")
    languages = {EVERY: t("All languages")} | {each.value: NAMES[each] for each in Language}
    _keep(language_key, screen.language or EVERY)
    tongue.selectbox(
        t("Language"),
        list(languages),
        format_func=languages.__getitem__,
        key=language_key,
        label_visibility="collapsed",
        on_change=lambda: customer_state.change(language=st.session_state[language_key] or None),
    )
    orders, order_key = translated(ORDERS), worded(f"customer-order/{screen.column}")
    _keep(order_key, screen.column if screen.column in ORDERS else None)
    order.selectbox(
        t("Sort by"),
        list(ORDERS),
        index=None,
        format_func=orders.__getitem__,
        placeholder=t("Sort by"),
        key=order_key,
        label_visibility="collapsed",
        on_change=lambda: customer_state.change(column=st.session_state[order_key], descending=False),
    )
    clear.button(t("Clear all"), key="customer-clear", disabled=not screen.is_filtered, on_click=customer_state.forget, width="stretch")


def _keep(key: str, value: object) -> None:
    """A widget that was away, on another page, starts from what is kept."""
    if key not in st.session_state:
        st.session_state[key] = value


def chips(page: CustomerPage) -> None:
    names = translated(KINDS)
    _keep("customer-kind", customer_state.screen().filter.kind)
    st.pills(
        t("Status"),
        list(Kind),
        format_func=lambda kind: f"{names[kind]} {page.kinds[kind]}",
        key="customer-kind",
        label_visibility="collapsed",
        on_change=lambda: customer_state.change(kind=st.session_state["customer-kind"]),
    )


def actions(page: CustomerPage) -> None:
    """Tick and change many at once."""
    ticked = ticks.of(customer_state.NAME)
    st.button(t("Tick all shown ({count})", count=page.count), key="customers-all", disabled=not page.count, on_click=_tick_all)
    st.button(t("Clear"), key="customers-none", disabled=not ticked, on_click=ticks.clear, args=(customer_state.NAME,))
    customer_many.menu(sorted(ticked))


def _tick_all() -> None:
    """All that the filter shows, over all its pages, is added to what was ticked before."""
    shown = customer_view.all_ids(desk(), customer_state.screen().filter)
    ticks.change(customer_state.NAME, ticks.of(customer_state.NAME) | frozenset(shown))


def foot(page: CustomerPage) -> None:
    left, middle, right = st.columns([4.4, 4.2, 3], vertical_alignment="center")
    left.markdown(_counts(page))
    with middle.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        customer_new.menu()
        _download(page)
        st.page_link(menu.IMPORTS, label=t("Import a list"))
    with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        _pages(page)


def _counts(page: CustomerPage) -> str:
    everything = t("Customers: {count}", count=page.count)
    ticked = ticks.of(customer_state.NAME)
    if not ticked:
        return everything
    text = t("**Ticked: {count}**", count=len(ticked))
    if customer_state.screen().is_filtered:
        hidden = len(ticked - frozenset(customer_view.all_ids(desk(), customer_state.screen().filter)))
        text += " · " + t("{hidden} of them hidden by the filter", hidden=hidden) if hidden else ""
    return f"{text} · {everything}"


def _download(page: CustomerPage) -> None:
    """What the filter shows, all of it, made when it is asked for; it can be filled in and imported again."""
    screen, spoken = customer_state.screen(), language()  # now: the file is made outside of the session
    with st.popover("", icon=":material/download:", help=t("Download what the filter shows"), disabled=page.count == 0):
        st.caption(t("In the columns that “Import” reads: fill it in, then import it again."))
        for kind, title, mime in (("csv", "CSV", "text/csv"), ("xlsx", "Excel (XLSX)", exporting.XLSX)):
            st.download_button(
                title,
                lambda kind=kind: customer_view.customer_file(desk(), screen.filter, screen.sort, spoken, kind),  # type: ignore[misc]
                file_name=f"{customer_view.file_stem(desk(), spoken)}.{kind}",
                mime=mime,
                key=f"get-customers-{kind}",
                on_click="ignore",
                width="stretch",
            )


def _pages(page: CustomerPage) -> None:
    number, last = customer_state.screen().page, max(0, -(-page.count // PAGE_SIZE) - 1)
    if last == 0:
        return
    for label, target, title in (("«", 0, t("First page")), ("‹", number - 1, t("Previous page"))):
        st.button(label, key=f"customers{label}", disabled=number == 0, on_click=_turn, args=(target,), help=title)
    st.markdown(t("Page {page} of {pages}", page=number + 1, pages=last + 1))
    for label, target, title in (("›", number + 1, t("Next page")), ("»", last, t("Last page"))):
        st.button(label, key=f"customers{label}", disabled=number >= last, on_click=_turn, args=(target,), help=title)


def _turn(number: int) -> None:
    customer_state.change(page=number)
