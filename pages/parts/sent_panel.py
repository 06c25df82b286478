"""An invoice that has left, or is on its way: what became of it, and the mail as it was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core import eml, i18n, reasons, styling
from core.dispatch import documents, history, holding, settling
from core.dispatch.history import Copy
from core.model import DeliveryStatus, RecipientRole
from core.records import InvoiceRow
from pages.parts import feedback, mail_preview, places, preview_panel, reason_choice, send_again
from pages.parts.resources import desk, language, plain, shown, t, zone


def show(standing: InvoiceRow, copies: Sequence[Copy], *, tall: int, narrow: bool, is_archive: bool = False) -> None:
    preview_panel.about(documents.dossier(desk(), standing.id))
    opened = history.sealed_mail(desk(), copies[0].sealed_sha256 or "")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("The mail as it was sealed; it is kept in the archive and cannot be changed."))
        if not is_archive:
            send_again.menu(standing, "narrow" if narrow else "wide")
            st.page_link(places.ARCHIVE, label=t("In the archive"), query_params={"message": str(copies[0].deliveries[0].message_id)})
    parts = opened.attachments
    names = [t("Mail"), *(_name(part, place) for place, part in enumerate(parts)), t("History")]
    for place, tab in enumerate(st.tabs(names, key=f"sent-tabs/{'narrow' if narrow else 'wide'}/{len(names)}", on_change="rerun")):
        if not tab.open:
            continue
        with tab:
            if place == 0:
                _mail(opened, f"sent/{standing.id}", standing.number.replace("/", "-"))
            elif place == len(names) - 1:
                deliveries(copies)
            else:
                preview_panel.attachment(parts[place - 1], f"sent/{standing.id}/{place}", height=tall)


def _name(part: eml.Part, place: int) -> str:
    if part.mime_type == "application/xml":
        return "XML"
    return t("Document") if place == 0 else t("Terms")


def _mail(opened: eml.Opened, key: str, file_name: str = "") -> None:
    preview_panel.mail_head(opened, "From", "To", "Cc", "Subject")
    page = opened.html or f"<pre>{escape(opened.plain)}</pre>"
    mail_preview.show(page, opened.pictures, title=t("The mail as the customer reads it"), key=f"mail/{key}")
    named = dict(opened.headers).get("Message-ID", "mail").strip("<>").partition("@")[0]
    label, kind = t("Download the mail (.eml)"), "message/rfc822"
    st.download_button(label, opened.raw, file_name=f"{file_name or named}.eml", mime=kind, key=f"eml/{key}", on_click="ignore")


def deliveries(copies: Sequence[Copy]) -> None:
    """Each copy, each recipient: state, time, what the server said."""
    for copy in copies:
        if len(copies) > 1:
            st.markdown(f"**{t('Copy {number}', number=copy.copy_number)}**")
        for row in copy.deliveries:
            when = i18n.moment(language(), row.changed_at.astimezone(zone()))
            st.markdown(f"{styling.label(language(), row.status)} · {plain(row.recipient)} · {when}")
            came_back(row, "history")
            if row.because:
                st.caption(shown(row.because))
        st.caption(f"Message-ID {plain(copy.message_id)}")


def came_back(row: Any, place: str) -> None:
    """A notice of non-delivery is read by people; what was sent is then not with the customer."""
    if row.status is not DeliveryStatus.SENT or row.role is RecipientRole.ARCHIVE:
        return
    key = f"{place}/{row.id}"
    hint = t("The mail server took this mail, and later a notice came that it could not be delivered.")
    with st.popover(t("It came back"), help=hint), feedback.told():
        reason = reason_choice.choose(reasons.CAME_BACK, f"back-why/{key}")
        notice = st.text_area(t("Or paste what the notice says"), key=f"back-notice/{key}", height=90)
        if st.button(t("Mark as came back"), key=f"back/{key}", type="primary"):
            settled = settling.came_back(desk(), row.id, reason=notice.strip() or reason)
            said = t("{number} came back from {recipient}; the outbox shows what to do.", number=row.number, recipient=row.recipient)
            feedback.later(said, undo=lambda: settling.take_back(desk(), [settled]))
            st.rerun()


def release_button(invoice_id: int) -> None:
    if st.button(t("Release"), key=f"release/{invoice_id}"):
        holding.release(desk(), [invoice_id])
        st.rerun()
