"""Sign in at Microsoft with a code, or at Google with what the browser brings back; and sign out."""

from __future__ import annotations

import streamlit as st

from core.dispatch import signing
from core.i18n import moment
from core.records import Company, Grant, Login, MailAccount, OAuthProvider
from core.signing_in import NAMES, Started
from pages.parts import feedback
from pages.parts.resources import desk, language, plain, t, zone

_LARGE = """<style>
[class*="st-key-sign-in-code"] code { font-size: 2rem; letter-spacing: .08em; }
</style>"""


def show(company: Company, account: MailAccount, grant: Grant) -> None:
    if account.login is not Login.OAUTH2:
        return
    key = f"sign-in/{company.key}/{grant.provider}/{grant.client_id}"
    with st.container(border=True, key="sign-in-box"):
        if grant.is_signed_in:
            _signed_in(company, grant)
        elif key in st.session_state:
            _under_way(company, grant, key)
        else:
            st.markdown(t("**Nobody is signed in:** nothing leaves from this account."))
        if key not in st.session_state:
            _start(company, grant, key)


def _signed_in(company: Company, grant: Grant) -> None:
    since = moment(language(), grant.signed_in_at.astimezone(zone())) if grant.signed_in_at else "–"
    words, way = st.columns([6, 2], vertical_alignment="center")
    words.markdown(
        "✓ " + t("Signed in at {provider} as **{who}**, since {since}.", provider=NAMES[grant.provider], who=grant.signed_in_as, since=since)
    )
    if way.button(t("Sign out"), key="sign-out", width="stretch"):
        signing.sign_out(desk(), company)
        feedback.later(t("Signed out. What is queued waits for the next sign-in."))
        st.rerun()


def _start(company: Company, grant: Grant, key: str) -> None:
    name = NAMES[grant.provider]
    label = t("Sign in again with {provider}", provider=name) if grant.is_signed_in else t("Sign in with {provider}", provider=name)
    pressed = st.button(label, type="secondary" if grant.is_signed_in else "primary", disabled=not grant.is_set, key="sign-in")
    if not grant.is_set:
        st.caption(t("Fill in the application (client) ID under “Advanced” and save first."))
    if pressed:
        with feedback.told():
            st.session_state[key] = signing.begin(desk(), company)
            st.rerun()


def _under_way(company: Company, grant: Grant, key: str) -> None:
    started: Started = st.session_state[key]
    if started.expires_at <= desk().now():
        st.warning(t("The time to sign in is over. Start again."))
        _stop(key, t("Back"))
        return
    if grant.provider is OAuthProvider.GOOGLE:
        _paste(company, started, key)
    else:
        _code(company, started, key)
    _stop(key, t("Stop"))


def _stop(key: str, label: str) -> None:
    st.button(label, key="sign-in-stop", on_click=lambda: st.session_state.pop(key, None))


def _code(company: Company, started: Started, key: str) -> None:
    left, right = st.columns([3, 5], vertical_alignment="center")
    left.html(_LARGE)
    with left.container(key="sign-in-code"):
        st.code(started.code, language=None)
    right.markdown(t("**1.** Copy the code."))
    right.link_button(t("2. Open {address}", address=started.address), started.address)
    right.markdown(t("**3.** Paste the code there and sign in as the one who sends. This page notices by itself."))
    _wait(company, started, key)


@st.fragment(run_every=1.0)
def _wait(company: Company, started: Started, key: str) -> None:
    """Asks no more often than the provider wants."""
    with feedback.told():
        try:
            done = signing.poll(desk(), company, started)
        except Exception:
            st.session_state.pop(key, None)
            raise
        if done:
            _finished(key)
        st.caption(t("Waiting for the sign-in…"))


def _paste(company: Company, started: Started, key: str) -> None:
    st.link_button(t("1. Open Google's page and sign in"), started.address)
    st.markdown(t("**2.** The browser ends at a page that cannot be shown. Copy its whole address and paste it here."))
    with st.form(f"paste/{key}", border=False):
        field, way = st.columns([6, 2], vertical_alignment="bottom")
        pasted = field.text_input(t("Address of that page"), key=f"pasted/{key}", autocomplete="off")
        done = way.form_submit_button(t("Finish"), type="primary", width="stretch")
    if done:
        with feedback.told():
            signing.finish(desk(), company, started, pasted)
            _finished(key)


def _finished(key: str) -> None:
    st.session_state.pop(key, None)
    feedback.later(plain(t("Signed in. What is queued leaves now.")))
    st.rerun()
