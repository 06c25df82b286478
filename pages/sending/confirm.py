"""Confirm one invoice: read it, edit the text, see what the customer gets, send."""

import streamlit as st

from core.dispatch import checking, sending
from core.dispatch.sending import Preview
from core.model import RecipientRole
from core.preflight import Level
from core.records import AccompanyingText, Versions
from pages.parts import feedback, menu, preview_panel, ticks
from pages.parts.resources import desk, shown, t


def show(invoice_id: int) -> None:
    first = sending.preview(desk(), invoice_id)
    seen = versions_seen(invoice_id, first)
    preview_panel.head(first)
    left, right = st.columns([45, 55], gap="medium")
    with left:
        preview_panel.addresses(first)
        words = preview_panel.editor(first, str(invoice_id))
        free = may_be_sent(invoice_id, first, seen, words)
    edited = sending.preview(desk(), invoice_id, edited=words)
    with right:
        preview_panel.tabs(edited, str(invoice_id))
    foot(invoice_id, edited, words, seen, free=free)


def versions_seen(invoice_id: int, first: Preview) -> Versions:
    """What was shown when the screen was opened; a rerun must not take newer ones for seen."""
    if f"subject/{invoice_id}" not in st.session_state:
        st.session_state[f"seen/{invoice_id}"] = first.dossier.versions
    seen: Versions = st.session_state[f"seen/{invoice_id}"]
    return seen


def may_be_sent(invoice_id: int, first: Preview, seen: Versions, words: AccompanyingText) -> bool:
    if first.dossier.versions != seen:
        st.warning(t("Somebody changed the invoice, the customer card or the company's text meanwhile. Look at it again before you send it."))
        st.button(t("Look at it again"), on_click=forget, args=(invoice_id,))
        return False
    [verdict] = checking.preflight(desk(), [invoice_id])
    for reason in verdict.reasons:
        (st.error if reason.level is Level.BLOCKED else st.warning)(shown(reason.sentence))
    if not words.subject.strip():
        st.error(t("The subject is empty."))
        return False
    return verdict.level is not Level.BLOCKED


def forget(invoice_id: int) -> None:
    for name in ("subject", "body", "seen"):
        st.session_state.pop(f"{name}/{invoice_id}", None)


def foot(invoice_id: int, edited: Preview, words: AccompanyingText, seen: Versions, *, free: bool) -> None:
    to = ", ".join(mailbox.addr_spec for mailbox in edited.dossier.customer.mailboxes(RecipientRole.TO)) or "–"
    total = sum(len(part.content) for part in edited.mail.attachments)
    with st.container(horizontal=True, vertical_alignment="center", key="foot"):
        if st.button(t("Send to {to}", to=to), type="primary", disabled=not free, key=f"send/{invoice_id}"):
            queued = sending.queue_confirmed(desk(), invoice_id, words, seen)
            if not queued.refused:
                done(invoice_id, edited.dossier.invoice.number)
            st.error(shown(queued.refused[invoice_id]))
        st.page_link(menu.EMAIL, label=t("Back to the ledger"))
        st.caption(t("{count} attachments, {size}", count=len(edited.mail.attachments), size=preview_panel.size(total)))


def done(invoice_id: int, number: str) -> None:
    ticks.drop([invoice_id])
    feedback.later(t("Invoice {number} is on its way.", number=number))
    st.switch_page(menu.OUTBOX)


with feedback.told():
    chosen = st.query_params.get("invoice") or st.session_state.get("confirming")
    if not chosen or not str(chosen).isdecimal():
        st.info(t("Tick one invoice in the e-mail ledger, then “@ Send by e-mail”."))
        st.page_link(menu.EMAIL, label=t("Back to the ledger"))
    else:
        show(int(chosen))
