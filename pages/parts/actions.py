"""What can be done with ticked invoices: send, mark as sent elsewhere. The use cases decide; this only asks and tells."""

from __future__ import annotations

import streamlit as st

from core.dispatch import checking, sending, settling
from core.i18n import N_
from core.preflight import Level, Remedy, Verdict
from pages.parts import feedback, menu, ticks
from pages.parts.resources import desk, plain, shown, t

ELSEWHERE_REASONS = (N_("Sent before Facturier was used"), N_("Sent over Peppol"), N_("Handed over in person"), N_("Sent by post"))
REMEDY_PAGES = {Remedy.CUSTOMER: menu.CUSTOMERS, Remedy.COMPANY: menu.COMPANIES, Remedy.OUTBOX: menu.OUTBOX}


def send_button(name: str, ticked: frozenset[int], *, is_paper: bool) -> None:
    """One ticked: the confirm screen. Several: one click sends them, unless something is to be looked at first."""
    if is_paper:
        return
    text = t("@ Send by e-mail") + (f" ({len(ticked)})" if len(ticked) > 1 else "")
    if not st.button(text, key=f"send/{name}", type="primary", disabled=not ticked):
        return
    if len(ticked) == 1:
        st.session_state["confirming"] = next(iter(ticked))
        st.switch_page(menu.CONFIRM, query_params={"invoice": str(next(iter(ticked)))})
    verdicts = checking.preflight(desk(), sorted(ticked))
    if all(verdict.level is Level.READY for verdict in verdicts):
        _queue(name, [verdict.invoice_id for verdict in verdicts])
    st.session_state[f"sheet/{name}"] = True


def _queue(name: str, ids: list[int]) -> None:
    queued = sending.queue(desk(), ids)
    st.session_state[f"sheet/{name}"] = False
    ticks.drop(queued.invoice_ids)
    for refusal in queued.refused.values():
        st.error(shown(refusal))
    if not queued.invoice_ids:
        return
    feedback.later(t("{count} invoices are on their way. The outbox shows how far they are.", count=len(queued.invoice_ids)))
    st.switch_page(menu.OUTBOX)


def sheet(name: str, ticked: frozenset[int]) -> None:
    """The check before sending, shown only when something is not ready; always of what is ticked and true now."""
    if not st.session_state.get(f"sheet/{name}") or not ticked:
        return
    verdicts = checking.preflight(desk(), sorted(ticked))
    by_level = {level: [verdict for verdict in verdicts if verdict.level is level] for level in Level}
    ready, check, blocked = by_level[Level.READY], by_level[Level.WARNING], by_level[Level.BLOCKED]
    with st.container(border=True):
        st.markdown(f"#### {t('Check before sending')}")
        st.markdown(t("{ready} ready · {check} to check · {blocked} blocked", ready=len(ready), check=len(check), blocked=len(blocked)))
        _list(t("Blocked: these stay here"), blocked)
        wanted = _choose(name, check)
        with st.container(horizontal=True):
            ids = [verdict.invoice_id for verdict in ready] + wanted
            if st.button(t("Send {count}", count=len(ids)), type="primary", disabled=not ids, key=f"sheet-send/{name}"):
                _queue(name, ids)
            if st.button(t("Cancel"), key=f"sheet-cancel/{name}"):
                st.session_state[f"sheet/{name}"] = False
                st.rerun()


def _list(title: str, verdicts: list[Verdict]) -> None:
    if not verdicts:
        return
    st.markdown(f"**{title}**")
    for verdict in verdicts:
        for reason in verdict.blocked_by:
            text, way = st.columns([6, 2], vertical_alignment="center")
            text.markdown(f"✗ **{plain(verdict.number)}** — {shown(reason.sentence)}")
            if reason.remedy in REMEDY_PAGES:
                way.page_link(REMEDY_PAGES[reason.remedy], label=t("Mend it"))


def _choose(name: str, verdicts: list[Verdict]) -> list[int]:
    if verdicts:
        st.markdown(f"**{t('To check: ticked ones are sent too')}**")
    wanted = []
    for verdict in verdicts:
        words = " ".join(shown(reason.sentence) for reason in verdict.reasons)
        if st.checkbox(f"**{plain(verdict.number)}** — {words}", value=True, key=f"sheet-tick/{name}/{verdict.invoice_id}"):
            wanted.append(verdict.invoice_id)
    return wanted


def other_ways(name: str, ticked: frozenset[int]) -> None:
    """Mark the ticked ones as sent elsewhere, or take that mark away."""
    if not ticked:
        return
    with st.expander(t("Already sent elsewhere")):
        reason = st.selectbox(t("Reason"), [t(each) for each in ELSEWHERE_REASONS], key=f"elsewhere-reason/{name}")
        with st.container(horizontal=True):
            mark = st.button(t("Mark {count} as sent elsewhere", count=len(ticked)), key=f"elsewhere/{name}")
            unmark = st.button(t("Take the mark away"), key=f"elsewhere-undo/{name}")
        if not mark and not unmark:
            return
        act = settling.mark_elsewhere if mark else settling.unmark_elsewhere
        refused = act(desk(), sorted(ticked), reason=reason)
        ticks.change(name, frozenset())
        feedback.later(t("Done for {count} invoices; {refused} could not be changed.", count=len(ticked) - len(refused), refused=len(refused)))
        st.rerun()
