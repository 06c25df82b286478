"""Send once more what was sent: the former sending in sight, a reason, the addresses."""

from __future__ import annotations

import streamlit as st

from core import i18n, reasons
from core.dispatch import resending
from core.dispatch.resending import Former
from core.errors import FacturierError
from core.model import DispatchStatus
from core.records import InvoiceRow
from pages.parts import feedback, reason_choice, strip
from pages.parts.resources import desk, language, shown, t, zone

ROOM = 420  # px in which an address can be read


def follow(invoice_id: int) -> None:
    """Once it is queued, this menu is gone: whoever shows the invoice in a part of the page makes the whole anew, for the countdown above."""
    if st.session_state.pop(f"again-done/{invoice_id}", False):
        st.rerun()


def menu(standing: InvoiceRow, place: str) -> None:
    """Only for one invoice that was sent, never for many at once."""
    if standing.status is not DispatchStatus.SENT:
        return
    known = resending.former(desk(), standing.id)
    if known is None:
        return
    key = f"{place}/{standing.id}/{known.copy_number}"
    with st.popover(t("Send again …"), help=t("One more mail to the customer, for a reason.")), st.container(width=ROOM), feedback.told():
        st.markdown(_former(known))
        reason = reason_choice.choose(reasons.ONCE_MORE, f"again-why/{key}")
        to = st.multiselect(t("To"), known.addresses, default=known.addresses, key=f"again-to/{key}/{hash(known.addresses)}")
        st.button(
            t("Send once more to {to}", to=", ".join(to) or "–"),
            key=f"again-do/{key}",
            type="primary",
            disabled=not reason or not to,
            on_click=_send,
            args=(standing.id, known, reason, tuple(to)),
        )
        if refused := st.session_state.pop(f"again-refused/{standing.id}", None):
            st.error(refused)


def _former(known: Former) -> str:
    """When, to whom, by whom."""
    if not known.deliveries:
        return t("Sent by {who}.", who=known.by)
    when = i18n.moment(language(), max(row.changed_at for row in known.deliveries).astimezone(zone()))
    to = ", ".join(row.recipient for row in known.deliveries)
    return t("It was sent on {when} to {to}, by {who}.", when=when, to=to, who=known.by)


def _send(invoice_id: int, known: Former, reason: str, to: tuple[str, ...]) -> None:
    """With what was on the screen at the click: whoever comes second is refused."""
    try:
        queued = resending.again(
            desk(), {invoice_id: known.copy_number}, reason=reason, to=to if to != known.addresses else (), countdown_s=desk().settings.countdown_s
        )
    except FacturierError as error:
        st.session_state[f"again-refused/{invoice_id}"] = shown(error.sentence)
        return
    if queued.refused:
        st.session_state[f"again-refused/{invoice_id}"] = shown(queued.refused[invoice_id])
    else:
        strip.watch(queued.batch_id, back_to=None)
        st.session_state[f"again-done/{invoice_id}"] = True
