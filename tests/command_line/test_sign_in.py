"""Sign in by command: the address and the code are shown, and the command waits for the person."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import __main__ as command_line
from core.commands import shell
from tests import desk
from tests.command_line.shell import done, rows, run
from tests.mail import sign_in_server
from tests.mail.fault_server import FaultServer
from tests.mail.sign_in_server import CLIENT, SECRET, TENANT, WHO, SignInServer


@pytest.fixture
def provider(ready: FaultServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    with sign_in_server.running(folder) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        monkeypatch.setenv("FACTURIER_MICROSOFT_AUTHORITY", server.url)
        monkeypatch.setenv("FACTURIER_GOOGLE_TOKEN_URI", f"{server.url}/token")
        yield server


def signs_in(folder: Path, provider: str) -> None:
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    settings = (f"oauth.provider={provider}", f"oauth.tenant={TENANT}", f"oauth.client_id={CLIENT}", f"oauth.client_secret=@{folder / 'secret.txt'}")
    done("company", "set", desk.COMPANY, "smtp.login=oauth2", *settings)


def shown() -> tuple[bool, str | None]:
    company = rows("company", "show", desk.COMPANY)
    return company["oauth.signed_in"], company["oauth.signed_in_as"]


def test_microsoft_shows_address_and_code_and_waits(folder: Path, provider: SignInServer) -> None:
    signs_in(folder, "microsoft")
    threading.Timer(1.5, lambda: setattr(provider.book, "approved", True)).start()
    said = done("company", "sign-in", desk.COMPANY)
    assert "Open https://microsoft.example/devicelogin and type this code: ABCD-EFGH" in said.err
    assert f"Signed in as {WHO}" in said.err
    assert len(provider.book.asked) >= 2
    assert shown() == (True, WHO)
    done("company", "sign-out", desk.COMPANY)
    assert shown() == (False, None)


def test_a_declined_sign_in_ends_with_its_sentence(folder: Path, provider: SignInServer) -> None:
    signs_in(folder, "microsoft")
    provider.book.declined = True
    said = run("company", "sign-in", desk.COMPANY)
    assert said.code == 1
    assert "Microsoft refuses the sign-in" in said.err


def test_without_an_application_it_says_what_is_missing(ready: FaultServer) -> None:
    said = run("company", "sign-in", desk.COMPANY)
    assert said.code == 1
    assert "application (client) ID" in said.err


def test_google_comes_back_to_this_machine(folder: Path, provider: SignInServer, monkeypatch: pytest.MonkeyPatch) -> None:
    signs_in(folder, "google")
    say = shell.complain.print

    def browser(words: str) -> None:
        say(words)
        if found := re.search(r"https://accounts\.google\.com/\S+", words):
            back = provider.book.consent(found[0])
            threading.Thread(target=lambda: urllib.request.urlopen(back).read()).start()

    monkeypatch.setattr(shell.complain, "print", browser)
    done("company", "sign-in", desk.COMPANY)
    assert shown() == (True, WHO)


def test_google_from_another_machine_takes_the_pasted_address(folder: Path, provider: SignInServer) -> None:
    signs_in(folder, "google")
    result = CliRunner().invoke(command_line.app, ["company", "sign-in", desk.COMPANY, "--paste"], input="http://127.0.0.1/?state=x&code=y\n")
    assert result.exit_code == 1
    assert "another sign-in" in result.stderr
    assert shown() == (False, None)
