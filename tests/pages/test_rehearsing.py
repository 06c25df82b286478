"""Later, on trial, held, once more: what a person does with a sending besides the one click."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from core.app import App
from core.dispatch import batch_acts, outbox_view, progress, rehearsed, rehearsing, sending, waits
from core.model import DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer
from tests.pages.screen import page, words

CLOCK = ZoneInfo("Europe/Brussels")  # as the desk's clock shows it
S = DispatchStatus
EMAIL, OUTBOX = "pages/ledgers/email.py", "pages/sending/outbox.py"


def said(test: AppTest) -> str:
    return words(test).replace("\\", "")


def two(app: App, port: int = 25) -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2)]
    for place in (1, 2):
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, port)
    return ids


def ledger(choice: str) -> AppTest:
    test = page(EMAIL)
    test.button(key="all/email").click().run()
    test.radio(key="otherwise/email/en").set_value(choice).run()
    assert not test.exception
    return test


def tomorrow() -> str:
    return f"{datetime.now(CLOCK) + timedelta(days=1):%-d %b %Y} 08:00"


def test_the_ticked_ones_leave_later_and_are_told_so(dashboard: App, smtp: FaultServer) -> None:
    ids = two(dashboard, smtp.port)
    test = ledger("later")
    test.button(key="later-do/email").click().run()
    assert not test.exception
    assert f"**Leaves on {tomorrow()}** · invoices: 2" in said(test)
    assert [each.value.replace("\\", "") for each in test.toast] == [f"Leaves on {tomorrow()}."]
    assert test.session_state["otherwise-turn/email"] == 1  # another pop-over, which is closed
    assert [desk.status_of(dashboard, each) for each in ids] == [S.QUEUED] * 2
    desk.one_pass(dashboard.desk)
    assert smtp.record.taken == []
    outbox = page(OUTBOX)
    assert f"**Leaves on {tomorrow()}** · mails: 2" in said(outbox)
    [batch] = outbox_view.batches(dashboard.desk)
    assert outbox.date_input(key=f"leave-day/batch-{batch.id}/0").value == (datetime.now(CLOCK) + timedelta(days=1)).date()
    outbox.date_input(key=f"leave-day/batch-{batch.id}/0").set_value(datetime.now(CLOCK).date() + timedelta(days=3)).run()
    outbox.button(key=f"batch-move/{batch.id}").click().run()
    leaves_at = waits.of_batch(dashboard.desk, batch.id).leaves_at
    assert leaves_at is not None
    assert timedelta(days=2) < leaves_at - dashboard.desk.now() < timedelta(days=4)
    assert [each.value.partition(" 20")[0] for each in outbox.toast] == [f"Leaves on {leaves_at.astimezone(CLOCK):%-d %b}"]
    assert outbox.date_input(key=f"leave-day/batch-{batch.id}/1").value == leaves_at.astimezone(CLOCK).date()
    test.button(key="strip-cancel").click().run()
    assert [desk.status_of(dashboard, each) for each in ids] == [S.TO_SEND] * 2


def test_the_check_before_sending_keeps_the_time(dashboard: App) -> None:
    first, _ = two(dashboard)
    desk.tick(dashboard, 2)
    test = ledger("later")
    test.button(key="later-do/email").click().run()
    assert f"Leaves on {tomorrow()}." in said(test)
    assert "**1 ready · 0 to check · 1 blocked** · € 242.00 · ends about " + tomorrow()[:-5] in said(test)
    test.button(key="sheet-send/email").click().run()
    assert desk.status_of(dashboard, first) is S.QUEUED
    [batch] = outbox_view.batches(dashboard.desk)
    assert waits.of_batch(dashboard.desk, batch.id).later == 1


def test_to_me_and_then_just_those(dashboard: App, smtp: FaultServer) -> None:
    ids = two(dashboard, smtp.port)
    test = ledger("to_me")
    test.text_input(key="rehearse-to/email").set_value("ok+1@x.test").run()
    test.button(key="rehearse-me/email").click().run()
    assert "stands on the card of the customer" in words(test)
    assert smtp.record.taken == []
    test.text_input(key="rehearse-to/email").set_value("marie@dubois.example").run()
    test.button(key="rehearse-me/email").click().run()
    assert "Rehearsal 1: 2 mails went to marie@dubois.example." in "\n".join(str(each.value) for each in test.success).replace("\\", "")
    mine = sorted(mail.content for mail in smtp.record.taken)
    outbox = page(OUTBOX)
    outbox.button(key="send-rehearsed/1").click().run()
    assert not outbox.exception
    desk.drain(dashboard)
    assert [desk.status_of(dashboard, each) for each in ids] == [S.SENT] * 2
    assert sorted(mail.content for mail in smtp.record.taken[2:]) == mine
    assert "send-rehearsed/1" not in [button.key for button in page(OUTBOX).button]


def test_as_files_and_what_moved_since_is_named(dashboard: App) -> None:
    two(dashboard)
    test = ledger("files")
    test.button(key="rehearse-files/email").click().run()
    assert any("2 mails were made" in str(each.value) for each in test.success)
    desk.tick(dashboard, 1, "new@x.test")
    shown = words(page(OUTBOX)).replace("\\", "")
    assert "2026-0001 — The customer card (address ok+1@x.test → new@x.test; by" in shown
    assert rehearsed.find(dashboard.desk, 1).destination == rehearsing.ZIP
    assert len(rehearsed.find(dashboard.desk, 1).free) == 1


def test_a_batch_is_held_with_a_reason_and_resumed(dashboard: App, smtp: FaultServer) -> None:
    ids = two(dashboard, smtp.port)
    batch = sending.queue(dashboard.desk, ids).batch_id
    test = page(OUTBOX)
    assert test.button(key=f"batch-hold/{batch}").disabled
    test.selectbox(key=f"batch-why/{batch}/en").set_value("The mail server is being worked on").run()
    test.button(key=f"batch-hold/{batch}").click().run()
    assert "The mail server is being worked on" in words(test)
    assert "Mails that wait: 2." in words(test)
    desk.drain(dashboard)
    assert smtp.record.taken == []
    test.button(key=f"batch-resume/{batch}").click().run()
    assert progress.of_batches(dashboard.desk, [batch]).held is None
    desk.drain(dashboard)
    assert len(smtp.record.taken) == 2


def test_resuming_what_somebody_else_resumed_is_told(dashboard: App, smtp: FaultServer) -> None:
    batch = sending.queue(dashboard.desk, two(dashboard, smtp.port)).batch_id
    batch_acts.hold(dashboard.desk, batch, reason="stop")
    test = page(OUTBOX)
    batch_acts.resume(dashboard.desk, batch)
    test.button(key=f"batch-resume/{batch}").click().run()
    assert not test.exception
    assert any("Nobody holds batch" in str(each.value) for each in test.toast)


def test_a_sent_one_goes_once_more_for_a_reason(dashboard: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(dashboard, smtp.port, "ok+1@x.test", "ok+2@x.test")
    desk.send(dashboard, [invoice_id])
    test = page("pages/sending/confirm.py", invoice=str(invoice_id))
    assert "to ok+1@x.test, ok+2@x.test, by marie." in words(test).replace("\\", "")
    [button] = [each for each in test.button if str(each.key).startswith("again-do/")]
    assert button.disabled
    test.selectbox(key=f"again-why/wide/{invoice_id}/1/en").set_value("The customer asks for it again").run()
    [to] = [each for each in test.multiselect if str(each.key).startswith("again-to/")]
    to.set_value(["ok+2@x.test"]).run()
    [button] = [each for each in test.button if str(each.key).startswith("again-do/")]
    button.click().run()
    assert not test.exception
    desk.drain(dashboard)
    assert [sorted(mail.recipients) for mail in smtp.record.taken] == [["ok+1@x.test", "ok+2@x.test"], ["ok+2@x.test"]]


def test_what_waited_too_long_goes_back_to_the_ledger_with_one_click(dashboard: App) -> None:
    ids = two(dashboard)
    sending.queue(dashboard.desk, ids)
    desk.one_pass(replace(dashboard.desk, clock=lambda: datetime.now(UTC) + timedelta(days=4)))
    test = page(OUTBOX)
    assert "It waited too long to leave by itself." in words(test)
    [button] = [each for each in test.button if each.label == "Back to “to send” (2)"]
    button.click().run()
    assert not test.exception
    assert [desk.status_of(dashboard, each) for each in ids] == [S.TO_SEND] * 2
    assert any("To send again: 2." in str(each.value) for each in test.toast)
