"""The outbox: what did not leave, each with its remedy at hand; batches of anybody can be cancelled; nothing is settled in silence."""

from __future__ import annotations

import smtplib
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import i18n
from core.app import App
from core.catcher import server
from core.database import outbox_views
from core.database.schema import audit_events
from core.dispatch import companies, customers, outbox_view, sending, settling
from core.model import DeliveryStatus, DispatchStatus, DocumentType, Language, Reference
from core.outbox import SWEPT
from core.outcome import Effect, Reply, Stage, explain
from pages.parts import outbox_open, outbox_settled
from tests import desk
from tests.mail.fault_server import Behaviour, FaultServer
from tests.pages.screen import page, words

PAGE = "pages/sending/outbox.py"
S = DispatchStatus


def several(app: App, port: int, *faults: str) -> list[int]:
    """One invoice for each fault, all sent at once."""
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(len(faults))]
    for place, fault in enumerate(faults):
        desk.tick(app, place, f"{fault}+{place}@x.test")
    desk.set_account(app, port)
    return ids


def press(test: AppTest, label: str, place: int = 0) -> AppTest:
    found = [button for button in test.button if button.label == label]
    assert len(found) > place, (label, [button.label for button in test.button])
    test = found[place].click().run()
    assert not test.exception
    return test


def keyed(elements: Any, start: str) -> Any:
    [found] = [each for each in elements if str(each.key).startswith(start)]
    return found


def listed(test: AppTest) -> list[list[str]]:
    rows: list[list[str]] = test.dataframe[0].value.to_numpy().tolist()
    return rows


def audited(app: App) -> list[tuple[str, str]]:
    with app.desk.database.read() as connection:
        return [(row.what, row.why) for row in connection.execute(select(audit_events).order_by(audit_events.c.id))]


def delivery(app: App, recipient: str) -> Any:
    with app.desk.database.read() as connection:
        return [row for row in outbox_views.listing(connection) if row.recipient == recipient][-1]


def stands(app: App, recipient: str) -> tuple[Any, ...]:
    row = delivery(app, recipient)
    return row.status, row.because, row.changed_at


# Batches ---------------------------------------------------------------------------------------------------------


def test_invoices_and_recipients_are_counted_apart(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port, "ok+1@x.test", "ok+2@x.test")
    desk.send(dashboard, [invoice_id])
    test = page(PAGE)
    shown = words(test)
    assert "Invoices: 1 → ✓ Sent **1**" in shown
    assert "Recipients: 2 → ✓ Sent **2**" in shown
    assert test.get("progress")[0].proto.text == "Invoices: 1 of 1 done"


def test_an_earlier_batch_can_be_looked_at(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "ok", "ok", "refuse")
    desk.send(dashboard, ids[:2])
    desk.send(dashboard, ids[2:])
    test = page(PAGE)
    assert [option.split(" · ")[3] for option in test.selectbox(key="batch/en").options] == ["invoices: 1", "invoices: 2"]
    assert "Invoices: 1 → ✗ Failed **1**" in words(test)
    test.selectbox(key="batch/en").set_value(1).run()
    assert "Invoices: 2 → ✓ Sent **2**" in words(test)


def test_a_batch_of_somebody_else_is_cancelled_here(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "ok", "ok")
    sending.queue(dashboard.desk, ids, countdown_s=600)
    test = page(PAGE)
    assert "**Leaving in" in words(test)
    press(test, "Cancel what has not left")
    assert any("Waiting again: 2. Had begun to leave already: 0." in each.value for each in test.toast)
    assert {desk.status_of(dashboard, each) for each in ids} == {S.TO_SEND}
    desk.drain(dashboard)
    assert smtp.record.taken == []
    labels = test.selectbox(key="batch/en").options
    assert "cancelled" in labels[0]
    assert len(set(labels)) == len(labels)  # two of one minute are told apart


