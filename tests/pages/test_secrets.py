"""No page, no command, no log, no error and no row shows a password, a secret or a token; a wrong key gives its sentence everywhere."""

from __future__ import annotations

import stat
from base64 import b64encode
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core.app import App
from core.database.schema import metadata
from core.dispatch import bouncing, companies, signing, trying
from core.errors import SecretUnreadable
from core.records import Login
from core.settings import Settings
from tests import desk
from tests.command_line.shell import run
from tests.mail import imap_parrot, sign_in_server, xoauth2
from tests.mail.fault_server import FaultServer, Session, free_port
from tests.mail.sign_in_server import CLIENT, SECRET, TENANT, WHO, SignInServer
from tests.pages.screen import page

PASSWORD, IMAP_PASSWORD, DEVICE = "canary-smtp-password", "canary-imap-password", "canary-device-code"
PAGES = ("pages/records/companies.py", "pages/sending/outbox.py", "pages/sending/archive.py", "pages/ledgers/email.py")
PARTS = ("account", "identity", "texts")


class Parrot(Session):
    """A server that repeats what it was told, in clear and as it came."""

    def do_ehlo(self, _command: str) -> None:
        self.say("250-fault.test\r\n250 AUTH PLAIN")

    def do_auth(self, command: str) -> None:
        self.say(f"535 5.7.8 what is {PASSWORD} or {command.split(' ')[2]}")


@pytest.fixture
def provider(dashboard: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    with sign_in_server.running(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        monkeypatch.setenv("FACTURIER_MICROSOFT_AUTHORITY", server.url)
        dashboard.desk.settings.microsoft_authority = server.url
        yield server


@pytest.fixture
def secret(dashboard: App, provider: SignInServer) -> Iterator[list[str]]:
    """A desk with a mail in doubt, one that left and one that waits, and every kind of secret. What nobody may see."""
    with xoauth2.server(provider.book, user=WHO, echoes=True) as mail:
        ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2)]
        for place in (1, 2):
            desk.tick(dashboard, place, f"ok+{place}@x.test")
        oauth = {"oauth__provider": "microsoft", "oauth__tenant": TENANT, "oauth__client_id": CLIENT, "oauth__client_secret": SECRET}
        account = {"smtp__login": "oauth2", "smtp__user": WHO, "smtp__password": PASSWORD}
        mailbox = {"bounces__host": "127.0.0.1", "bounces__port": str(free_port()), "bounces__security": "none", "bounces__user": "marie"}
        desk.set_account(dashboard, mail.port, **account, **oauth, **mailbox, bounces__password=IMAP_PASSWORD)
        company = companies.find(dashboard.desk, desk.COMPANY)
        started = signing.begin(dashboard.desk, company)
        provider.book.approved = True
        assert signing.poll(dashboard.desk, company, started)
        desk.send(dashboard, ids[:1])
        provider.book.expire()
        desk.send(dashboard, ids[1:])
        provider.book.good.clear()
        provider.book.refreshable.clear()
        third = desk.bring(dashboard, desk.customer_invoice(3)).invoice_id or 0
        desk.tick(dashboard, 3, "ok+3@x.test")
        desk.send(dashboard, [third], timeout_s=1)
        assert "canary-access-0-xyz" in provider.book.every
        yield [PASSWORD, IMAP_PASSWORD, SECRET, DEVICE, *provider.book.every]


def everything(test: AppTest) -> str:
    """All that the server hands to the browser for a page."""
    return "\n".join(str(getattr(node, "proto", "")) for node in test._tree)


def holds_none(shown: str, secrets: list[str], where: str) -> None:
    assert shown, where
    assert [secret for secret in secrets if secret in shown] == [], where


def test_no_page_has_them(dashboard: App, secret: list[str]) -> None:
    for path in PAGES:
        holds_none(everything(page(path)), secret, path)
    for part in PARTS:
        test = page("pages/records/companies.py", part=part, company=desk.COMPANY)
        test.query_params["part"] = part
        test.run()
        holds_none(everything(test), secret, part)


def test_no_command_prints_them(dashboard: App, secret: list[str]) -> None:
    for arguments in (
        ("company", "show", desk.COMPANY, "--format", "json"),
        ("company", "show", desk.COMPANY),
        ("company", "list", "--format", "json"),
        ("status", "--format", "json"),
        ("ledger", "all", "--format", "json"),
        ("verify", "--format", "json"),
        ("bounces",),
    ):
        said = run(*arguments)
        holds_none(said.out + said.err, secret, " ".join(arguments))
    shown = run("company", "show", desk.COMPANY, "--format", "json").json()
    assert (shown["smtp.password"], shown["oauth.client_secret"], shown["bounces.password"]) == ("set", "set", "set")
    assert (shown["oauth.signed_in"], shown["oauth.signed_in_as"]) == (True, WHO)


def test_no_row_of_the_database_has_them_in_clear(dashboard: App, secret: list[str]) -> None:
    with dashboard.desk.database.read() as connection:
        dump = "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(text(f"select * from {table.name}")))
    holds_none(dump, secret, "database")
    for file in Path.cwd().glob("facturier.db*"):
        holds_none(file.read_bytes().decode("latin-1"), secret, file.name)


