"""One invoice as its customer gets it: beside the ledger, or as the confirm screen. The same component at two widths."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.dispatch import checking, history, sending, what_changed
from core.dispatch.sending import Preview
from core.errors import FacturierError, Sentence
from core.i18n import N_
from core.model import SENDABLE, DeliveryStatus, DispatchStatus, Ledger, RecipientRole
from core.preflight import Level, Remedy, Verdict
from core.records import AccompanyingText, InvoiceRow, Versions
from core.rendering.message import Attachment
from pages.parts import browser, feedback, menu, preview_panel, send_again, sent_panel, strip, ticks
from pages.parts.resources import desk, shown, t

CHANGED_MEANWHILE = N_("This changed meanwhile: {what}. Look at it again before you send it.")
PANEL = 528
TALL = 270  # a document beside the ledger, on 800 px
LEDGERS = {"all": menu.LEDGER, "email": menu.EMAIL}
MEND = {Remedy.CUSTOMER: menu.CUSTOMERS, Remedy.COMPANY: menu.COMPANIES, Remedy.OUTBOX: menu.OUTBOX}
TABS = {"document": N_("Document"), "mail": N_("Mail"), "text": N_("Edit the text"), "xml": "XML", "terms": N_("Terms"), "history": N_("History")}


def beside(name: str, invoice_id: int, ids: Sequence[int]) -> None:
    """Narrow, beside the table; ‹ › go along the rows."""
    with st.container(border=True, key="panel", height=PANEL + browser.spare()), feedback.told():
        standing = history.standing(desk(), invoice_id)
        title, bar = st.columns([7, 3], vertical_alignment="center")
        with title:
            preview_panel.title(standing)
        with bar:
            _bar(name, invoice_id, ids)
        _invoice(name, standing, narrow=True, ids=ids)


def came_from() -> str:
    """The ledger from which the confirm screen was opened."""
    name: str = st.session_state.get("confirming-from", "email")
    return name


def confirm(invoice_id: int) -> None:
    """Wide: addresses and words on the left, what arrives on the right."""
    ids: Sequence[int] = st.session_state.get(f"rows/{came_from()}", [])
    standing = history.standing(desk(), invoice_id)
    preview_panel.title(standing)
    _invoice("confirm", standing, narrow=False, ids=ids)


def _bar(name: str, invoice_id: int, ids: Sequence[int]) -> None:
    place = ids.index(invoice_id) if invoice_id in ids else -1
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        back, ahead = place > 0, 0 <= place < len(ids) - 1
        st.button("‹", key=f"panel-back/{name}", disabled=not back, on_click=_open, args=(name, ids, place - 1), help=t("Previous row"))
        st.button("›", key=f"panel-next/{name}", disabled=not ahead, on_click=_open, args=(name, ids, place + 1), help=t("Next row"))
        st.button("✕", key=f"panel-close/{name}", on_click=_close, args=(name,), help=t("Close"))


def _open(name: str, ids: Sequence[int], place: int) -> None:
    if 0 <= place < len(ids):
        st.session_state[f"open/{name}"] = ids[place]


def _close(name: str) -> None:
    """The cell lets go too, so that a click on the same row opens it again."""
    st.session_state.pop(f"open/{name}", None)
    key: str = st.session_state.get(f"grid/{name}", "")
    if key in st.session_state:
        rows = st.session_state[key]["selection"]["rows"]
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def _invoice(place: str, standing: InvoiceRow, *, narrow: bool, ids: Sequence[int]) -> None:
    """What has left is shown as it left; everything else as it would leave now."""
    send_again.follow(standing.id)
    copies = history.copies(desk(), standing.id)
    if standing.status not in SENDABLE and copies and copies[0].sealed_sha256:
        sent_panel.show(standing, copies, tall=TALL + browser.spare() if narrow else 620, narrow=narrow)
        return
    first = sending.preview(desk(), standing.id)
    preview_panel.head(first)
    if standing.status in SENDABLE and standing.ledger is Ledger.EMAIL:
        _to_send(place, standing, first, narrow=narrow, ids=ids, past=copies)
    else:
        if not narrow:
            _why_not(standing, first)
        _tabs(first, standing, ["document", "xml"], narrow=narrow, past=copies)


def _why_not(standing: InvoiceRow, first: Preview) -> None:
    """What does not leave by e-mail says why, and the ways on."""
    [verdict] = checking.preflight(desk(), [standing.id])
    for reason in verdict.blocked_by:
        st.info(shown(reason.sentence))
    with st.container(horizontal=True):
        st.page_link(menu.CUSTOMERS, label=t("Customer card"), query_params={"customer": first.dossier.customer.key})
        st.page_link(LEDGERS[came_from()], label=t("Back to the ledger"))


def _to_send(place: str, standing: InvoiceRow, first: Preview, *, narrow: bool, ids: Sequence[int], past: Sequence[history.Copy]) -> None:
    seen = _seen(place, standing.id, first)
    [verdict] = checking.preflight(desk(), [standing.id])
    words = _words(standing.id, first)
    _stopped(standing, past)
    if narrow:
        _say(verdict, first, seen, words, standing.id)
        words = _tabs(first, standing, ["document", "mail", "text", "xml", "terms"], narrow=True, past=past, words=words)
    else:
        left, right = st.columns([45, 55], gap="medium")
        with left:
            troubles = st.container()  # above what it is about: below, the buttons would hide it
            preview_panel.addresses(first)
            words = preview_panel.editor(first, str(standing.id), words)
            _keep_words(standing.id, first, words)
            with troubles:
                _say(verdict, first, seen, words, standing.id)
        with right:
            _tabs(first, standing, ["mail", "document", "xml", "terms"], narrow=False, past=past, words=words)
    free = verdict.level is not Level.BLOCKED and first.dossier.versions == seen and bool(words.subject.strip())
    _foot(place, standing, first, words, seen, free=free, ids=ids, narrow=narrow)


def _stopped(standing: InvoiceRow, past: Sequence[history.Copy]) -> None:
    """Why its last sending did not go through, before it is sent again."""
    if standing.status is DispatchStatus.TO_SEND or standing.held_because is not None or not past:
        return
    for because in dict.fromkeys(row.because for row in past[0].deliveries if row.because and row.status is not DeliveryStatus.SENT):
        st.warning(shown(because))


def _seen(place: str, invoice_id: int, first: Preview) -> Versions:
    """What was shown when the panel was opened on it; a rerun must not take newer ones for seen."""
    if st.session_state.get("panel-on") != (place, invoice_id):
        st.session_state["panel-on"] = (place, invoice_id)
        st.session_state[f"seen/{invoice_id}"] = first.dossier.versions
        if st.session_state.get(f"words/{invoice_id}", (first.dossier.versions,))[0] != first.dossier.versions:
            _forget_words(invoice_id)
    seen: Versions = st.session_state[f"seen/{invoice_id}"]
    return seen


def _words(invoice_id: int, first: Preview) -> AccompanyingText:
    """The person's, if they wrote some."""
    kept: tuple[Versions, AccompanyingText] | None = st.session_state.get(f"words/{invoice_id}")
    return kept[1] if kept else first.words


