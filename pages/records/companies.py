"""Invoicing companies: mail account, accompanying texts, signatures, terms of sale, PDF, identity.

Other pages lead here with `?company=KEY&part=account|texts|terms|pdf|identity`.
"""

import streamlit as st

from core.dispatch import companies
from core.i18n import N_
from core.records import Company
from pages.parts import company_account, company_forms, company_identity, company_pdf, company_terms, company_texts, feedback, menu
from pages.parts.resources import desk, language, t

PARTS = {
    "account": (N_("Mail account"), company_account.show),
    "texts": (N_("Accompanying text"), company_texts.show),
    "terms": (N_("Terms of sale"), company_terms.show),
    "pdf": (N_("Invoice PDF"), company_pdf.show),
    "identity": (N_("Identity"), company_identity.show),
}


def choose(known: list[Company]) -> Company:
    """The company that the address names, else the one that was open last."""
    names = {each.key: f"{each.name} ({each.key})" for each in known}
    wanted = st.query_params.get("company") or st.session_state.get("company")
    if wanted in names:
        st.session_state["company-choice"] = wanted
    key = st.selectbox(
        t("Company"), list(names), format_func=names.__getitem__, label_visibility="collapsed", key="company-choice", on_change=to_address
    )
    st.session_state["company"] = key
    return next(each for each in known if each.key == key)


def to_address() -> None:
    st.query_params["company"] = st.session_state["company-choice"]


def show_parts(company: Company) -> None:
    """All forms are there at once, so that nothing typed is lost; the texts keep theirs and come when they are open."""
    labels = {t(title): part for part, (title, _) in PARTS.items()}
    key = f"company-part/{language()}"
    for label, part in labels.items():
        if part == st.query_params.get("part"):
            st.session_state[key] = label
    tabs = st.tabs(list(labels), key=key, on_change=part_to_address, args=(key, labels))
    for tab, (name, (_, show)) in zip(tabs, PARTS.items(), strict=True):
        with tab, feedback.told():
            if tab.open or name != "texts":
                show(company)


def part_to_address(key: str, labels: dict[str, str]) -> None:
    st.query_params["part"] = labels[st.session_state[key]]


menu.header(t("Invoicing companies"))
with feedback.told():
    known = companies.list_companies(desk())
    if not known:
        st.info(t("No invoicing company yet. It comes with the first invoice you import."))
        st.page_link(menu.IMPORTS, label=t("Import"))
    else:
        company_forms.looks()
        show_parts(choose(known))