def test_no_error_says_them(dashboard: App, secret: list[str]) -> None:
    company = companies.find(dashboard.desk, desk.COMPANY)
    said = [str(trying.connection(dashboard.desk, company)), str(bouncing.try_mailbox(dashboard.desk, company.id))]
    said += [
        repr(dashboard.desk.account(company.id)),
        repr(bouncing.mailbox(dashboard.desk, company.id)),
        repr(signing.grant(dashboard.desk, company.id)),
    ]
    holds_none("\n".join(said), secret, "errors")


def test_a_mailbox_server_that_repeats_them_brings_them_nowhere(dashboard: App, provider: SignInServer) -> None:
    desk.bring(dashboard, desk.customer_invoice(1))
    oauth = {"smtp__login": "oauth2", "smtp__user": WHO, "oauth__client_id": CLIENT, "oauth__tenant": TENANT}
    desk.set_account(dashboard, free_port(), **oauth)
    company = companies.find(dashboard.desk, desk.COMPANY)
    started = signing.begin(dashboard.desk, company)
    provider.book.approved = True
    assert signing.poll(dashboard.desk, company, started)
    said = []
    with imap_parrot.running() as port:
        mailbox = {"bounces__host": "127.0.0.1", "bounces__port": str(port), "bounces__security": "none", "bounces__user": "marie"}
        for login in Login:
            desk.set_company(dashboard, **mailbox, bounces__login=login.value, bounces__password=IMAP_PASSWORD)
            said += [str(bouncing.try_mailbox(dashboard.desk, company.id)), str(bouncing.read(dashboard.desk, company.id).trouble)]
            said.append(run("company", "show", desk.COMPANY, "--format", "json").out)
            said.append(everything(page("pages/records/companies.py", part="account", company=desk.COMPANY)))
    assert "what is" in said[0]
    assert "…" in said[0]
    assert "does not let marie in with the sign-in" in said[4]
    bearers = [f"user=marie\x01auth=Bearer {token}\x01\x01" for token in provider.book.every]
    secrets = [IMAP_PASSWORD, *provider.book.every, *(b64encode(bearer.encode()).decode() for bearer in bearers)]
    holds_none("\n".join(said), secrets, "mailbox")


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Whatever the worker would write, and what a level below it would."""
    lines: list[str] = []

    def keep(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
        lines.append(str(structlog.processors.format_exc_info(None, "", event)))
        return lines[-1]

    former = structlog.get_config()
    structlog.configure(processors=[keep], logger_factory=structlog.PrintLoggerFactory(), cache_logger_on_first_use=False)
    yield lambda: "\n".join(lines)
    structlog.configure(**former)


def test_no_log_has_them(
    dashboard: App, provider: SignInServer, log: Callable[[], str], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A failing login, at a server that repeats everything; and a sign-in server that is away, then refuses."""
    caplog.set_level(0)
    parrot = FaultServer()
    parrot.RequestHandlerClass = Parrot
    with parrot:
        invoice_id = desk.ready(dashboard, parrot.port)
        desk.set_account(dashboard, parrot.port, smtp__user="marie", smtp__password=PASSWORD)
        desk.send(dashboard, [invoice_id], timeout_s=1)
    company = companies.find(dashboard.desk, desk.COMPANY)
    desk.set_company(dashboard, smtp__login="oauth2", oauth__client_id=CLIENT, oauth__tenant=TENANT, oauth__client_secret=SECRET)
    started = signing.begin(dashboard.desk, company)
    provider.book.approved = True
    assert signing.poll(dashboard.desk, company, started)
    provider.book.expire()
    for away in (True, False):
        provider.book.away = away
        provider.book.refreshable.clear()
        with xoauth2.server(provider.book, user=WHO, echoes=True) as mail:
            desk.set_account(dashboard, mail.port)
            desk.drain(dashboard, timeout_s=1)
    plain = b64encode(f"\0marie\0{PASSWORD}".encode()).decode()
    secrets = [PASSWORD, plain, SECRET, DEVICE, *provider.book.every]
    assert "account in trouble" in log()
    holds_none(log() + "".join(capfd.readouterr()) + caplog.text, secrets, "log")


# The key ---------------------------------------------------------------------------------------------------------


def test_the_key_file_is_for_its_owner_alone(desk_folder: Path) -> None:
    Settings().fernet()
    assert stat.S_IMODE((desk_folder / "data/var/secret.key").stat().st_mode) == 0o600


def test_another_key_gives_its_sentence_and_no_traceback(dashboard: App, secret: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTURIER_SECRET_KEY", Fernet.generate_key().decode())
    sentence = SecretUnreadable.template
    said = run("company", "show", desk.COMPANY)
    assert said.code == 1
    assert sentence in said.err
    assert "Traceback" not in said.err + said.out
    assert run("company", "sign-in", desk.COMPANY).code == 1
    for part in PARTS:
        test = page("pages/records/companies.py", part=part, company=desk.COMPANY)
        test.query_params["part"] = part
        test.run()
        assert not test.exception
    assert any(sentence in error.value.replace("\\", "") for error in test.error)
    for path in PAGES[1:]:
        assert not page(path).exception


def test_a_worker_with_another_key_waits_with_its_sentence(dashboard: App, secret: list[str]) -> None:
    other = dashboard.desk.settings.model_copy(update={"secret_key": SecretStr(Fernet.generate_key().decode())})
    object.__setattr__(dashboard.desk, "settings", other)
    with dashboard.desk.database.write() as connection:
        connection.execute(text("update mail_accounts set paused_at = null, paused_until = null"))
    desk.one_pass(dashboard.desk)
    assert "cannot be read with this key" in desk.reasons(dashboard)["ok+3@x.test"]