@pytest.mark.parametrize(
    ("date_field", "shown"),
    [("Tue, 24 Nov 2026 10:00:00 +0000", "24/11/2026 11:00"), ("Tue, 24 Nov 2026 10:00:00 -0000", "24/11/2026 11:00"), ("soon", "soon")],
)
def test_the_date_of_a_caught_mail_is_written_as_the_reader_does(dashboard: App, date_field: str, shown: str) -> None:
    folder = dashboard.desk.settings.catcher_folder
    mail = f"From: a@x.test\r\nTo: b@x.test\r\nSubject: hello\r\nDate: {date_field}\r\n\r\nwords\r\n"
    with server.running("127.0.0.1", 0, folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("a@x.test", ["b@x.test"], mail.encode())
    test = page("pages/sending/catcher.py", "fr")
    [head] = [each.proto.body for each in test.get("html") if "Date" in each.proto.body and "b@x.test" in each.proto.body]
    assert f"</span> {shown}</div>" in head


# What waits for a person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "reason", "status"),
    [("sent", "The customer confirms", S.SENT), ("failed", "The customer does not have it", S.FAILED), ("resend", "The address works again", S.SENT)],
)
def test_what_is_uncertain_is_settled_with_a_reason_of_its_own_list(
    dashboard: App, smtp: FaultServer, way: str, reason: str, status: DispatchStatus
) -> None:
    [invoice_id] = several(dashboard, smtp.port, "dropafter")
    desk.send(dashboard, [invoice_id])
    test = page(PAGE)
    assert desk.status_of(dashboard, invoice_id) is S.UNCERTAIN
    message_id, to_server, to_customer = [code.value for code in test.code]
    assert message_id == delivery(dashboard, "dropafter+0@x.test").rfc_message_id
    assert message_id in to_server and f"127.0.0.1:{smtp.port}" in to_server
    assert "2026-0000" in to_customer and to_customer.startswith("Op ")  # in the customer's language
    shown = words(test)
    assert "had accepted dropafter+0@x.test and asked for the mail" in shown
    assert "no answer of the server came" in shown
    how = keyed(test.segmented_control, "how/")
    how.set_value(settling.Settlement(way)).run()
    why = keyed(test.selectbox, "why/")
    assert len(why.options) in (2, 3)
    why.set_value(reason).run()
    keyed(test.button, "settle/").click().run()
    if way == "resend":
        assert delivery(dashboard, "dropafter+0@x.test").status is DeliveryStatus.QUEUED
        return
    assert desk.status_of(dashboard, invoice_id) is status
    assert audited(dashboard)[-1] == (f"settled: {way}", reason)  # the message id, which each reads in their own language


@pytest.mark.parametrize("language", Language)
def test_what_is_uncertain_names_every_way_that_stands_below_it(language: Language) -> None:
    for template in (explain(Reply(stage=Stage.DOT), Effect.UNCERTAIN).template, SWEPT):
        words = i18n.translate(language, template)
        assert [label for label in outbox_open.WAYS.values() if i18n.translate(language, label) not in words] == []


