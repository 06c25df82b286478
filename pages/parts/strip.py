"""The strip above every page while something leaves: the countdown with “Cancel”, how far it is, what did not leave."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core import i18n
from core.dispatch import batch_acts, budget, holding, outbox_view, progress
from core.dispatch.progress import Progress
from core.errors import BatchNotHeld
from pages.parts import feedback, places, ticks
from pages.parts.resources import desk, language, plain, say, t, zone

FAR_S = 600  # longer is no countdown
LIVE_S = 4  # at least, between two looks of a whole ledger


def watch(batch_id: int, *, back_to: str | None) -> None:
    """Follow a batch on whatever page the person is; `back_to` is the ledger whose ticks come back when it is cancelled, if any.

    Several that were sent one after the other are followed together, until they are all done.
    """
    st.session_state.pop("undoable", None)  # two ways back at once would be taken for each other
    followed = _followed()
    if st.session_state.pop("followed-done", False):  # asked now, an invoice that leaves again would make its old batch open
        followed = {}
    st.session_state["followed"] = followed | {batch_id: back_to}


def _followed() -> dict[int, str | None]:
    followed: dict[int, str | None] = st.session_state.get("followed", {})
    return followed


def show(*, live: bool = False) -> None:
    followed = _followed()
    if not followed:
        return
    far = progress.of_batches(desk(), list(followed))
    if far.is_open:
        _following(followed, shown=(time.monotonic(), far.done) if live else None)
    else:
        _closing(far)


@st.fragment(run_every=1.0)
def _following(followed: dict[int, str | None], *, shown: tuple[float, int] | None) -> None:
    """Read from the database every second; the whole page follows from time to time if it is a live one, and at the end."""
    with feedback.told():
        far = progress.of_batches(desk(), list(followed))
        if not far.is_open or (shown and far.done > shown[1] and time.monotonic() > shown[0] + LIVE_S):
            st.rerun()
        with st.container(border=True, key="strip"), st.container(horizontal=True, vertical_alignment="center"):
            if far.held is not None:
                st.markdown(f"**{plain(say(far.held))}** · " + t("invoices: {count}", count=far.waiting))
                st.button(t("Resume"), key="strip-resume", on_click=_resume, args=(followed,), type="primary")
                st.button(t("Cancel"), key="strip-cancel", on_click=_cancel, args=(followed,))
                st.page_link(places.OUTBOX, label=t("Outbox"))
            elif far.leaves_at is not None and far.leaves_in_s > FAR_S:
                _later(followed, far)
            elif far.leaves_in_s > 0:
                st.markdown(t("**Leaving in {seconds} s** · invoices: {count}", count=far.waiting, seconds=far.leaves_in_s))
                st.button(t("Cancel"), key="strip-cancel", on_click=_cancel, args=(followed,), type="primary")
                st.button(t("Send now"), key="strip-now", on_click=_leave_now, args=(followed,))
            else:
                st.markdown(t("Sending: {done} of {total} done", done=far.done, total=far.total) + ends_about(list(followed)))
                st.progress(far.done / max(1, far.total), width=160)
                st.page_link(places.OUTBOX, label=t("Outbox"))


def ends_about(batch_ids: Sequence[int]) -> str:
    """When the last of them will have left; nothing while nobody can say."""
    ends = [end for end in (budget.ends_at(desk(), batch_id) for batch_id in batch_ids) if end is not None]
    return " · " + t("ends about {time}", time=soon(max(ends))) if ends and outbox_view.heartbeat(desk())[0] else ""


def soon(moment: datetime) -> str:
    """The hour, with the day where it is another one."""
    local = moment.astimezone(zone())
    return i18n.clock(language(), local) if local.date() == desk().now().astimezone(zone()).date() else i18n.moment(language(), local)


def _later(followed: dict[int, str | None], far: Progress) -> None:
    """A time that somebody chose: followed as long as the person likes."""
    assert far.leaves_at is not None
    when = i18n.moment(language(), far.leaves_at.astimezone(zone()))
    st.markdown(t("**Leaves on {when}** · invoices: {count}", when=when, count=far.waiting))
    st.button(t("Cancel"), key="strip-cancel", on_click=_cancel, args=(followed,))
    st.button(t("Send now"), key="strip-now", on_click=_leave_now, args=(followed,))
    st.page_link(places.OUTBOX, label=t("Change the time"))
    if st.button("✕", key="strip-close", help=t("Close; it leaves at its time all the same.")):
        st.session_state.pop("followed", None)
        st.rerun()


def _resume(followed: dict[int, str | None]) -> None:
    for batch_id in followed:
        with contextlib.suppress(BatchNotHeld):
            batch_acts.resume(desk(), batch_id)


def _leave_now(followed: dict[int, str | None]) -> None:
    for batch_id in followed:
        holding.leave_now(desk(), batch_id)


def _cancel(followed: dict[int, str | None]) -> None:
    _take_back(followed)


def _take_back(followed: dict[int, str | None]) -> int:
    """How many had begun to leave: those are followed to their end."""
    count = gone = 0
    for batch_id, name in followed.items():
        cancelled = holding.cancel(desk(), batch_id)
        if name:
            ticks.change(name, ticks.of(name) | frozenset(cancelled.invoice_ids))
        count, gone = count + len(cancelled.invoice_ids), gone + cancelled.gone
    if gone:
        feedback.later(t("Cancelled. Waiting again: {count}. Had begun to leave already: {gone}.", count=count, gone=gone))
    else:
        st.session_state.pop("followed", None)
        if all(followed.values()):
            feedback.later(t("Cancelled. Nothing has left. Ticked again: {count}.", count=count))
        else:  # from the outbox, where each stands again with its remedies
            feedback.later(t("Cancelled. Nothing has left. Waiting again: {count}.", count=count))
    return gone


def cancel(batch_id: int) -> None:
    """One of what is followed; the others go on."""
    name = _followed().get(batch_id)
    rest = {other: back_to for other, back_to in _followed().items() if other != batch_id}
    gone = _take_back({batch_id: name})
    if rest and not gone:
        st.session_state["followed"] = rest


def _closing(far: Progress) -> None:
    """Said until it is read: how many left, and the way to those that failed or that nobody can be sure of."""
    st.session_state["followed-done"] = True
    with st.container(border=True, key="strip"), st.container(horizontal=True, vertical_alignment="center"):
        if far.trouble:
            st.markdown(t("⚠ **Left: {sent} · to handle: {trouble}**", sent=far.left, trouble=far.trouble))
            st.page_link(places.OUTBOX, label=t("See why, and mend it"))
        else:
            st.markdown(t("✓ **Left: {sent}.** The server took each mail for every recipient.", sent=far.left))
        st.button("✕", key="strip-close", on_click=lambda: st.session_state.pop("followed", None), help=t("Close"))
