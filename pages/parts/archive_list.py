"""The sealed mails: found by words, company and period, 200 at a time; a click opens one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core import i18n, styling
from core.dispatch import archive_view, companies, periods
from core.dispatch.archive_view import SHOWN, Mail
from core.dispatch.periods import Period
from core.i18n import N_
from core.model import DocumentType, RecipientRole
from pages.parts import archive_mail, ledger_filters, outbox_newest, verify_panel
from pages.parts.resources import dark, desk, language, t, translated, worded, zone

EVERY = 0
HEADINGS = (N_("Status"), N_("Number"), N_("Customer"), N_("Recipient"), N_("Handed over"), N_("Total"), N_("Company"))
WIDTHS = (140, 120, 230, 290, 140, 110, 200)


@dataclass(frozen=True, kw_only=True)
class Looking:
    """What is looked for; `turned` are the last mails of the pages before."""

    search: str = ""
    company_id: int = EVERY
    period: Period = Period.ALL
    since: date | None = None
    until: date | None = None
    turned: tuple[int, ...] = field(default=())

    @property
    def is_narrowed(self) -> bool:
        return replace(self, turned=()) != Looking()


def looking() -> Looking:
    return st.session_state.get("archive-looking") or Looking()


def show(*, short: bool) -> None:
    _filters(looking())
    now = looking()
    since, until = periods.days(now.period, datetime.now(zone()).date(), since=now.since, until=now.until)
    mails = archive_view.find(
        desk(),
        search=now.search,
        company_id=now.company_id or None,
        since=since,
        until=until,
        before=now.turned[-1] if now.turned else None,
    )
    if not mails:
        st.info(t("No mail fits the search and the filter.") if now.is_narrowed else t("No mail was sealed yet: that happens when it leaves."))
        return
    _grid(mails, tall=220 if short else 520)
    _pages(now, mails)


# Filters ---------------------------------------------------------------------------------------------------------


def _filters(now: Looking) -> None:
    search, company, period, clear, verify = st.columns([3.4, 2.4, 1.8, 1.2, 1.2], vertical_alignment="bottom")
    _keep("search", now.search)
    words = t("Number, customer, recipient, Message-ID")
    search.text_input(
        t("Search"), key="archive/search", placeholder=words, label_visibility="collapsed", on_change=_take, args=("search", "archive/search")
    )
    known = {EVERY: t("All companies")} | {each.id: each.name for each in companies.list_companies(desk())}
    _select(company, "company_id", t("Company"), known, now.company_id if now.company_id in known else EVERY)
    _select(period, "period", t("Period"), translated(ledger_filters.PERIODS), now.period)
    clear.button(t("Clear all"), key="archive-clear", disabled=not now.is_narrowed, on_click=_forget, width="stretch")
    with verify.popover(t("Verify"), width="stretch", key=f"verify/{verify_panel.runs()}", on_change="rerun") as popover:
        if popover.open:
            verify_panel.ask()
    if now.period is Period.DATES:
        first, last, _ = st.columns([1.8, 1.8, 6])
        for place, name, title, value in ((first, "since", t("From"), now.since), (last, "until", t("Up to"), now.until)):
            _keep(name, value)
            place.date_input(title, key=f"archive/{name}", format="DD/MM/YYYY", on_change=_take, args=(name, f"archive/{name}"))


def _select(place: Any, name: str, title: str, names: dict[Any, str], value: object) -> None:
    key = worded(f"archive/{name}")
    if key not in st.session_state:
        st.session_state[key] = value
    choices = {"options": list(names), "format_func": names.__getitem__, "key": key}
    place.selectbox(title, label_visibility="collapsed", on_change=_take, args=(name, key), **choices)


def _keep(name: str, value: object) -> None:
    """A widget that was away, on another page, starts from what is kept."""
    if f"archive/{name}" not in st.session_state:
        st.session_state[f"archive/{name}"] = value


def _take(name: str, key: str) -> None:
    values: dict[str, Any] = {name: st.session_state[key], "turned": ()}
    st.session_state["archive-looking"] = replace(looking(), **values)


def _forget() -> None:
    st.session_state.pop("archive-looking", None)
    for key in ["archive/search", "archive/since", "archive/until", worded("archive/company_id"), worded("archive/period")]:
        st.session_state.pop(key, None)


# The table -------------------------------------------------------------------------------------------------------


def _grid(mails: Sequence[Mail], *, tall: int) -> None:
    ids = [mail.id for mail in mails]
    key = f"archived/{hash(tuple(ids))}"  # other rows, other grid: a position must never mean another mail
    st.dataframe(
        table(mails),
        hide_index=True,
        key=key,
        on_select=lambda: _open(key, ids),
        selection_mode="single-cell",
        height=min(35 * (len(ids) + 1) + 3, tall),
        column_config={
            str(place): st.column_config.TextColumn(t(HEADINGS[place]), width=WIDTHS[place], alignment="right" if place == _TOTAL else None)
            for place in range(len(HEADINGS))
        },
    )


_TOTAL = HEADINGS.index("Total")


def _open(key: str, ids: Sequence[int]) -> None:
    cells = st.session_state[key]["selection"]["cells"]
    if cells:
        archive_mail.choose(ids[cells[0][0]])


def table(mails: Sequence[Mail]) -> Styler:
    shown = pd.DataFrame([_cells(mail) for mail in mails], columns=[str(place) for place in range(len(HEADINGS))])
    css = [styling.DELIVERY_LOOKS[mail.status].css(dark=dark()) for mail in mails]
    return shown.style.apply(lambda _: pd.DataFrame(dict.fromkeys(shown.columns, css)), axis=None).set_uuid("archived")


def _cells(mail: Mail) -> list[str]:
    row = mail.row
    own = [each.recipient for each in mail.deliveries if each.role is not RecipientRole.ARCHIVE] or [each.recipient for each in mail.deliveries]
    sign = -1 if row.type_code is DocumentType.CREDIT_NOTE else 1  # as in the ledger
    return [
        styling.label(language(), mail.status),
        outbox_newest.number(row),
        row.customer_name,
        ", ".join(own),
        i18n.moment(language(), mail.at.astimezone(zone())),
        i18n.amount(language(), sign * row.total_with_vat, row.currency),
        row.company_name,
    ]


def _pages(now: Looking, mails: Sequence[Mail]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("A click on a row opens the mail as it was sealed. Mails shown: {count}, the newest first.", count=len(mails)))
        if not now.turned and len(mails) < SHOWN:
            return
        st.button("‹", key="archive-newer", disabled=not now.turned, on_click=_turn, args=(now.turned[:-1],), help=t("Newer mails"))
        st.markdown(t("Page {page}", page=len(now.turned) + 1))
        older = (*now.turned, mails[-1].id)
        st.button("›", key="archive-older", disabled=len(mails) < SHOWN, on_click=_turn, args=(older,), help=t("Older mails"))


def _turn(turned: tuple[int, ...]) -> None:
    st.session_state["archive-looking"] = replace(looking(), turned=turned)
