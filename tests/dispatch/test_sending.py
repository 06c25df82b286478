"""Queue once, stop what moved, seal what was confirmed, and never take a late word for another's."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import outbox, recording
from core.app import App
from core.archive import sha256
from core.database.deliveries import ClaimedMessage
from core.database.schema import deliveries, messages
from core.dispatch import customers, importing, sending, settling
from core.dispatch.settling import Settlement
from core.dispatch.values import Value
from core.errors import ChangedSincePreview, DeliveryNotOpen, LeaseLost, ReasonMissing
from core.model import DeliveryStatus, DispatchStatus
from core.outcome import Reply, Stage
from core.queueing import Queued
from core.records import AccompanyingText, Seal
from tests import desk
from tests.mail.fault_server import FaultServer

PATIENCE = recording.Patience(retry_hours=24, back_off_s=1)
SEAL = Seal(message_id="<x@y>", sha256="0" * 64, size=1, envelope_from="a@x.be")


def claim(app: App, *, lease_s: float = 60) -> ClaimedMessage:
    with app.desk.database.write() as connection:
        [message] = outbox.claim(connection, worker="one", limit=5, lines=4, lease_s=lease_s, now=app.desk.now()).messages
    return message


def mark(app: App, message: ClaimedMessage, *, lease_s: float = 60) -> None:
    with app.desk.database.write() as connection:
        outbox.mark_sending(connection, message, list(message.recipients), seal=SEAL, lease_s=lease_s, now=app.desk.now())


def sweep(app: App, *, later_s: float) -> tuple[int, int]:
    with app.desk.database.write() as connection:
        return outbox.sweep(connection, longest_lease_s=660, now=app.desk.now() + timedelta(seconds=later_s))


def settle(app: App, message: ClaimedMessage, code: int | None) -> None:
    answers = {recipient: Reply(stage=Stage.DOT, code=code, text="said late") for recipient in message.recipients}
    with app.desk.database.write() as connection:
        recording.settle(connection, message, answers, patience=PATIENCE, now=app.desk.now())


def delivery_id(app: App) -> int:
    with app.desk.database.read() as connection:
        return int(connection.scalars(select(deliveries.c.id)).one())


# Queueing -------------------------------------------------------------------------------------------------------


def test_a_second_click_queues_nothing(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    assert sending.queue(app.desk, [invoice_id, invoice_id]).invoice_ids == (invoice_id,)
    again = sending.queue(app.desk, [invoice_id])
    assert again.invoice_ids == ()
    assert str(again.refused[invoice_id]) == "It is already in the queue."


def test_two_people_clicking_at_once_queue_once(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    gate = threading.Barrier(6)
    results: list[Queued] = []

    def click() -> None:
        gate.wait()
        results.append(sending.queue(app.desk, [invoice_id]))

    people = [threading.Thread(target=click) for _ in range(6)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(len(result.invoice_ids) for result in results) == [0, 0, 0, 0, 0, 1]
    assert len(desk.deliveries(app)) == 1


def test_what_was_sent_is_refused_with_the_former_sending(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    again = desk.send(app, [invoice_id])
    assert again.invoice_ids == ()
    assert "already sent" in str(again.refused[invoice_id])
    assert "ok+1@x.test" in str(again.refused[invoice_id])
    assert len(smtp.record.taken) == 1


def test_the_archive_copy_does_not_count_for_the_colour(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.set_company(app, mail__archive="refuse+archive@x.test")
    desk.send(app, [invoice_id])
    assert desk.deliveries(app)["refuse+archive@x.test"] is DeliveryStatus.FAILED
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_bcc_is_on_the_envelope_and_not_in_the_mail(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.tick(app, 1, "ok+1@x.test", cc="ok+cc@x.test", bcc="ok+secret@x.test")
    desk.send(app, [invoice_id])
    [taken] = smtp.record.taken
    assert set(taken.recipients) == {"ok+1@x.test", "ok+cc@x.test", "ok+secret@x.test"}
    assert b"ok+cc@x.test" in taken.content
    assert b"secret" not in taken.content


# What moved since -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["customer", "text", "invoice"])
def test_what_changed_after_queueing_is_held_and_says_what(app: App, smtp: FaultServer, what: str) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    if what == "customer":
        desk.tick(app, 1, "ok+2@x.test")
    elif what == "text":
        desk.set_company(app, text__nl__invoice__subject="Factuur {{ number }}")
    else:
        with app.desk.database.write() as connection:
            connection.exec_driver_sql("UPDATE invoices SET version = 2")
            connection.exec_driver_sql(
                "INSERT INTO invoice_versions SELECT invoice_id, 2, content, content_sha256, xml_sha256, pdf_sha256, pdf_name, source_name, "
                "imported_at FROM invoice_versions"
            )
    desk.drain(app)
    assert smtp.record.taken == []
    assert desk.status_of(app, invoice_id) is DispatchStatus.HELD
    assert {"customer": "The customer card", "text": "The company's text", "invoice": "The invoice"}[what] in str(desk.reasons(app))
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    assert len(smtp.record.taken) == 1


def test_the_confirmed_words_are_what_leaves(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    shown = sending.preview(app.desk, invoice_id)
    words = AccompanyingText(subject="Comme convenu", body="Voici la facture, {{ number }} n’est plus un mot clé ici.")
    sending.queue_confirmed(app.desk, invoice_id, words, shown.dossier.versions)
    desk.drain(app)
    [taken] = smtp.record.taken
    assert taken.parsed()["Subject"] == "Comme convenu"
    with app.desk.database.read() as connection:
        row = connection.execute(select(messages)).one()
    assert app.desk.archive.get(row.sealed_sha256) == taken.content
    assert sha256(taken.content) == row.sealed_sha256
    assert row.message_id == taken.message_id


def test_a_preview_that_is_out_of_date_cannot_be_confirmed(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    shown = sending.preview(app.desk, invoice_id)
    desk.tick(app, 1, "ok+somebody.else@x.test")
    with pytest.raises(ChangedSincePreview, match=r"The customer card .*changed"):
        sending.queue_confirmed(app.desk, invoice_id, shown.words, shown.dossier.versions)
    assert desk.deliveries(app) == {}


# Leases ---------------------------------------------------------------------------------------------------------


def test_a_claim_whose_lease_is_over_goes_back_and_its_worker_may_not_mark(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    sending.queue(app.desk, [invoice_id])
    message = claim(app)
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENDING
    assert sweep(app, later_s=59) == (0, 0)
    assert sweep(app, later_s=61) == (1, 0)
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED
    with pytest.raises(LeaseLost):
        mark(app, message)


def test_an_expired_lease_may_not_mark_even_before_the_sweep(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    sending.queue(app.desk, [invoice_id])
    message = claim(app, lease_s=0)
    with pytest.raises(LeaseLost):
        mark(app, message)
    assert desk.deliveries(app) == {"ok+1@x.test": DeliveryStatus.CLAIMED}


def test_sending_with_its_lease_over_is_uncertain_and_stays_so(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    mark(app, claim(app))
    assert sweep(app, later_s=61) == (0, 1)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is DispatchStatus.UNCERTAIN
    assert smtp.record.taken == []
    assert "Nobody can be sure" in desk.reasons(app)["ok+1@x.test"]


@pytest.mark.parametrize(
    ("code", "expected"), [(250, DispatchStatus.SENT), (554, DispatchStatus.FAILED), (451, DispatchStatus.QUEUED), (None, DispatchStatus.UNCERTAIN)]
)
def test_a_late_reply_settles_its_own_attempt(app: App, code: int | None, expected: DispatchStatus) -> None:
    invoice_id = desk.ready(app, 1)
    sending.queue(app.desk, [invoice_id])
    message = claim(app)
    mark(app, message)
    sweep(app, later_s=61)
    settle(app, message, code)
    assert desk.status_of(app, invoice_id) is expected
    desk.assert_statuses_follow(app)


def test_a_late_reply_does_not_settle_another_attempt(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    sending.queue(app.desk, [invoice_id])
    first = claim(app)
    mark(app, first)
    sweep(app, later_s=61)
    settling.resolve(app.desk, delivery_id(app), Settlement.RESEND, reason="the customer does not have it")
    second = claim(app)
    settle(app, first, 554)
    assert desk.deliveries(app) == {"ok+1@x.test": DeliveryStatus.CLAIMED}
    mark(app, second)
    settle(app, second, 250)
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_two_workers_never_get_the_same_message(app: App) -> None:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(12)]
    for place in range(12):
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, 1)
    sending.queue(app.desk, ids)
    gate = threading.Barrier(4)
    got: list[int] = []

    def work() -> None:
        gate.wait()
        for _ in range(4):
            with app.desk.database.write() as connection:
                got.extend(each.id for each in outbox.claim(connection, worker="w", limit=2, lines=4, lease_s=60, now=app.desk.now()).messages)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == len(set(got)) == 12


# What only a person can say -------------------------------------------------------------------------------------


def test_uncertain_is_settled_as_sent_or_sent_again_with_a_reason(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "dropnot+1@x.test")
    desk.send(app, [invoice_id])
    with pytest.raises(ReasonMissing):
        settling.resolve(app.desk, delivery_id(app), Settlement.SENT, reason=" ")
    settling.resolve(app.desk, delivery_id(app), Settlement.RESEND, reason="not in the server's log")
    assert desk.status_of(app, invoice_id) is DispatchStatus.QUEUED
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is DispatchStatus.UNCERTAIN  # the server drops it each time
    settling.resolve(app.desk, delivery_id(app), Settlement.SENT, reason="the customer confirms")
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    assert "marie: the customer confirms" in desk.reasons(app)["dropnot+1@x.test"]
    with pytest.raises(DeliveryNotOpen):
        settling.resolve(app.desk, delivery_id(app), Settlement.RESEND, reason="once more")


def test_sent_again_is_the_same_mail(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "dropafter+1@x.test")
    desk.send(app, [invoice_id])
    settling.resolve(app.desk, delivery_id(app), Settlement.RESEND, reason="the customer does not have it")
    desk.drain(app)
    first, second = smtp.record.taken
    assert first.content == second.content


def test_marked_elsewhere_is_not_sent_and_can_be_undone(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    assert settling.mark_elsewhere(app.desk, [invoice_id], reason="Peppol") == {}
    assert desk.status_of(app, invoice_id) is DispatchStatus.ELSEWHERE
    assert app.pending() == []
    assert invoice_id in desk.send(app, [invoice_id]).refused
    settling.unmark_elsewhere(app.desk, [invoice_id], reason="a mistake")
    assert desk.status_of(app, invoice_id) is DispatchStatus.TO_SEND
    desk.send(app, [invoice_id])
    assert invoice_id in settling.mark_elsewhere(app.desk, [invoice_id], reason="Peppol")
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


# The ledger of an invoice ---------------------------------------------------------------------------------------


def test_the_tick_moves_what_was_not_queued_yet(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    second = desk.bring(app, replace(desk.customer_invoice(1), number="2026-0777")).invoice_id or 0
    assert desk.status_of(app, second) is DispatchStatus.TO_SEND
    customers.change(app.desk, desk.customer_key(1), [Value("wants_email", "false")])
    assert desk.status_of(app, second) is DispatchStatus.TO_PRINT
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT
    ledgers = app.ledgers()
    assert list(ledgers.email["number"]) == ["2026-0001"]
    assert list(ledgers.paper["number"]) == ["2026-0777"]
    assert len(ledgers.all) == 2


def test_an_address_in_the_file_is_never_a_recipient(app: App) -> None:
    imported = desk.bring(app, desk.customer_invoice(1))
    customer = customers.find(app.desk, desk.customer_key(1))
    assert not customer.wants_email
    assert customer.recipients == ()
    assert customer.suggested_email == "boekhouding@peeters.example"
    assert imported.outcome is importing.ImportOutcome.NEW
    assert desk.status_of(app, imported.invoice_id or 0) is DispatchStatus.TO_PRINT
