"""What comes back: the mailbox where notices about mails of a company arrive, and whether it can be read."""

from __future__ import annotations

import zlib

import streamlit as st

from core.dispatch import bouncing
from core.dispatch.values import Value
from core.i18n import N_, moment
from core.records import BounceMailbox, Company, Login, Security
from pages.parts import company_forms, feedback
from pages.parts.resources import desk, language, shown, t, translated, worded, zone

SECURITY = {Security.TLS: "TLS (993)", Security.STARTTLS: "STARTTLS (143)", Security.NONE: N_("None (only for this machine)")}
LOGINS = {Login.PASSWORD: N_("Password"), Login.OAUTH2: N_("With the sign-in of the mail account")}
LABELS = {
    "bounces.host": N_("IMAP host"),
    "bounces.port": N_("IMAP port"),
    "bounces.security": N_("IMAP encryption"),
    "bounces.user": N_("Mailbox user"),
    "bounces.login": N_("Mailbox login"),
    "bounces.password": N_("Mailbox password"),
    "bounces.folder": N_("Mailbox folder"),
    "bounces.verp": N_("A return address of its own for each mail"),
}
ABOUT = N_(
    "When a mail cannot be delivered, the customer's server sends a notice to the sender. Facturier reads this mailbox, marks the invoice as "
    "bounced and warns before the next sending. It only looks: nothing in the mailbox is changed, deleted or marked as read."
)
HOW = N_(
    "Microsoft opens mailboxes only with a sign-in, Google with one or with an app password. The sign-in is the one under “Mail account”; the "
    "password then stays unused."
)
VERP = N_(
    "The sender for the servers becomes “sender+code@…”, so that every notice can be assigned. Only tick it if your mail server takes such "
    "addresses; without it most notices are assigned all the same."
)


def show(company: Company) -> None:
    st.subheader(t("What comes back"))
    st.caption(t(ABOUT))
    kept = bouncing.mailbox(desk(), company.id)
    shown = kept if kept.host else bouncing.proposed(desk(), company.id)
    form = f"{company.key}/{zlib.crc32(repr(_values(shown)).encode())}"  # another company or other kept values: other fields
    for name, value in _values(shown).items():
        st.session_state.setdefault(f"{name}/{form}", value)
    fields(company, kept, form)
    trials(company, kept)


def _values(kept: BounceMailbox) -> dict[str, str | bool]:
    return {
        "bounces.host": kept.host,
        "bounces.port": str(kept.port or 993),
        "bounces.security": kept.security,
        "bounces.user": kept.user,
        "bounces.login": kept.login,
        "bounces.folder": kept.folder,
        "bounces.verp": kept.verp,
    }


def fields(company: Company, kept: BounceMailbox, form: str) -> None:
    with st.form(f"bounces/{form}"):
        left, right = st.columns(2, gap="large")
        host, port = left.columns([3, 1])
        values = {"bounces.host": text(host, "bounces.host", form, "imap.example.be"), "bounces.port": text(port, "bounces.port", form)}
        names, protected = translated(SECURITY), worded(f"bounces.security/{form}")
        left.selectbox(t(LABELS["bounces.security"]), list(names), format_func=names.__getitem__, key=protected)
        user, login = right.columns(2)
        values["bounces.user"] = text(user, "bounces.user", form, kept.who if kept.login is Login.OAUTH2 else None)
        ways, way = translated(LOGINS), worded(f"bounces.login/{form}")
        login.selectbox(t(LABELS["bounces.login"]), list(ways), format_func=ways.__getitem__, key=way, help=t(HOW))
        stored = t("stored; leave empty to keep it") if kept.password else ""
        secret, folder = right.columns(2)
        password = secret.text_input(t(LABELS["bounces.password"]), type="password", placeholder=stored, key=f"bounces.password/{form}")
        values["bounces.folder"] = text(folder, "bounces.folder", form)
        verp = st.checkbox(t(LABELS["bounces.verp"]), key=f"bounces.verp/{form}", help=t(VERP))
        if st.form_submit_button(t("Save"), type="primary"):
            values |= {"bounces.security": st.session_state[protected].value, "bounces.login": st.session_state[way].value}
            values["bounces.verp"] = str(verp).lower()
            changes = [Value(name, word) for name, word in values.items()] + ([Value("bounces.password", password)] if password else [])
            if company_forms.save(company, changes, labels=LABELS, done=t("The mailbox of {company} is saved.", company=company.name)):
                st.rerun()


def text(place: st.delta_generator.DeltaGenerator, name: str, form: str, hint: str | None = None) -> str:
    return str(place.text_input(t(LABELS[name]), placeholder=hint, key=f"{name}/{form}"))


def trials(company: Company, kept: BounceMailbox) -> None:
    """Look whether it can be read, or read it now instead of waiting for the worker."""
    with st.container(horizontal=True):
        look = t("Connects, logs in and looks into the folder; reads nothing.")
        test = st.button(t("Test the mailbox"), disabled=not kept.is_set, help=look, key="test-mailbox")
        read = st.button(t("Read it now"), disabled=not kept.is_set, key="read-mailbox")
    with feedback.told():
        trouble, done = kept.trouble, ""
        if test:
            with st.spinner(t("Connecting…")):
                trouble, done = bouncing.try_mailbox(desk(), company.id), t("The mailbox can be read.")
        if read:
            with st.spinner(t("Reading…")):
                reading = bouncing.read(desk(), company.id)
            trouble, done = reading.trouble, _brought(reading)
        if trouble:
            st.error(shown(trouble))
        elif done:
            st.success(done)
        _last_read(bouncing.mailbox(desk(), company.id) if read else kept)


def _last_read(kept: BounceMailbox) -> None:
    if kept.read_at:
        st.caption(t("Read for the last time: {moment}", moment=moment(language(), kept.read_at.astimezone(zone()))))
    elif kept.is_set:
        st.caption(t("Not read yet."))


def _brought(reading: bouncing.Reading) -> str:
    if not reading.found:
        return t("New mails: {mails}. Nothing came back.", mails=reading.mails)
    figures = {"notices": len(reading.found), "bounced": sum(found.is_settled for found in reading.found)}
    return t("New mails: {mails}. Notices: {notices}. Marked as bounced: {bounced}.", mails=reading.mails, **figures)
