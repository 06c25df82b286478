"""What of a company is queued, on the company's page: what keeps it there, and what a change made here does to it."""

from __future__ import annotations

import streamlit as st

from core import i18n
from core.dispatch import queued, settling
from core.records import Company
from pages.parts import feedback
from pages.parts.resources import desk, language, shown, t, zone


def paused(company: Company) -> None:
    """Since when, why, and the way out, as the outbox has it."""
    pause = queued.pause(desk(), company.id)
    if pause is None:
        return
    words = f"**{t('Paused since {when}', when=i18n.moment(language(), pause.since.astimezone(zone())))}** — {shown(pause.because)}"
    if mails := queued.of_company(desk(), company.id).mails:
        words += "  \n" + t("Mails that wait for it: {count}.", count=mails)
    if pause.until is not None:
        words += " " + t("Next try at {time}.", time=i18n.clock(language(), pause.until.astimezone(zone())))
    text, way = st.columns([7, 2.4], vertical_alignment="center")
    (text.warning if pause.until else text.error)(words)
    label = t("Resume") if pause.because.template == settling.PAUSED_BY else t("Try again now")
    way.button(label, key=f"resume-account/{company.key}", type="primary", on_click=_resume, args=(company,), width="stretch")


def _resume(company: Company) -> None:
    with feedback.told_later():
        settling.resume(desk(), company.id)
        feedback.later(t("{company} sends again; what is queued leaves now.", company=company.name))


def about_sender(company: Company) -> None:
    """Sender and server are no reason to stop: they are those of the moment."""
    waits = queued.of_company(desk(), company.id)
    if not waits.mails:
        return
    words = t(
        "Mails in the queue: {count}. A sender or server that you save here is theirs too: none of them stops.", count=waits.mails - waits.sealed
    )
    if waits.sealed:
        words = t(
            "Mails in the queue: {count}. A sender or server that you save here is theirs too. Sealed already, with the former sender: {sealed}; "
            "those stop when its address changes, and wait for you in the outbox.",
            count=waits.mails,
            sealed=waits.sealed,
        )
    st.caption(words)


def about_words(company: Company) -> None:
    """What the customer reads was agreed to with the click that sent it."""
    if mails := queued.of_company(desk(), company.id).mails:
        st.warning(t("Mails in the queue: {count}. What you change here stops them all; they wait for you in the outbox then.", count=mails))


def about_looks(company: Company) -> None:
    """Of the identity, a part is seen by customers."""
    if mails := queued.of_company(desk(), company.id).mails:
        st.caption(t("Mails in the queue: {count}. Another colour or logo stops them; nothing else here does.", count=mails))
