"""Every hand-over counts in the limits: a mail that goes twice within a minute, what a person tries, and what left before an upgrade."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, select, text, update

from core.app import App
from core.database import claims, handovers, migrate
from core.database.schema import deliveries, mail_accounts, messages
from core.database.schema_delivery import account_lines
from core.database.schema_delivery import handovers as table
from core.database.session import Database
from core.dispatch import budget, chores, companies, proving, rehearsing_to, sending, trial_room, trying
from core.dispatch.trying import Tried
from core.dispatch.working import Worker
from core.errors import LinesTaken, NoRoomToday, NoRoomYet, Sentence
from core.model import DeliveryStatus, DispatchStatus, Language
from core.records import Company
from tests import desk
from tests.dispatch.test_limits import DAY, MINUTE, set_clock, several, stand_still
from tests.mail.fault_server import FaultServer
from tests.postgresql import Server

S = DispatchStatus
ME = "marie@dubois.example"


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def counted(app: App) -> list[int]:
    with app.desk.database.read() as connection:
        return list(connection.scalars(select(table.c.recipients).order_by(table.c.id)))


def spent(app: App) -> tuple[int, int]:
    with app.desk.database.read() as connection:
        used = claims.spent(connection, company(app).id, now=app.desk.now())
        return used.mails_of_minute, used.recipients_of_day


def of_today(app: App) -> int:
    return budget.used(app.desk, company(app)).recipients


# Mails -----------------------------------------------------------------------------------------------------------


def test_a_mail_that_is_handed_over_twice_within_a_minute_counts_twice(app: App, smtp: FaultServer) -> None:
    first, second = several(app, 2, smtp.port, addresses=2, per_minute=2, per_day=100)
    desk.tick(app, 1, "later+1@x.test", "later+2@x.test")
    stand_still(app)
    sending.queue(app.desk, [first])
    desk.one_pass(app.desk)
    assert desk.status_of(app, first) is S.QUEUED, "451 to the dot"
    assert (counted(app), spent(app)) == ([2], (1, 2))
    desk.hurry(app)
    desk.one_pass(app.desk)
    assert desk.status_of(app, first) is S.SENT
    assert (counted(app), spent(app), of_today(app)) == ([2, 2], (2, 4), 4)
    sending.queue(app.desk, [second])
    desk.one_pass(app.desk)
    assert desk.status_of(app, second) is S.QUEUED, "the minute is used up"
    now = app.desk.now()
    set_clock(app, lambda: now + MINUTE)
    desk.one_pass(app.desk)
    assert desk.status_of(app, second) is S.SENT
    assert counted(app) == [2, 2, 2]


def test_a_mail_to_more_addresses_than_mails_are_left_in_the_minute_leaves(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, 1, smtp.port, addresses=3, per_minute=1, per_day=10)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_what_is_refused_before_the_dot_does_not_count(app: App, smtp: FaultServer) -> None:
    desk.send(app, [desk.ready(app, smtp.port, "refuse+1@x.test", "ok+2@x.test")])
    assert counted(app) == [1]
    assert of_today(app) == 1


def test_what_a_worker_holds_counts_once(app: App, smtp: FaultServer) -> None:
    ids = several(app, 3, smtp.port, addresses=2, per_minute=10, per_day=100)
    sending.queue(app.desk, ids)
    worker = Worker(desk=app.desk, name="test")
    assert len(worker._claim()) == 3
    assert spent(app) == (3, 6)
    with app.desk.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.message_id == 1).values(status=DeliveryStatus.SENDING))
        handovers.add(connection, company(app).id, 2, now=app.desk.now())
    assert spent(app) == (3, 6)


def test_the_server_that_took_a_mail_stands_with_its_delivery_and_in_the_proof(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test", "ok+2@x.test")
    desk.send(app, [invoice_id])
    with app.desk.database.read() as connection:
        servers = {row.recipient: row.handed_to for row in connection.execute(select(deliveries.c.recipient, deliveries.c.handed_to))}
    assert servers == {"refuse+1@x.test": None, "ok+2@x.test": f"127.0.0.1:{smtp.port}"}
    desk.set_company(app, smtp__host="another.example", smtp__security="tls")
    mail = proving.of_invoice(app.desk, invoice_id)
    said = {each.address: each.state for each in proving._proof(app.desk, mail, Language.EN).recipients}
    assert f"127.0.0.1:{smtp.port}" in said["ok+2@x.test (To)"]
    assert "127.0.0.1" not in said["refuse+1@x.test (To)"]


# Trials ----------------------------------------------------------------------------------------------------------


def test_a_trial_counts_and_is_told_when_there_is_room_again(app: App, smtp: FaultServer) -> None:
    several(app, 1, smtp.port, per_minute=1, per_day=2)
    stand_still(app)
    assert isinstance(trying.send_to(app.desk, company(app), ME), Tried)
    assert (spent(app), of_today(app)) == ((1, 1), 1)
    assert trying.send_to(app.desk, company(app), ME) == Sentence(NoRoomYet.template, {"seconds": "60"})
    now = app.desk.now()
    set_clock(app, lambda: now + MINUTE)
    assert isinstance(trying.send_to(app.desk, company(app), ME), Tried)
    set_clock(app, lambda: now + 3 * MINUTE)
    refusal = trying.send_to(app.desk, company(app), ME)
    assert isinstance(refusal, Sentence)
    assert refusal.template == NoRoomToday.template
    assert (refusal.values["count"], len(smtp.record.taken)) == ("2", 2)
    set_clock(app, lambda: now + DAY)
    assert isinstance(trying.send_to(app.desk, company(app), ME), Tried)


def test_a_rehearsal_to_oneself_takes_from_the_limits_of_the_mails(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing_to, "PATIENCE_S", 0)
    monkeypatch.setattr(rehearsing_to, "LOOK_S", 0)
    ids = several(app, 3, smtp.port, per_minute=3)
    stand_still(app)
    sending.queue(app.desk, ids[:1])
    desk.one_pass(app.desk)
    shown = rehearsing_to.to_me(app.desk, ids[1:], ME)
    assert not shown.troubles
    assert spent(app)[0] == 3
    again = rehearsing_to.to_me(app.desk, ids[1:], ME)
    assert {each: str(why) for each, why in again.troubles.items()} == dict.fromkeys(
        ids[1:], "The account has used the mails that its provider allows in a minute. Nothing was sent; try again in 60 seconds."
    )
    sending.queue(app.desk, ids[1:])
    desk.one_pass(app.desk)
    assert [desk.status_of(app, each) for each in ids] == [S.SENT, S.QUEUED, S.QUEUED]


def test_a_rehearsal_to_oneself_waits_for_the_next_minute(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = several(app, 3, smtp.port, per_minute=2)
    now = app.desk.now()
    passed = itertools.count()
    monkeypatch.setattr(rehearsing_to, "LOOK_S", 0)
    object.__setattr__(app.desk, "clock", lambda: now + timedelta(seconds=next(passed)))  # a second for each look at the clock
    assert not rehearsing_to.to_me(app.desk, ids, ME).troubles
    assert len(smtp.record.taken) == 3


def test_a_test_of_the_connection_counts_as_no_mail(app: App, smtp: FaultServer) -> None:
    several(app, 1, smtp.port, per_day=1, connections=1)
    assert trying.connection(app.desk, company(app)) is None
    assert spent(app) == (0, 0)
    assert lines(app) == []


def lines(app: App) -> list[str]:
    with app.desk.database.read() as connection:
        return list(connection.scalars(select(account_lines.c.holder)))


@contextlib.contextmanager
def busy(app: App, invoice_id: int) -> Iterator[Worker]:
    """A worker whose line is open."""
    sending.queue(app.desk, [invoice_id])
    with contextlib.closing(Worker(desk=app.desk, name="busy")) as worker:
        assert worker.step() == 1
        yield worker


def test_a_trial_is_told_that_the_only_line_is_taken(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_room, "WAIT_S", 0.5)
    first, second = several(app, 2, smtp.port, connections=1)
    taken = Sentence(LinesTaken.template, {"count": "1"})
    with busy(app, first):
        assert trying.connection(app.desk, company(app)) == taken
        assert trying.send_to(app.desk, company(app), ME) == taken
        assert rehearsing_to.to_me(app.desk, [second], ME).troubles == {second: taken}
        assert lines(app) == ["busy"]
    assert counted(app) == [1]
    assert smtp.record.most_open == 1
    assert isinstance(trying.send_to(app.desk, company(app), ME), Tried)


def test_a_trial_waits_for_a_line_and_a_worker_for_that_of_a_trial(app: App, smtp: FaultServer) -> None:
    first, second = several(app, 2, smtp.port, connections=1)
    answers: list[object] = []
    with busy(app, first) as worker:
        asking = threading.Thread(target=lambda: answers.append(trying.send_to(app.desk, company(app), ME)))
        asking.start()
        time.sleep(0.5)
        assert answers == []
        app.desk.settings.idle_line_s = 0
        worker.lines.part_with_idle()
        asking.join()
        assert isinstance(answers[0], Tried)
        sending.queue(app.desk, [second])
        with trial_room.of(app.desk, app.desk.account(company(app).id)):
            assert worker.step() == 0
        assert worker.step() == 1
    assert smtp.record.most_open == 1


def test_trials_of_a_paused_account_are_possible(app: App, smtp: FaultServer) -> None:
    several(app, 1, smtp.port, per_minute=5, connections=1)
    with app.desk.database.write() as connection:
        connection.execute(update(mail_accounts).values(paused_at=app.desk.now()))
    assert isinstance(trying.send_to(app.desk, company(app), ME), Tried)


# What is kept ----------------------------------------------------------------------------------------------------


def test_the_sweep_forgets_what_no_limit_counts_and_brings_the_future_near(app: App, smtp: FaultServer) -> None:
    several(app, 1, smtp.port)
    stand_still(app)
    now = app.desk.now()
    with app.desk.database.write() as connection:
        for hours in (-49, -47, 0, 30):
            handovers.add(connection, company(app).id, 1, now=now + timedelta(hours=hours))
    chores.sweep(app.desk)
    with app.desk.database.read() as connection:
        assert [row[0] - now for row in handovers.since(connection, company(app).id, now - 3 * DAY)] == [-timedelta(hours=47), *[timedelta()] * 2]


@pytest.fixture
def former(request: pytest.FixtureRequest, app: App, tmp_path: Path) -> Iterator[Database]:
    """The revision before, with what is in the app's database as far as it had a place for it."""
    if app.desk.database.engine.dialect.name == "sqlite":
        yield from _filled(Database(f"sqlite:///{tmp_path / 'former.db'}"), app)
        return
    server: Server = request.getfixturevalue("postgresql")
    name = "former_revision"
    server.execute(f"create database {name}")
    try:
        yield from _filled(Database(server.named(name)), app)
    finally:
        server.execute(f"drop database {name} with (force)")


