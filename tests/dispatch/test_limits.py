"""What a provider lets one account do holds over all lines of all workers, and the end of a batch is foreseen with it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from core.app import App
from core.database.budgets import Waiting
from core.database.schema import batches, messages
from core.dispatch import budget, companies, sending, settling
from core.dispatch.crew import Crew
from core.dispatch.working import Worker
from core.errors import SettingInvalid
from core.model import DispatchStatus
from core.records import Limits
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def several(app: App, count: int, port: int, *, addresses: int = 1, **limits: int) -> list[int]:
    ids = []
    for place in range(1, count + 1):
        ids.append(desk.bring(app, desk.customer_invoice(place)).invoice_id or 0)
        desk.tick(app, place, *(f"ok+{place}.{number}@x.test" for number in range(addresses)))
    desk.set_account(app, port, **{f"limits__{name}": str(value) for name, value in limits.items()})
    return ids


def set_clock(app: App, clock: Callable[[], datetime]) -> None:
    object.__setattr__(app.desk, "clock", clock)


def faster(app: App, times: float) -> None:
    """A minute of the desk is a moment of ours."""
    began, start = time.monotonic(), app.desk.now()
    set_clock(app, lambda: start + timedelta(seconds=(time.monotonic() - began) * times))


def work(app: App, *, crews: int, lines: int, until: Callable[[], bool], timeout_s: float = 30) -> None:
    """As several worker processes do."""
    running = [Crew(desk=app.desk, name=f"worker-{place}", lines=lines) for place in range(crews)]
    for crew in running:
        crew.start()
    end = time.monotonic() + timeout_s
    while not until() and time.monotonic() < end:
        for crew in running:
            crew.beat()
        time.sleep(0.05)
    for crew in running:
        crew.stop()


def handed(app: App) -> list[datetime]:
    with app.desk.database.read() as connection:
        return sorted(connection.scalars(select(messages.c.handed_at).where(messages.c.handed_at.is_not(None))))


def all_sent(app: App, ids: list[int]) -> bool:
    return all(desk.status_of(app, invoice_id) is S.SENT for invoice_id in ids)


# Limits ----------------------------------------------------------------------------------------------------------


def test_no_minute_has_more_than_its_mails_whoever_sends_them(app: App, smtp: FaultServer) -> None:
    ids = several(app, 15, smtp.port, per_minute=6)
    app.desk.settings.claim_lease_s = app.desk.settings.sending_lease_s = 1200
    sending.queue(app.desk, ids)
    faster(app, 60)
    work(app, crews=2, lines=2, until=lambda: all_sent(app, ids))
    times = handed(app)
    assert len(times) == 15
    assert all(later - earlier >= MINUTE for earlier, later in zip(times, times[6:], strict=False))
    assert times[-1] - times[0] < 10 * MINUTE, "and not much more waiting than that asks for"
    assert set(smtp.record.times_taken().values()) == {1}


def test_the_day_counts_recipients(app: App, smtp: FaultServer) -> None:
    ids = several(app, 4, smtp.port, addresses=2, per_day=5)
    desk.send(app, ids, timeout_s=2)
    assert sum(desk.status_of(app, each) is S.SENT for each in ids) == 2
    assert budget.used(app.desk, companies.find(app.desk, desk.COMPANY)) == budget.Used(recipients=4, of=5)
    now = app.desk.now()
    set_clock(app, lambda: now + DAY + MINUTE)
    desk.drain(app, timeout_s=2)
    assert all_sent(app, ids)
    assert budget.used(app.desk, companies.find(app.desk, desk.COMPANY)).recipients == 4


def test_never_more_connections_than_allowed(app: App, smtp: FaultServer) -> None:
    smtp.behaviour.delay_s = 0.05
    ids = several(app, 24, smtp.port, connections=2)
    app.desk.settings.idle_line_s = 0.2
    sending.queue(app.desk, ids)
    work(app, crews=2, lines=3, until=lambda: all_sent(app, ids))
    assert all_sent(app, ids)
    assert smtp.record.most_open == 2


def test_the_line_of_a_dead_worker_is_free_after_its_lease(app: App, smtp: FaultServer) -> None:
    first, second = several(app, 2, smtp.port, connections=1)
    sending.queue(app.desk, [first])
    dead = Worker(desk=app.desk, name="dead")
    assert dead.step() == 1
    dead.book.flush()
    sending.queue(app.desk, [second])
    with contextlib.closing(Worker(desk=app.desk, name="living")) as living:
        assert living.step() == 0
        now = app.desk.now()
        set_clock(app, lambda: now + timedelta(seconds=app.desk.settings.claim_lease_s + 1))
        assert living.step() == 1
        living.book.flush()
    assert all_sent(app, [first, second])
    dead.close()


def test_a_mail_that_is_too_large_for_the_account_fails_with_its_size(app: App, smtp: FaultServer) -> None:
    large = desk.ready(app, smtp.port, pdf=desk.PDF + bytes(2_000_000))
    desk.set_company(app, limits__size="1")
    desk.send(app, [large])
    assert desk.status_of(app, large) is S.FAILED
    assert " MB" in desk.reasons(app)["ok+1@x.test"]
    assert smtp.record.taken == []
    desk.set_company(app, limits__size="")
    desk.send(app, [large])
    assert desk.status_of(app, large) is S.SENT


def test_limits_are_set_and_taken_away_and_do_not_resume_a_paused_account(app: App, smtp: FaultServer) -> None:
    several(app, 1, smtp.port, per_minute=30, per_day=10_000, connections=3, size=25)
    company = companies.find(app.desk, desk.COMPANY)
    assert app.desk.account(company.id).limits == Limits(per_minute=30, per_day=10_000, connections=3, size=25 * 1024 * 1024)
    settling.pause(app.desk, company.id, reason="stop")
    desk.set_company(app, limits__per_minute="", limits__size="")
    assert app.desk.account(company.id).limits == Limits(per_day=10_000, connections=3)
    assert len(settling.paused_accounts(app.desk)) == 1
    for bad in ("0", "-1", "many"):
        with pytest.raises(SettingInvalid):
            desk.set_company(app, limits__per_minute=bad)


def test_a_preset_sets_all_limits_and_what_is_named_beside_it_counts_more(app: App) -> None:
    several(app, 1, 25, per_minute=1, size=7)
    company = companies.find(app.desk, desk.COMPANY)
    desk.set_company(app, limits="microsoft")
    assert app.desk.account(company.id).limits == Limits(per_minute=30, per_day=10_000, connections=3)
    desk.set_company(app, limits__per_day="5000", limits="Google", limits__connections="2")
    assert app.desk.account(company.id).limits == Limits(per_day=5000, connections=2)
    desk.set_company(app, limits="own")
    assert app.desk.account(company.id).limits == Limits()
    with pytest.raises(SettingInvalid, match="one of combell, gmail, google, google-relay, here, infomaniak, microsoft, ovh, own is expected"):
        desk.set_company(app, limits="microsft")
    assert "limits" in companies.names()


# The end ---------------------------------------------------------------------------------------------------------


def minutes_until(app: App, end: datetime | None) -> float:
    assert end is not None
    return (end - app.desk.now()) / MINUTE


def stand_still(app: App) -> None:
    now = app.desk.now()
    set_clock(app, lambda: now)


def test_the_end_without_limits_follows_the_pace(app: App, smtp: FaultServer) -> None:
    ids = several(app, 8, smtp.port)
    stand_still(app)
    assert budget.foreseen(app.desk, ids, countdown_s=20) == app.desk.now() + timedelta(seconds=20 + 8 * budget.USUAL_S)
    assert budget.foreseen(app.desk, [], countdown_s=20) == app.desk.now() + timedelta(seconds=20)
    queued = sending.queue(app.desk, ids[:7])
    start = app.desk.now()
    with app.desk.database.write() as connection:
        for place, each in enumerate(connection.scalars(select(messages.c.id).order_by(messages.c.id)).all()):
            at = start - timedelta(hours=1) + timedelta(seconds=3 * place)
            connection.execute(update(messages).where(messages.c.id == each).values(handed_at=at))
    assert budget.ends_at(app.desk, queued.batch_id) == start + timedelta(seconds=7 * 3), "three seconds each, as it went before"


def test_the_end_with_a_limit_for_each_minute_counts_what_was_used_and_what_waits_before(app: App, smtp: FaultServer) -> None:
    ids = several(app, 20, smtp.port, per_minute=6)
    stand_still(app)
    assert 3 <= minutes_until(app, budget.foreseen(app.desk, ids)) < 3.2  # 6, 6, 6 and 2
    first = sending.queue(app.desk, ids[:14])
    assert 2 <= minutes_until(app, budget.ends_at(app.desk, first.batch_id)) < 2.1
    assert 3 <= minutes_until(app, budget.foreseen(app.desk, ids[14:])) < 3.2
    later = app.desk.now() + timedelta(minutes=30)
    assert 30 <= minutes_until(app, budget.foreseen(app.desk, ids[14:], leaves_at=later)) < 30.1


def test_the_foreseen_end_is_about_the_real_one(app: App, smtp: FaultServer) -> None:
    ids = several(app, 14, smtp.port, per_minute=6)
    app.desk.settings.claim_lease_s = app.desk.settings.sending_lease_s = 1200
    queued = sending.queue(app.desk, ids)
    faster(app, 60)
    end = budget.ends_at(app.desk, queued.batch_id)
    assert end is not None
    work(app, crews=2, lines=2, until=lambda: all_sent(app, ids))
    assert abs(handed(app)[-1] - end) < 2 * MINUTE
    assert budget.ends_at(app.desk, queued.batch_id) is None


def test_a_batch_of_days_has_its_days(app: App, smtp: FaultServer) -> None:
    ids = several(app, 10, smtp.port, addresses=2, per_day=4)
    desk.set_company(app, mail__archive="archive@dubois.example")  # three recipients each, so that one leaves a day
    stand_still(app)
    end = budget.foreseen(app.desk, ids)
    assert 9 * DAY <= end - app.desk.now() < 9 * DAY + MINUTE
    assert budget.leave_by(app.desk, ids, app.desk.now()) == end + timedelta(hours=app.desk.settings.leave_within_hours)
    desk.send(app, ids[:1])
    assert 10 * DAY - MINUTE <= budget.foreseen(app.desk, ids[1:] + ids[:1]) - app.desk.now() < 10 * DAY + MINUTE


def test_nobody_foresees_the_end_of_what_a_person_holds(app: App, smtp: FaultServer) -> None:
    ids = several(app, 3, smtp.port)
    queued = sending.queue(app.desk, ids)
    assert budget.ends_at(app.desk, queued.batch_id) is not None
    company = companies.find(app.desk, desk.COMPANY)
    settling.pause(app.desk, company.id, reason="stop")
    assert budget.ends_at(app.desk, queued.batch_id) is None
    settling.resume(app.desk, company.id)
    with app.desk.database.write() as connection:
        connection.execute(update(batches).values(held_at=app.desk.now()))
    assert budget.ends_at(app.desk, queued.batch_id) is None


def test_ten_thousand_mails_are_foreseen_in_a_moment(app: App) -> None:
    clock = budget._Clock(at=app.desk.now(), pace=timedelta(seconds=0.05), limits=Limits(per_minute=30, per_day=2_000))
    times = []
    for _ in range(10_000):
        clock.leave(Waiting(batch_id=1, due_at=app.desk.now(), recipients=1))
        times.append(clock.at)
    assert all(later >= earlier for earlier, later in pairwise(times))
    assert all(later - earlier >= MINUTE for earlier, later in zip(times, times[30:], strict=False))
    assert all(later - earlier >= DAY for earlier, later in zip(times, times[2_000:], strict=False))
    assert 4 * DAY <= times[-1] - times[0] < 4.2 * DAY
