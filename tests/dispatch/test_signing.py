"""Sign in instead of a password: tokens are fresh, encrypted, and where they end the account waits for a person with a plain sentence."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import signing_in
from core.app import App
from core.database.schema_delivery import oauth_grants
from core.dispatch import companies, sending, settling, signing, trying
from core.errors import OAuthUnset, Sentence, SignedOut, SignInAway, SignInRefused
from core.i18n import sentence
from core.model import DispatchStatus, Language
from core.outcome import SIGN_IN_AGAIN
from core.records import Company, Login
from core.signing_in import SMTP_SCOPE
from tests import desk
from tests.mail import sign_in_server, xoauth2
from tests.mail.fault_server import FaultServer
from tests.mail.sign_in_server import CLIENT, SECRET, TENANT, WHO, Book, SignInServer

S = DispatchStatus


@pytest.fixture
def provider(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    with sign_in_server.running(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        app.desk.settings.microsoft_authority = server.url
        app.desk.settings.google_token_uri = f"{server.url}/token"
        yield server


@pytest.fixture
def mail(provider: SignInServer) -> Iterator[FaultServer]:
    with xoauth2.server(provider.book, user=WHO) as server:
        yield server


def ready(app: App, port: int, count: int = 1, *, provider: str = "microsoft") -> list[int]:
    ids = []
    for place in range(1, count + 1):
        ids.append(desk.bring(app, desk.customer_invoice(place)).invoice_id or 0)
        desk.tick(app, place, f"ok+{place}@x.test")
    settings = {"oauth__provider": provider, "oauth__tenant": TENANT, "oauth__client_id": CLIENT, "oauth__client_secret": SECRET}
    desk.set_account(app, port, smtp__login="oauth2", smtp__user=WHO, **settings)
    return ids


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def sign_in(app: App, book: Book) -> None:
    started = signing.begin(app.desk, company(app))
    book.approved = True
    assert signing.poll(app.desk, company(app), started)
    book.approved = False


def paused(app: App) -> str:
    [account] = settling.paused_accounts(app.desk)
    assert account[3] is None, "it waits for a person"
    return str(account[2])


def test_the_whole_story(app: App, provider: SignInServer, mail: FaultServer) -> None:
    book = provider.book
    first, second, third = ready(app, mail.port, 3)
    started = signing.begin(app.desk, company(app))
    assert (started.code, started.address) == ("ABCD-EFGH", "https://microsoft.example/devicelogin")
    assert not signing.poll(app.desk, company(app), started)
    book.approved = True
    assert not signing.poll(app.desk, company(app), started), "not more often than the provider wants"
    assert len(book.asked) == 1
    time.sleep(started.interval_s)
    assert signing.poll(app.desk, company(app), started)
    own = signing.grant(app.desk, company(app).id)
    assert own.signed_in_as == WHO
    assert own.signed_in_at is not None

    desk.send(app, [first])
    assert desk.status_of(app, first) is S.SENT
    book.expire()
    desk.send(app, [second])
    assert desk.status_of(app, second) is S.SENT
    assert [who for who, _ in mail.record.logins] == [WHO, WHO, WHO]  # good, expired, fresh
    assert len({token for _, token in mail.record.logins}) == 2
    assert [form["grant_type"] for form in book.asked][-1] == "refresh_token"

    book.revoke()
    desk.send(app, [third], timeout_s=2)
    assert desk.status_of(app, third) is S.QUEUED
    assert paused(app) == SignedOut.template
    sign_in(app, book)
    desk.drain(app)
    assert desk.status_of(app, third) is S.SENT
    assert set(mail.record.times_taken().values()) == {1}


def test_the_provider_that_does_not_answer_is_waited_for(app: App, provider: SignInServer, mail: FaultServer) -> None:
    [invoice_id] = ready(app, mail.port)
    sign_in(app, provider.book)
    provider.book.expire()
    provider.book.away = True
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    [(_, _, because, until)] = settling.paused_accounts(app.desk)
    assert until is not None
    assert "The sign-in server of Microsoft does not answer." in str(because)
    provider.book.away = False
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_token_that_is_never_good_enough_pauses_in_the_words_of_the_sign_in(app: App, provider: SignInServer) -> None:
    with xoauth2.server(provider.book, user=WHO, scope="none", echoes=True) as mail:
        [invoice_id] = ready(app, mail.port)
        sign_in(app, provider.book)
        desk.send(app, [invoice_id], timeout_s=2)
        assert desk.status_of(app, invoice_id) is S.QUEUED
        assert len(mail.record.logins) == 2, "a new token was tried once"
        said = paused(app)
        assert said.startswith("127.0.0.1 does not accept the sign-in of factures@dubois.example any more")
        assert "canary" not in said
        [(_, _, kept, _)] = settling.paused_accounts(app.desk)
        for language in (Language.FR, Language.NL):
            assert sentence(language, kept) != str(kept)
        assert trying.connection(app.desk, company(app)) is not None


def test_a_server_without_xoauth2_is_named(app: App, provider: SignInServer, smtp: FaultServer) -> None:
    smtp.behaviour.login = ("a", "b")
    ready(app, smtp.port)
    sign_in(app, provider.book)
    assert "XOAUTH2 is not offered" in str(trying.connection(app.desk, company(app)))


def test_nobody_signed_in_yet(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    assert str(trying.connection(app.desk, company(app))) == SignedOut.template
    desk.set_company(app, oauth__client_id="")
    with pytest.raises(OAuthUnset):
        signing.begin(app.desk, company(app))


def test_a_sign_in_that_is_declined_or_names_another_application(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    started = signing.begin(app.desk, company(app))
    provider.book.declined = True
    with pytest.raises(SignInRefused, match=r"Microsoft refuses the sign-in: AADSTS70000: declined\."):
        signing.poll(app.desk, company(app), started)
    desk.set_company(app, oauth__client_id="another")
    with pytest.raises(SignInRefused, match="no such app"):
        signing.begin(app.desk, company(app))
    provider.book.away = True
    with pytest.raises(SignInAway):
        signing.begin(app.desk, company(app))


def test_another_application_ends_the_sign_in_and_signing_out_forgets_it(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    sign_in(app, provider.book)
    desk.set_company(app, oauth__client_secret="other")
    assert signing.grant(app.desk, company(app).id).is_signed_in
    desk.set_company(app, oauth__tenant="other.example")
    assert not signing.grant(app.desk, company(app).id).is_signed_in
    desk.set_company(app, oauth__tenant=TENANT)
    sign_in(app, provider.book)
    signing.sign_out(app.desk, company(app))
    with pytest.raises(SignedOut):
        signing.access_token(app.desk, company(app).id)


def test_google_gives_a_code_and_refreshes(app: App, provider: SignInServer, mail: FaultServer) -> None:
    first, second = ready(app, mail.port, 2, provider="google")
    started = signing.begin(app.desk, company(app))
    assert started.code == ""
    with pytest.raises(SignInRefused):
        signing.finish(app.desk, company(app), started, "")
    back = provider.book.consent(started.address)
    with pytest.raises(SignInRefused, match="another sign-in"):
        signing.finish(app.desk, company(app), started, back.replace("state=", "state=x"))
    signing.finish(app.desk, company(app), started, back)
    assert signing.grant(app.desk, company(app).id).signed_in_as == WHO
    desk.send(app, [first])
    provider.book.expire()
    desk.send(app, [second])
    assert {desk.status_of(app, each) for each in (first, second)} == {S.SENT}
    provider.book.revoke()
    with pytest.raises(SignedOut):
        signing.access_token(app.desk, company(app).id, _token(app))


def test_google_that_allows_less_than_asked_for_is_no_sign_in(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port, provider="google")
    started = signing.begin(app.desk, company(app))
    provider.book.granted = "openid"
    with pytest.raises(SignInRefused, match="not everything"):
        signing.finish(app.desk, company(app), started, provider.book.consent(started.address))
    assert not signing.grant(app.desk, company(app).id).is_signed_in


def _token(app: App) -> str:
    return str(json.loads(signing.grant(app.desk, company(app).id).tokens)["access_token"])


def test_a_token_is_renewed_before_it_runs_out_and_not_earlier(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    sign_in(app, provider.book)
    asked = len(provider.book.asked)
    first = signing.access_token(app.desk, company(app).id)
    assert signing.access_token(app.desk, company(app).id) == first
    assert len(provider.book.asked) == asked
    now = app.desk.now()
    object.__setattr__(app.desk, "clock", lambda: now + timedelta(minutes=56))
    assert signing.access_token(app.desk, company(app).id) != first


def test_who_may_read_no_longer_sends_all_the_same(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    sign_in(app, provider.book)
    assert json.loads(signing.grant(app.desk, company(app).id).tokens)["reads"]
    provider.book.granted = SMTP_SCOPE
    assert signing.access_token(app.desk, company(app).id, _token(app)) == _token(app)
    assert not json.loads(signing.grant(app.desk, company(app).id).tokens)["reads"]


def test_many_lines_that_renew_at_once_all_get_a_token(app: App, provider: SignInServer, mail: FaultServer) -> None:
    """Also where the provider takes each refresh token once only."""
    ready(app, mail.port)
    sign_in(app, provider.book)
    provider.book.rotates = True
    refused, got = _token(app), list[str]()
    threads = [threading.Thread(target=lambda: got.append(signing.access_token(app.desk, company(app).id, refused))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert set(got) <= provider.book.good
    assert sum(form["grant_type"] == "refresh_token" for form in provider.book.asked) == 1


def test_another_machine_that_renewed_first_is_believed(app: App, provider: SignInServer, mail: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(app, mail.port)
    sign_in(app, provider.book)
    provider.book.rotates = True
    refused = _token(app)
    real = signing_in.refresh

    def later(*arguments: Any, **named: Any) -> signing_in.Tokens:
        monkeypatch.setattr(signing_in, "refresh", real)
        key = (app.desk.settings.database_url, company(app).id)
        lock = signing._REFRESHING.pop(key)  # the other machine has locks of its own
        signing.access_token(app.desk, company(app).id, refused)
        signing._REFRESHING[key] = lock
        return real(*arguments, **named)

    monkeypatch.setattr(signing_in, "refresh", later)
    assert signing.access_token(app.desk, company(app).id, refused) in provider.book.good


def test_tokens_are_encrypted_at_rest(app: App, provider: SignInServer, mail: FaultServer) -> None:
    ready(app, mail.port)
    sign_in(app, provider.book)
    with app.desk.database.read() as connection:
        row = connection.execute(select(oauth_grants)).one()
    assert "canary" not in repr(tuple(row))
    assert app.desk.account(company(app).id).login is Login.OAUTH2
    assert "canary" not in repr(signing.grant(app.desk, company(app).id))


def test_the_sentences_have_their_languages() -> None:
    for template in (SIGN_IN_AGAIN, SignedOut.template, SignInAway.template):
        for language in (Language.FR, Language.NL):
            assert sentence(language, Sentence(template)) != template
