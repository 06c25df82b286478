"""Taking back, holding and settling against each other: whoever acts last must not undo what another one stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select

from core.app import App
from core.database import outbox_views
from core.database.schema import batches
from core.database.session import Database
from core.dispatch import customers, holding, outbox_view, sending, settling
from core.dispatch.settling import Settlement
from core.dispatch.values import Value
from core.errors import ResendImpossible
from core.model import DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
LONG = 600.0


def delivery(app: App, recipient: str) -> int:
    with app.desk.database.read() as connection:
        return next(int(row.id) for row in outbox_views.listing(connection) if row.recipient == recipient)


def to_settle(app: App) -> list[str]:
    return [row.recipient for row in outbox_view.to_settle(app.desk)]


def untick(app: App) -> None:
    customers.change(app.desk, desk.customer_key(1), [Value("wants_email", "false")])


def test_what_somebody_holds_or_sent_elsewhere_does_not_go_again(app: App, smtp: FaultServer) -> None:
    """From an outbox page that was opened before."""
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test")
    desk.send(app, [invoice_id])
    holding.hold(app.desk, [invoice_id], reason="wrong price")
    with pytest.raises(ResendImpossible, match="somebody holds it"):
        settling.resolve(app.desk, delivery(app, "refuse+1@x.test"), Settlement.RESEND, reason="again")
    assert desk.status_of(app, invoice_id) is S.HELD
    holding.release(app.desk, [invoice_id])
    settling.mark_elsewhere(app.desk, [invoice_id], reason="posted")
    with pytest.raises(ResendImpossible, match="marked as sent elsewhere"):
        settling.resolve(app.desk, delivery(app, "refuse+1@x.test"), Settlement.RESEND, reason="again")
    assert desk.status_of(app, invoice_id) is S.ELSEWHERE
    desk.assert_statuses_follow(app)


def test_what_came_back_after_a_newer_copy_left_is_not_green(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+a@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    desk.tick(app, 1, "ok+a@x.test", "ok+b@x.test")
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
    settling.came_back(app.desk, delivery(app, "ok+a@x.test"), reason="mailbox full")
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    assert to_settle(app) == ["ok+a@x.test"]
    settling.resolve(app.desk, delivery(app, "ok+a@x.test"), Settlement.FAILED, reason="no answer")
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    desk.send(app, [invoice_id])  # only to the one that does not have it
    assert [mail.recipients for mail in smtp.record.taken] == [("ok+a@x.test",), ("ok+b@x.test",), ("ok+a@x.test",)]
    assert desk.status_of(app, invoice_id) is S.SENT
    assert to_settle(app) == []
    desk.assert_statuses_follow(app)


@pytest.mark.parametrize("unticked_first", [True, False])
def test_what_was_cancelled_follows_the_tick_again(app: App, smtp: FaultServer, unticked_first: bool) -> None:
    """Else it would wait in the e-mail ledger, blocked, and nobody would print it."""
    invoice_id = desk.ready(app, smtp.port)
    queued = sending.queue(app.desk, [invoice_id], countdown_s=LONG)
    if unticked_first:
        untick(app)
    holding.cancel(app.desk, queued.batch_id)
    untick(app)
    assert desk.status_of(app, invoice_id) is S.TO_PRINT
    desk.assert_statuses_follow(app)


def test_a_second_try_keeps_its_ledger_when_it_is_cancelled(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test")
    desk.send(app, [invoice_id])
    queued = sending.queue(app.desk, [invoice_id], countdown_s=LONG)
    untick(app)
    assert holding.cancel(app.desk, queued.batch_id).invoice_ids == (invoice_id,)
    assert desk.status_of(app, invoice_id) is S.FAILED


def test_cancel_does_not_say_of_what_left_that_it_waits(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "defer+1@x.test")
    queued = sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    cancelled = holding.cancel(app.desk, queued.batch_id)
    assert (cancelled.invoice_ids, cancelled.gone) == ((), 1)
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    desk.drain(app)
    assert len(smtp.record.taken) == 1


def test_nothing_joins_a_batch_that_was_cancelled(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large selection is queued in several transactions; somebody cancels between two of them."""
    first = desk.ready(app, smtp.port)
    second = desk.bring(app, desk.customer_invoice(2)).invoice_id or 0
    desk.tick(app, 2, "ok+2@x.test")
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    write, cancelled = Database.write, list[int]()

    @contextmanager
    def between(database: Database) -> Iterator[Connection]:
        with database.read() as connection:
            open_batch = connection.scalar(select(batches.c.id).where(batches.c.recalled_at.is_(None)))
        if open_batch and not cancelled:
            cancelled.append(open_batch)
            holding.cancel(app.desk, open_batch)
        with write(database) as connection:
            yield connection

    monkeypatch.setattr(Database, "write", between)
    queued = sending.queue(app.desk, [first, second], countdown_s=0.01)
    assert "cancelled" in str(queued.refused[second])
    desk.drain(app)
    assert smtp.record.taken == []
    assert [desk.status_of(app, each) for each in (first, second)] == [S.TO_SEND, S.TO_SEND]


def test_a_hold_also_stops_what_left_for_one_and_is_queued_for_another(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+a@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    desk.tick(app, 1, "ok+a@x.test", "ok+b@x.test")
    sending.queue(app.desk, [invoice_id], countdown_s=LONG)
    assert holding.hold(app.desk, [invoice_id], reason="wrong price") == {}
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    assert to_settle(app) == ["refuse+1@x.test"]
    assert "wrong price" in str(sending.queue(app.desk, [invoice_id]).refused[invoice_id])
    holding.release(app.desk, [invoice_id])
    desk.send(app, [invoice_id])
    assert [mail.recipients for mail in smtp.record.taken] == [("ok+a@x.test",), ("ok+b@x.test",)]