def _keep_words(invoice_id: int, first: Preview, words: AccompanyingText) -> None:
    """Kept beside the widgets, which forget what they hold when another tab is open."""
    if words != first.words or f"words/{invoice_id}" in st.session_state:
        st.session_state[f"words/{invoice_id}"] = (first.dossier.versions, words)


def _forget_words(invoice_id: int) -> None:
    for name in ("words", "subject", "body"):
        st.session_state.pop(f"{name}/{invoice_id}", None)


def look_again(invoice_id: int) -> None:
    _forget_words(invoice_id)
    st.session_state.pop("panel-on", None)


def _say(verdict: Verdict, first: Preview, seen: Versions, words: AccompanyingText, invoice_id: int) -> None:
    """What stops it, each with the way to mend it."""
    if first.dossier.versions != seen:
        what = what_changed.meanwhile(desk(), invoice_id, now=first.dossier.versions, then=seen)
        st.warning(shown(Sentence(CHANGED_MEANWHILE, {"what": what})))
        st.button(t("Look at it again"), on_click=look_again, args=(invoice_id,), key=f"look-again/{invoice_id}")
    for reason in verdict.reasons:
        (st.error if reason.level is Level.BLOCKED else st.warning)(shown(reason.sentence))
        if reason.remedy in MEND:
            key = first.dossier.customer.key if reason.remedy is Remedy.CUSTOMER else first.dossier.company.key
            st.page_link(MEND[reason.remedy], label=t("Mend it"), query_params={reason.remedy.value: key})
        elif reason.remedy is Remedy.RELEASE:
            sent_panel.release_button(invoice_id)
    if not words.subject.strip():
        st.error(t("The subject is empty."))
    if "{{" in words.subject + words.body:
        st.warning(t("The text holds “{{”: here keywords are not filled in any more, it leaves as it stands."))


