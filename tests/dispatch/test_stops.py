"""What a person stops while a worker has it, and what dies around a worker: nothing leaves after the stop, and no line is lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from core import bounces, recording
from core.app import App
from core.archive import FolderArchive
from core.database import batch_rows
from core.database.schema import batches, deliveries, invoice_versions, mail_accounts, messages
from core.delivery import Wire
from core.dispatch import batch_acts, book, companies, crew, holding, rehearsed, rehearsing_to, sending, settling, verifying, working
from core.dispatch.came_back import Arrived, Taking
from core.dispatch.settling import Settlement
from core.errors import ArchiveAway, SettledSince
from core.model import DeliveryStatus, DispatchStatus
from core.outcome import Reply, Stage
from tests import desk
from tests.dispatch.test_batches import several
from tests.mail.fault_server import FaultServer
from tests.mail.test_bouncing import report

D, S = DeliveryStatus, DispatchStatus


def held_by_hand(app: App, ids: list[int], _batch: int) -> None:
    holding.hold(app.desk, ids, reason="wait")


def cancelled(app: App, _ids: list[int], batch: int) -> None:
    with contextlib.suppress(Exception):
        batch_acts.hold(app.desk, batch, reason="wait")
        holding.cancel(app.desk, batch)


@pytest.mark.parametrize("act", [held_by_hand, cancelled])
@pytest.mark.parametrize("address", ["ok+1@x.test", "refuse+1@x.test"])
def test_what_is_taken_back_while_its_body_is_said_is_let_go_at_once(
    app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch, act: Callable[[App, list[int], int], None], address: str
) -> None:
    monkeypatch.setattr(book, "SETTLE_AGAIN_S", (60,))  # trying again here would be felt
    invoice_id = desk.ready(app, smtp.port, address)
    batch = sending.queue(app.desk, [invoice_id]).batch_id
    body = Wire.body

    def then(self: Wire, *arguments: Any, **named: Any) -> Any:
        act(app, [invoice_id], batch)
        return body(self, *arguments, **named)

    monkeypatch.setattr(Wire, "body", then)
    began = time.monotonic()
    desk.one_pass(app.desk)
    assert time.monotonic() - began < 30
    assert smtp.record.taken == []
    assert desk.status_of(app, invoice_id) in (S.HELD, S.TO_SEND)
    desk.assert_statuses_follow(app)


@pytest.mark.parametrize("what", ["batch", "account"])
def test_nothing_leaves_after_the_stop_has_returned_although_it_was_claimed_meanwhile(
    app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if app.desk.database.engine.dialect.name == "sqlite":
        return  # one writer at a time: there is no meanwhile
    batch = sending.queue(app.desk, several(app, smtp.port, 5)).batch_id
    worker, got, threads = working.Worker(desk=app.desk, name="w"), list[Any](), list[threading.Thread]()

    def claim_beside() -> None:
        threads.append(threading.Thread(target=lambda: got.extend(worker._claim())))
        threads[0].start()
        threads[0].join(1.0)  # the person's transaction is not over

    place, name = (batch_acts, "_write_down") if what == "batch" else (batch_rows, "take_from_workers")
    real = getattr(place, name)

    def slowly(*arguments: Any, **named: Any) -> Any:
        done = real(*arguments, **named)
        claim_beside()
        return done

    monkeypatch.setattr(place, name, slowly)
    if what == "batch":
        batch_acts.hold(app.desk, batch, reason="stop")
    else:
        settling.pause(app.desk, companies.find(app.desk, desk.COMPANY).id, reason="stop")
    threads[0].join()
    for message in got:
        worker._deliver(message)
    worker.book.flush()
    worker.close()
    assert smtp.record.taken == []
    assert set(desk.deliveries(app).values()) == {D.QUEUED}


# What dies -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_costs_no_line(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    broken, sound = several(app, smtp.port, 2)
    with app.desk.database.read() as connection:
        query = select(invoice_versions.c.pdf_sha256).where(invoice_versions.c.invoice_id == broken)
        digest = connection.execute(query).scalar_one()
    (tmp_path / "archive" / digest[:2] / digest).unlink()
    worked = crew.Crew(desk=app.desk, name="c", lines=1, checks=True)
    with capture_logs():
        worked.start()
        time.sleep(1)
        sending.queue(app.desk, [sound])
        for _ in range(100):
            if desk.status_of(app, sound) is S.SENT:
                break
            time.sleep(0.1)
        worked.stop()
    assert desk.status_of(app, sound) is S.SENT


def test_an_archive_that_is_not_mounted_turns_nothing_red(app: App, smtp: FaultServer, tmp_path: Path) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    (tmp_path / "archive").rename(tmp_path / "away")
    (tmp_path / "archive").mkdir()
    desk.one_pass(app.desk)
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert "Is its volume mounted?" in desk.reasons(app)["ok+1@x.test"]
    with pytest.raises(ArchiveAway):
        FolderArchive(tmp_path / "nowhere").get("0" * 64)
    (tmp_path / "archive").rmdir()
    (tmp_path / "away").rename(tmp_path / "archive")
    desk.hurry(app)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT


def test_a_mark_that_took_too_long_writes_no_dot(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    mark = book.Book.mark

    def frozen(self: book.Book, *arguments: Any) -> None:
        mark(self, *arguments)
        time.sleep(0.6)

    monkeypatch.setattr(app.desk.settings, "sending_lease_s", 1.0)
    monkeypatch.setattr(book.Book, "mark", frozen)
    desk.one_pass(app.desk)
    assert smtp.record.taken == []
    assert desk.status_of(app, invoice_id) is S.QUEUED


# Accounts, addresses ---------------------------------------------------------------------------------------------


def test_lines_that_fail_together_are_one_trouble(app: App) -> None:
    desk.ready(app, 25)
    company_id = companies.find(app.desk, desk.COMPANY).id
    patience = recording.Patience(retry_hours=24, back_off_s=5)
    with app.desk.database.write() as connection:
        for _ in range(10):
            recording.account_trouble(connection, company_id, Reply(stage=Stage.CONNECT), patience=patience, now=app.desk.now())
        troubles = connection.scalar(select(mail_accounts.c.troubles).where(mail_accounts.c.company_id == company_id))
    assert troubles == 1


@pytest.mark.parametrize("change", [{"smtp__port": "2526"}, {"mail__reply_to": "x@dubois.example"}])
def test_what_a_person_paused_is_resumed_by_a_person_only(app: App, change: dict[str, str]) -> None:
    desk.ready(app, 25)
    company_id = companies.find(app.desk, desk.COMPANY).id
    settling.pause(app.desk, company_id, reason="the auditor says stop")
    desk.set_company(app, **change)
    assert len(settling.paused_accounts(app.desk)) == 1
    settling.resume(app.desk, company_id)
    assert settling.paused_accounts(app.desk) == []


def test_cancelling_a_resend_leaves_the_others_their_next_try(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test", "deferonce+2@x.test")
    app.desk.settings.back_off_s = 60
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    with app.desk.database.read() as connection:
        ids = {row.recipient: row.id for row in connection.execute(select(deliveries))}
    again = settling.resolve(app.desk, ids["refuse+1@x.test"], Settlement.RESEND, reason="mended", countdown_s=30)
    with pytest.raises(SettledSince):
        settling.take_back(app.desk, [again])
    holding.cancel(app.desk, again.batch_id)
    assert desk.deliveries(app) == {"refuse+1@x.test": D.FAILED, "deferonce+2@x.test": D.QUEUED}
    desk.hurry(app)
    desk.drain(app)
    assert desk.deliveries(app)["deferonce+2@x.test"] is D.SENT


def test_a_deferral_does_not_shorten_the_countdown_of_another_address(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test", "defer+2@x.test")
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    desk.hurry(app)
    with app.desk.database.read() as connection:
        ids = {row.recipient: row.id for row in connection.execute(select(deliveries))}
    body, done = Wire.body, list[int]()

    def then(self: Wire, *arguments: Any, **named: Any) -> Any:
        if not done:
            done.append(settling.resolve(app.desk, ids["refuse+1@x.test"], Settlement.RESEND, reason="mended", countdown_s=600).batch_id)
        return body(self, *arguments, **named)

    monkeypatch.setattr(Wire, "body", then)
    desk.one_pass(app.desk)
    with app.desk.database.read() as connection:
        query = select(messages.c.due_at, batches.c.leaves_at).join(batches, batches.c.id == messages.c.batch_id)
        row = connection.execute(query).one()
    assert row.due_at >= row.leaves_at


# Proof -----------------------------------------------------------------------------------------------------------


def test_verify_raises_no_alarm_while_mails_leave(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = several(app, smtp.port, 2)
    desk.send(app, [first])
    mails = verifying._Work._mails

    def later(self: Any) -> Any:
        desk.send(app, [second])  # after the chains were read
        return mails(self)

    monkeypatch.setattr(verifying._Work, "_mails", later)
    assert verifying.verify(app.desk).findings == []
    assert desk.status_of(app, second) is S.SENT


def test_a_notice_about_a_rehearsal_is_none_about_the_customer(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test")
    tried = rehearsing_to.to_me(app.desk, [invoice_id], "ok+typo@dubois.example")
    rehearsed.send(app.desk, tried.rehearsal.id)
    desk.drain(app)
    raw = report(tried.rehearsal.mails[0].seal.message_id, "ok+typo@dubois.example")
    with app.desk.database.write() as connection:
        company_id = companies.find(app.desk, desk.COMPANY).id
        Taking(app.desk, connection, company_id).up(Arrived(1, bounces.read(raw), app.desk.archive.put(raw)))
    assert desk.status_of(app, invoice_id) is S.SENT
