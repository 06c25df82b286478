"""Addresses on a card that came back: said with the reason, and taken away by whoever knows better."""

from __future__ import annotations

import streamlit as st

from core.dispatch import doubts
from core.errors import Sentence
from core.i18n import N_, day
from core.records import Customer
from pages.parts import feedback
from pages.parts.resources import desk, language, shown, t, zone

SAID = N_("{address} came back on {day}: {why}.")


def show(card: Customer) -> None:
    for flag in doubts.flags(desk(), card.id, [mailbox.addr_spec for _, mailbox in card.recipients]):
        on = day(language(), flag.at.astimezone(zone()).date())
        said = Sentence(SAID, {"address": flag.address, "day": on, "why": flag.because})
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":orange[**⚠**] {shown(said)}")
            help_text = t("The warning before sending goes away; the card stays as it is.")
            if st.button(t("It is right"), key=f"trust/{card.key}/{flag.address}", help=help_text):
                _trust(card, flag)


def _trust(card: Customer, flag: doubts.Flag) -> None:
    doubts.trust(desk(), card.id, card.key, flag)
    said = t("{address} is no longer warned of.", address=flag.address)
    feedback.later(said, undo=lambda: doubts.distrust(desk(), card.id, card.key, flag))
    st.rerun()
