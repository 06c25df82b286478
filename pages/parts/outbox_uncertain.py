"""An uncertain mail in plain words: what is known of it, whom to ask, and with which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from core import i18n, styling
from core.dispatch import uncertainty
from core.dispatch.uncertainty import Known
from pages.parts.resources import desk, language, plain, t, zone


def show(row: Any) -> None:
    what = uncertainty.known(desk(), row)
    st.markdown("\n".join(f"- {line}" for line in _lines(what)))
    st.caption(t("To look it up in the server's log:"))
    st.code(row.rfc_message_id, language=None)
    with st.expander(t("Questions to copy")):
        st.caption(t("To whoever runs the mail server"))
        st.code(uncertainty.question_to_server(desk(), what, language()), language=None, wrap_lines=True)
        st.caption(t("To the customer, in the customer's language"))
        st.code(uncertainty.question_to_customer(desk(), what), language=None, wrap_lines=True)


def _lines(what: Known) -> list[str]:
    """What is sure: a mail comes this far only when the server took the address and asked for the mail."""
    row = what.delivery
    lines = []
    if what.handed_at is not None:
        lines.append(
            t(
                "{when}: {server} had accepted {recipient} and asked for the mail; it got all of it.",
                when=_moment(what.handed_at),
                server=what.server,
                recipient=row.recipient,
            )
        )
    if row.reply_code:
        lines.append(t("{when}: the server's last words: “{reply}”", when=_moment(row.changed_at), reply=f"{row.reply_code} {row.reply}"))
    else:
        lines.append(t("{when}: the line broke, or the wait was over; no answer of the server came.", when=_moment(row.changed_at)))
    for former in what.said_before:
        said = f"{former.reply_code} {former.reply}"
        lines.append(t("Before, {when}: the server answered “{reply}”", when=_moment(former.received_at), reply=said))
    for other in what.others:
        lines.append(t("The same mail to {recipient}:", recipient=other.recipient) + f" {plain(styling.label(language(), other.status))}")
    return lines


def _moment(at: datetime) -> str:
    return i18n.moment(language(), at.astimezone(zone()))
