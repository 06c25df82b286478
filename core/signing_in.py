"""Sign in at Microsoft or Google, so that the mail server takes a token instead of a password.

Microsoft: device code (RFC 8628) through msal, as a public client. Google: the installed-app flow through google-auth-oauthlib, whose
code comes back to this machine or is pasted.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msal
import requests
from google_auth_oauthlib.flow import InstalledAppFlow
from msal.exceptions import MsalServiceError
from oauthlib.oauth2 import OAuth2Error

from core.errors import Sentence, SignedOut, SignInAway, SignInRefused
from core.i18n import N_
from core.records import Grant, OAuthProvider

NAMES: Final[Mapping[OAuthProvider, str]] = {OAuthProvider.MICROSOFT: "Microsoft", OAuthProvider.GOOGLE: "Google"}
SMTP_SCOPE: Final = "https://outlook.office365.com/SMTP.Send"
IMAP_SCOPE: Final = "https://outlook.office365.com/IMAP.AccessAsUser.All"
MICROSOFT_SCOPES: Final = [SMTP_SCOPE, IMAP_SCOPE]  # of one resource: one token is good for both; msal adds offline_access by itself
GOOGLE_SCOPES: Final = ["openid", "https://www.googleapis.com/auth/userinfo.email", "https://mail.google.com/"]
ANY_TENANT: Final = "organizations"
NOT_YET: Final = frozenset({"authorization_pending", "slow_down"})
LOOPBACK: Final = "http://127.0.0.1"  # nobody listens: the address of the browser is pasted
LIFE_S: Final = 3600
GOOGLE_PATIENCE: Final = timedelta(minutes=10)
NO_CODE = N_("there is no code in what was pasted")
OTHER_SIGN_IN = N_("this is the answer to another sign-in")
NOT_ALL = N_("not everything that was asked for was allowed")


@dataclass(frozen=True, kw_only=True)
class EndPoints:
    microsoft_authority: str
    google_authorize_uri: str
    google_token_uri: str
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a person needs to sign in: an address, and at Microsoft a code to type there."""

    address: str
    code: str = ""
    expires_at: datetime
    interval_s: int = 5
    state: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """An access token, and what a new one is made from."""

    access_token: str = field(repr=False)
    expires_at: datetime
    kept: str = field(repr=False)
    signed_in_as: str = ""
    reads: bool = False  # they let a mailbox be read, too


def begin(grant: Grant, ends: EndPoints, *, login_hint: str = "", redirect: str = LOOPBACK, now: datetime) -> Started:
    """Raises SignInRefused and SignInAway."""
    with _plainly(grant):
        if grant.provider is OAuthProvider.GOOGLE:
            flow = _google(grant, ends, redirect)
            address, state = flow.authorization_url(access_type="offline", prompt="consent", **({"login_hint": login_hint} if login_hint else {}))
            kept = {"verifier": flow.code_verifier, "state": state, "redirect": redirect}
            return Started(address=address, expires_at=now + GOOGLE_PATIENCE, state=kept)
        device: dict[str, Any] = _microsoft(grant, ends, msal.SerializableTokenCache()).initiate_device_flow(scopes=MICROSOFT_SCOPES)
    if "user_code" not in device:
        raise _refused(grant, device)
    return Started(
        address=device["verification_uri"],
        code=device["user_code"],
        expires_at=now + timedelta(seconds=int(device.get("expires_in", LIFE_S))),
        interval_s=max(1, int(device.get("interval", 5))),
        state=device | {"interval": max(1, int(device.get("interval", 5)))},  # with 0 msal would ask without end
    )


def poll(grant: Grant, ends: EndPoints, started: Started, *, now: datetime) -> Tokens | None:
    """Nothing while the person has not signed in yet; asked more often than the provider wants, it does not ask. Raises like `begin`."""
    device = started.state
    if time.time() < device.get("latest_attempt_at", 0) + device.get("interval", started.interval_s):
        return None
    cache = msal.SerializableTokenCache()
    with _plainly(grant):
        result = _microsoft(grant, ends, cache).acquire_token_by_device_flow(device, exit_condition=lambda _flow: True)
    if result.get("error") in NOT_YET:
        return None
    return _of_microsoft(grant, result, cache, MICROSOFT_SCOPES, now)


def finish(grant: Grant, ends: EndPoints, started: Started, pasted: str, *, now: datetime) -> Tokens:
    """With the code that Google sent the browser back with, alone or within its address. Raises like `begin`."""
    code = _code(grant, started, pasted.strip())
    with _plainly(grant):
        flow = _google(grant, ends, started.state["redirect"])
        flow.code_verifier = started.state["verifier"]
        flow.oauth2session.register_compliance_hook("access_token_response", _is_there)
        token = flow.fetch_token(code=code, timeout=ends.timeout_s)
    return _of_google(token, "", now)


def refresh(grant: Grant, ends: EndPoints, kept: str, *, reads: bool, now: datetime) -> Tokens:
    """A new access token for what was allowed before. Raises SignedOut when the provider wants the person again, and SignInAway."""
    try:
        with _plainly(grant):
            if grant.provider is OAuthProvider.GOOGLE:
                session = _google(grant, ends, LOOPBACK).oauth2session
                session.register_compliance_hook("refresh_token_response", _is_there)
                login = {"client_id": grant.client_id, "client_secret": grant.client_secret}
                return _of_google(session.refresh_token(ends.google_token_uri, refresh_token=kept, timeout=ends.timeout_s, **login), kept, now)
            cache = msal.SerializableTokenCache()
            cache.deserialize(kept)
            application = _microsoft(grant, ends, cache)
            accounts = application.get_accounts()
            scopes = MICROSOFT_SCOPES if reads else [SMTP_SCOPE]
            result = application.acquire_token_silent_with_error(scopes, account=accounts[0], force_refresh=True) if accounts else None
            if reads and accounts and "access_token" not in (result or {}):  # who may read no longer shall send all the same
                scopes = [SMTP_SCOPE]
                result = application.acquire_token_silent_with_error(scopes, account=accounts[0], force_refresh=True)
        return _of_microsoft(grant, result or {}, cache, scopes, now)
    except SignInRefused as error:
        raise SignedOut from error


