"""Customers: who wants invoices by e-mail, where, in which language and format, and why."""

import pandas as pd
import streamlit as st

from core.dispatch import customers
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.model import WRITTEN_FORMATS, Language, RecipientRole, XmlFormat
from core.records import Customer
from pages.parts import feedback, menu
from pages.parts.resources import desk, say, t, translated

FORMATS = {
    XmlFormat.EFFF3: N_("e-FFF (Belgian accounting software)"),
    XmlFormat.BIS3: N_("Peppol BIS 3 / EN 16931"),
    XmlFormat.ORIGINAL: N_("The imported XML, untouched"),
    XmlFormat.NONE: N_("No XML"),
}


def missing(customer: Customer) -> str:
    return t("Address missing") if customer.wants_email and not customer.mailboxes(RecipientRole.TO) else ""


def addresses(customer: Customer, role: RecipientRole) -> str:
    return ", ".join(str(mailbox) for mailbox in customer.mailboxes(role))


def table(found: list[Customer]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Customer"): [each.name for each in found],
            t("Town"): [" ".join(part for part in (each.address.postcode, each.address.city) if part) for each in found],
            t("By e-mail"): ["✓" if each.wants_email else "" for each in found],
            t("Send to"): [addresses(each, RecipientRole.TO) for each in found],
            t("Lang."): [each.language.value for each in found],
            t("Missing"): [missing(each) for each in found],
            t("Key"): [each.key for each in found],
        }
    )


def choose(everyone: list[Customer]) -> Customer | None:
    words = st.text_input(t("Search"), placeholder=t("Name, key or address"), label_visibility="collapsed", key="customer-search").lower().split()
    found = [each for each in everyone if all(word in f"{each.name} {each.key} {addresses(each, RecipientRole.TO)}".lower() for word in words)]
    found.sort(key=lambda each: (not missing(each), each.name.lower()))
    if not found:
        st.info(t("No customer fits. Customers come with the invoices you import."))
        return None
    state = st.dataframe(
        table(found),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(35 * (len(found) + 1) + 3, 330),
        key=f"customers/{' '.join(words)}/{len(found)}",
        selection_default={"selection": {"rows": [], "columns": [], "cells": []}},
    )
    rows = state["selection"]["rows"]
    if rows and rows[0] < len(found):
        st.session_state["customer"] = found[rows[0]].key
    return next((each for each in everyone if each.key == st.session_state.get("customer")), None)


def card(customer: Customer) -> None:
    st.markdown(f"#### {customer.name}")
    st.info(say(customers.why(customer)))
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


feedback.say_later()
menu.header(t("Customers"))
with feedback.told():
    known = customers.list_customers(desk())
    if not known:
        st.info(t("No customers yet. They come with the invoices you import."))
        st.page_link(menu.IMPORTS, label=t("Import"))
    elif (picked := choose(known)) is not None:
        card(picked)
    else:
        st.caption(t("Click a row to open its card."))
