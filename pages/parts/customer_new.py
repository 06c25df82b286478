"""A new customer by hand: what its invoices will find it by, and the language."""

from __future__ import annotations

import streamlit as st

from core.dispatch import new_customer
from core.i18n import NAMES
from core.model import Language
from pages.parts import customer_state, feedback
from pages.parts.resources import desk, language, t


def menu() -> None:
    with st.popover(t("New customer")), feedback.told():
        st.caption(t("Customers come with the invoices; this makes a card before the first one."))
        made = st.session_state.get("new-customer", 0)  # the fields start anew after each card
        name = st.text_input(t("Name"), key=f"new-name/{made}")
        vat = st.text_input(t("VAT number"), key=f"new-vat/{made}", placeholder="BE0123456789")
        left, right = st.columns([2, 3])
        postcode = left.text_input(t("Postcode"), key=f"new-postcode/{made}")
        city = right.text_input(t("Town"), key=f"new-city/{made}")
        tongues = list(Language)
        tongue = st.selectbox(t("Language"), tongues, index=tongues.index(language()), format_func=NAMES.__getitem__, key=f"new-language/{made}")
        if st.button(t("Make the card"), key="new-make", type="primary"):
            card = new_customer.add(desk(), name=name, vat_id=vat, postcode=postcode, city=city, language=tongue)
            st.session_state["new-customer"] = made + 1
            customer_state.open_card(card.key)
            feedback.later(t("The card of {customer} is there. It goes to the paper ledger until you tick “by e-mail”.", customer=card.name))
            st.rerun()
