"""The mail account of an invoicing company: server, sender, and whether it works."""

from __future__ import annotations

import zlib

import streamlit as st

from core.dispatch import signing, trying
from core.dispatch.providers import OWN, PROVIDERS, provider_of
from core.dispatch.values import Value
from core.errors import Sentence
from core.i18n import N_
from core.records import Company, Grant, MailAccount, Security
from pages.parts import company_advanced, company_bounces, company_dns, company_forms, company_queue, company_signing, feedback
from pages.parts.resources import desk, shown, t, translated, worded

SECURITY = {Security.STARTTLS: "STARTTLS (587)", Security.TLS: "TLS (465)", Security.NONE: N_("None (only for this machine)")}
SERVER = {"smtp.host": N_("Server"), "smtp.port": N_("Port"), "smtp.security": N_("Protection"), "smtp.user": N_("User")}
SENDER = {"mail.from": N_("Sender"), "mail.reply_to": N_("Reply to"), "mail.archive": N_("Archive copy to")}
LABELS = {**SERVER, **SENDER, "smtp.password": N_("Password"), **company_advanced.LABELS}
HINTS = {"smtp.host": "smtp.example.be", "mail.from": "info@example.be"}
ARCHIVE = N_("Gets a copy of every mail; customers do not see it.")


def show(company: Company) -> None:
    account, grant = desk().account(company.id), signing.grant(desk(), company.id)
    company_queue.paused(company)
    kept = {
        "smtp.host": account.host,
        "smtp.port": str(account.port or 587),
        "smtp.security": account.security,
        "smtp.user": account.user,
        "mail.from": str(account.from_mailbox or ""),
        "mail.reply_to": str(account.reply_to or ""),
        "mail.archive": account.archive_address,
        **company_advanced.kept(account, grant),
    }
    form = f"{company.key}/{zlib.crc32(repr(kept).encode())}"  # another company or other kept values: other fields
    for name, value in kept.items():
        st.session_state.setdefault(f"{name}/{form}", value)
    preset(account, form)
    company_queue.about_sender(company)
    fields(company, account, grant, form)
    company_signing.show(company, account, grant)
    trials(company, account)
    company_advanced.used(company)
    company_dns.show(company, account)
    company_bounces.show(company)


def preset(account: MailAccount, form: str) -> None:
    """A provider fills in server, port, protection and limits."""
    key = worded(f"provider/{form}")
    st.session_state.setdefault(key, provider_of(account.host, account.user))
    st.selectbox(
        t("Provider"),
        list(PROVIDERS),
        format_func={key: t(provider.name) for key, provider in PROVIDERS.items()}.__getitem__,
        key=key,
        on_change=_fill_in,
        args=(form,),
        width=320,
        help=t("Fills in server, port, protection and the limits. User and password come from the provider."),
    )


def _fill_in(form: str) -> None:
    chosen = PROVIDERS[st.session_state[worded(f"provider/{form}")]]
    typed = st.session_state.get(f"smtp.host/{form}", "")
    st.session_state[f"smtp.host/{form}"] = chosen.host or (typed if provider_of(typed) == OWN else "")
    st.session_state[f"smtp.port/{form}"] = str(chosen.port)
    st.session_state[worded(f"smtp.security/{form}")] = chosen.security
    company_advanced.fill_in(chosen, form)


def fields(company: Company, account: MailAccount, grant: Grant, form: str) -> None:
    with st.form(f"account/{form}"):
        left, right = st.columns(2, gap="large")
        with left:
            host, port = st.columns([3, 1])
            values = {"smtp.host": text(host, "smtp.host", form), "smtp.port": text(port, "smtp.port", form)}
            protection, login = st.columns(2)
            names, protected = translated(SECURITY), worded(f"smtp.security/{form}")
            protection.selectbox(t("Protection"), list(names), format_func=names.__getitem__, key=protected)
            with login:
                company_advanced.login(form)
            user, secret = st.columns(2)
            values["smtp.user"] = text(user, "smtp.user", form)
            stored = t("stored; leave empty to keep it") if account.password else ""
            password = secret.text_input(t("Password"), type="password", placeholder=stored, key=f"smtp.password/{form}")
        values |= {name: text(right, name, form) for name in SENDER}
        values |= company_advanced.fields(grant, form)
        if st.form_submit_button(t("Save"), type="primary"):
            values["smtp.security"] = st.session_state[protected].value
            changes = [Value(name, word) for name, word in values.items()] + ([Value("smtp.password", password)] if password else [])
            done = t("{company} is saved. Mails that wait in the queue leave as soon as the account works.", company=company.name)
            if company_forms.save(company, changes, labels=LABELS, done=done):
                st.rerun()


def text(place: st.delta_generator.DeltaGenerator, name: str, form: str) -> str:
    help_text = t(ARCHIVE) if name == "mail.archive" else None
    return str(place.text_input(t(LABELS[name]), placeholder=HINTS.get(name), help=help_text, key=f"{name}/{form}"))


def trials(company: Company, account: MailAccount) -> None:
    """Log in only, or send one real mail to oneself."""
    mine = trying.proposed_address(account)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        check = st.button(
            t("Test the connection"), disabled=not account.is_set, help=t("Connects and logs in with what is saved; sends nothing."), key="test-login"
        )
        address = st.text_input(t("Send a test to"), value=mine, key=f"test-to/{company.key}/{mine}", width=300)
        send = st.button(
            t("Send a test to me"),
            disabled=not account.is_set,
            help=t("The mail of the newest invoice, to this address only. The invoice stays as it is."),
            key="test-mail",
        )
    with feedback.told():
        if check:
            with st.spinner(t("Connecting…")):
                trouble = trying.connection(desk(), company)
            st.error(shown(trouble)) if trouble else st.success(t("The server answers and accepts the login."))
        if send:
            with st.spinner(t("Sending the test…")):
                outcome = trying.send_to(desk(), company, address)
            report(outcome)


def report(outcome: trying.Tried | Sentence) -> None:
    if isinstance(outcome, Sentence):
        st.error(shown(outcome))
    elif outcome.number:
        words = t("The server took the test “{subject}” for {address}. Invoice {number} itself was not sent.", **vars(outcome))
        st.success(words)
    else:
        st.success(t("The server took the test “{subject}” for {address}.", **vars(outcome)))
