"""Invoicing companies: mail account, accompanying texts, signatures, terms of sale."""

import streamlit as st

from core.dispatch import companies
from pages.parts import company_forms, feedback, menu
from pages.parts.resources import desk, t

feedback.say_later()
menu.header(t("Invoicing companies"))
with feedback.told():
    known = companies.list_companies(desk())
    if not known:
        st.info(t("No invoicing company yet. It comes with the first invoice you import."))
        st.page_link(menu.IMPORTS, label=t("Import"))
    else:
        names = {each.key: f"{each.name} ({each.key})" for each in known}
        key = st.selectbox(t("Company"), list(names), format_func=names.__getitem__, label_visibility="collapsed", key="company-choice")
        chosen = next(each for each in known if each.key == key)
        parts = {
            t("Mail account"): company_forms.mail_account,
            t("Accompanying text"): company_forms.texts,
            t("Terms of sale"): company_forms.terms,
            t("Identity"): company_forms.identity,
        }
        for tab, show in zip(st.tabs(list(parts)), parts.values(), strict=True):
            with tab:
                show(chosen)
