"""The forms of an invoicing company's card: mail account, texts and signatures, terms of sale, identity."""

from __future__ import annotations

import streamlit as st

from core.dispatch import companies
from core.dispatch.values import Value
from core.i18n import N_, NAMES
from core.outcome import explain, judge
from core.records import Company, Security
from core.rendering.mail_text import KEYWORDS
from pages.parts import feedback, preview_panel
from pages.parts.resources import desk, plain, shown, t, translated

SECURITY = {Security.STARTTLS: "STARTTLS (587)", Security.TLS: "TLS (465)", Security.NONE: N_("None (only for this machine)")}
KIND_NAMES = {"invoice": N_("Invoice"), "credit_note": N_("Credit note")}


def save(company: Company, values: list[Value]) -> None:
    companies.change(desk(), company.key, values)
    feedback.later(t("{company} is saved. Mails that wait in the queue leave as soon as the account works.", company=company.name))
    st.rerun()


def mail_account(company: Company) -> None:
    account = desk().account(company.id)
    if account.paused_because:
        st.error(shown(account.paused_because))
    with st.form(f"account/{company.key}"):
        left, right = st.columns(2, gap="large")
        values = {
            "smtp.host": left.text_input(t("Server"), value=account.host, placeholder="smtp.example.be"),
            "smtp.port": left.text_input(t("Port"), value=str(account.port or 587)),
        }
        protections = list(SECURITY)
        security = left.selectbox(
            t("Protection"), protections, index=protections.index(account.security), format_func=translated(SECURITY).__getitem__
        )
        values["smtp.user"] = left.text_input(t("User"), value=account.user)
        stored = t("stored; leave empty to keep it") if account.password else ""
        password = left.text_input(t("Password"), type="password", placeholder=stored)
        values["mail.from"] = right.text_input(t("Sender"), value=str(account.from_mailbox or ""), placeholder="Factures <factures@example.be>")
        values["mail.reply_to"] = right.text_input(t("Reply to"), value=str(account.reply_to or ""))
        values["mail.archive"] = right.text_input(
            t("Archive copy to"), value=account.archive_address, help=t("Gets a copy of every mail; customers do not see it.")
        )
        if st.form_submit_button(t("Save"), type="primary"):
            changes = [Value(name, text) for name, text in values.items()] + [Value("smtp.security", security.value)]
            save(company, changes + ([Value("smtp.password", password)] if password else []))
    test_connection(company, ready=account.is_set)


def test_connection(company: Company, *, ready: bool) -> None:
    if not st.button(t("Test the connection"), disabled=not ready, help=t("Connects and logs in with what is saved; sends nothing.")):
        return
    with st.spinner(t("Connecting…")):
        trouble = companies.test_connection(desk(), company.id)
    if trouble is None:
        st.success(t("The server answers and accepts the login."))
    else:
        st.error(shown(explain(trouble, judge(trouble))))


def texts(company: Company) -> None:
    left, right = st.columns(2)
    language = left.segmented_control(t("Language"), list(NAMES), default=company.language, format_func=NAMES.__getitem__, required=True)
    kind = right.segmented_control(t("Document"), list(KIND_NAMES), default="invoice", format_func=translated(KIND_NAMES).__getitem__, required=True)
    text = company.texts[language, companies.KINDS[kind]]
    with st.form(f"text/{company.key}/{language}/{kind}"):
        subject = st.text_input(t("Subject"), value=text.subject)
        body = st.text_area(t("Text"), value=text.body, height=260)
        signature = st.text_area(t("Signature (after every text in this language)"), value=company.signatures.get(language, ""), height=110)
        words = " · ".join(f"`{{{{ {name} }}}}` {t(title)}" for name, title in KEYWORDS.items())
        st.caption(f"{t('Keywords')}: {words}")
        if st.form_submit_button(t("Save"), type="primary"):
            prefix = f"text.{language.value}.{kind}"
            save(company, [Value(f"{prefix}.subject", subject), Value(f"{prefix}.body", body), Value(f"signature.{language.value}", signature)])


def terms(company: Company) -> None:
    st.caption(t("The PDF is attached to every invoice mail in that language."))
    for language, name in NAMES.items():
        with st.container(border=True):
            kept = company.terms.get(language)
            st.markdown(f"**{name}** — " + (f"{plain(kept.name)} ({preview_panel.size(kept.size)})" if kept else t("none")))
            with st.form(f"terms/{company.key}/{language}", border=False, clear_on_submit=True):
                file = st.file_uploader(t("Terms of sale (PDF)"), type=["pdf"], label_visibility="collapsed")
                with st.container(horizontal=True):
                    keep = st.form_submit_button(t("Save"), type="primary")
                    drop = st.form_submit_button(t("Remove"), disabled=kept is None)
            if keep and file:
                save(company, [Value(f"terms.{language.value}", file.getvalue(), file.name)])
            if drop:
                save(company, [Value(f"terms.{language.value}", "")])


def identity(company: Company) -> None:
    with st.form(f"identity/{company.key}"):
        left, right = st.columns(2, gap="large")
        names = {"name": t("Name"), "legal_form": t("Legal form"), "street": t("Street"), "postcode": t("Postcode"), "city": t("Town")}
        current = {"name": company.name, "legal_form": company.legal_form or ""}
        current |= {name: getattr(company.address, name) or "" for name in ("street", "postcode", "city")}
        values = {name: left.text_input(title, value=current[name]) for name, title in names.items()}
        values |= {name: right.text_input(name.upper(), value=getattr(company, name) or "") for name in ("iban", "bic")}
        languages = list(NAMES)
        chosen = right.selectbox(t("Language"), languages, index=languages.index(company.language), format_func=NAMES.__getitem__)
        colour = right.color_picker(t("Colour"), value=company.colour or "#1a6b5a")
        logo = right.file_uploader(t("Logo (PNG or JPEG)"), type=["png", "jpg", "jpeg"])
        if st.form_submit_button(t("Save"), type="primary"):
            changes = [Value(name, text) for name, text in values.items()] + [Value("language", chosen.value)]
            changes += [Value("colour", colour)] if colour != (company.colour or "#1a6b5a") else []
            save(company, changes + ([Value("logo", logo.getvalue(), logo.name)] if logo else []))
