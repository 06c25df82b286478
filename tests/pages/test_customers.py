"""The list of customers and their cards: found, completed, changed many at once, undone; typed words stay, nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import bounce_words
from core.app import App
from core.bounces import Failure, Kind
from core.database import bounce_rows
from core.dispatch import customers, doubts, sending
from core.dispatch.values import Value
from core.mailbox import Mailbox
from core.model import DispatchStatus, Language, RecipientRole, XmlFormat
from core.records import Customer
from pages.parts import browser
from tests import builders, desk
from tests.mail.fault_server import FaultServer
from tests.pages.screen import page, words

PAGE = "pages/records/customers.py"


def some(app: App, count: int = 3) -> list[int]:
    """Cards without a suggested address."""
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(count)]
    for place in range(count):
        customers.suggest(app.desk, desk.customer_key(place), "")
    return ids


def opened(place: int, language: str = "en") -> AppTest:
    test = page(PAGE, language)
    test.session_state["customer"] = desk.customer_key(place)
    return ran(test)


def ran(test: AppTest) -> AppTest:
    test = test.run()
    assert not test.exception
    return test


def field(test: AppTest, name: str) -> Any:
    elements = [*test.text_input, *test.text_area, *test.checkbox, *test.selectbox]
    [found] = [each for each in elements if str(each.key).startswith("card/") and str(each.key).endswith((f"/{name}", f"/{name}/en"))]
    return found


def press(test: AppTest, label: str) -> AppTest:
    [button] = [button for button in test.button if button.label == label]
    button.click()
    return ran(test)


def names(test: AppTest) -> list[str]:
    found: list[str] = test.dataframe[0].value["1"].tolist()
    return found


def card(app: App, place: int) -> Customer:
    return customers.find(app.desk, desk.customer_key(place))


# The list --------------------------------------------------------------------------------------------------------


def test_what_is_incomplete_comes_first_and_says_why(dashboard: App) -> None:
    some(dashboard)
    desk.tick(dashboard, 1)
    desk.tick(dashboard, 2, "ok+2@x.test")
    test = page(PAGE)
    assert names(test) == ["Customer 1", "Customer 0", "Customer 2"]
    shown = test.dataframe[0].value
    assert shown["0"].tolist() == ["⚠ Address missing", "", ""]
    assert shown["7"].tolist() == ["1", "", "1"]  # invoices to send
    assert list(test.pills[0].options) == ["Something missing 1", "By e-mail 2", "On paper 1", "Peppol elsewhere 0"]


def test_search_kind_and_language_narrow_and_stay(dashboard: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "mark", lambda: "c" * 32)
    some(dashboard)
    desk.tick(dashboard, 1, "cafe@x.test", name="Café Müller")
    customers.change(dashboard.desk, desk.customer_key(0), [Value("language", "en")])
    test = page(PAGE)
    test.text_input(key="customer-search").set_value("cafe mull")
    assert names(ran(test)) == ["Café Müller"]
    test.switch_page("pages/ledgers/email.py").run()
    test.switch_page(PAGE).run()
    assert names(test) == ["Café Müller"]
    st.cache_resource.clear()
    test = page(PAGE)  # a reload
    assert test.text_input(key="customer-search").value == "cafe mull"
    press(test, "Clear all")
    assert len(names(test)) == 3
    test.selectbox(key="customer-language/en").set_value("English").run()
    assert names(test) == ["Customer 0"]
    test.text_input(key="customer-search").set_value("nobody of that name").run()
    assert "No customer fits" in words(test)
    press(test, "Show everything")
    assert len(names(test)) == 3


def test_the_address_opens_a_card(dashboard: App) -> None:
    some(dashboard)
    test = page(PAGE)
    test.query_params["customer"] = desk.customer_key(2)
    ran(test)
    assert "**Customer 2**" in words(test)
    press(test, "✕")
    assert "**Customer 2**" not in words(test)
    test.query_params["customer"] = "nobody"
    ran(test)
    assert "No customer has the key nobody" in test.error[0].value


# The card --------------------------------------------------------------------------------------------------------


def test_the_card_is_saved_and_undone_and_a_bad_address_loses_nothing(dashboard: App) -> None:
    some(dashboard)
    test = opened(1)
    assert "Goes to the paper ledger" in words(test)
    assert "To send: 0 · To print: 1" in words(test)
    field(test, "wants_email").check()
    field(test, "to").set_value("nonsense")
    field(test, "notes").set_value("rings on Fridays")
    press(test, "Save")
    assert "“nonsense” is no good value for To" in test.error[0].value
    assert not card(dashboard, 1).wants_email
    assert field(test, "notes").value == "rings on Fridays"
    field(test, "to").set_value("compta@x.test; chef@x.test")
    press(test, "Save")
    saved = card(dashboard, 1)
    assert [mailbox.addr_spec for _, mailbox in saved.recipients] == ["compta@x.test", "chef@x.test"]
    assert (saved.wants_email, saved.notes) == (True, "rings on Fridays")
    assert "is saved. Nothing was sent." in words(test)
    test.button(key="undo").click()
    ran(test)
    undone = card(dashboard, 1)
    assert (undone.recipients, undone.wants_email, undone.notes) == ((), False, "")
    assert field(test, "notes").value == ""


def test_what_is_typed_on_a_card_stays_there(dashboard: App) -> None:
    some(dashboard)
    test = opened(0)
    field(test, "to").set_value("half@typed")
    ran(test)
    assert "Not saved yet." in words(test)
    test.session_state["customer"] = desk.customer_key(1)
    ran(test)
    assert field(test, "to").value == ""
    test.switch_page("pages/ledgers/email.py").run()
    test.switch_page(PAGE).run()
    test.session_state["customer"] = desk.customer_key(0)
    ran(test)
    assert field(test, "to").value == "half@typed"
    press(test, "Discard")
    assert field(test, "to").value == ""


def test_another_s_change_is_kept_and_a_conflict_is_told(dashboard: App) -> None:
    some(dashboard)
    test = opened(0)
    field(test, "to").set_value("mine@x.test")
    ran(test)
    customers.change(dashboard.desk, desk.customer_key(0), [Value("notes", "theirs"), Value("to", "theirs@x.test")])
    press(test, "Save")
    assert "Somebody else changed the same" in words(test)
    assert str(card(dashboard, 0).recipients[0][1]) == "theirs@x.test"
    press(test, "Save")
    saved = card(dashboard, 0)
    assert (str(saved.recipients[0][1]), saved.notes) == ("mine@x.test", "theirs")


def test_a_suggestion_is_taken_or_dropped_with_one_click(dashboard: App) -> None:
    desk.bring(dashboard, builders.invoice(buyer=builders.private_person()))
    [known] = customers.list_customers(dashboard.desk)
    test = page(PAGE)
    assert test.dataframe[0].value["0"].tolist() == ["⚠ Address to accept"]
    test.session_state["customer"] = known.key
    ran(test)
    press(test, "Use it")
    taken = customers.find(dashboard.desk, known.key)
    assert (taken.wants_email, [str(mailbox) for _, mailbox in taken.recipients]) == (True, ["jeanne@martin.example"])
    test.button(key="undo").click()
    ran(test)
    assert customers.find(dashboard.desk, known.key) == known or not customers.find(dashboard.desk, known.key).wants_email
    press(test, "Not this one")
    assert customers.find(dashboard.desk, known.key).suggested_email is None
    assert test.dataframe[0].value.iloc[0].tolist()[0] == ""


def test_peppol_takes_the_xml_away_and_lets_one_choose(dashboard: App) -> None:
    some(dashboard)
    test = opened(0)
    field(test, "peppol_elsewhere").check()
    ran(test)
    assert field(test, "xml").value is XmlFormat.NONE
    assert "courtesy copy" in words(test)
    field(test, "xml").set_value(XmlFormat.BIS3)
    ran(test)
    press(test, "Save")
    assert (card(dashboard, 0).peppol_elsewhere, card(dashboard, 0).xml_format) == (True, XmlFormat.BIS3)
    test.button(key="undo").click()
    ran(test)
    assert (card(dashboard, 0).peppol_elsewhere, card(dashboard, 0).xml_format) == (False, XmlFormat.EFFF3)


def test_queued_mails_that_would_stop_are_told_before_saving(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    sending.queue(dashboard.desk, [invoice_id], countdown_s=600)
    test = opened(1)
    assert any("Queued mails for this customer: 1" in each.value for each in test.warning)
    assert smtp.record.taken == []


def test_the_invoices_of_a_customer_are_one_click_away(dashboard: App) -> None:
    some(dashboard)
    test = opened(2)
    [link] = [each for each in test.get("page_link") if each.proto.label == "Show this customer's invoices"]
    assert link.proto.query_string == f"customer={desk.customer_key(2)}"
    ledger = page("pages/ledgers/all.py")
    ledger.query_params["customer"] = desk.customer_key(2)
    ran(ledger)
    assert ledger.dataframe[0].value["number"].tolist() == ["2026-0002"]
    ledger.button(key="clear/all").click()
    assert len(ran(ledger).dataframe[0].value) == 3  # asked once, not again and again


# Many at once ----------------------------------------------------------------------------------------------------


def test_many_cards_are_foreseen_changed_and_undone(dashboard: App) -> None:
    ids = some(dashboard, 4)
    desk.tick(dashboard, 1, "ok+1@x.test", language="nl")
    test = page(PAGE)
    press(test, "Tick all shown (4)")
    test.selectbox(key="many-wants_email/0/en").set_value("Yes")
    test.selectbox(key="many-language/0/en").set_value("Nederlands")
    ran(test)
    assert "Changes **3 of 4** cards." in words(test) or "Changes **4 of 4** cards." in words(test)
    assert any("Address missing (3): Customer 0, Customer 2, Customer 3" in each.value for each in test.warning)
    test.button(key="many-do").click()
    ran(test)
    everyone = customers.list_customers(dashboard.desk)
    assert {(each.wants_email, each.language) for each in everyone} == {(True, Language.NL)}
    assert "Address missing (3)" in words(test)
    assert {desk.status_of(dashboard, each) for each in ids} == {DispatchStatus.TO_SEND}
    test.button(key="undo").click()
    ran(test)
    assert [each.wants_email for each in sorted(customers.list_customers(dashboard.desk), key=lambda each: each.name)] == [False, True, False, False]


def test_ticks_stay_when_the_filter_hides_them(dashboard: App) -> None:
    some(dashboard)
    test = page(PAGE)
    press(test, "Tick all shown (3)")
    test.text_input(key="customer-search").set_value(desk.customer_key(2))
    assert "**Ticked: 3** · 2 of them hidden by the filter" in words(ran(test))


def test_an_address_that_came_in_by_another_way_is_shown_and_named(dashboard: App) -> None:
    some(dashboard)
    known = card(dashboard, 1)
    customers.restore(dashboard.desk, [_with(known, Mailbox(addr_spec="no..body@x.test"))], ["to"])
    test = page(PAGE)
    assert test.dataframe[0].value["0"].tolist() == ["⚠ Address not valid", "", ""]
    test.session_state["customer"] = known.key
    assert "“no..body@x.test” is not an e-mail address" in words(ran(test)).replace("\\", "")


def _with(known: Customer, mailbox: Mailbox) -> Customer:
    return replace(known, recipients=((RecipientRole.TO, mailbox),))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_list_card_and_foot_open_in_each_language(dashboard: App, language: str) -> None:
    some(dashboard)
    desk.tick(dashboard, 1)
    test = opened(1, language)
    assert not test.error
    assert [button.proto.label for button in test.get("download_button")] == ["CSV", "Excel (XLSX)"]


def test_a_card_is_made_by_hand_once(dashboard: App) -> None:
    test = page(PAGE)
    press(test, "Make the card")
    assert "needs a name" in test.error[0].value
    test.text_input(key="new-name/0").set_value("Nouveau SRL")
    test.text_input(key="new-vat/0").set_value("BE 0403.019.262")
    press(test, "Make the card")
    assert "not a correct VAT number" in test.error[0].value
    test.text_input(key="new-vat/0").set_value("BE 0403.019.261")
    press(test, "Make the card")
    made = customers.find(dashboard.desk, "BE0403019261")
    assert (made.name, made.wants_email, made.enterprise_number) == ("Nouveau SRL", False, "0403019261")
    assert "**Nouveau SRL**" in words(test)
    test.text_input(key="new-name/1").set_value("Nouveau")
    test.text_input(key="new-vat/1").set_value("BE0403019261")
    press(test, "Make the card")
    assert "There is a card already: Nouveau SRL" in test.error[0].value


# What came back --------------------------------------------------------------------------------------------------


def test_an_address_that_came_back_is_said_and_taken_as_right_with_a_way_back(dashboard: App) -> None:
    some(dashboard)
    desk.tick(dashboard, 1, "Ok+1@x.test", cc="ok+2@x.test")
    because = bounce_words.why(Failure(addresses=(), kind=Kind.PERMANENT, status_code="5.2.2"))
    with dashboard.desk.database.write() as connection:
        for address in ("ok+1@x.test", "gone@x.test"):
            bounce_rows.flag(connection, card(dashboard, 1).id, address, because, at=dashboard.desk.now())
    test = opened(1)
    assert "ok+1@x.test came back on" in words(test).replace("\\", "") and "the mailbox is full." in words(test)
    assert "gone@x.test" not in words(test) and "ok+2@x.test came back" not in words(test)
    press(test, "It is right")
    assert "came back on" not in words(test)
    assert doubts.flags(dashboard.desk, card(dashboard, 1).id, ["ok+1@x.test"]) == []
    press(test, "Undo")
    assert "came back on" in words(test)
