"""Below a ledger: what is ticked and its sum, pages, and what else can be done with the ticked ones."""

from __future__ import annotations

import streamlit as st

from core import i18n
from core.database.ledger_rows import Filter, Tally
from core.dispatch import exporting, looking
from core.dispatch.looking import PAGE_SIZE, LedgerPage
from core.model import Ledger
from pages.parts import ledger_actions, ledger_state, ticks
from pages.parts.resources import desk, language, t


def show(ledger: Ledger | None, name: str, chosen: Filter, shown: LedgerPage) -> None:
    left, middle, _ = st.columns([6, 2.4, 3], vertical_alignment="center")  # the third is the pages' place
    left.markdown(_sums(name, chosen, shown))
    with middle.container(horizontal=True, horizontal_alignment="right"):
        _download(ledger, name, chosen, shown)
        ledger_actions.menu(name, ledger)


def pages(name: str, shown: LedgerPage) -> None:
    """At the right of the foot, but a part of the page: turning needs other rows."""
    page, pages = ledger_state.of(name).page, max(1, -(-shown.tally.count // PAGE_SIZE))
    if pages == 1:
        return
    with st.container(key="pages", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        _turners(name, page, pages)


def _turners(name: str, page: int, pages: int) -> None:
    for label, target, disabled, title in (("«", 0, page == 0, t("First page")), ("‹", page - 1, page == 0, t("Previous page"))):
        st.button(label, key=f"{label}/{name}", disabled=disabled, on_click=_turn, args=(name, target), help=title)
    st.markdown(t("Page {page} of {pages}", page=page + 1, pages=pages))
    last = page + 1 >= pages
    for label, target, title in (("›", page + 1, t("Next page")), ("»", pages - 1, t("Last page"))):
        st.button(label, key=f"{label}/{name}", disabled=last, on_click=_turn, args=(name, target), help=title)


def _turn(name: str, page: int) -> None:
    ledger_state.change(name, page=page)


def _sums(name: str, chosen: Filter, shown: LedgerPage) -> str:
    ticked = ticks.of(name)
    everything = t("Documents: {count} · {sum}", count=shown.tally.count, sum=money(shown.tally))
    if not ticked:
        return everything
    tally, hidden = _ticked(name, ticked, chosen)
    text = t("**Ticked: {count} · {sum}**", count=tally.count, sum=money(tally))
    if hidden:
        text += " · " + t("{hidden} of them hidden by the filter", hidden=hidden)
    return f"{text} · {everything}"


def _ticked(name: str, ticked: frozenset[int], chosen: Filter) -> tuple[Tally, int]:
    """Counted again only when ticks or filter are others: a hundred thousand ticks are not summed at every click."""
    group = ledger_state.of(name).group
    asked = (ticked, chosen, group)
    if st.session_state.get(f"sums-asked/{name}") != asked:
        st.session_state[f"sums/{name}"] = looking.selected_tally(desk(), sorted(ticked), chosen, group)
        st.session_state[f"sums-asked/{name}"] = asked
    result: tuple[Tally, int] = st.session_state[f"sums/{name}"]
    return result


def _download(ledger: Ledger | None, name: str, chosen: Filter, shown: LedgerPage) -> None:
    """What the filter shows, all of it, made when it is asked for."""
    screen, spoken = ledger_state.of(name), language()  # now: the file is made outside of the session
    with st.popover("", icon=":material/download:", help=t("Download what the filter shows"), disabled=shown.tally.count == 0):
        for kind, title, mime in (("csv", "CSV", "text/csv"), ("xlsx", "Excel (XLSX)", exporting.XLSX)):
            st.download_button(
                title,
                lambda kind=kind: exporting.ledger_file(desk(), chosen, screen.group, screen.sort, spoken, kind),  # type: ignore[misc]
                file_name=f"{exporting.file_stem(spoken, ledger)}.{kind}",
                mime=mime,
                key=f"get-{kind}/{name}",
                on_click="ignore",
                width="stretch",
            )


def money(tally: Tally) -> str:
    parts = [i18n.amount(language(), value, currency) for currency, value in sorted(tally.sums.items())]
    return " + ".join(parts) or "–"