# Microsoft -------------------------------------------------------------------------------------------------------


def _microsoft(grant: Grant, ends: EndPoints, cache: msal.SerializableTokenCache) -> msal.PublicClientApplication:
    logging.getLogger("msal").setLevel(logging.CRITICAL)  # what goes wrong is ours to say, in a sentence
    return msal.PublicClientApplication(
        grant.client_id,
        authority=f"{ends.microsoft_authority.rstrip('/')}/{grant.tenant or ANY_TENANT}",
        token_cache=cache,
        timeout=ends.timeout_s,
        instance_discovery=False,  # the authority is ours to name, by a setting
    )


def _of_microsoft(grant: Grant, result: Mapping[str, Any], cache: msal.SerializableTokenCache, asked: Sequence[str], now: datetime) -> Tokens:
    if "access_token" not in result:
        raise _refused(grant, result)
    accounts = list(cache.search(msal.TokenCache.CredentialType.ACCOUNT))
    return Tokens(
        access_token=result["access_token"],
        expires_at=now + timedelta(seconds=int(result.get("expires_in", LIFE_S))),
        kept=cache.serialize(),
        signed_in_as=accounts[0].get("username", "") if accounts else "",
        reads=_reads(result.get("scope") or " ".join(asked)),  # RFC 6749 5.1: left out where all was allowed
    )


def _reads(scopes: str) -> bool:
    return any(scope.rpartition("/")[2].lower() == IMAP_SCOPE.rpartition("/")[2].lower() for scope in scopes.split())


# Google ----------------------------------------------------------------------------------------------------------


def _google(grant: Grant, ends: EndPoints, redirect: str) -> InstalledAppFlow:
    client = {"client_id": grant.client_id, "client_secret": grant.client_secret}
    addresses = {"auth_uri": ends.google_authorize_uri, "token_uri": ends.google_token_uri, "redirect_uris": [redirect]}
    flow: InstalledAppFlow = InstalledAppFlow.from_client_config({"installed": client | addresses}, scopes=GOOGLE_SCOPES, redirect_uri=redirect)
    return flow


def _code(grant: Grant, started: Started, pasted: str) -> str:
    if "=" not in pasted:
        if not pasted:
            raise SignInRefused(provider=NAMES[grant.provider], why=Sentence(NO_CODE))
        return pasted
    answer = parse_qs(urlsplit(pasted).query or pasted)
    if "error" in answer:
        raise SignInRefused(provider=NAMES[grant.provider], why=answer["error"][0])
    if answer.get("state", [started.state["state"]]) != [started.state["state"]]:
        raise SignInRefused(provider=NAMES[grant.provider], why=Sentence(OTHER_SIGN_IN))
    if "code" not in answer:
        raise SignInRefused(provider=NAMES[grant.provider], why=Sentence(NO_CODE))
    return answer["code"][0]


def _of_google(token: Mapping[str, Any], former: str, now: datetime) -> Tokens:
    return Tokens(
        access_token=token["access_token"],
        expires_at=now + timedelta(seconds=int(token.get("expires_in", LIFE_S))),
        kept=token.get("refresh_token") or former,
        signed_in_as=_mailbox_in(token.get("id_token") or ""),
        reads=True,
    )


def _mailbox_in(id_token: str) -> str:
    """OpenID Connect 3.1.3.7: what came straight from the token end point over TLS needs no look at its signature."""
    try:
        part = id_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return ""
    return str(claims.get("email", ""))


def _is_there(response: requests.Response) -> requests.Response:
    if response.status_code >= 500:
        response.raise_for_status()
    return response


# In our words ----------------------------------------------------------------------------------------------------


@contextmanager
def _plainly(grant: Grant) -> Iterator[None]:
    """What the libraries raise, as SignInAway or SignInRefused; no token is in either."""
    name = NAMES[grant.provider]
    try:
        yield
    except (requests.RequestException, MsalServiceError):
        raise SignInAway(provider=name) from None
    except OAuth2Error as error:
        raise SignInRefused(provider=name, why=_first_line(error.description or error.error or "")) from None
    except Warning:  # oauthlib raises one when less was allowed than asked for
        raise SignInRefused(provider=name, why=Sentence(NOT_ALL)) from None
    except (ValueError, RuntimeError, KeyError) as error:
        raise SignInRefused(provider=name, why=type(error).__name__ if isinstance(error, KeyError) else _first_line(str(error))) from None


def _refused(grant: Grant, result: Mapping[str, Any]) -> SignInRefused:
    return SignInRefused(provider=NAMES[grant.provider], why=_first_line(result.get("error_description") or result.get("error") or "–"))


def _first_line(text: str) -> str:
    """`AADSTS700082: The refresh token has expired.` without what only Microsoft's support can read."""
    lines = text.split(" Trace ID:")[0].splitlines()
    return lines[0][:300] if lines else "–"
