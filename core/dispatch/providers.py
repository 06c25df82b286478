"""Mail servers of common providers, as their own help pages give them for sending with a login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core.i18n import N_
from core.records import Limits, OAuthProvider, Security
from core.settings import MIB

LARGE: Final = 10 * MIB  # of a mail as it is sent: more is refused by many a recipient


@dataclass(frozen=True, kw_only=True)
class Provider:
    name: str
    host: str = ""
    port: int = 587
    security: Security = Security.STARTTLS
    limits: Limits = field(default_factory=Limits)
    signs_in: OAuthProvider | None = None
    imap: str = ""  # where the sign-in opens mailboxes
    spf: str = ""  # what the sender's domain includes for its servers (RFC 7208)
    dkim: tuple[str, ...] = ()  # selectors (RFC 6376)


OWN: Final = "own"
PROVIDERS: Final[Mapping[str, Provider]] = {
    OWN: Provider(name=N_("Another one, or our own")),
    "microsoft": Provider(
        name="Microsoft 365",
        host="smtp.office365.com",
        limits=Limits(per_minute=30, per_day=10_000, connections=3),
        signs_in=OAuthProvider.MICROSOFT,
        imap="outlook.office365.com",
        spf="spf.protection.outlook.com",
        dkim=("selector1", "selector2"),
    ),
    "google": Provider(
        name="Google Workspace",
        host="smtp.gmail.com",
        limits=Limits(per_day=2_000),
        signs_in=OAuthProvider.GOOGLE,
        imap="imap.gmail.com",
        spf="_spf.google.com",
        dkim=("google",),
    ),
    "gmail": Provider(name="Gmail", host="smtp.gmail.com", limits=Limits(per_day=500), signs_in=OAuthProvider.GOOGLE),
    "google-relay": Provider(name=N_("Google Workspace, relay"), host="smtp-relay.gmail.com", spf="_spf.google.com", dkim=("google",)),
    "combell": Provider(name="Combell", host="smtp-auth.mailprotect.be"),
    "ovh": Provider(name="OVHcloud", host="ssl0.ovh.net", port=465, security=Security.TLS, spf="mx.ovh.com"),
    "infomaniak": Provider(name="Infomaniak", host="mail.infomaniak.com", spf="spf.infomaniak.ch"),
    "here": Provider(name=N_("A relay on this machine"), host="127.0.0.1", port=25, security=Security.NONE),
}


def provider_of(host: str, user: str = "") -> str:
    """The key of the provider whose server this is; Gmail and Workspace share theirs, and differ by the user's domain."""
    name = host.strip().lower()
    if name == PROVIDERS["gmail"].host and user.strip().lower().endswith(("@gmail.com", "@googlemail.com")):
        return "gmail"
    return next((key for key, provider in PROVIDERS.items() if provider.host and provider.host == name), OWN)


def imap_of(provider: OAuthProvider) -> str:
    """The server where a sign-in at this provider opens mailboxes."""
    return next(each.imap for each in PROVIDERS.values() if each.signs_in is provider and each.imap)
