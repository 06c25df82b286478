"""The ledger as it is worked with: ticks and filters that stay, a countdown that can be cancelled, holds that can be undone."""

from __future__ import annotations

import re
from datetime import date

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.app import App
from core.dispatch import holding, screens
from core.model import DispatchStatus
from pages.parts import browser
from tests import desk
from tests.mail.fault_server import FaultServer
from tests.pages.screen import ROOT, page, words

S = DispatchStatus
EMAIL = "pages/ledgers/email.py"
MARK = "a" * 32


@pytest.fixture
def same_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every session of this test is a reload in one browser."""
    monkeypatch.setattr(browser, "mark", lambda: MARK)


def three(app: App, port: int = 25) -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place, issue_date=date(2026, 9 + place, 5))).invoice_id or 0 for place in range(3)]
    for place in range(3):
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)
    return ids


def waiting(test: AppTest, pattern: str) -> int:
    found = re.search(pattern, words(test))
    assert found, words(test)
    return int(found[1])


def test_ticks_and_filters_survive_a_reload(dashboard: App, same_browser: None) -> None:
    three(dashboard)
    first = page(EMAIL)
    first.button(key="all/email").click().run()
    first.text_input(key="search/email").set_value("2026-0002").run()
    assert "Ticked: 3 · € 726.00** · 2 of them hidden by the filter" in words(first)
    st.cache_resource.clear()
    again = page(EMAIL)
    assert again.text_input(key="search/email").value == "2026-0002"
    assert "Ticked: 3 · € 726.00** · 2 of them hidden by the filter" in words(again)
    again.button(key="clear/email").click().run()
    assert again.text_input(key="search/email").value == ""
    assert "Ticked: 3 · € 726.00** · Documents: 3" in words(again)


def test_filters_survive_a_visit_to_another_page(dashboard: App) -> None:
    three(dashboard)
    test = page(EMAIL)
    test.text_input(key="search/email").set_value("2026-0001").run()
    test.switch_page("pages/records/customers.py").run()
    test.switch_page(EMAIL).run()
    assert test.text_input(key="search/email").value == "2026-0001"
    assert "Documents: 1" in words(test)


def test_what_another_browser_looks_at_is_its_own(dashboard: App, same_browser: None) -> None:
    three(dashboard)
    page(EMAIL).button(key="all/email").click().run()
    assert screens.load(dashboard.desk, MARK, "ticks/email")["ids"]
    assert screens.load(dashboard.desk, "b" * 32, "ticks/email") == {}


def test_the_language_survives_a_reload(dashboard: App, same_browser: None) -> None:
    three(dashboard)
    test = page(EMAIL)
    test.segmented_control(key="language-choice").set_value("nl").run()
    again = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30)
    again.run()
    assert again.subheader[0].value == "Facturenboek e-mail"


def test_one_click_starts_the_countdown_and_cancel_brings_the_ticks_back(dashboard: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTURIER_COUNTDOWN_S", "600")
    st.cache_resource.clear()
    ids = three(dashboard, smtp.port)
    test = page(EMAIL)
    test.button(key="all/email").click().run()
    test.button(key="send/email").click().run()
    assert 590 < waiting(test, r"Leaving in (\d+) s") <= 600
    assert test.session_state["ticked/email"] == frozenset()
    desk.one_pass(dashboard.desk)
    assert smtp.record.taken == []
    test.button(key="strip-cancel").click().run()
    assert test.session_state["ticked/email"] == frozenset(ids)
    assert {desk.status_of(dashboard, each) for each in ids} == {S.TO_SEND}
    assert "Leaving in" not in words(test)


def test_the_strip_says_at_the_end_what_left_and_what_did_not(dashboard: App, smtp: FaultServer) -> None:
    ids = three(dashboard, smtp.port)
    desk.tick(dashboard, 2, "refuse+2@x.test")
    test = page(EMAIL)
    test.button(key="all/email").click().run()
    test.button(key="send/email").click().run()
    desk.drain(dashboard)
    test.run()
    assert [desk.status_of(dashboard, each) for each in ids] == [S.SENT, S.SENT, S.FAILED]
    assert "Left: 2 · to handle: 1" in words(test)
    test.button(key="strip-close").click().run()
    assert "Left:" not in words(test)


def test_holding_needs_a_reason_and_can_be_undone(dashboard: App) -> None:
    ids = three(dashboard)
    test = page(EMAIL)
    test.button(key="all/email").click().run()
    assert test.button(key="do-hold/email").disabled
    test.selectbox(key="reason-hold/email/en").set_value("Disputed by the customer").run()
    test.button(key="do-hold/email").click().run()
    assert {desk.status_of(dashboard, each) for each in ids} == {S.HELD}
    assert "Held: 3." in words(test)
    test.button(key="undo").click().run()
    assert {desk.status_of(dashboard, each) for each in ids} == {S.TO_SEND}
    assert test.session_state["ticked/email"] == frozenset(ids)


def test_ticks_that_went_can_come_back_and_take_no_other_undo_away(dashboard: App) -> None:
    ids = three(dashboard)
    test = page(EMAIL)
    for _ in range(2):
        test.button(key="all/email").click().run()
        test.button(key="none/email").click().run()
        assert "Ticks taken away: 3." in words(test)
    test.button(key="undo").click().run()
    assert test.session_state["ticked/email"] == frozenset(ids)
    test.session_state["ticked/email"] = frozenset(ids[:1])
    test.run()
    test.selectbox(key="reason-hold/email/en").set_value("Disputed by the customer").run()
    test.button(key="do-hold/email").click().run()
    test.button(key="all/email").click().run()
    assert test.session_state["ticked/email"] == frozenset(ids[1:])
    test.button(key="none/email").click().run()
    assert "Held: 1." in words(test), "a hold is more than two ticks"
    test.button(key="undo").click().run()
    assert {desk.status_of(dashboard, each) for each in ids} == {S.TO_SEND}


def test_imported_history_is_marked_before_a_date(dashboard: App) -> None:
    ids = three(dashboard)
    test = page(EMAIL)
    test.radio(key="more/email/en").set_value("before").run()
    test.date_input(key="before/email").set_value(date(2026, 11, 1)).run()
    test.selectbox(key="reason-elsewhere/email/en").set_value("Sent before Facturier was used").run()
    test.button(key="do-before/email").click().run()
    assert [desk.status_of(dashboard, each) for each in ids] == [S.ELSEWHERE, S.ELSEWHERE, S.TO_SEND]


def test_the_panel_shows_the_document_beside_and_sends_from_there(dashboard: App, smtp: FaultServer) -> None:
    ids = three(dashboard, smtp.port)
    test = page(EMAIL)
    test.session_state["open/email"] = ids[1]
    test.run()
    assert not test.exception
    assert "Invoice 2026-0001" in words(test)
    test.button(key=f"send/{ids[1]}").click().run()
    assert test.session_state["open/email"] == ids[0]  # the next row
    desk.drain(dashboard)
    assert [desk.status_of(dashboard, each) for each in ids] == [S.TO_SEND, S.SENT, S.TO_SEND]
    test.session_state["open/email"] = ids[1]
    test.run()
    assert "as it was sealed" in words(test)


def test_a_held_one_is_released_where_it_is_shown(dashboard: App) -> None:
    [first, *_] = three(dashboard)
    holding.hold(dashboard.desk, [first], reason="Amount to be checked")
    test = page("pages/sending/confirm.py", "fr", invoice=str(first))
    assert any("Montant à vérifier" in error.value for error in test.error)
    test.button(key=f"release/{first}").click().run()
    assert desk.status_of(dashboard, first) is S.TO_SEND


def test_a_missing_address_is_mended_on_the_sheet(dashboard: App) -> None:
    three(dashboard)
    desk.tick(dashboard, 1)
    test = page(EMAIL)
    test.button(key="all/email").click().run()
    test.button(key="send/email").click().run()
    assert "2 ready · 0 to check · 1 blocked" in words(test)
    [field] = [box for box in test.text_input if str(box.key).startswith("mend-to/")]
    field.set_value("new@x.test")
    [save] = [button for button in test.button if button.label == "Save"]
    save.click().run()
    assert "3 ready · 0 to check · 0 blocked" in words(test)
