"""What a person can do with the batch that is shown, and why what has not left of it waits."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import i18n, reasons
from core.dispatch import batch_acts
from core.dispatch.waits import Waits
from pages.parts import feedback, leaving_time, reason_choice, strip
from pages.parts.resources import desk, language, shown, t, zone


def show(batch_id: int, found: Waits) -> None:
    """Outside of what brings itself up to date: a form must not be made anew under somebody's hands."""
    if not found.total:
        return
    with st.container(horizontal=True), feedback.told():
        if found.held_at is not None:
            st.button(t("Resume this batch"), key=f"batch-resume/{batch_id}", type="primary", on_click=_resume, args=(batch_id,))
            return
        _hold(batch_id)
        if is_far(found):
            _move(batch_id)


def _hold(batch_id: int) -> None:
    with st.popover(t("Hold this batch"), help=t("What is being handed over finishes; the rest waits until somebody resumes it.")), feedback.told():
        reason = reason_choice.choose(reasons.PAUSE, f"batch-why/{batch_id}")
        if st.button(t("Hold"), key=f"batch-hold/{batch_id}", type="primary", disabled=not reason):
            count = batch_acts.hold(desk(), batch_id, reason=reason)
            feedback.later(t("Held: {count}.", count=count), undo=lambda: batch_acts.resume(desk(), batch_id))
            st.rerun()


def _move(batch_id: int) -> None:
    with st.popover(t("Change the time")), feedback.told():
        moment = leaving_time.choose(f"batch-{batch_id}")
        if st.button(t("Leave on {when}", when=_when(moment)), key=f"batch-move/{batch_id}", type="primary"):
            batch_acts.move(desk(), batch_id, moment)
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
