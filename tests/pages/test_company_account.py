"""The mail account on the company page: presets bring limits, a person signs in, DNS has its lines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.app import App
from core.dispatch import companies, domain_checks, sending, settling, signing
from core.dispatch.values import Value
from core.model import DispatchStatus
from core.records import Company, Limits, Login, OAuthProvider
from tests import builders, desk
from tests.mail import dns_server, sign_in_server
from tests.mail.fault_server import FaultServer
from tests.mail.sign_in_server import CLIENT, TENANT, WHO, SignInServer
from tests.pages.screen import words
from tests.pages.test_companies import field, opened, press


@pytest.fixture
def provider(dashboard: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    with sign_in_server.running(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        monkeypatch.setenv("FACTURIER_MICROSOFT_AUTHORITY", server.url)
        monkeypatch.setenv("FACTURIER_GOOGLE_TOKEN_URI", f"{server.url}/token")
        desk.bring(dashboard, builders.invoice())
        yield server


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def signs_in(app: App, provider: str = "microsoft") -> AppTest:
    settings = {"oauth__provider": provider, "oauth__client_id": CLIENT, "oauth__tenant": TENANT}
    desk.set_account(app, 587, smtp__host="127.0.0.1", smtp__login="oauth2", **settings)
    return opened("account")


def test_a_preset_brings_server_login_and_limits(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("account")
    field(test, "Provider").select("microsoft").run()
    assert [field(test, label).value for label in ("Mails a minute", "Recipients a day", "Connections at once")] == ["30", "10000", "3"]
    assert field(test, "Login").value == OAuthProvider.MICROSOFT.value
    field(test, "Recipients a day").input("5000")
    field(test, "Sender").input("info@dubois.example")
    press(test, "Save")
    account = dashboard.desk.account(company(dashboard).id)
    assert account.limits == Limits(per_minute=30, per_day=5000, connections=3)
    assert account.login is Login.OAUTH2
    assert signing.grant(dashboard.desk, company(dashboard).id).provider is OAuthProvider.MICROSOFT
    test = opened("account")
    assert "Recipients of the last 24 hours: 0 of 5,000." in words(test)
    assert "Fill in the application (client) ID" in words(test)
    field(test, "Provider").select("here").run()
    assert [field(test, label).value for label in ("Mails a minute", "Recipients a day", "Connections at once")] == ["", "", ""]
    press(test, "Save")
    account = dashboard.desk.account(company(dashboard).id)
    assert (account.limits, account.login) == (Limits(), Login.PASSWORD)


def test_a_limit_that_is_no_number_is_told_by_its_name_and_nothing_is_lost(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    test = opened("account")
    field(test, "Mails a minute").input("many")
    field(test, "Server").input("smtp.x.example")
    press(test, "Save")
    assert "Mails a minute" in test.error[0].value
    assert field(test, "Server").value == "smtp.x.example"
    assert dashboard.desk.account(company(dashboard).id).host == ""


def test_signing_in_at_microsoft_and_out_again(dashboard: App, provider: SignInServer) -> None:
    test = signs_in(dashboard)
    assert "Nobody is signed in" in words(test)
    press(test, "Sign in with Microsoft")
    assert [code.value for code in test.code] == ["ABCD-EFGH"]
    assert "Waiting for the sign-in" in words(test)
    provider.book.approved = True
    time.sleep(1.1)
    test.run()
    assert not test.exception
    grant = signing.grant(dashboard.desk, company(dashboard).id)
    assert grant.signed_in_as == WHO
    assert dashboard.desk.account(company(dashboard).id).user == WHO
    test = opened("account")
    assert f"Signed in at Microsoft as **{WHO}**" in words(test).replace("\\", "")
    press(test, "Sign out")
    assert not signing.grant(dashboard.desk, company(dashboard).id).is_signed_in


def test_a_refusal_is_told_and_it_can_be_tried_again(dashboard: App, provider: SignInServer) -> None:
    test = signs_in(dashboard)
    press(test, "Sign in with Microsoft")
    provider.book.declined = True
    time.sleep(1.1)
    test.run()
    assert any("Microsoft refuses the sign-in" in error.value for error in test.error)
    test.run()
    assert [button.label for button in test.button].count("Sign in with Microsoft") == 1
    press(test, "Sign in with Microsoft")
    press(test, "Stop")
    assert "Nobody is signed in" in words(test)


def test_signing_in_at_google_with_the_address_of_the_browser(dashboard: App, provider: SignInServer) -> None:
    test = signs_in(dashboard, "google")
    press(test, "Sign in with Google")
    key = f"sign-in/{desk.COMPANY}/google/{CLIENT}"
    field(test, "Address of that page").input("https://127.0.0.1/?error=access_denied")
    press(test, "Finish")
    assert "Google refuses the sign-in" in test.error[0].value
    field(test, "Address of that page").input(provider.book.consent(test.session_state[key].address))
    press(test, "Finish")
    assert signing.grant(dashboard.desk, company(dashboard).id).signed_in_as == WHO


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_the_sender_in_dns_has_its_lines(dashboard: App, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with dns_server.running() as (zone, address):
        monkeypatch.setenv("FACTURIER_DNS_SERVER", address)
        zone.add("dubois.be", "MX", "0 mx.dubois.be.")
        desk.bring(dashboard, builders.invoice())
        desk.set_account(dashboard, 587, smtp__host="smtp.office365.com", smtp__security="starttls", mail__from="info@dubois.be")
        test = opened("account", language)
        assert domain_checks.about(dashboard.desk, company(dashboard)) is None
        test.button(key="ask-dns").click().run()
        assert not test.exception
        assert [code.value for code in test.code] == [
            'dubois.be. TXT "v=spf1 include:spf.protection.outlook.com ~all"',
            '_dmarc.dubois.be. TXT "v=DMARC1; p=none"',
        ]
        assert ("SPF" in words(test)) and ("DKIM" in words(test))


def test_a_name_that_belongs_to_nobody_has_no_dns(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice())
    desk.set_account(dashboard, 587)
    assert not [button for button in opened("account").button if button.key == "ask-dns"]


def test_another_sender_is_theirs_that_wait_and_another_text_stops_them_as_the_page_says(dashboard: App, smtp: FaultServer) -> None:
    ids = [desk.bring(dashboard, desk.customer_invoice(place)).invoice_id or 0 for place in range(2)]
    for place in range(2):
        desk.tick(dashboard, place, f"ok+{place}@x.test")
    desk.set_account(dashboard, smtp.port)
    assert "Mails in the queue" not in words(opened("account"))
    sending.queue(dashboard.desk, ids)
    test = opened("account")
    assert "Mails in the queue: 2. A sender or server that you save here is theirs too: none of them stops." in words(test)
    field(test, "Sender").input("other@dubois.example")
    press(test, "Save")
    desk.drain(dashboard)
    assert [desk.status_of(dashboard, each) for each in ids] == [DispatchStatus.SENT] * 2
    assert [mail.parsed()["From"] for mail in smtp.record.taken] == ["other@dubois.example"] * 2
    more = desk.bring(dashboard, desk.customer_invoice(0, number="2026-0900", issue_date=date(2026, 10, 3))).invoice_id or 0
    sending.queue(dashboard.desk, [more])
    assert "Mails in the queue: 1. What you change here stops them all" in words(opened("terms"))
    companies.change(
        dashboard.desk, desk.COMPANY, [Value("signature.fr", "another"), Value("signature.nl", "another"), Value("signature.en", "another")]
    )
    desk.drain(dashboard)
    assert desk.status_of(dashboard, more) is DispatchStatus.HELD
    assert "Mails in the queue" not in words(opened("terms"))


def test_a_sealed_mail_keeps_its_sender_and_stops_when_the_address_is_another(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port, "later+1@x.test")
    sending.queue(dashboard.desk, [invoice_id])
    desk.one_pass(dashboard.desk)
    test = opened("account")
    assert "Sealed already, with the former sender: 1; those stop" in words(test)
    field(test, "Sender").input("other@dubois.example")
    press(test, "Save")
    desk.drain(dashboard)
    assert desk.status_of(dashboard, invoice_id) is DispatchStatus.HELD


def test_a_paused_account_says_since_when_and_why_and_is_resumed_here(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    sending.queue(dashboard.desk, [invoice_id])
    settling.pause(dashboard.desk, company(dashboard).id, reason="The mail server is being worked on")
    test = opened("account")
    [error] = [each.value for each in test.error]
    assert error.startswith("**Paused since ") and "The mail server is being worked on" in error
    assert "Mails that wait for it: 1." in error
    press(test, "Resume")
    assert not test.error
    desk.drain(dashboard)
    assert desk.status_of(dashboard, invoice_id) is DispatchStatus.SENT
