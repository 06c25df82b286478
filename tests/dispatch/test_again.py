"""Sending again what was sent: for a reason, knowing the former sending, once for two clicks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from core.app import App
from core.database.ledger_rows import Filter
from core.database.schema import audit_events, messages
from core.dispatch import holding, looking, resending, sending
from core.errors import ReasonMissing
from core.model import DispatchStatus
from core.queueing import Queued
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
WHY = "The customer asks for it again"


def sent(app: App, port: int, *addresses: str) -> int:
    invoice_id = desk.ready(app, port, *addresses)
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
    return invoice_id


def again(app: App, invoice_id: int, *, last_copy: int = 1, to: Sequence[str] = (), countdown_s: float = 0) -> Queued:
    return resending.again(app.desk, {invoice_id: last_copy}, reason=WHY, to=to, countdown_s=countdown_s)


def copies(app: App) -> list[int]:
    with app.desk.database.read() as connection:
        return list(connection.scalars(select(messages.c.copy_number).order_by(messages.c.id)))


def test_one_more_copy_goes_to_all_and_is_written_down_with_its_reason(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port, "ok+1@x.test", "ok+2@x.test")
    known = resending.former(app.desk, invoice_id)
    assert known is not None
    assert (known.copy_number, known.by, known.addresses) == (1, "marie", ("ok+1@x.test", "ok+2@x.test"))
    assert [row.recipient for row in known.deliveries] == ["ok+1@x.test", "ok+2@x.test"]
    assert again(app, invoice_id).invoice_ids == (invoice_id,)
    desk.drain(app)
    assert [sorted(mail.recipients) for mail in smtp.record.taken] == [["ok+1@x.test", "ok+2@x.test"]] * 2
    assert (desk.status_of(app, invoice_id), copies(app)) == (S.SENT, [1, 2])
    with app.desk.database.read() as connection:
        row = connection.execute(select(audit_events).where(audit_events.c.what == "queued again")).one()
    assert (row.who, row.why, row.subject) == ("marie", WHY, "batch 2: 1: 2026-0001")
    desk.assert_statuses_follow(app)


def test_or_to_some_of_the_card_only(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port, "ok+1@x.test", "ok+2@x.test")
    refused = again(app, invoice_id, to=["stranger@x.test"]).refused[invoice_id]
    assert "stranger@x.test does not stand on the card" in str(refused)
    assert again(app, invoice_id, to=["OK+2@x.test"]).invoice_ids == (invoice_id,)
    desk.drain(app)
    assert smtp.record.taken[-1].recipients == ("ok+2@x.test",)


def test_it_asks_for_a_reason_and_for_something_that_was_sent(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    assert resending.former(app.desk, invoice_id) is None
    assert "not sent yet" in str(again(app, invoice_id, last_copy=0).refused[invoice_id])
    desk.send(app, [invoice_id])
    with pytest.raises(ReasonMissing):
        resending.again(app.desk, {invoice_id: 1}, reason=" ")
    assert sending.queue(app.desk, [invoice_id]).invoice_ids == ()
    assert looking.pending_ids(app.desk, Filter()) == []
    assert copies(app) == [1]


def test_what_blocks_a_sending_blocks_another(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port)
    desk.tick(app, 1)
    assert "Address missing" in str(again(app, invoice_id).refused[invoice_id])


def test_cancelled_within_the_countdown_it_stands_as_sent(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port)
    holding.cancel(app.desk, again(app, invoice_id, countdown_s=600).batch_id)
    assert (desk.status_of(app, invoice_id), copies(app)) == (S.SENT, [1])
    desk.assert_statuses_follow(app)


def test_two_who_click_at_once_queue_once(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port)
    for last_copy in range(1, 6):
        start = Barrier(2)

        def click(_: int, last_copy: int = last_copy, start: Barrier = start) -> Queued:
            start.wait()
            return again(app, invoice_id, last_copy=last_copy)

        with ThreadPoolExecutor(max_workers=2) as pool:
            both = list(pool.map(click, range(2)))
        assert sorted(len(each.invoice_ids) for each in both) == [0, 1]
        desk.drain(app)
    assert copies(app) == [1, 2, 3, 4, 5, 6]
    assert len(smtp.record.taken) == 6


def test_whoever_comes_after_it_left_again_is_told(app: App, smtp: FaultServer) -> None:
    invoice_id = sent(app, smtp.port)
    again(app, invoice_id)
    desk.drain(app)
    assert "sent it again meanwhile" in str(again(app, invoice_id, last_copy=1).refused[invoice_id])
    assert len(smtp.record.taken) == 2
