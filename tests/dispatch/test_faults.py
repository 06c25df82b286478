"""The fault matrix: each failure of a server has its own state and sentence, and nothing else stops."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from core.app import App
from core.dispatch import companies, settling
from core.model import DeliveryStatus, DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer, free_port

LARGE_PDF = desk.PDF + bytes(range(256)) * 16_000
SENT, FAILED, QUEUED, UNCERTAIN = DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.QUEUED, DeliveryStatus.UNCERTAIN


def test_a_mail_arrives_with_text_pdf_and_xml(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", pdf=desk.PDF)
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    [taken] = smtp.record.taken
    mail = message_from_bytes(taken.content, policy=default)
    assert taken.recipients == ("ok+1@x.test",)
    assert "2026-0001" in mail["Subject"]
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == ["2026-0001.pdf", f"efff_{desk.COMPANY}_2026-0001.xml"]
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf", "application/xml"]
    assert next(iter(mail.iter_attachments())).get_content() == desk.PDF
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("recipient", "delivery", "invoice", "words"),
    [
        ("refuse+1@x.test", FAILED, DispatchStatus.FAILED, "refuses the address refuse+1@x.test: 550"),
        ("reject+1@x.test", FAILED, DispatchStatus.FAILED, "does not let this mail through, by its rules: 554"),
        ("nodata+1@x.test", FAILED, DispatchStatus.FAILED, "does not let this mail through, by its rules: 554"),
        ("toobig+1@x.test", FAILED, DispatchStatus.FAILED, "too big for the server: 552"),
        ("dropafter+1@x.test", UNCERTAIN, DispatchStatus.UNCERTAIN, "Nobody can be sure whether it left"),
        ("dropnot+1@x.test", UNCERTAIN, DispatchStatus.UNCERTAIN, "Nobody can be sure whether it left"),
        ("deferonce+1@x.test", SENT, DispatchStatus.SENT, "took the mail: 250"),
        ("later+1@x.test", SENT, DispatchStatus.SENT, "took the mail: 250"),
        ("closing+1@x.test", SENT, DispatchStatus.SENT, "took the mail: 250"),
        ("droprcpt+1@x.test", SENT, DispatchStatus.SENT, "took the mail: 250"),
        ("dropbefore+1@x.test", SENT, DispatchStatus.SENT, "took the mail: 250"),
    ],
)
def test_each_fault_has_its_state_and_sentence(
    app: App, smtp: FaultServer, recipient: str, delivery: DeliveryStatus, invoice: DispatchStatus, words: str
) -> None:
    invoice_id = desk.ready(app, smtp.port, recipient, pdf=LARGE_PDF)  # more than a socket buffer: a drop is felt while sending
    desk.send(app, [invoice_id])
    assert desk.deliveries(app) == {recipient: delivery}
    assert desk.status_of(app, invoice_id) is invoice
    assert words in desk.reasons(app)[recipient]
    assert all(times == 1 for times in smtp.record.times_taken().values())
    desk.assert_statuses_follow(app)


def test_one_of_two_recipients_refused_is_partly_sent(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    assert desk.deliveries(app) == {"ok+1@x.test": SENT, "refuse+1@x.test": FAILED}
    assert desk.status_of(app, invoice_id) is DispatchStatus.PARTLY_SENT
    assert [taken.recipients for taken in smtp.record.taken] == [("ok+1@x.test",)]


def test_a_deferred_recipient_gets_it_later_and_the_other_only_once(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "deferonce+1@x.test")
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    assert sorted(smtp.record.times_taken().values()) == [1, 1]


def test_after_a_partial_refusal_the_mended_address_alone_gets_the_next_copy(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    desk.tick(app, 1, "ok+1@x.test", "ok+2@x.test")
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    assert [taken.recipients for taken in smtp.record.taken] == [("ok+1@x.test",), ("ok+2@x.test",)]


def test_4yz_for_longer_than_the_retry_hours_fails(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "defer+1@x.test")
    app.desk.settings.retry_hours = 0.2 / 3600
    desk.send(app, [invoice_id])
    assert desk.deliveries(app) == {"defer+1@x.test": FAILED}
    assert "the last answer was: 451" in desk.reasons(app)["defer+1@x.test"]
    assert smtp.record.tries["defer+1@x.test"] >= 2


def test_a_server_that_is_down_keeps_the_mail_queued_and_says_so(app: App) -> None:
    port = free_port()
    invoice_id = desk.ready(app, port, "ok+1@x.test")
    desk.send(app, [invoice_id], timeout_s=0.5)
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED
    assert f"Nothing answers at 127.0.0.1, port {port}." in desk.reasons(app)["ok+1@x.test"]
    with FaultServer(port=port) as server:
        desk.drain(app)
        assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
        assert len(server.record.taken) == 1
    assert settling.paused_accounts(app.desk) == []


def test_a_refused_login_pauses_the_account_until_somebody_mends_it(app: App, smtp: FaultServer) -> None:
    smtp.behaviour.login = ("marie", "right")
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test")
    desk.set_account(app, smtp.port, smtp__user="marie", smtp__password="wrong")
    desk.send(app, [invoice_id])
    [(key, _, because, until)] = settling.paused_accounts(app.desk)
    assert (key, until) == (desk.COMPANY, None)
    assert "refuses the login: 535" in str(because)
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED
    assert smtp.record.logins == [("marie", "wrong")]  # once: an account is not locked by trying
    desk.set_company(app, smtp__password="right")
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_a_refused_sender_pauses_the_account(app: App, smtp: FaultServer) -> None:
    smtp.behaviour.refuse_sender = "550 5.7.1 sender not allowed"
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test")
    desk.send(app, [invoice_id])
    [(_, _, because, until)] = settling.paused_accounts(app.desk)
    assert until is None
    assert "refuses the sender: 550" in str(because)
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED
    smtp.behaviour.refuse_sender = ""
    settling.resume(app.desk, companies.find(app.desk, desk.COMPANY).id)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_no_starttls_offered_means_nothing_is_sent(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test")
    desk.set_account(app, smtp.port, smtp__security="starttls")
    desk.send(app, [invoice_id])
    [(_, _, because, _)] = settling.paused_accounts(app.desk)
    assert "no safe connection" in str(because)
    assert smtp.record.taken == []


def test_one_bad_address_does_not_stop_the_others(app: App, smtp: FaultServer) -> None:
    kinds = ("refuse", "ok", "dropafter", "ok", "reject", "dropbefore", "ok")
    ids = []
    for place, kind in enumerate(kinds):
        ids.append(desk.bring(app, desk.customer_invoice(place), pdf=LARGE_PDF).invoice_id or 0)
        desk.tick(app, place, f"{kind}+{place}@x.test")
    desk.set_account(app, smtp.port)
    desk.send(app, ids)
    expected = {"refuse": "failed", "ok": "sent", "dropafter": "uncertain", "reject": "failed", "dropbefore": "sent"}
    assert [desk.status_of(app, invoice_id).value for invoice_id in ids] == [expected[kind] for kind in kinds]
    desk.assert_statuses_follow(app)