def test_what_is_uncertain_is_sent_again_with_a_countdown_and_cancelled_it_is_uncertain_again(
    dashboard: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTURIER_COUNTDOWN_S", "600")
    [invoice_id] = several(dashboard, smtp.port, "dropafter")
    desk.send(dashboard, [invoice_id])
    settling.resume(dashboard.desk, companies.find(dashboard.desk, desk.COMPANY).id)
    before = stands(dashboard, "dropafter+0@x.test")
    test = page(PAGE)
    keyed(test.segmented_control, "how/").set_value(settling.Settlement.RESEND).run()
    assert "it arrives twice" in words(test)
    keyed(test.selectbox, "why/").set_value("The customer does not have it").run()
    press(test, "Send again to dropafter+0@x.test")
    assert "Waits for you" not in words(test)
    assert [each for each in words(test).split("\n") if each.startswith("**Leaving in") and each.endswith("invoices: 1")]
    desk.one_pass(dashboard.desk)
    assert len(smtp.record.taken) == 1
    test.selectbox(key="batch/en").set_value(1).run()
    assert "What was in this batch is sent again in a later one." in words(test)
    test.button(key="strip-cancel").click().run()
    assert any("Nothing has left. Waiting again: 1." in each.value for each in test.toast)
    assert stands(dashboard, "dropafter+0@x.test") == before
    assert "Waits for you" in words(test)
    assert [test.session_state[f"ticked/{name}"] for name in ("all", "email", "paper")] == [frozenset()] * 3


@pytest.mark.parametrize(
    ("fault", "way", "said"),
    [
        ("dropafter", settling.Settlement.SENT, "Settled as sent: 2026-0000 → dropafter+0@x.test"),
        ("dropafter", settling.Settlement.FAILED, "Settled as not arrived: 2026-0000 → dropafter+0@x.test"),
        ("refuse", None, "Settled as sent: 2026-0000 → refuse+0@x.test"),
    ],
)
def test_a_word_of_a_person_is_told_and_undone(dashboard: App, smtp: FaultServer, fault: str, way: settling.Settlement | None, said: str) -> None:
    [invoice_id] = several(dashboard, smtp.port, fault)
    desk.send(dashboard, [invoice_id])
    before, status = stands(dashboard, f"{fault}+0@x.test"), desk.status_of(dashboard, invoice_id)
    test = page(PAGE)
    if way is None:
        keyed(test.selectbox, "otherwise/").set_value("Delivered by another way").run()
    else:
        keyed(test.segmented_control, "how/").set_value(way).run()
        why = keyed(test.selectbox, "why/")
        why.set_value(why.options[0]).run()
    keyed(test.button, "settle/").click().run()
    assert said in words(test)
    assert desk.status_of(dashboard, invoice_id) is not status
    test.button(key="undo").click().run()
    assert not test.exception
    assert stands(dashboard, f"{fault}+0@x.test") == before
    assert desk.status_of(dashboard, invoice_id) is status
    assert audited(dashboard)[-1][0] == "settlement undone"


def test_reasons_are_read_in_the_language_of_the_screen(dashboard: App, smtp: FaultServer) -> None:
    [invoice_id] = several(dashboard, smtp.port, "dropafter")
    desk.send(dashboard, [invoice_id])
    settling.resolve(dashboard.desk, delivery(dashboard, "dropafter+0@x.test").id, settling.Settlement.FAILED, reason="The customer does not have it")
    test = page(PAGE, "fr")
    assert i18n.translate(Language.FR, "The customer does not have it") in words(test)
    assert "The customer confirms" not in keyed(test.selectbox, "otherwise/").options


def test_a_refused_address_is_corrected_on_the_spot_for_all_its_invoices(dashboard: App, smtp: FaultServer) -> None:
    first = desk.ready(dashboard, smtp.port, "refuse+1@x.test", "ok+kept@x.test")
    second = desk.bring(dashboard, desk.customer_invoice(1, number="2026-0900", issue_date=date(2026, 10, 3))).invoice_id or 0
    desk.send(dashboard, [first, second])
    assert desk.status_of(dashboard, first) is S.PARTLY_SENT
    test = page(PAGE)
    assert "Invoices: 2 · The server refuses the address" in words(test)
    save = keyed(test.button, "correct/")
    assert save.disabled and save.help == "First correct the address."
    keyed(test.text_input, "address/").set_value("nonsense").run()
    assert not keyed(test.button, "correct/").disabled
    press(test, "Save and send again")
    assert "nonsense" in test.error[-1].value
    assert keyed(test.text_input, "address/").value == "nonsense"  # typed words survive
    keyed(test.text_input, "address/").set_value("ok+right@x.test").run()
    smtp.record.taken.clear()
    press(test, "Save and send again")
    desk.drain(dashboard)
    card = customers.find(dashboard.desk, desk.customer_key(1))
    assert [mailbox.addr_spec for _, mailbox in card.recipients] == ["ok+right@x.test", "ok+kept@x.test"]
    assert sorted(mail.recipients for mail in smtp.record.taken) == [("ok+right@x.test",)] * 2  # who had it gets no second one
    assert {desk.status_of(dashboard, each) for each in (first, second)} == {S.SENT}
    test.run()
    assert "Waits for you" not in words(test)
    assert "✓ Invoices that leave again: 2" in words(test)


def test_after_a_cancelled_correction_the_box_shows_what_the_card_says(dashboard: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTURIER_COUNTDOWN_S", "600")
    invoice_id = desk.ready(dashboard, smtp.port, "refuse+1@x.test")
    desk.send(dashboard, [invoice_id])
    test = page(PAGE)
    assert "Send again to refuse+1@x.test" in [button.label for button in test.button]
    test.session_state["ticked/email"] = frozenset({invoice_id})
    for typed in ("ok+typo@x.test", "ok+right@x.test"):
        keyed(test.text_input, "address/").set_value(typed).run()
        press(test, "Save and send again")
        assert any(f"says {typed} now; it keeps it, also when you cancel" in each.value for each in test.toast)
        assert test.session_state["ticked/email"] == frozenset()
        test.button(key="strip-cancel").click().run()
        assert test.session_state["ticked/email"] == frozenset()  # they wait here, not in the ledger
        assert keyed(test.text_input, "address/").value == typed
        assert f"The customer card says {typed} now" in words(test)
    card = customers.find(dashboard.desk, desk.customer_key(1))
    assert [mailbox.addr_spec for _, mailbox in card.recipients] == ["ok+right@x.test"]  # the typing error is gone
    press(test, "Send again to ok+right@x.test")
    test.button(key="strip-now").click().run()
    desk.drain(dashboard)
    assert [mail.recipients for mail in smtp.record.taken] == [("ok+right@x.test",)]
    assert desk.status_of(dashboard, invoice_id) is S.SENT


def test_one_act_sends_again_what_failed_for_now(dashboard: App, smtp: FaultServer) -> None:
    dashboard.desk.settings.retry_hours = 0
    ids = several(dashboard, smtp.port, "defer", "defer")
    desk.send(dashboard, ids)
    assert {desk.status_of(dashboard, each) for each in ids} == {S.FAILED}
    test = page(PAGE)
    assert "Invoices: 2 · The mail was tried again and again" in words(test)
    press(test, "Send again (2)")
    assert {desk.status_of(dashboard, each) for each in ids} == {S.QUEUED}


def test_what_moved_is_named_and_leads_to_the_confirm_screen(dashboard: App, smtp: FaultServer) -> None:
    [invoice_id] = several(dashboard, smtp.port, "ok")
    sending.queue(dashboard.desk, [invoice_id])
    desk.tick(dashboard, 0, "ok+other@x.test")
    desk.drain(dashboard)
    assert desk.status_of(dashboard, invoice_id) is S.HELD
    test = page(PAGE, "fr")
    assert "fiche client" in words(test)
    [look] = [link for link in test.get("page_link") if link.proto.label == "Revoir"]
    assert look.proto.query_string == f"invoice={invoice_id}"


def test_what_the_server_refuses_is_not_sent_again_by_itself(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "reject", "reject")
    desk.send(dashboard, ids)
    test = page(PAGE)
    assert "Invoices: 2 · The server does not let this mail through, by its rules: “554" in words(test)
    keyed(test.selectbox, "otherwise/").set_value("Delivered by another way").run()
    press(test, "Settle as sent")
    assert {desk.status_of(dashboard, each) for each in ids} == {S.SENT}


def test_a_paused_account_says_why_and_resumes(dashboard: App) -> None:
    with FaultServer(Behaviour(refuse_sender="550 5.7.1 sender not allowed")) as server:
        ids = several(dashboard, server.port, "ok", "ok")
        desk.send(dashboard, ids)
        test = page(PAGE)
        [error] = [each.value for each in test.error if "refuses the sender" in each.value]
        assert "Mails that wait for it: 2" in error
        [link] = [each for each in test.get("page_link") if each.proto.label == "Mail account"]
        assert link.proto.query_string == f"company={desk.COMPANY}&part=account"
        server.behaviour.refuse_sender = ""
        press(test, "Try again now")
        desk.drain(dashboard)
        assert {desk.status_of(dashboard, each) for each in ids} == {S.SENT}


def test_an_account_is_paused_by_a_person_and_nothing_of_it_leaves(dashboard: App, smtp: FaultServer) -> None:
    [invoice_id] = several(dashboard, smtp.port, "ok")
    sending.queue(dashboard.desk, [invoice_id])
    test = page(PAGE)
    keyed(test.selectbox, "pause-reason/0").set_value("The mail server is being worked on").run()
    test.button(key="pause-do").click().run()
    desk.one_pass(dashboard.desk)
    assert smtp.record.taken == []
    assert any("The mail server is being worked on" in each.value for each in test.error)
    test.button(key="undo").click().run()
    desk.drain(dashboard)
    assert desk.status_of(dashboard, invoice_id) is S.SENT


def test_what_came_back_is_said_where_the_mail_is_and_can_be_undone(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port, "ok+gone@x.test")
    desk.send(dashboard, [invoice_id])
    row = delivery(dashboard, "ok+gone@x.test")
    test = page(PAGE)
    test.session_state["mail-open"] = (invoice_id, row.message_id, row.id)
    test.run()
    test.text_area(key=f"back-notice/outbox/{row.id}").set_value("550 5.1.1 user unknown").run()
    test.button(key=f"back/outbox/{row.id}").click().run()
    assert not test.exception
    assert desk.status_of(dashboard, invoice_id) is S.BOUNCED
    assert "550 5.1.1 user unknown" in words(test)
    assert audited(dashboard)[-1] == ("came back", "550 5.1.1 user unknown")
    test.button(key="undo").click().run()
    assert desk.status_of(dashboard, invoice_id) is S.SENT
    settling.came_back(dashboard.desk, row.id, reason="The address does not exist any more")
    test = page(PAGE)
    keyed(test.text_input, "address/").set_value("ok+new@x.test").run()
    press(test, "Save and send again")
    desk.drain(dashboard)
    assert desk.status_of(dashboard, invoice_id) is S.SENT
    assert smtp.record.taken[-1].recipients == ("ok+new@x.test",)
    desk.assert_statuses_follow(dashboard)


def test_the_list_makes_itself_anew_only_when_something_else_waits(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "refuse", "dropafter")
    desk.send(dashboard, ids[:1])
    before = outbox_view.marks(dashboard.desk)
    test = page(PAGE)
    keyed(test.text_input, "address/").set_value("half typ").run()
    assert outbox_view.marks(dashboard.desk) == before
    desk.send(dashboard, ids[1:])
    assert outbox_view.marks(dashboard.desk) != before
    test.run()  # as the watching part does
    assert causes(test) == ["address", "uncertain"]  # the new one comes below, not above the hands
    assert keyed(test.text_input, "address/").value == "half typ"
    test.run()
    assert causes(test) == ["address", "uncertain"]
    another_look(test)
    assert causes(test) == ["uncertain", "address"]


def causes(test: AppTest) -> list[str]:
    """Of the cards, from above."""
    return [key.split("/")[0] for key in test.session_state["outbox-cards"]]


def another_look(test: AppTest) -> None:
    test.switch_page("pages/records/imports.py").run()
    test.switch_page(PAGE).run()
    assert not test.exception


def test_a_settled_card_keeps_its_place_with_the_way_back_until_the_next_look(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "refuse", "dropafter", "refuse")
    desk.send(dashboard, ids)
    test = page(PAGE)
    standing = causes(test)
    row = delivery(dashboard, "dropafter+1@x.test")
    keyed(test.segmented_control, f"how/{row.id}").set_value(settling.Settlement.SENT).run()
    keyed(test.selectbox, f"why/{row.id}").set_value("The customer confirms").run()
    keyed(test.button, f"settle/{row.id}").click().run()
    assert causes(test) == standing
    assert "✓ Settled as sent: 2026-0001 → dropafter+1@x.test" in words(test)
    assert not [each for each in test.segmented_control if str(each.key).startswith("how/")]
    keyed(test.button, "undo-card-").click().run()  # the same act as in the strip above, which is gone with it
    assert not [each for each in test.button if each.key == "undo"]
    assert delivery(dashboard, "dropafter+1@x.test").status is DeliveryStatus.UNCERTAIN
    assert causes(test) == standing
    settling.resolve(dashboard.desk, row.id, settling.Settlement.SENT, reason="The customer confirms")
    test.run()
    assert causes(test) == standing  # also when somebody else settles it
    assert "somebody else settled it" in words(test)
    another_look(test)
    assert causes(test) == [each for each in standing if each != "uncertain"]


def test_what_leaves_again_is_cancelled_from_its_card(dashboard: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTURIER_COUNTDOWN_S", "600")
    ids = several(dashboard, smtp.port, "refuse", "refuse")
    desk.send(dashboard, ids)
    test = page(PAGE)
    press(test, "Send again to refuse+0@x.test")
    press(test, "Send again to refuse+1@x.test")
    assert "✓ Leaves again: 2026-0001 → refuse+1@x.test" in words(test)
    assert "Nothing waits for you any more" in words(test)
    [card] = [key for key in test.session_state["outbox-cards"] if "refuse+0@x.test" in key]
    test.button(key=f"undo-{outbox_settled.card(card)}").click().run()
    assert [desk.status_of(dashboard, each) for each in ids] == [S.FAILED, S.QUEUED]
    assert list(test.session_state["followed"]) == [3]  # the other one is followed on
    assert "Send again to refuse+0@x.test" in [button.label for button in test.button]


# Newest mails ----------------------------------------------------------------------------------------------------


def test_the_newest_mails_are_found_by_words_and_status(dashboard: App, smtp: FaultServer) -> None:
    ids = several(dashboard, smtp.port, "ok", "ok", "refuse")
    desk.send(dashboard, ids)
    test = page(PAGE)
    assert len(listed(test)) == 3
    test.text_input(key="mail-search").set_value("customer 1").run()
    assert [row[1] for row in listed(test)] == ["2026-0001"]
    test.text_input(key="mail-search").set_value("").run()
    keyed(test.pills, "mail-states").set_value([DeliveryStatus.FAILED]).run()
    assert [row[3] for row in listed(test)] == ["refuse+2@x.test"]
    assert [button.proto.label for button in test.get("download_button")] == ["Download (CSV)"]


def test_a_credit_note_is_marked_as_one(dashboard: App, smtp: FaultServer) -> None:
    note = desk.customer_invoice(1, type_code=DocumentType.CREDIT_NOTE, preceding_invoices=(Reference(number="2026-0000"),))
    ids = [desk.bring(dashboard, each).invoice_id or 0 for each in (note, desk.customer_invoice(0))]
    for place in (0, 1):
        desk.tick(dashboard, place, f"ok+{place}@x.test")
    desk.set_account(dashboard, smtp.port)
    desk.send(dashboard, ids)
    assert sorted(row[1] for row in listed(page(PAGE, "fr"))) == ["2026-0000", "2026-0001 NC"]


def test_a_mail_opens_as_it_was_sealed(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port)
    desk.send(dashboard, [invoice_id])
    row = delivery(dashboard, "ok+1@x.test")
    test = page(PAGE)
    test.session_state["mail-open"] = (invoice_id, row.message_id, row.id)
    test.run()
    assert "as it was sealed; it is kept in the archive" in words(test)
    [line] = [each.value for each in test.markdown if "→ **Customer 1**" in each.value]
    assert line == "Atelier Dubois SRL → **Customer 1** · **€ 242.00** · due 24 Dec 2026"
    test.button(key="mail-close").click().run()
    assert "kept in the archive" not in words(test)
