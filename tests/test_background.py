"""Waking and chores go through the queue; nothing hangs on it."""

from __future__ import annotations

import contextlib
import gc
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from huey.consumer import Consumer
from structlog.testing import capture_logs

from core.app import App
from core.background import WAKE, Background
from core.bench import sink
from core.database import chores
from core.dispatch import crew, sending
from core.model import DispatchStatus
from tests import desk
from tests.mail.fault_server import FaultServer
from tests.postgresql import Server

# huey leaves the connections of its listening threads to the garbage collector, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What is left to the collector is collected here, not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def background(request: pytest.FixtureRequest, desk_folder: Path) -> Iterator[Background]:
    """A queue in each kind of storage."""
    if request.param == "sqlite":
        yield Background(f"sqlite:///{desk_folder / 'queue.db'}", key=lambda: b"key")
    elif request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield Background(url, key=lambda: b"key")
    else:
        with redis(desk_folder) as url:
            yield Background(url, key=lambda: b"key")


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Debian's Redis (`make test` installs it where it may), ended by its process id."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = sink.free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def heard(background: Background) -> Iterator[threading.Event]:
    """Somebody who listens to it."""
    heard = threading.Event()
    consumer: Consumer = background.consumer({WAKE: heard.set})
    consumer.start()
    yield heard
    consumer.stop(graceful=True)


def test_who_listens_is_woken(background: Background, heard: threading.Event) -> None:
    background.wake()
    assert heard.wait(5)


def test_nobody_is_woken_before_the_countdown_is_over(background: Background, heard: threading.Event) -> None:
    began = time.monotonic()
    background.wake(datetime.now(UTC) + timedelta(seconds=1.5))
    assert heard.wait(8)
    assert time.monotonic() - began > 1


def test_a_click_wakes(app: App, smtp: FaultServer) -> None:
    woken: list[datetime | None] = []
    watched = replace(app.desk, wake=woken.append)
    sending.queue(watched, [desk.ready(app, smtp.port)], countdown_s=20)
    [leaves_at] = woken
    assert leaves_at is not None
    assert leaves_at > app.desk.now()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "carrier-pigeon://loft", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_queue_that_is_away_stops_no_mail(app: App, smtp: FaultServer, url: str) -> None:
    away = Background(url, key=lambda: b"key")
    with capture_logs() as said:
        away.wake()
    assert [each["event"] for each in said] == ["the queue does not answer"]
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_what_another_key_signed_is_not_run(app: App, desk_folder: Path) -> None:
    heard = threading.Event()
    Background(app.background.url, key=lambda: b"another").wake()
    consumer = app.background.consumer({WAKE: heard.set})
    consumer.start()
    try:
        assert not heard.wait(1.5)
        app.background.wake()
        assert heard.wait(5), "a foreign order must not stop the queue"
    finally:
        consumer.stop(graceful=True)


def test_of_all_workers_one_does_a_chore(app: App) -> None:
    def take(by: str, later_s: float) -> bool:
        with app.desk.database.write() as connection:
            return chores.take(connection, "sweep", every_s=60, by=by, now=app.desk.now() + timedelta(seconds=later_s))

    assert [take("one", 0), take("two", 0), take("two", 59), take("two", 61), take("one", 61)] == [True, False, False, True, False]
    assert take("one", -100_000), "a clock that was put back must not stop the chores for a day"


def test_several_lines_share_the_work_and_send_each_mail_once(app: App, smtp: FaultServer) -> None:
    ids = []
    for place in range(12):
        ids.append(desk.bring(app, desk.customer_invoice(place)).invoice_id or 0)
        desk.tick(app, place, f"ok+{place}@x.test")
    desk.set_account(app, smtp.port)
    smtp.behaviour.delay_s = 0.1
    sending.queue(app.desk, ids)
    crew.drain(app.desk, name="test", lines=4, until=lambda: crew.nothing_workable(app.desk), timeout_s=30)
    assert {desk.status_of(app, each) for each in ids} == {DispatchStatus.SENT}
    assert set(smtp.record.times_taken().values()) == {1}
    assert 1 < smtp.record.connections <= 4
