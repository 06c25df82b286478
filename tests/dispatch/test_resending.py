"""A person's word on a mail can be taken back: a cancelled resend is as doubtful as before, a mark goes and the reason comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import outbox
from core.app import App
from core.database import outbox_views
from core.dispatch import companies, holding, outbox_view, progress, sending, settling
from core.dispatch.settling import Settled, Settlement
from core.errors import SettledSince
from core.model import DeliveryStatus, DispatchStatus
from core.records import Seal
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
LONG = 600.0
SEAL = Seal(message_id="<x@y>", sha256="0" * 64, size=1, envelope_from="a@x.be")


def row(app: App, recipient: str) -> Any:
    with app.desk.database.read() as connection:
        return next(each for each in outbox_views.listing(connection) if each.recipient == recipient)


def stands(app: App, recipient: str) -> tuple[DeliveryStatus, str, Any]:
    found = row(app, recipient)
    return found.status, str(found.because), found.changed_at


def resend(app: App, recipient: str) -> Settled:
    return settling.resolve(app.desk, row(app, recipient).id, Settlement.RESEND, reason="they do not have it", countdown_s=LONG)


def resume(app: App) -> None:
    """The line that broke made the account wait for a moment."""
    settling.resume(app.desk, companies.find(app.desk, desk.COMPANY).id)


def stopped_after_the_dot(app: App, invoice_id: int) -> None:
    """The worker is gone, and no server ever said a word."""
    sending.queue(app.desk, [invoice_id])
    with app.desk.database.write() as connection:
        [message] = outbox.claim(connection, worker="one", limit=1, lines=4, lease_s=60, now=app.desk.now()).messages
        outbox.mark_sending(connection, message, list(message.recipients), seal=SEAL, lease_s=60, now=app.desk.now())
        outbox.sweep(connection, longest_lease_s=660, now=app.desk.now() + timedelta(seconds=61))


@pytest.mark.parametrize("how", ["dropafter", "swept"])
def test_a_cancelled_resend_is_as_uncertain_as_before(app: App, smtp: FaultServer, how: str) -> None:
    address = f"{how}+1@x.test"
    invoice_id = desk.ready(app, smtp.port, address)
    if how == "swept":
        stopped_after_the_dot(app, invoice_id)
    else:
        desk.send(app, [invoice_id])
    before = stands(app, address)
    assert before[0] is DeliveryStatus.UNCERTAIN
    taken = len(smtp.record.taken)
    settled = resend(app, address)
    assert desk.status_of(app, invoice_id) is S.QUEUED
    far = progress.of_batches(app.desk, [settled.batch_id])
    assert (far.is_open, far.waiting, far.leaves_in_s > 500) == (True, 1, True)
    resume(app)
    desk.one_pass(app.desk)
    assert len(smtp.record.taken) == taken
    assert holding.cancel(app.desk, settled.batch_id).invoice_ids == (invoice_id,)
    assert stands(app, address) == before
    assert desk.status_of(app, invoice_id) is S.UNCERTAIN
    assert invoice_id in sending.queue(app.desk, [invoice_id]).refused  # no other copy while nobody knows
    assert [each.recipient for each in outbox_view.to_settle(app.desk)] == [address]
    desk.assert_statuses_follow(app)


def test_what_a_worker_gave_back_is_still_uncertain_when_it_is_cancelled(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "dropafter+1@x.test")
    desk.send(app, [invoice_id])
    before = stands(app, "dropafter+1@x.test")
    smtp.behaviour.refuse_sender = "550 5.7.1 sender not allowed"
    settled = resend(app, "dropafter+1@x.test")
    resume(app)
    holding.leave_now(app.desk, settled.batch_id)
    desk.one_pass(app.desk)
    assert "refuses the sender" in str(row(app, "dropafter+1@x.test").because)
    holding.cancel(app.desk, settled.batch_id)
    assert stands(app, "dropafter+1@x.test") == before


def test_a_resend_that_somebody_holds_stays_in_doubt(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "dropafter+1@x.test")
    desk.send(app, [invoice_id])
    resend(app, "dropafter+1@x.test")
    resume(app)
    assert invoice_id in holding.hold(app.desk, [invoice_id], reason="Amount to be checked")
    assert desk.status_of(app, invoice_id) is S.UNCERTAIN
    desk.drain(app)
    assert len(smtp.record.taken) == 1


def test_one_of_two_in_doubt_can_be_cancelled_while_the_other_waits_for_a_word(app: App, smtp: FaultServer) -> None:
    both = ("dropafter+1@x.test", "dropafter+2@x.test")
    invoice_id = desk.ready(app, smtp.port, *both)
    desk.send(app, [invoice_id])
    before = [stands(app, address) for address in both]
    first, second = (resend(app, address).batch_id for address in both)
    far = progress.of_batches(app.desk, [first, second])
    assert (far.is_open, far.waiting) == (True, 1)
    assert [holding.cancel(app.desk, each).invoice_ids for each in (first, second)] == [(), (invoice_id,)]
    assert [stands(app, address) for address in both] == before


def test_what_failed_and_is_sent_again_as_it_was_goes_back_to_failed(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test")
    desk.send(app, [invoice_id])
    before = stands(app, "refuse+1@x.test")
    holding.cancel(app.desk, resend(app, "refuse+1@x.test").batch_id)
    assert stands(app, "refuse+1@x.test") == before
    assert desk.status_of(app, invoice_id) is S.FAILED


# A mark, and back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "how", "marked"),
    [
        ("dropafter+1@x.test", Settlement.SENT, S.SENT),
        ("dropafter+1@x.test", Settlement.FAILED, S.FAILED),
        ("refuse+1@x.test", Settlement.SENT, S.SENT),
    ],
)
def test_a_mark_is_taken_back_with_its_reason(app: App, smtp: FaultServer, address: str, how: Settlement, marked: DispatchStatus) -> None:
    invoice_id = desk.ready(app, smtp.port, address)
    desk.send(app, [invoice_id])
    before, status = stands(app, address), desk.status_of(app, invoice_id)
    settled = settling.resolve(app.desk, row(app, address).id, how, reason="The customer confirms")
    assert desk.status_of(app, invoice_id) is marked
    settling.take_back(app.desk, [settled])
    assert (stands(app, address), desk.status_of(app, invoice_id)) == (before, status)
    with pytest.raises(SettledSince, match="meanwhile"):
        settling.take_back(app.desk, [settled])
    desk.assert_statuses_follow(app)


def test_a_mark_is_not_taken_back_over_what_happened_since(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test", "ok+2@x.test")
    desk.send(app, [invoice_id])
    settled = settling.resolve(app.desk, row(app, "refuse+1@x.test").id, Settlement.SENT, reason="The customer confirms")
    desk.tick(app, 1, "ok+2@x.test", "ok+3@x.test")
    returned = settling.came_back(app.desk, row(app, "ok+2@x.test").id, reason="A non-delivery notice came in")
    desk.send(app, [invoice_id])  # a newer copy: the old one must not be what counts again
    for each in (settled, returned):
        with pytest.raises(SettledSince):
            settling.take_back(app.desk, [each])
    assert row(app, "refuse+1@x.test").status is DeliveryStatus.SENT