def _tabs(
    first: Preview,
    standing: InvoiceRow,
    names: list[str],
    *,
    narrow: bool,
    past: Sequence[history.Copy],
    words: AccompanyingText | None = None,
) -> AccompanyingText:
    """Only the open one is made; which one is open stays from row to row."""
    words = words or first.words
    parts = _parts(first)
    names = [name for name in names if name in parts or name in ("mail", "text")] + (["history"] if past else [])
    width = "narrow" if narrow else "wide"
    titles = [t(TABS[name]) for name in names]
    for name, tab in zip(names, st.tabs(titles, key=f"tabs/{width}/{len(names)}", on_change="rerun"), strict=True):
        if not tab.open:
            continue
        with tab:
            if name == "mail":
                if narrow:
                    preview_panel.addresses(first)
                preview_panel.mail(sending.preview(desk(), standing.id, edited=words), f"{width}/{standing.id}")
            elif name == "text":
                words = preview_panel.editor(first, str(standing.id), words)
                _keep_words(standing.id, first, words)
            elif name == "history":
                sent_panel.deliveries(past)
            else:
                preview_panel.attachment(parts[name], f"{width}/{standing.id}/{name}", height=TALL + browser.spare() if narrow else 620)
    for note in first.mail.notes:
        st.caption(shown(note))
    return words


def _parts(first: Preview) -> dict[str, Attachment]:
    """The attachments by what they are (DESIGN §5 gives their order)."""
    document, *others = first.mail.attachments
    return {"document": document} | {"xml" if part.mime_type == "application/xml" else "terms": part for part in others}


def _foot(
    place: str, standing: InvoiceRow, first: Preview, words: AccompanyingText, seen: Versions, *, free: bool, ids: Sequence[int], narrow: bool
) -> None:
    to = ", ".join(sending.still_due(desk(), first, RecipientRole.TO)) or "–"
    total = sum(len(part.content) for part in first.mail.attachments)
    with st.container(horizontal=True, vertical_alignment="center", key=f"foot-{'narrow' if narrow else 'wide'}"):
        if not narrow:
            _neighbours(standing.id, ids)
        if st.button(t("Send to {to}", to=to), type="primary", disabled=not free, key=f"send/{standing.id}"):
            _send(place, standing, words, seen, ids)
        if not narrow:
            st.page_link(LEDGERS[came_from()], label=t("Back to the ledger"))
        st.caption(t("{count} attachments, {size}", count=len(first.mail.attachments), size=preview_panel.size(total)))


def _neighbours(invoice_id: int, ids: Sequence[int]) -> None:
    place = ids.index(invoice_id) if invoice_id in ids else -1
    for label, target, title in (("‹", place - 1, t("Previous row")), ("›", place + 1, t("Next row"))):
        if st.button(label, key=f"confirm{label}", disabled=place < 0 or not 0 <= target < len(ids), help=title):
            st.session_state["confirming"] = ids[target]
            st.query_params["invoice"] = str(ids[target])
            st.rerun()


def _send(place: str, standing: InvoiceRow, words: AccompanyingText, seen: Versions, ids: Sequence[int]) -> None:
    """The words stay at hand: whoever cancels within the countdown finds them again."""
    try:
        queued = sending.queue_confirmed(desk(), standing.id, words, seen, countdown_s=desk().settings.countdown_s)
    except FacturierError as error:
        st.error(shown(error.sentence))
        return
    if queued.refused:
        st.error(shown(queued.refused[standing.id]))
        return
    ticks.drop([standing.id])
    strip.watch(queued.batch_id, back_to=came_from() if place == "confirm" else place)
    if place == "confirm":
        st.switch_page(LEDGERS[came_from()])
    where = ids.index(standing.id) if standing.id in ids else -1
    _open(place, ids, where + 1)
    st.rerun()
