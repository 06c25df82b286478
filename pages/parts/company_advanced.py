"""How an account logs in, and what its provider lets it do: limits that a preset fills in and anybody may change."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from core import i18n
from core.dispatch import budget
from core.dispatch.providers import LARGE, Provider
from core.i18n import N_
from core.records import Company, Grant, Login, MailAccount, OAuthProvider
from core.settings import MIB
from pages.parts.resources import desk, language, t, translated, worded

PASSWORD = "password"  # noqa: S105 - a kind of login
LOGINS = {
    PASSWORD: N_("User and password"),
    OAuthProvider.MICROSOFT.value: N_("Sign in with Microsoft"),
    OAuthProvider.GOOGLE.value: N_("Sign in with Google"),
}
LIMITS = {
    "limits.per_minute": N_("Mails a minute"),
    "limits.per_day": N_("Recipients a day"),
    "limits.connections": N_("Connections at once"),
    "limits.size": N_("MB of one mail"),
}
APPLICATION = {"oauth.client_id": N_("Application (client) ID"), "oauth.tenant": N_("Tenant (Microsoft)")}
LABELS = {**LIMITS, **APPLICATION, "oauth.client_secret": N_("Client secret (Google)")}
ABOUT_LIMITS = N_("What the provider allows. All workers keep to it together; empty means no limit. Many recipients refuse mails above {size} MB.")
ABOUT_APPLICATION = N_("Whoever runs your Microsoft 365 or Google Workspace registers Facturier there as an application, and gives you its ID.")


def kept(account: MailAccount, grant: Grant) -> dict[str, str]:
    limits = account.limits
    return {
        "login": grant.provider.value if account.login is Login.OAUTH2 else PASSWORD,
        "limits.per_minute": str(limits.per_minute or ""),
        "limits.per_day": str(limits.per_day or ""),
        "limits.connections": str(limits.connections or ""),
        "limits.size": str(limits.size // MIB if limits.size else ""),
        "oauth.client_id": grant.client_id,
        "oauth.tenant": grant.tenant,
    }


def fill_in(chosen: Provider, form: str) -> None:
    """Microsoft takes no password from the end of 2026 on; Google still takes those made for an application."""
    limits = chosen.limits
    for name, value in (("per_minute", limits.per_minute), ("per_day", limits.per_day), ("connections", limits.connections)):
        st.session_state[f"limits.{name}/{form}"] = str(value or "")
    st.session_state[f"limits.size/{form}"] = str(limits.size // MIB if limits.size else "")
    st.session_state[worded(f"login/{form}")] = chosen.signs_in.value if chosen.signs_in is OAuthProvider.MICROSOFT else PASSWORD


def login(form: str) -> None:
    st.selectbox(t("Login"), list(LOGINS), format_func=translated(LOGINS).__getitem__, key=worded(f"login/{form}"))


def fields(grant: Grant, form: str) -> dict[str, str]:
    """Within the form of the account; closed as long as nobody needs them."""
    chosen = st.session_state[worded(f"login/{form}")]
    with st.expander(t("Advanced"), expanded=chosen != PASSWORD and not grant.is_set):
        st.caption(t(ABOUT_LIMITS, size=LARGE // MIB))
        values = {name: text(place, name, form) for place, name in zip(st.columns(4), LIMITS, strict=True)}
        st.caption(t(ABOUT_APPLICATION))
        places = st.columns(3)
        application = {name: text(place, name, form) for place, name in zip(places, APPLICATION, strict=False)}
        stored = t("stored; leave empty to keep it") if grant.client_secret else ""
        secret = places[2].text_input(
            t(LABELS["oauth.client_secret"]), type="password", placeholder=stored, key=f"oauth.client_secret/{form}", autocomplete="off"
        )
    values["smtp.login"] = Login.PASSWORD.value if chosen == PASSWORD else Login.OAUTH2.value
    if chosen != PASSWORD:
        values["oauth.provider"] = chosen
    if chosen != PASSWORD or any(application.values()):
        values |= application | ({"oauth.client_secret": secret} if secret else {})
    return values


def text(place: st.delta_generator.DeltaGenerator, name: str, form: str) -> str:
    return str(place.text_input(t(LABELS[name]), key=f"{name}/{form}"))


def used(company: Company) -> None:
    """What the account handed over in the last day, against its limit."""
    so_far = budget.used(desk(), company)
    if so_far.of is not None:
        words = {"used": i18n.number(language(), Decimal(so_far.recipients)), "of": i18n.number(language(), Decimal(so_far.of))}
        st.caption(t("Recipients of the last 24 hours: {used} of {of}.", **words))
