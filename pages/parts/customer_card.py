"""The card of a customer: who gets invoices by e-mail, where, in which language and format."""

from __future__ import annotations

import streamlit as st

from core.dispatch import customers
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import WRITTEN_FORMATS, Language, RecipientRole, XmlFormat
from core.records import Customer
from pages.parts import feedback
from pages.parts.resources import desk, plain, shown, t, translated

FORMATS = {
    XmlFormat.EFFF3: N_("e-FFF (Belgian accounting software)"),
    XmlFormat.BIS3: N_("Peppol BIS 3 / EN 16931"),
    XmlFormat.ORIGINAL: N_("The imported XML, untouched"),
    XmlFormat.NONE: N_("No XML"),
}


def addresses(customer: Customer, role: RecipientRole) -> str:
    return ", ".join(str(mailbox) for mailbox in customer.mailboxes(role))


def show(customer: Customer) -> None:
    st.markdown(f"#### {plain(customer.name)}")
    st.info(shown(customers.why(customer)))
    with st.form(f"card/{customer.key}/{customer.version}"):
        left, right = st.columns(2, gap="large")
        with left:
            values = billing(customer)
        with right:
            values |= document(customer)
        if st.form_submit_button(t("Save"), type="primary"):
            save(customer, values)
    st.caption(t("Saving sends nothing. Mails that are already queued for this customer stop if the card changes."))


def billing(customer: Customer) -> dict[str, str]:
    wants = st.checkbox(t("Wants invoices by e-mail"), value=customer.wants_email)
    to = st.text_input(t("To"), value=addresses(customer, RecipientRole.TO), help=t("Several addresses: separate them with commas."))
    if customer.suggested_email and not to:
        st.caption(t("The imported invoice names {email}. It is only a suggestion: type it in if it is right.", email=customer.suggested_email))
    cc = st.text_input(t("Cc"), value=addresses(customer, RecipientRole.CC))
    bcc = st.text_input(t("Bcc"), value=addresses(customer, RecipientRole.BCC))
    return {"wants_email": str(wants).lower(), "to": to, "cc": cc, "bcc": bcc}


def document(customer: Customer) -> dict[str, str]:
    languages, formats = list(Language), [each for each in FORMATS if each in WRITTEN_FORMATS]
    chosen = st.selectbox(t("Language"), languages, index=languages.index(customer.language), format_func=NAMES.__getitem__)
    kind = st.selectbox(t("XML format"), formats, index=formats.index(customer.xml_format), format_func=translated(FORMATS).__getitem__)
    peppol = st.checkbox(
        t("Peppol, sent elsewhere"), value=customer.peppol_elsewhere, help=t("The legal invoice goes over Peppol; the mail is a courtesy copy.")
    )
    notes = st.text_area(t("Notes"), value=customer.notes, height=96)
    values = {"language": chosen.value, "peppol_elsewhere": str(peppol).lower(), "notes": notes}
    return values | ({"xml": kind.value} if kind is not customer.xml_format else {})


def save(customer: Customer, values: dict[str, str]) -> None:
    customers.change(desk(), customer.key, [Value(name, text) for name, text in values.items()])
    feedback.later(t("The card of {customer} is saved. Nothing was sent.", customer=customer.name))
    st.rerun()
