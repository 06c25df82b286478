"""What is around a mail fails: database, archive, disk, clock. Nothing is sent twice, nothing is called what it is not, nothing is forgotten."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from core.app import App
from core.archive import FolderArchive
from core.database.schema import batches, messages
from core.dispatch import book, crew, outbox_view, sending, settling, working
from core.dispatch.desk import Desk
from core.model import DeliveryStatus, DispatchStatus
from core.outbox import WAITED
from tests import desk
from tests.dispatch.test_fault_matrix import assert_told_in_three_languages, reason
from tests.mail.fault_server import FaultServer, Session

D, S = DeliveryStatus, DispatchStatus
AWAY_S = 1.5


def served_by(final: Callable[[], None]) -> FaultServer:
    """Takes a mail, then lets something happen before it answers."""

    class Then(Session):
        def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
            final()
            super().final(faults, content, first=first)

    server = FaultServer()
    server.RequestHandlerClass = Then
    return server


# Database --------------------------------------------------------------------------------------------------------


def lock_out(url: str) -> None:
    """For a while nobody gets at the database: SQLite is locked, PostgreSQL hangs up and lets nobody in."""
    if make_url(url).get_backend_name() == "sqlite":
        held = sqlite3.connect(str(make_url(url).database), isolation_level=None, check_same_thread=False)
        held.execute("begin exclusive")
        threading.Timer(AWAY_S, held.close).start()  # which rolls back
        return
    target = make_url(url)
    maintenance = target.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)

    def let(allowed: bool) -> None:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'alter database "{target.database}" with allow_connections {"true" if allowed else "false"}'.encode())
            if not allowed:
                connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [target.database])

    let(False)
    threading.Timer(AWAY_S, lambda: let(True)).start()


def test_a_database_that_is_gone_while_the_server_answers_costs_no_answer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "SETTLE_AGAIN_S", (0.2,) * 40)
    monkeypatch.setattr(working, "SURROUNDINGS_WAIT_S", 0.1)
    gone: list[int] = []

    def once() -> None:
        if not gone:
            gone.append(1)
            lock_out(app.desk.database.url)

    with served_by(once) as smtp:
        ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2)]
        for place in (1, 2):
            desk.tick(app, place, f"ok+{place}@x.test")
        desk.set_account(app, smtp.port)
        sending.queue(app.desk, ids)
        drained(app, timeout_s=20)
        assert set(desk.deliveries(app).values()) == {D.SENT}
        assert set(smtp.record.times_taken().values()) == {1}


def test_a_database_that_is_gone_before_the_dot_sends_nothing_and_goes_on(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "SETTLE_AGAIN_S", (0.2,) * 40)
    monkeypatch.setattr(working, "SURROUNDINGS_WAIT_S", 0.1)
    mark, gone = book.Book.mark, list[int]()

    def away(self: book.Book, *arguments: object) -> None:
        if not gone:
            gone.append(1)
            lock_out(app.desk.database.url)
        mark(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(book.Book, "mark", away)
    with FaultServer() as smtp:
        invoice_id = desk.ready(app, smtp.port)
        sending.queue(app.desk, [invoice_id])
        drained(app, timeout_s=20)
        assert desk.status_of(app, invoice_id) is S.SENT
        assert set(smtp.record.times_taken().values()) == {1}


def drained(app: App, *, timeout_s: float) -> None:
    """As a worker process does: whatever the surroundings do, it looks again."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            crew.drain(app.desk, name="test", lines=2, until=lambda: crew.nothing_workable(app.desk), timeout_s=end - time.monotonic())
            return


# Archive ---------------------------------------------------------------------------------------------------------


def test_an_archive_that_cannot_be_written(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("a file where the folder should be")
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(replace(app.desk, archive=Shut(app.desk.archive, FolderArchive(tmp_path / "in the way"))))
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert_told_in_three_languages(reason(app), working.ARCHIVE_SHUT)
    assert smtp.record.taken == []
    desk.hurry(app)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


@dataclass(frozen=True)
class Shut:
    """Reads from one archive, writes to another."""

    readable: object
    writable: FolderArchive

    def get(self, digest: str) -> bytes:
        return self.readable.get(digest)  # type: ignore[attr-defined, no-any-return]

    def put(self, content: bytes) -> str:
        return self.writable.put(content)


# Clock -----------------------------------------------------------------------------------------------------------


@dataclass
class Jumping:
    """A clock that somebody sets."""

    real: Callable[[], datetime]
    by: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return self.real() + self.by


def jumping(app: App) -> tuple[Desk, Jumping]:
    clock = Jumping(app.desk.clock)
    return replace(app.desk, clock=clock), clock


@pytest.mark.parametrize("hours", [2.0, -2.0, 24 * 400.0, -24 * 400.0])
def test_the_clock_jumps_while_a_mail_is_handed_over(app: App, hours: float) -> None:
    at, clock = jumping(app)
    at.settings.leave_within_hours = 24 * 1000

    def jump() -> None:
        clock.by += timedelta(hours=hours)

    with served_by(jump) as smtp:
        invoice_id = desk.ready(app, smtp.port)
        sending.queue(at, [invoice_id])
        desk.one_pass(at)
        assert desk.status_of(app, invoice_id) is S.SENT, "the answer came to its own attempt"
        assert set(smtp.record.times_taken().values()) == {1}


def test_what_a_dead_worker_held_is_freed_although_the_clock_was_put_back(app: App, smtp: FaultServer) -> None:
    at, clock = jumping(app)
    clock.by = timedelta(days=2)
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    dead = working.Worker(desk=at, name="dead")
    assert len(dead._claim()) == 1  # and dies, its lease two days ahead
    assert desk.status_of(app, invoice_id) is S.SENDING
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_wait_that_a_clock_put_far_away_is_brought_near(app: App, smtp: FaultServer) -> None:
    at, clock = jumping(app)
    at.settings.leave_within_hours = 24 * 1000
    invoice_id = desk.ready(app, smtp.port, "deferonce+1@x.test")
    clock.by = timedelta(days=300)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(at)
    with app.desk.database.read() as connection:
        due = connection.execute(select(messages.c.due_at)).scalar_one()
    assert due > app.desk.now() + timedelta(days=299)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_late_time_that_a_person_chose_stays(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id], countdown_s=40 * 24 * 3600)
    desk.one_pass(app.desk)
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert smtp.record.connections == 0


# Too late --------------------------------------------------------------------------------------------------------


def test_what_waited_too_long_does_not_leave_by_itself(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    settling.pause(app.desk, 1, reason="the server is being worked on")
    with app.desk.database.write() as connection:
        connection.execute(update(batches).values(leave_by=app.desk.now() - timedelta(minutes=1)))
    settling.resume(app.desk, 1)
    desk.one_pass(app.desk)
    assert smtp.record.connections == 0
    assert desk.status_of(app, invoice_id) is S.HELD
    assert_told_in_three_languages(reason(app), WAITED)
    assert outbox_view.groups(outbox_view.to_settle(app.desk))
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