FILLED = ("companies", "mail_accounts", "bounce_mailboxes", "customers", "invoices", "batches", "messages", "deliveries")


def _filled(database: Database, app: App) -> Iterator[Database]:
    config = migrate._config()
    with database.write() as connection, app.desk.database.read() as now:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for name in FILLED:
            _copy(connection, now, name)
    yield database
    database.close()


def _copy(to: Connection, source: Connection, name: str) -> None:
    columns = [column["name"] for column in inspect(to).get_columns(name) if not column.get("computed")]
    named = ", ".join(f'"{column}"' for column in columns)
    rows: list[dict[str, Any]] = [dict(row._mapping) for row in source.execute(text(f"select {named} from {name}"))]
    if rows:
        to.execute(text(f"insert into {name} ({named}) values ({', '.join(f':{column}' for column in columns)})"), rows)


@pytest.fixture
def filled(app: App, smtp: FaultServer) -> App:
    """Two mails of today, one of the day before yesterday."""
    ids = several(app, 3, smtp.port, addresses=2, per_day=10)
    desk.set_company(app, bounces__host="imap.example.be", bounces__user="marie")
    desk.send(app, ids)
    with app.desk.database.write() as connection:
        connection.execute(update(messages).where(messages.c.id == 1).values(handed_at=app.desk.now() - 2 * DAY))
    return app


def test_what_left_before_the_upgrade_counts(filled: App, former: Database) -> None:
    migrate.upgrade(former)
    migrate.check(former)
    with former.read() as connection:
        found = handovers.since(connection, company(filled).id, filled.desk.now() - 3 * DAY)
        assert [recipients for _, recipients in found] == [2, 2]
        assert handovers.recipients_since(connection, company(filled).id, filled.desk.now() - DAY) == 4
        assert connection.scalar(text("select login from bounce_mailboxes")) is None
