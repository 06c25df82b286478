"""Sign a company in at its mail provider, keep the tokens encrypted, and give the lines a fresh one."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Row

from core import recording, signing_in
from core.connection import Token
from core.database import audit, grants, parties
from core.dispatch.desk import Desk
from core.errors import OAuthUnset, SignedOut, SignInWithoutMailbox
from core.records import Company, Grant, Login, OAuthProvider
from core.signing_in import LOOPBACK, EndPoints, Started, Tokens

EARLY: Final = timedelta(minutes=5)  # before it runs out a token is renewed
PATIENCE_S: Final = 15.0
_REFRESHING: defaultdict[tuple[str, int], threading.Lock] = defaultdict(threading.Lock)  # lines of one process ask once


def grant(desk: Desk, company_id: int) -> Grant:
    """With its secrets in clear; never kept, never logged. Raises SecretUnreadable."""
    with desk.database.read() as connection:
        row = grants.row(connection, company_id)
    return Grant(company_id=company_id) if row is None else _opened(desk, row)


def _opened(desk: Desk, row: Row[tuple[object, ...]]) -> Grant:
    kept = row._mapping
    return Grant(
        company_id=kept["company_id"],
        provider=OAuthProvider(kept["provider"]),
        tenant=kept["tenant"] or "",
        client_id=kept["client_id"] or "",
        client_secret=desk.opened(kept["client_secret_encrypted"]) if kept["client_secret_encrypted"] else "",
        tokens=desk.opened(kept["tokens_encrypted"]) if kept["tokens_encrypted"] else "",
        signed_in_as=kept["signed_in_as"] or "",
        signed_in_at=kept["signed_in_at"],
    )


# A person signs in -----------------------------------------------------------------------------------------------


def begin(desk: Desk, company: Company, *, redirect: str = LOOPBACK) -> Started:
    """The address to open, and at Microsoft the code to type there. Raises OAuthUnset, SignInRefused, SignInAway."""
    return signing_in.begin(_set(desk, company), _ends(desk), login_hint=desk.account(company.id).user, redirect=redirect, now=desk.now())


def poll(desk: Desk, company: Company, started: Started) -> bool:
    """Whether the person has signed in at Microsoft; then it is kept. Raises like `begin`."""
    own = _set(desk, company)
    tokens = signing_in.poll(own, _ends(desk), started, now=desk.now())
    if tokens is not None:
        _keep(desk, company, tokens)
    return tokens is not None


def finish(desk: Desk, company: Company, started: Started, pasted: str) -> None:
    """With what Google sent the browser back with. Raises like `begin`."""
    _keep(desk, company, signing_in.finish(_set(desk, company), _ends(desk), started, pasted, now=desk.now()))


def sign_out(desk: Desk, company: Company) -> None:
    """Forget the tokens; queued mails wait for the next sign-in."""
    with desk.database.write() as connection:
        grants.keep(connection, company.id, {"tokens_encrypted": None, "signed_in_as": None, "signed_in_at": None})
        audit.append(connection, company_id=company.id, who=desk.who, what="signed out", subject=company.key, why="", now=desk.now())


def _set(desk: Desk, company: Company) -> Grant:
    own = grant(desk, company.id)
    if not own.is_set:
        raise OAuthUnset(company=company.name)
    return own


def _keep(desk: Desk, company: Company, tokens: Tokens) -> None:
    """The account goes on with what is queued. Whoever signed in is the user, unless another one is set (a shared mailbox)."""
    now = desk.now()
    account = {"login": Login.OAUTH2.value}
    if tokens.signed_in_as and not desk.account(company.id).user:
        account["user"] = tokens.signed_in_as
    kept = {"tokens_encrypted": _sealed(desk, tokens), "signed_in_as": tokens.signed_in_as or None, "signed_in_at": now}
    with desk.database.write() as connection:
        grants.keep(connection, company.id, kept)
        parties.update_account(connection, company.id, account)
        recording.account_changed(connection, company.id)
        audit.append(connection, company_id=company.id, who=desk.who, what="signed in", subject=company.key, why=tokens.signed_in_as, now=now)
    desk.wake(None)


# Tokens ----------------------------------------------------------------------------------------------------------


def source(desk: Desk, company_id: int) -> Token:
    """What a connection asks for its token."""
    return lambda refused: access_token(desk, company_id, refused)


def reader(desk: Desk, company_id: int) -> Token:
    """The same for a mailbox; raises SignInWithoutMailbox where the person signed in for sending alone."""

    def token(refused: str) -> str:
        own = grant(desk, company_id)
        if own.is_signed_in and not _Kept.of(own).reads:
            raise SignInWithoutMailbox
        return access_token(desk, company_id, refused)

    return token


def access_token(desk: Desk, company_id: int, refused: str = "") -> str:
    """One that still lasts and is not the one just refused. Raises SignedOut, SignInAway, SecretUnreadable.

    Many workers may renew at once: the first one that writes wins, and the tokens of the others are good, too.
    """
    with _REFRESHING[desk.settings.database_url, company_id]:
        with desk.database.read() as connection:
            row = grants.row(connection, company_id)
        own = Grant(company_id=company_id) if row is None else _opened(desk, row)
        if row is None or not own.tokens:
            raise SignedOut
        known = _Kept.of(own)
        if known.token != refused and known.expires_at - EARLY > desk.now():
            return known.token
        try:
            tokens = signing_in.refresh(own, _ends(desk), known.kept, reads=known.reads, now=desk.now())
        except SignedOut:
            return _of_another(desk, company_id, own, refused)
        with desk.database.write() as connection:
            grants.renew(connection, company_id, former=row.tokens_encrypted, tokens=_sealed(desk, tokens))
        return tokens.access_token


def _of_another(desk: Desk, company_id: int, former: Grant, refused: str) -> str:
    """The provider may have taken our refresh token back because another worker renewed it a moment ago."""
    now_kept = grant(desk, company_id)
    if now_kept.tokens and now_kept.tokens != former.tokens:
        known = _Kept.of(now_kept)
        if known.token != refused and known.expires_at > desk.now():
            return known.token
    raise SignedOut


def _sealed(desk: Desk, tokens: Tokens) -> str:
    values = {"access_token": tokens.access_token, "expires_at": tokens.expires_at.isoformat(), "kept": tokens.kept, "reads": tokens.reads}
    return desk.sealed(json.dumps(values))


@dataclass(frozen=True, kw_only=True)
class _Kept:
    token: str = field(repr=False)
    expires_at: datetime
    kept: str = field(repr=False)
    reads: bool

    @classmethod
    def of(cls, own: Grant) -> _Kept:
        """Those of before say nothing of mailboxes: at Microsoft they were for sending alone."""
        values = json.loads(own.tokens)
        reads = values.get("reads", own.provider is OAuthProvider.GOOGLE)
        return cls(token=values["access_token"], expires_at=datetime.fromisoformat(values["expires_at"]), kept=values["kept"], reads=reads)


def _ends(desk: Desk) -> EndPoints:
    settings = desk.settings
    return EndPoints(
        microsoft_authority=settings.microsoft_authority,
        google_authorize_uri=settings.google_authorize_uri,
        google_token_uri=settings.google_token_uri,
        timeout_s=min(PATIENCE_S, settings.connect_timeout_s),
    )
