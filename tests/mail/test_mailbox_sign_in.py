"""The mailbox of what came back, opened with the sign-in of the mail account: a real dovecot that asks the provider about each token."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from core.app import App
from core.database.schema_delivery import bounce_mailboxes, oauth_grants
from core.dispatch import bouncing, companies, providers, signing
from core.errors import SettingInvalid, SignedOut, SignInWithoutMailbox
from core.i18n import sentence
from core.incoming import NO_XOAUTH2, SIGN_IN
from core.model import DispatchStatus, Language
from core.records import Company, Login, OAuthProvider
from core.signing_in import IMAP_SCOPE, SMTP_SCOPE
from tests import desk
from tests.mail import dovecot, sign_in_server, xoauth2
from tests.mail.conftest import CUSTOMERS, Box
from tests.mail.dovecot import SECRET, Dovecot
from tests.mail.fault_server import FaultServer
from tests.mail.sign_in_server import CLIENT, TENANT, WHO, Book, SignInServer
from tests.mail.test_bouncing import message_ids, report

OK, _ = CUSTOMERS


@contextmanager
def introspection(book: Book, user: str) -> Iterator[str]:
    """What the mail server asks about a token: it is good, and for mailboxes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers["Authorization"].removeprefix("Bearer ")
            good = token in book.good and "IMAP" in book.scopes[token] + "IMAP" * book.scopes[token].count("mail.google.com")
            content = json.dumps({"active": good, "username": user}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing of it belongs in the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/introspect"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def provider(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    with sign_in_server.running(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        app.desk.settings.microsoft_authority = server.url
        app.desk.settings.google_token_uri = f"{server.url}/token"
        yield server


@pytest.fixture
def mailbox(box: Box, provider: SignInServer, certificate: tuple[Path, Path]) -> Iterator[Dovecot]:
    with (
        introspection(provider.book, box.address) as url,
        dovecot.running(box.address, maildirs=box.postfix.folder / "mail", cert=certificate[0], key=certificate[1], introspection=url) as server,
    ):
        yield server


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def set_up(app: App, box: Box, port: int, *, provider: str = "microsoft", imap: int) -> None:
    desk.bring(app, desk.customer_invoice(9))
    oauth = {"oauth__provider": provider, "oauth__tenant": TENANT, "oauth__client_id": CLIENT, "oauth__client_secret": "canary-client-secret"}
    desk.set_account(app, port, mail__from=f"Atelier Dubois <{box.address}>", smtp__login="oauth2", smtp__user=WHO, **oauth)
    reads = {"bounces__host": "127.0.0.1", "bounces__port": str(imap), "bounces__security": "none"}
    desk.set_company(app, **reads, bounces__user=box.address, bounces__login="oauth2")


def sign_in(app: App, book: Book) -> None:
    started = signing.begin(app.desk, company(app))
    book.approved = True
    assert signing.poll(app.desk, company(app), started)
    book.approved = False


def test_one_sign_in_sends_and_reads(app: App, box: Box, provider: SignInServer, mailbox: Dovecot) -> None:
    book = provider.book
    with xoauth2.server(book, user=WHO) as mail:
        invoice_id = desk.bring(app, desk.customer_invoice(1)).invoice_id or 0
        desk.tick(app, 1, OK)
        set_up(app, box, mail.port, imap=mailbox.port)
        assert str(bouncing.try_mailbox(app.desk, company(app).id)) == SignedOut.template
        sign_in(app, book)
        assert set(book.begun.split()) >= {SMTP_SCOPE, IMAP_SCOPE}, "one consent for both"
        desk.send(app, [invoice_id])
    box.put(report(message_ids(app)[0], OK))
    assert bouncing.try_mailbox(app.desk, company(app).id) is None
    book.expire()
    reading = bouncing.read(app.desk, company(app).id)
    assert reading.trouble is None, mailbox.log()
    assert [found.is_settled for found in reading.found] == [True]
    assert desk.status_of(app, invoice_id) is DispatchStatus.BOUNCED
    assert [form["grant_type"] for form in book.asked][-1] == "refresh_token", "a refused token is renewed once"
    assert bouncing.read(app.desk, company(app).id).mails == 0

    book.revoke()
    said = bouncing.read(app.desk, company(app).id).trouble
    assert str(said) == SignedOut.template


def test_a_sign_in_for_sending_alone_still_sends_and_says_how_to_read(app: App, box: Box, provider: SignInServer, mailbox: Dovecot) -> None:
    book = provider.book
    book.granted = SMTP_SCOPE
    with xoauth2.server(book, user=WHO) as mail:
        first, second = (desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2))
        desk.tick(app, 1, "ok+1@x.test")
        desk.tick(app, 2, "ok+2@x.test")
        set_up(app, box, mail.port, imap=mailbox.port)
        sign_in(app, book)
        desk.send(app, [first])
        said = bouncing.try_mailbox(app.desk, company(app).id)
        assert said is not None
        assert said.template == SignInWithoutMailbox.template
        assert str(bouncing.read(app.desk, company(app).id).trouble) == SignInWithoutMailbox.template
        for language in (Language.FR, Language.NL):
            assert sentence(language, said) != str(said)
        book.expire()
        desk.send(app, [second])
        assert desk.status_of(app, second) is DispatchStatus.SENT, "renewed for what was allowed"
    book.granted = ""
    sign_in(app, book)
    assert bouncing.try_mailbox(app.desk, company(app).id) is None


