"""What a person can do with the batch that is shown, and why what has not left of it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core import i18n, reasons
from core.dispatch import batch_acts, holding
from core.dispatch.outbox_view import Far
from core.dispatch.waits import Waits
from pages.parts import feedback, leaving_time, outbox_settled, reason_choice, strip
from pages.parts.resources import desk, language, shown, t, zone

ROOM = 380  # px in which a reason can be read


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Which buttons a batch has at this moment."""

    cancel: bool
    now: bool
    hold: bool
    held: bool
    move: bool


def ways(found: Waits, far: Far) -> Ways:
    held = found.held_at is not None
    return Ways(
        cancel=far.is_open,
        now=far.is_open and far.invoices.leaves_in_s > 0 and not held,
        hold=bool(found.total) and not held,
        held=bool(found.total) and held,
        move=bool(found.total) and not held and is_far(found),
    )


def show(batch_id: int, can: Ways, found: Waits) -> None:
    """All in one row, outside of what brings itself up to date: a form must not be made anew under somebody's hands."""
    with st.container(horizontal=True, horizontal_alignment="right"), feedback.told():
        if can.held:
            st.button(t("Resume this batch"), key=f"batch-resume/{batch_id}", type="primary", on_click=_resume, args=(batch_id,))
        if can.hold:
            _hold(batch_id)
        if can.move:
            _move(batch_id, found)
        if can.cancel:
            st.button(t("Cancel what has not left"), key=f"cancel/{batch_id}", on_click=_cancel, args=(batch_id,))
        if can.now:  # at the end: what vanishes first moves nothing
            st.button(t("Send now"), key=f"now/{batch_id}", on_click=holding.leave_now, args=(desk(), batch_id))


def _cancel(batch_id: int) -> None:
    with feedback.told_later():
        cancelled = holding.cancel(desk(), batch_id)
        count = len(cancelled.invoice_ids)
        feedback.later(t("Cancelled. Waiting again: {count}. Had begun to leave already: {gone}.", count=count, gone=cancelled.gone))


def _hold(batch_id: int) -> None:
    hint = t("What is being handed over finishes; the rest waits until somebody resumes it.")
    with st.popover(t("Hold this batch"), help=hint), st.container(width=ROOM), feedback.told():
        reason = reason_choice.choose(reasons.PAUSE, f"batch-why/{batch_id}")
        if st.button(t("Hold"), key=f"batch-hold/{batch_id}", type="primary", disabled=not reason):
            count = batch_acts.hold(desk(), batch_id, reason=reason)
            outbox_settled.act()
            feedback.later(t("Held: {count}.", count=count), undo=lambda: batch_acts.resume(desk(), batch_id))
            st.rerun()


def _move(batch_id: int, found: Waits) -> None:
    turn = st.session_state.setdefault("moves", 0)  # another pop-over after each use: this one is closed by it
    with st.popover(t("Change the time"), key=f"batch-move-open/{batch_id}/{turn}"), feedback.told():
        moment = leaving_time.choose(f"batch-{batch_id}/{turn}", standing=found.leaves_at)
        if st.button(t("Leave on {when}", when=_when(moment)), key=f"batch-move/{batch_id}", type="primary"):
            batch_acts.move(desk(), batch_id, moment)
            st.session_state["moves"] = turn + 1
            outbox_settled.act()
            feedback.later(t("Leaves on {when}.", when=_when(moment)))
            st.rerun()


def is_far(found: Waits) -> bool:
    """A time that somebody chose, no countdown."""
    return bool(found.later and found.leaves_at and (found.leaves_at - desk().now()).total_seconds() > strip.FAR_S)


def _resume(batch_id: int) -> None:
    with feedback.told_later():
        feedback.later(t("Resumed: {count}.", count=batch_acts.resume(desk(), batch_id)))


def _when(moment: datetime) -> str:
    return i18n.moment(language(), moment.astimezone(zone()))


def why(found: Waits) -> None:
    """One line for each reason."""
    if found.held and found.because:
        st.warning(f"{shown(found.because)}  \n" + t("Mails that wait: {count}.", count=found.held))
    if found.leaves_at and is_far(found):
        st.markdown(t("**Leaves on {when}** · mails: {count}", when=_when(found.leaves_at), count=found.later))
    reasons_to_wait = [
        (t("Wait because the account is paused: {count}", count=found.paused), found.paused),
        (t("Wait because the account has used its limit: {count}", count=found.limited), found.limited),
        (t("Wait for their next try: {count}", count=found.tried), found.tried),
    ]
    for words, count in reasons_to_wait:
        if count:
            st.caption(words)
