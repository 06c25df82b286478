"""The newest mails: found by number or recipient, each opened as it was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core import i18n, styling
from core.dispatch import exporting, history, outbox_view
from core.i18n import N_
from core.model import OPEN, DocumentType
from pages.parts import feedback, sent_panel
from pages.parts.resources import dark, desk, language, plain, say, t, zone

HEADINGS = (N_("Status"), N_("Number"), N_("Customer"), N_("Recipient"), N_("When"), N_("What happened"))
WIDTHS = (150, 110, 190, 220, 135, 380)


def show() -> None:
    newest = outbox_view.newest(desk())
    if not newest:
        return
    st.markdown(f"#### {t('Newest mails')}")
    search, states = st.columns([2.2, 8], vertical_alignment="bottom")
    search.text_input(t("Search"), key="mail-search", placeholder=t("Number, customer or recipient"), label_visibility="collapsed")
    names = {status: styling.label(language(), status) for status in outbox_view.STATES}
    with states:
        st.pills(t("Status"), list(names), format_func=names.__getitem__, key="mail-states", selection_mode="multi", label_visibility="collapsed")
    busy = any(row.status in OPEN for row in newest)
    st.fragment(_mails, run_every=2.0 if busy else None)()
    with feedback.told():
        _opened()


def _mails() -> None:
    if st.session_state.pop("mail-reload", False):
        st.rerun()  # the mail is shown outside of this part
    with feedback.told():
        rows = outbox_view.newest(desk(), search=st.session_state.get("mail-search") or "", statuses=st.session_state.get("mail-states") or ())
        if not rows:
            st.info(t("No mail fits the search and the filter."))
            return
        ids = [row.id for row in rows]
        grid = f"mails/{hash(tuple(ids))}"  # other rows, other grid: a position must never mean another mail
        st.dataframe(
            table(rows),
            hide_index=True,
            key=grid,
            on_select=lambda: _take(grid, rows),
            selection_mode="single-cell",
            height=min(35 * (len(rows) + 1) + 3, 420),
            column_config={str(place): st.column_config.TextColumn(t(HEADINGS[place]), width=WIDTHS[place]) for place in range(len(HEADINGS))},
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("A click on a row opens the mail as it was sealed. Newest mails shown: {count}.", count=len(rows)))
            spoken, headings = language(), [t(heading) for heading in HEADINGS]  # now: the file is made outside of the session
            cells = [_cells(row) for row in rows]
            st.download_button(
                t("Download (CSV)"),
                lambda: exporting.table_csv(headings, cells, spoken),
                file_name=f"{t('Outbox')} {desk().now():%Y-%m-%d}.csv",
                mime="text/csv",
                key="get-mails",
                on_click="ignore",
            )


def _take(grid: str, rows: Sequence[Any]) -> None:
    cells = st.session_state[grid]["selection"]["cells"]
    if cells:
        row = rows[cells[0][0]]
        st.session_state["mail-open"] = (row.invoice_id, row.message_id, row.id)
        st.session_state["mail-reload"] = True


def table(rows: Sequence[Any]) -> Styler:
    shown = pd.DataFrame([_cells(row) for row in rows], columns=[str(place) for place in range(len(HEADINGS))])
    css = [styling.DELIVERY_LOOKS[row.status].css(dark=dark()) for row in rows]
    painted = pd.DataFrame(dict.fromkeys(shown.columns, css))
    return shown.style.apply(lambda _: painted, axis=None).set_uuid("deliveries")


def _cells(row: Any) -> list[object]:
    return [
        styling.label(language(), row.status),
        number(row),
        row.customer_name,
        row.recipient,
        i18n.moment(language(), row.changed_at.astimezone(zone())),
        say(row.because) if row.because else "",
    ]


def number(row: Any) -> str:
    """With the mark of a credit note, as in the ledger, and the copy when it is not the first."""
    mark = f" {t(styling.CREDIT_BADGE)}" if row.type_code is DocumentType.CREDIT_NOTE else ""
    return f"{row.number}{mark}" + (f" ({row.copy_number})" if row.copy_number > 1 else "")


def _opened() -> None:
    """The mail of the row that was clicked, with its deliveries; closed by its cross."""
    if "mail-open" not in st.session_state:
        return
    invoice_id, message, delivery_id = st.session_state["mail-open"]
    copies = history.copies(desk(), invoice_id)
    mine = [copy for copy in copies if any(row.message_id == message for row in copy.deliveries)]
    with st.container(border=True, key="panel"):
        title, bounce, close = st.columns([7, 2.4, 1], vertical_alignment="center")
        if not mine:
            title.caption(t("This mail was taken back; nothing of it is kept."))
        else:
            title.markdown(f"**{plain(mine[0].deliveries[0].number)}** · {plain(mine[0].deliveries[0].customer_name)}")
        close.button("✕", key="mail-close", on_click=lambda: st.session_state.pop("mail-open", None), help=t("Close"))
        for row in mine[0].deliveries if mine else ():
            if row.id == delivery_id:
                with bounce:
                    sent_panel.came_back(row, "outbox")
        if mine and mine[0].sealed_sha256:
            sent_panel.show(history.standing(desk(), invoice_id), mine, tall=420, narrow=True)
        elif mine:
            st.caption(t("It is not sealed yet: that happens when it leaves."))
            sent_panel.deliveries(mine)
