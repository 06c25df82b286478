"""The outbox: how far the sending is, what waits for a person, what became of each mail."""

import pandas as pd
import streamlit as st

from core import i18n, styling
from core.dispatch import companies, looking, settling
from core.dispatch.settling import Settlement
from core.i18n import N_
from core.model import DeliveryStatus
from pages.parts import feedback, menu
from pages.parts.resources import desk, language, say, t, zone

SENT_REASONS = (N_("The customer confirms"), N_("The server's log shows it"), N_("Delivered by another way"))
AGAIN_REASONS = (N_("The customer does not have it"), N_("The server's log does not show it"), N_("The address works again"))


@st.fragment(run_every=1.0)
def progress() -> None:
    """Read from the database every second: closing the browser changes nothing."""
    with feedback.told():
        view = looking.outbox(desk())
        if view.workers == 0:
            st.error(t("No worker is running: nothing leaves. Start it with “python -m core worker”."))
        for key, name, because, until in settling.paused_accounts(desk()):
            paused_account(key, name, say(because), waits=until is not None)
        if view.batch_id is None:
            st.info(t("Nothing was sent yet. Tick invoices in the e-mail ledger, then “@ Send by e-mail”."))
            return
        when = i18n.moment(language(), view.batch_at) if view.batch_at else ""
        st.markdown(t("**Batch {id}** · {when} · {who}", id=view.batch_id, when=when, who=view.batch_by))
        st.progress(view.done / max(1, view.total), text=t("{done} of {total} done", done=view.done, total=view.total))
        st.markdown(" · ".join(f"{styling.label(language(), status)} **{count}**" for status, count in sorted(view.batch_counts.items())))


@st.fragment(run_every=2.0)
def newest() -> None:
    """What became of the newest mails."""
    with feedback.told():
        view = looking.outbox(desk())
        if not view.deliveries:
            return
        st.markdown(f"#### {t('Newest mails')}")
        st.dataframe(
            table(view),
            hide_index=True,
            key="deliveries",
            height=min(35 * (len(view.deliveries) + 1) + 3, 460),
            column_config={t("Status"): st.column_config.TextColumn(width=150), t("What happened"): st.column_config.TextColumn(width=500)},
        )


def paused_account(key: str, name: str, because: str, *, waits: bool) -> None:
    text, way = st.columns([6, 2], vertical_alignment="center")
    (text.warning if waits else text.error)(f"**{name}** — {because}")
    if way.button(t("Try again now"), key=f"resume/{key}"):
        settling.resume(desk(), companies.find(desk(), key).id)


def table(view: looking.OutboxView) -> object:
    names = [t("Status"), t("Number"), t("Recipient"), t("When"), t("What happened")]
    rows = [
        (
            styling.label(language(), row.status),
            row.number + (f" ({row.copy_number})" if row.copy_number > 1 else ""),
            row.recipient,
            i18n.moment(language(), row.changed_at.astimezone(zone())),
            say(row.because) if row.because else "",
        )
        for row in view.deliveries
    ]
    css = [styling.DELIVERY_LOOKS[row.status].css for row in view.deliveries]
    painted = pd.DataFrame(dict.fromkeys(names, css))
    return pd.DataFrame(rows, columns=names).style.apply(lambda _: painted, axis=None).set_uuid("deliveries")


def to_settle() -> None:
    """What a machine must not decide: uncertain ones first, then failed ones."""
    rows = looking.to_settle(desk())
    if not rows:
        return
    st.markdown(f"#### {t('Waits for you')}")
    for row in rows:
        with st.container(border=True):
            when = i18n.moment(language(), row.changed_at.astimezone(zone()))
            st.markdown(f"{styling.label(language(), row.status)} · **{row.number}** → {row.recipient} · {when}")
            st.markdown(say(row.because) if row.because else "")
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


feedback.say_later()
menu.header(t("Outbox"))
progress()
with feedback.told():
    to_settle()
newest()
