"""One mail of the archive: as the customer got it, its envelope, and the proof of its sending."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import i18n, styling
from core.dispatch import archive_view, history, proving
from core.dispatch.archive_view import Mail
from core.model import DeliveryStatus
from pages.parts import outbox_newest, sent_panel
from pages.parts.resources import desk, language, plain, t, zone


def wanted() -> int | None:
    """The mail that the address names."""
    named = str(st.query_params.get("message", ""))
    return int(named) if named.isdecimal() else None


def choose(message_row_id: int) -> None:
    st.query_params["message"] = str(message_row_id)


def _close() -> None:
    st.query_params.pop("message", None)


def show(message_row_id: int) -> None:
    with st.container(border=True, key="panel"):
        title, proof, close = st.columns([7, 2.4, 1], vertical_alignment="center")
        close.button("✕", key="archive-close", on_click=_close, help=t("Close"))
        mail = archive_view.mail(desk(), message_row_id)
        title.markdown(f"**{plain(outbox_newest.number(mail.row))}** · {plain(mail.row.customer_name)}")
        with proof:
            _proof(mail)
        _envelope(mail)
        mine = [copy for copy in history.copies(desk(), mail.row.invoice_id) if copy.message_id == mail.row.message_id]
        sent_panel.show(history.standing(desk(), mail.row.invoice_id), mine, tall=420, narrow=True, is_archive=True)


def _proof(mail: Mail) -> None:
    spoken = language()  # now: the file is made outside of the session
    st.download_button(
        t("Proof of sending (PDF)"),
        lambda: proving.pdf(desk(), mail.id, spoken),
        file_name=proving.file_name(mail, spoken),
        mime="application/pdf",
        key=f"proof/{mail.id}",
        on_click="ignore",
        icon=":material/verified:",
        width="stretch",
    )


def _envelope(mail: Mail) -> None:
    """Who let it leave and when, from which address, and each recipient's answer."""
    row = mail.row
    parts = [t("Queued by {who} on {when}", who=row.created_by, when=_moment(row.queued_at))]
    if row.handed_at is not None:
        parts.append(t("handed over on {when}", when=_moment(row.handed_at)))
    if row.envelope_from:
        parts.append(t("sender {address}", address=row.envelope_from))
    st.caption(" · ".join(parts))
    for each in mail.deliveries:
        said = " ".join(f"{each.reply_code or ''} {each.reply or ''}".split())
        said = i18n.quoted(language(), "", "reply", said, said)
        server = i18n.translate(language(), proving.AT, server=each.handed_to) if each.handed_to else ""
        words = [styling.label(language(), each.status), each.recipient, _moment(each.changed_at), server, said]
        st.caption(" · ".join(plain(word) for word in words if word))
    if any(each.status is DeliveryStatus.UNCERTAIN for each in mail.deliveries):
        _in_the_chain(mail)


def _in_the_chain(mail: Mail) -> None:
    """Who wrote down, and when, that nobody knows what became of it."""
    found = proving.chain_entry(desk(), mail)
    if found is not None:
        entry, place = found
        st.caption(t("Audit chain: entry {place} of {when}, written by {who}", place=place, when=_moment(entry.at), who=entry.who))


def _moment(at: datetime) -> str:
    return i18n.moment(language(), at.astimezone(zone()))
