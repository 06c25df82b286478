"""A batch while it runs or waits: held with a reason, resumed, given another time, taken back; and why its mails wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from core.app import App
from core.database.ledger_rows import Filter, Sort
from core.database.schema import audit_events, batches, mail_accounts, messages
from core.dispatch import batch_acts, crew, history, holding, leaving, looking, outbox_view, progress, sending, settling, waits
from core.dispatch.outbox_view import Cause
from core.dispatch.waits import Waits
from core.errors import BatchBegan, BatchDone, BatchHeld, BatchNotHeld, BatchUnknown, ReasonMissing, TimeInvalid, TimeNeverComes, TimePast, TimeTooFar
from core.model import DispatchStatus, RecipientRole
from core.queueing import Request, enqueue
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
LATER = timedelta(hours=5)


def several(app: App, port: int, count: int, fault: str = "ok") -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(1, count + 1)]
    for place in range(1, count + 1):
        desk.tick(app, place, f"{fault}+{place}@x.test")
    desk.set_account(app, port)
    return ids


def at(app: App, moment: datetime) -> App:
    """The same desk at another time."""
    return replace(app, desk=replace(app.desk, clock=lambda: moment))


def of_batch(app: App, batch_id: int) -> tuple[datetime | None, datetime | None]:
    with app.desk.database.read() as connection:
        row = connection.execute(select(batches).where(batches.c.id == batch_id)).one()
    return row.leaves_at, row.leave_by


def assert_leaves(app: App, batch_id: int, when: datetime) -> None:
    """At that time, and with three days and what its mails take to have left by."""
    leaves_at, leave_by = of_batch(app, batch_id)
    assert leaves_at == when
    assert leave_by is not None
    assert timedelta() <= leave_by - when - timedelta(hours=app.desk.settings.leave_within_hours) < timedelta(minutes=1)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def acts(app: App) -> list[tuple[str, str]]:
    with app.desk.database.read() as connection:
        return [(row.what, row.why) for row in connection.execute(select(audit_events).order_by(audit_events.c.id))]


def test_a_held_batch_stays_and_leaves_once_resumed(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 2)
    batch = sending.queue(app.desk, ids).batch_id
    assert batch_acts.hold(app.desk, batch, reason="Nothing shall leave before it was checked") == 2
    desk.one_pass(app.desk)
    assert smtp.record.taken == []
    assert [desk.status_of(app, each) for each in ids] == [S.QUEUED] * 2
    found = waits.of_batch(app.desk, batch)
    assert (found.held, found.total) == (2, 2)
    assert str(found.because) == "The batch is held by marie: Nothing shall leave before it was checked"
    assert progress.of_batches(app.desk, [batch]).held == found.because
    assert batch_acts.resume(app.desk, batch) == 2
    desk.drain(app)
    assert [desk.status_of(app, each) for each in ids] == [S.SENT] * 2
    assert progress.of_batches(app.desk, [batch]).held is None
    named = [act for act in acts(app) if act[0].startswith("batch ")]
    assert named == [("batch held", "Nothing shall leave before it was checked"), ("batch resumed", "")]


def test_what_is_under_way_finishes_and_the_rest_waits_over_several_lines(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 12, "slow")
    batch = sending.queue(app.desk, ids).batch_id
    working = crew.Crew(desk=app.desk, name="several", lines=3)
    working.start()
    try:
        until(lambda: len(smtp.record.taken) >= 1)
        batch_acts.hold(app.desk, batch, reason="stop")
        until(lambda: waits.of_batch(app.desk, batch).held == outstanding(app, batch))
        taken = len(smtp.record.taken)
        time.sleep(0.5)
        assert len(smtp.record.taken) == taken
        assert crew.nothing_workable(app.desk)
        if taken < 12:
            batch_acts.resume(app.desk, batch)
            working.wake()
        until(lambda: len(smtp.record.taken) == 12)
    finally:
        working.stop()
    assert {desk.status_of(app, each) for each in ids} == {S.SENT}
    assert len({mail.message_id for mail in smtp.record.taken}) == 12


def outstanding(app: App, batch: int) -> int:
    counts = progress.of_batches(app.desk, [batch]).counts
    return sum(counts.get(status, 0) for status in (S.QUEUED, S.SENDING))


def test_one_invoice_and_the_account_are_stopped_while_a_batch_runs(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 8, "slow")
    batch = sending.queue(app.desk, ids).batch_id
    working = crew.Crew(desk=app.desk, name="several", lines=2)
    working.start()
    try:
        until(lambda: len(smtp.record.taken) >= 1)
        company = company_of(app, ids[0])
        settling.pause(app.desk, company, reason="The mail server is being worked on")
        until(lambda: waits.of_batch(app.desk, batch).paused == outstanding(app, batch))
        taken = len(smtp.record.taken)
        last = ids[-1]
        stopped = last if desk.status_of(app, last) is S.QUEUED else None
        if stopped:
            assert holding.hold(app.desk, [last], reason="wrong price") == {}
        time.sleep(0.3)
        assert len(smtp.record.taken) == taken
        settling.resume(app.desk, company)
        working.wake()
        until(lambda: outstanding(app, batch) == 0)
    finally:
        working.stop()
    expected = {each: S.HELD if each == stopped else S.SENT for each in ids}
    assert {each: desk.status_of(app, each) for each in ids} == expected


def company_of(app: App, invoice_id: int) -> int:
    return history.standing(app.desk, invoice_id).company_id


def test_the_time_it_was_held_does_not_count(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1)
    batch = sending.queue(app.desk, [first]).batch_id
    _, before = of_batch(app, batch)
    start = app.desk.now()
    batch_acts.hold(at(app, start).desk, batch, reason="stop")
    much_later = at(app, start + timedelta(days=9))
    desk.one_pass(much_later.desk)
    assert desk.status_of(app, first) is S.QUEUED  # held by a person, not swept as forgotten
    batch_acts.resume(much_later.desk, batch)
    _, after = of_batch(app, batch)
    assert before is not None
    assert after == before + timedelta(days=9)
    desk.drain(much_later)
    assert desk.status_of(app, first) is S.SENT


def test_a_held_batch_is_cancelled(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 2)
    batch = sending.queue(app.desk, ids).batch_id
    batch_acts.hold(app.desk, batch, reason="stop")
    assert sorted(holding.cancel(app.desk, batch, reason="A wrong month").invoice_ids) == ids
    assert [desk.status_of(app, each) for each in ids] == [S.TO_SEND] * 2
    assert acts(app)[-1] == ("cancelled", "A wrong month")
    with pytest.raises(BatchDone):
        batch_acts.hold(app.desk, batch, reason="too late")
    with pytest.raises(BatchUnknown):
        holding.cancel(app.desk, 99)


def test_what_cannot_be_held_or_resumed_says_so(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1)
    batch = sending.queue(app.desk, [first]).batch_id
    with pytest.raises(ReasonMissing):
        batch_acts.hold(app.desk, batch, reason=" ")
    with pytest.raises(BatchNotHeld):
        batch_acts.resume(app.desk, batch)
    with pytest.raises(BatchUnknown):
        batch_acts.hold(app.desk, 99, reason="stop")
    desk.drain(app)
    with pytest.raises(BatchDone):
        batch_acts.hold(app.desk, batch, reason="stop")


def test_each_reason_to_wait_is_counted(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 3)
    later = sending.queue(app.desk, ids[:1], leaves_at=app.desk.now() + LATER).batch_id
    batch = sending.queue(app.desk, ids[1:]).batch_id
    assert waits.of_batch(app.desk, later).later == 1
    assert waits.of_batch(app.desk, batch) == Waits(free=2)
    with app.desk.database.write() as connection:
        connection.execute(update(mail_accounts).values(limit_per_day=0))
    assert waits.of_batch(app.desk, batch) == Waits(limited=2)
    settling.pause(app.desk, company_of(app, ids[0]), reason="stop")
    assert waits.of_batch(app.desk, batch) == Waits(paused=2)


# Later -----------------------------------------------------------------------------------------------------------


def test_it_leaves_at_the_chosen_time_and_not_before(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1)
    when = app.desk.now() + LATER
    batch = sending.queue(app.desk, [first], leaves_at=when).batch_id
    desk.one_pass(at(app, when - timedelta(seconds=5)).desk)
    assert smtp.record.taken == []
    far = progress.of_batches(app.desk, [batch])
    assert (far.leaves_at, far.waiting, far.is_open) == (when, 1, True)
    assert crew.nothing_workable(app.desk)  # “send --wait” of another batch does not wait for it
    desk.one_pass(at(app, when + timedelta(seconds=5)).desk)
    assert desk.status_of(app, first) is S.SENT
    assert_leaves(app, batch, when)


def test_what_is_queued_after_its_batch_was_moved_leaves_with_it(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, 2)
    when, batch = app.desk.now() + LATER, None
    for place, invoice_id in enumerate(ids):  # a thousand at a time, as a long list is queued
        request = Request(invoice_id=invoice_id, recipients={f"ok+{place}@x.test": RecipientRole.TO}, message_domain="x.test")
        with app.desk.database.write() as connection:
            queued = enqueue(connection, [request], who="test", now=app.desk.now(), leaves_at=when, batch_id=batch)
        if batch is None:
            batch = queued.batch_id
            batch_acts.move(app.desk, batch, when + LATER)
    assert_leaves(app, batch or 0, when + LATER)
    with app.desk.database.read() as connection:
        assert connection.scalars(select(messages.c.due_at)).all() == [when + LATER] * 2


def test_what_changes_until_then_stops_it(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1)
    when = app.desk.now() + LATER
    sending.queue(app.desk, [first], leaves_at=when)
    desk.tick(app, 1, "new@x.test")
    desk.one_pass(at(app, when + timedelta(seconds=5)).desk)
    assert smtp.record.taken == []
    assert desk.status_of(app, first) is S.HELD
    assert "customer card" in desk.reasons(app)["ok+1@x.test"]


def test_its_time_is_changed_or_ended(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1)
    batch = sending.queue(app.desk, [first], leaves_at=app.desk.now() + LATER).batch_id
    sooner = app.desk.now() + timedelta(hours=1)
    batch_acts.move(app.desk, batch, sooner)
    assert_leaves(app, batch, sooner)
    batch_acts.hold(app.desk, batch, reason="stop")
    with pytest.raises(BatchHeld):
        batch_acts.move(app.desk, batch, sooner)
    batch_acts.resume(app.desk, batch)
    holding.leave_now(app.desk, batch)
    with pytest.raises(BatchBegan):
        batch_acts.move(app.desk, batch, sooner)
    desk.drain(app)
    assert desk.status_of(app, first) is S.SENT
    with pytest.raises(BatchDone):
        batch_acts.move(app.desk, batch, sooner)


def test_a_time_is_read_in_the_desk_s_zone(app: App) -> None:
    winter = at(app, datetime.fromisoformat("2026-11-24T10:00:00+00:00")).desk
    assert leaving.at(winter, "2026-11-25 08:00") == datetime.fromisoformat("2026-11-25T07:00:00+00:00")
    assert leaving.at(winter, "2026-11-25T08:00") == leaving.at(winter, " 2026-11-25  08:00 ")
    for text, error in (
        ("2026-11-24 10:59", TimePast),
        ("2027-02-01 08:00", TimeTooFar),
        ("tomorrow", TimeInvalid),
        ("2026-11-31 08:00", TimeInvalid),
    ):
        with pytest.raises(error):
            leaving.at(winter, text)
    spring = at(app, datetime.fromisoformat("2027-03-20T10:00:00+00:00")).desk
    with pytest.raises(TimeNeverComes):
        leaving.at(spring, "2027-03-28 02:30")


# What waited too long --------------------------------------------------------------------------------------------


def forgotten(app: App, port: int) -> tuple[int, App]:
    [first] = several(app, port, 1)
    sending.queue(app.desk, [first])
    later = at(app, app.desk.now() + timedelta(days=4))
    desk.one_pass(later.desk)
    return first, later


def test_what_waited_too_long_is_a_group_of_its_own_and_leaves_with_one_click(app: App, smtp: FaultServer) -> None:
    first, later = forgotten(app, smtp.port)
    assert smtp.record.taken == []
    [group] = outbox_view.groups(outbox_view.to_settle(later.desk))
    assert (group.cause, group.invoice_ids) == (Cause.WAITED, [first])
    assert sending.queue(later.desk, group.invoice_ids).invoice_ids == (first,)
    desk.drain(later)
    assert desk.status_of(app, first) is S.SENT


def test_or_it_waits_in_the_ledger_again(app: App, smtp: FaultServer) -> None:
    first, later = forgotten(app, smtp.port)
    assert batch_acts.give_back(later.desk, [first]) == [first]
    assert desk.status_of(app, first) is S.TO_SEND
    assert outbox_view.to_settle(later.desk) == []
    assert batch_acts.give_back(later.desk, [first]) == []
    assert acts(app)[-1][0] == "given back"
    desk.assert_statuses_follow(app)


def test_what_a_server_was_told_of_is_not_forgotten(app: App, smtp: FaultServer) -> None:
    [first] = several(app, smtp.port, 1, "defer")
    sending.queue(app.desk, [first])
    desk.one_pass(app.desk)
    later = at(app, app.desk.now() + timedelta(days=4))
    desk.one_pass(later.desk)
    assert desk.status_of(app, first) is S.HELD
    assert batch_acts.give_back(later.desk, [first]) == []
    assert desk.status_of(app, first) is S.HELD


def test_the_ledger_says_why_what_is_queued_does_not_leave(app: App, smtp: FaultServer) -> None:
    first, second, third = several(app, smtp.port, 3)
    batch = sending.queue(app.desk, [first]).batch_id
    batch_acts.hold(app.desk, batch, reason="wait")
    sending.queue(app.desk, [second], leaves_at=app.desk.now() + timedelta(days=1))
    sending.queue(app.desk, [third])
    told = looking.ledger_page(app.desk, Filter(), None, Sort(), page=0).because
    assert "held by marie: wait" in str(told[first])
    assert str(told[second]).startswith("Leaves on ")
    assert third not in told
