"""The outbox in numbers and groups, on each database: batches, pauses, causes, and what came back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import i18n, outbox, recording
from core.app import App
from core.database import bounce_rows
from core.database import newest as newest_rows
from core.dispatch import checking, companies, crew, customers, holding, looking, outbox_view, progress, sending, settling
from core.dispatch.outbox_view import Cause
from core.dispatch.settling import Settlement
from core.errors import DeliveryNotSent, DeliveryUnknown, ReasonMissing, Sentence
from core.model import DeliveryStatus, DispatchStatus, Language
from tests import desk
from tests.mail.fault_server import FaultServer

S = DispatchStatus


def several(app: App, port: int, *faults: str) -> list[int]:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(len(faults))]
    for place, fault in enumerate(faults):
        desk.tick(app, place, f"{fault}+{place}@x.test")
    desk.set_account(app, port)
    return ids


def sent_row(app: App) -> Any:
    return next(row for row in outbox_view.newest(app.desk) if row.status is DeliveryStatus.SENT)


def test_causes_are_told_apart_and_the_most_urgent_comes_first(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, "refuse", "dropafter", "reject", "reject", "ok")
    desk.send(app, ids)
    settling.came_back(app.desk, sent_row(app).id, reason="A non-delivery notice came in")
    found = outbox_view.groups(outbox_view.to_settle(app.desk))
    assert [group.cause for group in found[:2]] == [Cause.UNCERTAIN, Cause.ADDRESS]
    assert {(group.cause, len(group.deliveries)) for group in found[2:]} == {(Cause.ADDRESS, 1), (Cause.REFUSED, 2)}
    assert len({group.key for group in found}) == len(found)
    assert {identity for identity, _ in outbox_view.marks(app.desk)} == {row.id for group in found for row in group.deliveries}


def test_what_a_person_holds_waits_in_the_ledger(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, smtp.port, "refuse")
    desk.send(app, [invoice_id])
    holding.hold(app.desk, [invoice_id], reason="Amount to be checked")
    assert outbox_view.to_settle(app.desk) == []
    assert outbox_view.marks(app.desk) == frozenset()


def test_a_claimed_mail_counts_as_being_sent(app: App) -> None:
    ids = several(app, 25, "ok", "ok")
    queued = sending.queue(app.desk, ids)
    with app.desk.database.write() as connection:
        outbox.claim(connection, worker="w", limit=1, lines=4, lease_s=60, now=app.desk.now())
    far = outbox_view.far(app.desk, queued.batch_id)
    assert far.recipients == {DeliveryStatus.QUEUED: 1, DeliveryStatus.SENDING: 1}
    assert (far.done, far.total, far.is_open, far.invoices.total) == (0, 2, True, 2)
    newest = outbox_view.newest(app.desk, statuses=[DeliveryStatus.SENDING])
    assert [row.status for row in newest] == [DeliveryStatus.CLAIMED]


def test_the_last_batches_are_there_even_when_cancelled(app: App) -> None:
    ids = several(app, 25, "ok", "ok", "ok")
    first = sending.queue(app.desk, ids[:2]).batch_id
    second = sending.queue(app.desk, ids[2:], countdown_s=60).batch_id
    holding.cancel(app.desk, second)
    assert [(each.id, each.invoices, each.cancelled_at is not None) for each in outbox_view.batches(app.desk)] == [
        (second, 0, True),
        (first, 2, False),
    ]
    assert outbox_view.batches(app.desk)[0].by == "marie"


def test_a_pause_of_a_person_stops_its_company_until_it_is_resumed(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, smtp.port, "ok")
    sending.queue(app.desk, [invoice_id])
    company_id = companies.find(app.desk, desk.COMPANY).id
    settling.pause(app.desk, company_id, reason="Nothing shall leave before it was checked")
    [account] = outbox_view.paused_accounts(app.desk)
    assert (account.waiting, account.until) == (1, None)
    assert i18n.sentence(Language.FR, account.because) == "Mis en pause par marie\u00a0: Rien ne doit partir avant vérification"
    desk.drain(app)
    assert smtp.record.taken == []
    assert crew.nothing_workable(app.desk)
    settling.resume(app.desk, company_id)
    desk.drain(app)
    assert desk.status_of(app, invoice_id) is S.SENT
    with pytest.raises(ReasonMissing):
        settling.pause(app.desk, company_id, reason="  ")


def test_a_wait_that_is_over_and_holds_nothing_back_is_not_told(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, smtp.port, "ok")
    company_id = companies.find(app.desk, desk.COMPANY).id
    now = app.desk.now()
    for until, told in ((now + timedelta(minutes=5), True), (now - timedelta(seconds=1), False)):
        with app.desk.database.write() as connection:
            recording.pause(connection, company_id, Sentence("The line broke."), until=until, now=now)
        assert bool(outbox_view.paused_accounts(app.desk)) is told
    sending.queue(app.desk, [invoice_id])
    [account] = outbox_view.paused_accounts(app.desk)  # a mail waits that nobody has tried since
    assert account.waiting == 1


def test_the_countdown_of_several_batches_is_the_earliest_that_runs(app: App) -> None:
    ids = several(app, 25, "ok", "ok", "ok")
    first, second, third = (sending.queue(app.desk, [each], countdown_s=wait).batch_id for each, wait in zip(ids, (20, 90, 300), strict=True))
    assert 0 < progress.of_batches(app.desk, [first, second, third]).leaves_in_s <= 20
    holding.leave_now(app.desk, first)
    assert 20 < progress.of_batches(app.desk, [first, second, third]).leaves_in_s <= 90  # what still can be cancelled
    holding.cancel(app.desk, second)
    assert progress.of_batches(app.desk, [first, second, third]).leaves_in_s > 90
    assert progress.of_batches(app.desk, [first, second]).leaves_in_s == 0


def test_only_what_was_sent_can_come_back(app: App, smtp: FaultServer) -> None:
    ids = several(app, smtp.port, "ok", "refuse")
    desk.send(app, ids)
    [failed] = [row for row in outbox_view.newest(app.desk) if row.status is DeliveryStatus.FAILED]
    sent = sent_row(app)
    with pytest.raises(DeliveryNotSent):
        settling.came_back(app.desk, failed.id, reason="x")
    with pytest.raises(DeliveryUnknown):
        settling.came_back(app.desk, 999_999, reason="x")
    with pytest.raises(ReasonMissing):
        settling.came_back(app.desk, sent.id, reason="")
    settling.came_back(app.desk, sent.id, reason="mailbox\nfull")
    assert desk.status_of(app, ids[0]) is S.BOUNCED
    assert desk.reasons(app)["ok+0@x.test"] == "Came back, says marie: mailbox full"
    settling.resolve(app.desk, sent.id, Settlement.SENT, reason="It was marked by mistake")
    assert desk.status_of(app, ids[0]) is S.SENT
    desk.assert_statuses_follow(app)


def warned(app: App, invoice_id: int) -> list[str]:
    [verdict] = checking.preflight(app.desk, [invoice_id], again=True)
    return [str(reason.sentence) for reason in verdict.reasons if "came back on" in str(reason.sentence)]


def test_what_a_person_says_came_back_warns_of_the_address_until_it_is_undone(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, smtp.port, "ok")
    desk.send(app, [invoice_id])
    settled = settling.came_back(app.desk, sent_row(app).id, reason="The customer's mailbox is full")
    [warning] = warned(app, invoice_id)
    assert "ok+0@x.test came back on" in warning
    assert "The customer's mailbox is full (says marie). Look at it" in warning
    settling.take_back(app.desk, [settled])
    assert warned(app, invoice_id) == []
    delivery = settling.came_back(app.desk, sent_row(app).id, reason="no such user.\n").delivery_id
    assert "no such user (says marie)." in warned(app, invoice_id)[0]
    settled = settling.resolve(app.desk, delivery, Settlement.SENT, reason="It was marked by mistake")
    assert warned(app, invoice_id) == []
    settling.take_back(app.desk, [settled])
    assert "no such user (says marie)." in warned(app, invoice_id)[0], "it came back after all"


def test_undoing_takes_away_only_its_own_warning(app: App, smtp: FaultServer) -> None:
    [invoice_id] = several(app, smtp.port, "ok")
    desk.send(app, [invoice_id])
    customer = customers.find(app.desk, desk.customer_key(0)).id
    then = app.desk.now() - timedelta(days=3)
    notice = Sentence("the mailbox is switched off")
    with app.desk.database.write() as connection:
        bounce_rows.flag(connection, customer, "ok+0@x.test", notice, at=then)
    settled = settling.came_back(app.desk, sent_row(app).id, reason="x")
    assert "x (says marie)" in warned(app, invoice_id)[0]
    settling.take_back(app.desk, [settled])
    assert "the mailbox is switched off" in warned(app, invoice_id)[0], "what warned before warns again"
    settled = settling.came_back(app.desk, sent_row(app).id, reason="x")
    with app.desk.database.write() as connection:
        bounce_rows.flag(connection, customer, "ok+0@x.test", notice, at=app.desk.now())
    settling.take_back(app.desk, [settled])
    assert "the mailbox is switched off" in warned(app, invoice_id)[0], "a newer notice is not this one's to take away"


def test_one_of_two_recipients_that_came_back_leaves_it_partly_sent(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port, "ok+1@x.test", "ok+2@x.test")
    desk.send(app, [invoice_id])
    settling.came_back(app.desk, sent_row(app).id, reason="x")
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    [group] = outbox_view.groups(outbox_view.to_settle(app.desk))
    assert group.cause is Cause.ADDRESS
    smtp.record.taken.clear()
    desk.send(app, [invoice_id])
    assert [mail.recipients for mail in smtp.record.taken] == [(group.first.recipient,)]  # the other one has it


def test_the_former_sending_is_told_with_the_date_as_the_reader_writes_it(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    [verdict] = checking.preflight(app.desk, [invoice_id])
    [reason] = verdict.blocked_by
    day = app.desk.now().astimezone(looking.zone(app.desk)).date()
    assert f"({day:%d/%m/%Y}\N{NO-BREAK SPACE}: ok+1@x.test)" in i18n.sentence(Language.FR, reason.sentence)
    assert f"({i18n.day(Language.EN, day)}: ok+1@x.test)" in i18n.sentence(Language.EN, reason.sentence)


def test_the_newest_are_found_by_number_name_and_recipient_however_old(app: App, smtp: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.send(app, several(app, smtp.port, "ok", "ok", "ok", "ok"))
    numbers = [row.number for row in outbox_view.newest(app.desk)]
    assert len(numbers) == 4
    monkeypatch.setattr(newest_rows, "NEAR", 1)  # all but the newest one count as old
    for row in outbox_view.newest(app.desk):
        for search in (row.number, row.recipient, f"{row.number} {row.customer_name.split()[0]}"):
            assert [found.number for found in outbox_view.newest(app.desk, search=search)] == [row.number], search
    assert [row.number for row in outbox_view.newest(app.desk, search="Customer")] == numbers
    assert outbox_view.newest(app.desk, search="nobody of that name") == []
    former = outbox_view.newest(app.desk)[-1]
    desk.tick(app, int(former.recipient.partition("+")[2].partition("@")[0]), "corrected@x.test")
    assert [row.number for row in outbox_view.newest(app.desk, search=former.recipient)] == [former.number], "it stands on no card any more"
    monkeypatch.setattr(newest_rows, "FEW", 1)  # a word that many have
    assert [row.number for row in outbox_view.newest(app.desk, search="Customer", statuses=[DeliveryStatus.SENT])] == numbers
    assert outbox_view.newest(app.desk, search="Customer", statuses=[DeliveryStatus.FAILED]) == []
