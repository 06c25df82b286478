"""What a machine must not decide: uncertain and failed deliveries, each with what a person can say."""

from __future__ import annotations

import streamlit as st

from core import i18n, styling
from core.dispatch import looking, settling
from core.dispatch.settling import Settlement
from core.i18n import N_
from core.model import DeliveryStatus
from pages.parts import menu
from pages.parts.resources import desk, language, plain, shown, t, zone

SENT_REASONS = (N_("The customer confirms"), N_("The server's log shows it"), N_("Delivered by another way"))
AGAIN_REASONS = (N_("The customer does not have it"), N_("The server's log does not show it"), N_("The address works again"))


def show() -> None:
    """What a machine must not decide: uncertain ones first, then failed ones."""
    rows = looking.to_settle(desk())
    if not rows:
        return
    st.markdown(f"#### {t('Waits for you')}")
    for row in rows:
        with st.container(border=True):
            when = i18n.moment(language(), row.changed_at.astimezone(zone()))
            st.markdown(f"{styling.label(language(), row.status)} · **{plain(row.number)}** → {plain(row.recipient)} · {when}")
            st.markdown(shown(row.because) if row.because else "")
            st.caption(f"Message-ID {row.rfc_message_id}")
            settle(row.id, uncertain=row.status is DeliveryStatus.UNCERTAIN)


def settle(delivery_id: int, *, uncertain: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reasons = [t(each) for each in SENT_REASONS + AGAIN_REASONS]
        reason = st.selectbox(t("Reason"), reasons, key=f"why/{delivery_id}", index=None, placeholder=t("Choose a reason"))
        sent = st.button(t("It was sent"), key=f"sent/{delivery_id}", disabled=reason is None)
        again = st.button(t("Send it again"), key=f"again/{delivery_id}", disabled=reason is None)
        lost = uncertain and st.button(t("It did not arrive"), key=f"lost/{delivery_id}", disabled=reason is None)
    if not uncertain:
        st.page_link(menu.CUSTOMERS, label=t("Correct the address on the customer card, then send from the ledger"))
    if sent or again or lost:
        how = Settlement.SENT if sent else Settlement.RESEND if again else Settlement.FAILED
        settling.resolve(desk(), delivery_id, how, reason=reason or "")
        st.rerun()
