"""Several copies of one invoice: nobody gets two, nobody's doubt is passed over, and the archive holds what customers got."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import InternalError

from core import outbox, recording, worker
from core.app import App
from core.archive import Archive
from core.database import outbox_views
from core.database.schema import mail_accounts, messages, replies
from core.dispatch import importing, outbox_view, sending, settling, working
from core.dispatch.importing import ImportOutcome
from core.dispatch.settling import Settlement
from core.errors import ResendImpossible
from core.model import DispatchStatus, XmlFormat
from core.outcome import Reply, Stage
from core.records import AccompanyingText, Seal
from core.rendering import ubl
from tests import desk
from tests.dispatch.test_servers import server, several
from tests.mail.fault_server import FaultServer, Gone, Session, Taken, free_port

S = DispatchStatus
PATIENCE = recording.Patience(retry_hours=1, back_off_s=1)
OTHER_PDF = b"%PDF-1.4\n% the corrected one\n%%EOF\n"


class Moody(Session):
    """Refuses, loses the line after taking, or behaves, as the test says."""

    mood = "refuse"

    def do_rcpt(self, command: str) -> None:
        if Moody.mood == "refuse":
            self.say("550 5.7.1 blocked")
        else:
            super().do_rcpt(command)

    def final(self, faults: set[str], content: bytes, *, first: bool) -> None:
        if Moody.mood == "reject":
            self.say("554 policy")
        elif Moody.mood == "dropafter":
            self.server.record.taken.append(Taken("x", tuple(self.recipients), content, answered=False))
            raise Gone
        else:
            super().final(faults, content, first=first)


def delivery_ids(app: App) -> list[int]:
    with app.desk.database.read() as connection:
        return [row.id for row in outbox_views.listing(connection)]


def due_now(app: App) -> None:
    with app.desk.database.write() as connection:
        connection.execute(update(messages).values(due_at=app.desk.now()))


def taken_by(smtp: FaultServer, address: str) -> int:
    return sum(address in mail.recipients for mail in smtp.record.taken)


# Sending again ---------------------------------------------------------------------------------------------------


def test_an_old_copy_cannot_go_again_once_there_is_a_newer_one(app: App) -> None:
    with server(Moody) as smtp:
        Moody.mood = "refuse"
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id])
        Moody.mood = "fine"
        desk.send(app, [invoice_id])
        assert desk.status_of(app, invoice_id) is S.SENT
        with pytest.raises(ResendImpossible, match="newer copy"):
            settling.resolve(app.desk, delivery_ids(app)[0], Settlement.RESEND, reason="the address works again")
        desk.drain(app)
        assert taken_by(smtp, "ok+1@x.test") == 1


def test_the_old_document_cannot_go_again_after_a_new_version(app: App) -> None:
    with server(Moody) as smtp:
        Moody.mood = "reject"
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id])
        assert desk.bring(app, desk.customer_invoice(1), pdf=OTHER_PDF).outcome is ImportOutcome.NEW_VERSION
        Moody.mood = "fine"
        with pytest.raises(ResendImpossible, match=r"The invoice .*changed"):
            settling.resolve(app.desk, delivery_ids(app)[0], Settlement.RESEND, reason="again")
        desk.send(app, [invoice_id])
        [mail] = smtp.record.taken
        attached = [part.get_payload(decode=True) for part in mail.parsed().walk() if part.get_content_type() == "application/pdf"]
        assert attached == [OTHER_PDF]


def test_an_address_taken_off_the_card_gets_nothing_any_more(app: App) -> None:
    with server(Moody) as smtp:
        Moody.mood = "refuse"
        invoice_id = desk.ready(app, smtp.port, "typo@x.test")
        desk.send(app, [invoice_id])
        desk.tick(app, 1, "ok+right@x.test")
        Moody.mood = "fine"
        with pytest.raises(ResendImpossible, match=r"The customer card .*changed"):
            settling.resolve(app.desk, delivery_ids(app)[0], Settlement.RESEND, reason="again")
        desk.send(app, [invoice_id])
        assert [mail.recipients for mail in smtp.record.taken] == [("ok+right@x.test",)]


def test_not_arrived_opens_the_way_to_a_new_copy(app: App) -> None:
    with server(Moody) as smtp:
        Moody.mood = "dropafter"
        invoice_id = desk.ready(app, smtp.port)
        desk.send(app, [invoice_id])
        assert "uncertain" in str(desk.send(app, [invoice_id]).refused[invoice_id])
        settling.resolve(app.desk, delivery_ids(app)[0], Settlement.FAILED, reason="the customer does not have it")
        assert desk.status_of(app, invoice_id) is S.FAILED
        Moody.mood = "fine"
        desk.send(app, [invoice_id])
        assert desk.status_of(app, invoice_id) is S.SENT


# What left stays known ---------------------------------------------------------------------------------------------


def test_a_failed_later_copy_does_not_hide_that_an_earlier_one_left(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "refuse+1@x.test")
    desk.send(app, [invoice_id])
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    changed = ubl.write(desk.customer_invoice(1), wanted=XmlFormat.BIS3, pdf=OTHER_PDF, pdf_name="2026-0001.pdf").content
    refused = importing.import_bytes(app.desk, "2026-0001.xml", changed)
    assert refused.outcome is ImportOutcome.REFUSED
    assert invoice_id in settling.mark_elsewhere(app.desk, [invoice_id], reason="Peppol")
    desk.assert_statuses_follow(app)


def test_the_archive_gets_every_copy_that_a_customer_gets_and_no_other(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "refuse+1@x.test")
    desk.set_company(app, mail__archive="ok+archive@x.test")
    desk.send(app, [invoice_id])
    assert smtp.record.taken == []
    desk.tick(app, 1, "ok+1@x.test")
    desk.send(app, [invoice_id])
    [mail] = smtp.record.taken
    assert set(mail.recipients) == {"ok+1@x.test", "ok+archive@x.test"}


def test_the_archive_waits_with_a_customer_who_is_deferred(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "deferonce+1@x.test")
    desk.set_company(app, mail__archive="ok+archive@x.test")
    desk.send(app, [invoice_id])
    [mail] = smtp.record.taken
    assert set(mail.recipients) == {"deferonce+1@x.test", "ok+archive@x.test"}


def test_a_failed_archive_copy_waits_for_a_person(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.set_company(app, mail__archive="refuse+archive@x.test")
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
    assert [row.recipient for row in outbox_view.to_settle(app.desk)] == ["refuse+archive@x.test"]


# Held and tried again ------------------------------------------------------------------------------------------------


def test_held_after_a_deferral_can_be_sent_and_does_not_stop_the_batch(app: App, smtp: FaultServer) -> None:
    app.desk.settings.back_off_s = 30
    invoice_id = desk.ready(app, smtp.port, "deferonce+1@x.test")
    other = desk.bring(app, desk.customer_invoice(2)).invoice_id or 0
    desk.tick(app, 2, "ok+2@x.test")
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(app.desk)
    desk.tick(app, 1, "ok+1@x.test")
    due_now(app)
    desk.one_pass(app.desk)
    assert desk.status_of(app, invoice_id) is S.HELD
    assert sending.queue(app.desk, [invoice_id, other]).invoice_ids == (invoice_id, other)
    desk.drain(app)
    assert [desk.status_of(app, each) for each in (invoice_id, other)] == [S.SENT, S.SENT]


def test_edited_words_survive_a_hold(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    shown = sending.preview(app.desk, invoice_id)
    sending.queue_confirmed(app.desk, invoice_id, AccompanyingText(subject="Comme convenu", body="remise"), shown.dossier.versions)
    desk.tick(app, 1, "ok+1@x.test", cc="ok+cc@x.test")
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.HELD
    assert sending.preview(app.desk, invoice_id).words.subject == "Comme convenu"
    desk.send(app, [invoice_id])
    assert smtp.record.taken[0].parsed()["Subject"] == "Comme convenu"


def test_what_changes_while_the_body_is_said_is_stopped_before_the_dot(app: App) -> None:
    at_data, go_on = threading.Event(), threading.Event()

    class Slow(Session):
        def do_data(self, command: str) -> None:
            at_data.set()
            go_on.wait(5)
            super().do_data(command)

    with server(Slow) as smtp:
        invoice_id = desk.ready(app, smtp.port, "ok+left@x.test")
        sending.queue(app.desk, [invoice_id])
        pass_ = threading.Thread(target=desk.one_pass, args=(app.desk,))
        pass_.start()
        at_data.wait(5)
        desk.tick(app, 1, "ok+new@x.test")
        go_on.set()
        pass_.join()
        assert smtp.record.taken == []
        assert desk.status_of(app, invoice_id) is S.HELD


# Time and surroundings -----------------------------------------------------------------------------------------------


def test_an_outage_does_not_eat_the_retry_hours(app: App, smtp: FaultServer) -> None:
    off = timedelta()
    late = replace(app.desk, clock=lambda: datetime.now(UTC) + off)
    invoice_id = desk.ready(app, free_port(), "deferonce+1@x.test")
    sending.queue(late, [invoice_id])
    desk.one_pass(late)
    off = timedelta(hours=25)
    desk.set_account(app, smtp.port)
    desk.one_pass(late)
    assert smtp.record.tries["deferonce+1@x.test"] == 1
    assert desk.status_of(app, invoice_id) is S.QUEUED


class Full:
    """An archive on a disk without room."""

    def __init__(self, inner: Archive) -> None:
        self.inner = inner

    def get(self, digest: str) -> bytes:
        return self.inner.get(digest)

    def put(self, content: bytes) -> str:
        raise OSError(28, "No space left on device")


def test_a_full_disk_turns_nothing_red(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    sending.queue(app.desk, [invoice_id])
    desk.one_pass(replace(app.desk, archive=Full(app.desk.archive)))
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert "The disk is full. Nothing left" in desk.reasons(app)["ok+1@x.test"]


def test_another_key_turns_nothing_red(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.set_account(app, smtp.port, smtp__user="marie", smtp__password="x")
    sending.queue(app.desk, [invoice_id])
    secret = app.desk.settings.model_validate({"secret_key": "AAAAoV2xk7tM9lXoQJ0yX8l0b9m1Xo7sV8v3mH4b2nE="}).secret_key
    desk.one_pass(replace(app.desk, settings=app.desk.settings.model_copy(update={"secret_key": secret})))
    assert desk.status_of(app, invoice_id) is S.QUEUED
    assert "cannot be read with this key" in desk.reasons(app)["ok+1@x.test"]


def test_a_worker_survives_a_database_that_turned_read_only(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []

    class Stop(worker.Stop):
        def __init__(self) -> None:
            self.passes = passes

        @property
        def asked(self) -> bool:  # type: ignore[override]
            return len(self.passes) > 2

    def step(_worker: working.Worker) -> int:
        passes.append(1)
        raise InternalError("UPDATE", {}, Exception("cannot execute UPDATE in a read-only transaction"))

    monkeypatch.setattr(working.Worker, "step", step)
    worker.run(app, stop=Stop())
    assert len(passes) >= 3


def test_told_to_stop_the_worker_puts_the_rest_back(app: App, smtp: FaultServer) -> None:
    ids = several(app, 5, smtp.port)
    sending.queue(app.desk, ids)
    with contextlib.closing(working.Worker(desk=app.desk, name="test", stopping=lambda: bool(smtp.record.taken))) as one:
        one.step()
    assert len(smtp.record.taken) == 1
    assert sorted(desk.status_of(app, each).value for each in ids) == ["queued"] * 4 + ["sent"]


def test_a_success_elsewhere_does_not_lift_a_pause_for_a_person(app: App, smtp: FaultServer) -> None:
    ids = several(app, 2, smtp.port)
    sending.queue(app.desk, ids)
    company_id = 1
    with app.desk.database.write() as connection:
        first, _ = outbox.claim(connection, worker="test", limit=2, lines=4, lease_s=60, now=app.desk.now()).messages
        refused = Reply(stage=Stage.LOGIN, code=535, text="no")
        recording.account_trouble(connection, company_id, refused, patience=PATIENCE, now=app.desk.now())
        recording.account_works(connection, company_id, claimed_at=app.desk.now())
    assert first.company_id == company_id
    assert [until for *_, until in settling.paused_accounts(app.desk)] == [None]


def test_a_success_ends_the_wait_before_its_claim_and_not_what_another_line_met_since(app: App) -> None:
    company_id, claimed_at = 1, app.desk.now()
    desk.ready(app, 1)
    full = Reply(stage=Stage.RCPT, code=452, text="4.5.3 too many recipients today")

    def waits(met_at: datetime) -> bool:
        with app.desk.database.write() as connection:
            recording.account_mended(connection, company_id)
            recording.account_trouble(connection, company_id, full, patience=PATIENCE, now=met_at)
            recording.account_works(connection, company_id, claimed_at=claimed_at)
            return bool(connection.scalar(select(mail_accounts.c.paused_until).where(mail_accounts.c.company_id == company_id)))

    assert not waits(claimed_at - timedelta(days=2))
    assert waits(claimed_at + timedelta(seconds=1))


def test_a_late_reply_is_kept_although_a_person_was_faster(app: App) -> None:
    invoice_id = desk.ready(app, 1)
    sending.queue(app.desk, [invoice_id])
    seal = Seal(message_id="<x@y>", sha256="0" * 64, size=1, envelope_from="factures@dubois.example")
    with app.desk.database.write() as connection:
        [message] = outbox.claim(connection, worker="one", limit=1, lines=4, lease_s=60, now=app.desk.now()).messages
        outbox.mark_sending(connection, message, list(message.recipients), seal=seal, lease_s=60, now=app.desk.now())
        outbox.sweep(connection, longest_lease_s=660, now=app.desk.now() + timedelta(seconds=61))
    settling.resolve(app.desk, delivery_ids(app)[0], Settlement.SENT, reason="the customer confirms")
    with app.desk.database.write() as connection:
        answers = {recipient: Reply(stage=Stage.DOT, code=554, text="too late") for recipient in message.recipients}
        recording.settle(connection, message, answers, patience=PATIENCE, now=app.desk.now())
        assert connection.scalars(select(replies.c.reply)).all() == ["too late"]
    assert desk.status_of(app, invoice_id) is S.SENT
