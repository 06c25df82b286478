"""Hold, release, cancel: what has not left does not leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.app import App
from core.database.schema import audit_events, messages
from core.dispatch import checking, holding, sending
from core.errors import ReasonMissing
from core.model import DeliveryStatus, DispatchStatus
from core.preflight import Level, Remedy
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
LONG = 600.0


def count_messages(app: App) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(messages)) or 0


def acts(app: App) -> list[str]:
    with app.desk.database.read() as connection:
        return list(connection.scalars(select(audit_events.c.what).order_by(audit_events.c.id)))


def test_what_a_person_holds_does_not_leave(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    assert holding.hold(app.desk, [invoice_id], reason="wrong price") == {}
    assert desk.status_of(app, invoice_id) is S.HELD
    [verdict] = checking.preflight(app.desk, [invoice_id])
    assert verdict.level is Level.BLOCKED
    assert [reason.remedy for reason in verdict.reasons] == [Remedy.RELEASE]
    assert "wrong price" in str(verdict.reasons[0].sentence)
    queued = desk.send(app, [invoice_id])
    assert queued.invoice_ids == ()
    assert smtp.record.taken == []
    desk.assert_statuses_follow(app)


def test_what_is_released_waits_again_and_leaves_only_by_a_click(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    holding.hold(app.desk, [invoice_id], reason="wrong price")
    assert holding.release(app.desk, [invoice_id]) == {}
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.TO_SEND
    assert smtp.record.taken == []
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT


def test_holding_asks_for_a_reason_and_is_written_down(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    with pytest.raises(ReasonMissing):
        holding.hold(app.desk, [invoice_id], reason="  ")
    holding.hold(app.desk, [invoice_id], reason="wrong price")
    holding.release(app.desk, [invoice_id])
    assert acts(app)[-2:] == ["held", "released"]


def test_what_was_sent_cannot_be_held(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    assert list(holding.hold(app.desk, [invoice_id], reason="too late")) == [invoice_id]
    assert list(holding.release(app.desk, [invoice_id])) == [invoice_id]
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_queued_one_is_taken_from_the_queue_and_held(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    assert holding.hold(app.desk, [invoice_id], reason="stop") == {}
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.HELD
    assert smtp.record.taken == []
    holding.release(app.desk, [invoice_id])
    desk.send(app, [invoice_id])
    assert len(smtp.record.taken) == 1


def test_nothing_leaves_within_the_countdown_and_cancel_brings_everything_back(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    queued = sending.queue(app.desk, [first], countdown_s=LONG)
    desk.one_pass(app.desk)
    assert smtp.record.taken == []
    assert desk.status_of(app, first) is S.QUEUED
    cancelled = holding.cancel(app.desk, queued.batch_id)
    assert cancelled.invoice_ids == (first,)
    assert cancelled.gone == 0
    assert desk.status_of(app, first) is S.TO_SEND
    assert count_messages(app) == 0
    desk.drain(app)
    assert smtp.record.taken == []
    desk.assert_statuses_follow(app)
    assert acts(app)[-1] == "cancelled"


def test_leave_now_ends_the_countdown(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    queued = sending.queue(app.desk, [first], countdown_s=LONG)
    holding.leave_now(app.desk, queued.batch_id)
    desk.drain(app)
    assert desk.status_of(app, first) is S.SENT
    assert holding.cancel(app.desk, queued.batch_id).gone == 1
    assert desk.status_of(app, first) is S.SENT


def test_cancel_leaves_alone_what_a_worker_has_taken(app: App, smtp: FaultServer) -> None:
    first = desk.ready(app, smtp.port)
    queued = sending.queue(app.desk, [first])
    with app.desk.database.write() as connection:
        connection.execute(update(messages).values(claim="w#1", lease_until=app.desk.now() + timedelta(minutes=1), due_at=None))
    cancelled = holding.cancel(app.desk, queued.batch_id)
    assert (cancelled.invoice_ids, cancelled.gone) == ((), 1)
    assert count_messages(app) == 1


def test_cancelling_a_second_try_keeps_what_the_server_said(app: App, smtp: FaultServer) -> None:
    """The first answer is evidence: the mail is held, not forgotten."""
    first = desk.ready(app, smtp.port, "defer+1@x.test")
    queued = sending.queue(app.desk, [first])
    desk.one_pass(app.desk)
    assert desk.deliveries(app) == {"defer+1@x.test": DeliveryStatus.QUEUED}
    holding.cancel(app.desk, queued.batch_id)
    assert desk.deliveries(app) == {"defer+1@x.test": DeliveryStatus.HELD}
    assert "Cancelled by marie" in desk.reasons(app)["defer+1@x.test"]
    assert desk.status_of(app, first) is S.HELD