def test_a_sign_in_of_before_is_one_for_sending_alone(app: App, box: Box, provider: SignInServer, mailbox: Dovecot) -> None:
    set_up(app, box, 25, imap=mailbox.port)
    sign_in(app, provider.book)
    kept = json.loads(signing.grant(app.desk, company(app).id).tokens)
    del kept["reads"]
    with app.desk.database.write() as connection:
        connection.execute(oauth_grants.update().values(tokens_encrypted=app.desk.sealed(json.dumps(kept))))
    assert str(bouncing.try_mailbox(app.desk, company(app).id)) == SignInWithoutMailbox.template
    desk.set_company(app, oauth__provider="google")
    with app.desk.database.write() as connection:
        connection.execute(oauth_grants.update().values(tokens_encrypted=app.desk.sealed(json.dumps(kept))))
    assert bouncing.try_mailbox(app.desk, company(app).id) is None, "Google's covers both"


def test_a_token_that_is_never_good_enough_is_told_without_the_token(app: App, box: Box, provider: SignInServer, mailbox: Dovecot) -> None:
    set_up(app, box, 25, imap=mailbox.port)
    sign_in(app, provider.book)
    provider.book.good = _Nothing()
    said = bouncing.try_mailbox(app.desk, company(app).id)
    assert said is not None
    assert said.template == SIGN_IN
    assert f"127.0.0.1 does not let {box.address} in" in str(said)
    assert "canary" not in repr(said)
    assert sum(form["grant_type"] == "refresh_token" for form in provider.book.asked) == 1


class _Nothing(set[str]):
    """No token is good."""

    def __contains__(self, _: object) -> bool:
        return False


def test_a_server_that_takes_passwords_only_is_named(app: App, box: Box, provider: SignInServer) -> None:
    set_up(app, box, 25, imap=box.dovecot.port)
    sign_in(app, provider.book)
    said = bouncing.try_mailbox(app.desk, company(app).id)
    assert said is not None
    assert said.template == NO_XOAUTH2
    desk.set_company(app, bounces__login="password", bounces__password=SECRET)
    assert bouncing.try_mailbox(app.desk, company(app).id) is None


def test_what_is_not_said_follows_from_password_and_server(app: App, smtp: FaultServer) -> None:
    desk.ready(app, smtp.port)
    identity = company(app).id
    desk.set_company(app, bounces__host="outlook.office365.com")
    assert bouncing.mailbox(app.desk, identity).login is Login.PASSWORD
    desk.set_account(app, smtp.port, smtp__login="oauth2", smtp__user=WHO, oauth__provider="microsoft", oauth__client_id=CLIENT)
    kept = bouncing.mailbox(app.desk, identity)
    assert (kept.login, kept.user, kept.who, kept.is_set) == (Login.OAUTH2, "", WHO, True)
    desk.set_company(app, bounces__host="imap.gmail.com")
    assert bouncing.mailbox(app.desk, identity).login is Login.PASSWORD, "a token of Microsoft is nothing for Google"
    desk.set_company(app, bounces__host="outlook.office365.com", bounces__password=SECRET)
    assert bouncing.mailbox(app.desk, identity).login is Login.PASSWORD
    desk.set_company(app, bounces__login="oauth2")
    assert bouncing.mailbox(app.desk, identity).login is Login.OAUTH2
    desk.set_company(app, bounces__login="")
    assert bouncing.mailbox(app.desk, identity).login is Login.PASSWORD
    with pytest.raises(SettingInvalid, match="one of oauth2, password is expected"):
        desk.set_company(app, bounces__login="kerberos")
    with app.desk.database.read() as connection:
        assert connection.scalar(select(bounce_mailboxes.c.login)) is None


def test_what_is_proposed_where_no_mailbox_is_set(app: App, smtp: FaultServer) -> None:
    desk.ready(app, smtp.port)
    identity = company(app).id
    assert not bouncing.proposed(app.desk, identity).host
    for provider, host in (("microsoft", "outlook.office365.com"), ("google", "imap.gmail.com")):
        desk.set_company(app, smtp__login="oauth2", oauth__provider=provider)
        assert (bouncing.proposed(app.desk, identity).host, bouncing.proposed(app.desk, identity).login) == (host, Login.OAUTH2)
        assert providers.imap_of(OAuthProvider(provider)) == host
