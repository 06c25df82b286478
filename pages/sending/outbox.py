"""The outbox: how far the sending is, what waits for a person, what became of each mail."""

import pandas as pd
import streamlit as st

from core import i18n, styling
from core.dispatch import companies, looking, settling
from pages.parts import feedback, menu, to_settle
from pages.parts.resources import dark, desk, language, plain, say, shown, t, zone


@st.fragment(run_every=1.0)
def progress() -> None:
    """Read from the database every second: closing the browser changes nothing."""
    with feedback.told():
        view = looking.outbox(desk())
        if view.workers == 0:
            st.error(t("No worker is running: nothing leaves. Start it with “python -m core worker”."))
        for key, name, because, until in settling.paused_accounts(desk()):
            paused_account(key, plain(name), shown(because), waits=until is not None)
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
    css = [styling.DELIVERY_LOOKS[row.status].css(dark=dark()) for row in view.deliveries]
    painted = pd.DataFrame(dict.fromkeys(names, css))
    return pd.DataFrame(rows, columns=names).style.apply(lambda _: painted, axis=None).set_uuid("deliveries")


feedback.say_later()
menu.header(t("Outbox"))
progress()
with feedback.told():
    to_settle.show()
newest()
