"""Confirm one invoice: read it, edit the text, see what the customer gets, send."""

import streamlit as st

from pages.parts import feedback, invoice_panel, menu
from pages.parts.resources import t

menu.header(t("Confirm and send"))
with feedback.told():
    chosen = st.query_params.get("invoice") or st.session_state.get("confirming")
    if not chosen or not str(chosen).isdecimal():
        st.info(t("Tick one invoice in the e-mail ledger, then “@ Send by e-mail”."))
        st.page_link(menu.EMAIL, label=t("Back to the ledger"))
    else:
        invoice_panel.confirm(int(chosen))
