"""What a notice does, and what it must not do: forged, doubled, early, late, about somebody else's mail."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.app import App
from core.bounces import FoundBy, Kind
from core.database import bounce_rows
from core.database.schema import deliveries, messages
from core.dispatch import bouncing, checking, companies, customers, doubts, sending, settling
from core.dispatch.settling import Settlement
from core.dispatch.values import Value
from core.errors import SettingInvalid
from core.model import DeliveryStatus, DispatchStatus, Identifier
from core.preflight import Remedy
from tests import builders, desk
from tests.mail.conftest import CUSTOMERS, Box
from tests.mail.dovecot import SECRET
from tests.mail.fault_server import FaultServer, free_port
from tests.mail.test_bounces import notice

S = DispatchStatus
OK, OTHER = CUSTOMERS
OTHER_SELLER = "0403019261"


def report(message_id: str, *recipients: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A notice by the standard that names the mail by its Message-ID alone."""
    fields = "".join(f"Final-Recipient: rfc822; {each}\nAction: {action}\nStatus: {status}\n\n" for each in recipients)
    return (
        "From: MAILER-DAEMON@relay.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n{fields}"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()


def ready(app: App, box: Box, *addresses: str) -> int:
    invoice_id = desk.bring(app, desk.customer_invoice(1)).invoice_id or 0
    box.account(app)
    desk.tick(app, 1, *addresses)
    return invoice_id


def sent(app: App, box: Box, *addresses: str) -> int:
    invoice_id = ready(app, box, *addresses)
    desk.send(app, [invoice_id])
    return invoice_id


def message_ids(app: App) -> list[str]:
    with app.desk.database.read() as connection:
        return list(connection.scalars(select(messages.c.message_id).order_by(messages.c.id)))


def company_id(app: App) -> int:
    return companies.find(app.desk, desk.COMPANY).id


def read(app: App) -> bouncing.Reading:
    reading = bouncing.read(app.desk, company_id(app))
    assert reading.trouble is None, str(reading.trouble)
    return reading


def kept(app: App) -> list[tuple[str, str, bool]]:
    """Recipient, kind and whether it is about a mail of ours."""
    with app.desk.database.read() as connection:
        return [(row.recipient, row.kind, row.delivery_id is not None) for row in bounce_rows.kept(connection, company_id(app))]


# What must not happen --------------------------------------------------------------------------------------------


def test_a_notice_about_no_mail_of_ours_is_kept_and_changes_nothing(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK)
    box.put(report("<0123456789abcdef0123456789abcdef@dubois.example>", OK))
    [found] = read(app).found
    assert (found.number, found.is_settled) == ("", False)
    assert desk.status_of(app, invoice_id) is S.SENT
    assert kept(app) == [(OK, "permanent", False)]


def test_mail_and_recipient_must_both_fit(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK, OTHER)
    [message_id] = message_ids(app)
    box.put(
        report(message_id, "made-up@customer.example"),
        report(message_id),
        f"From: mailer-daemon@x.example\nReferences: {message_id}\n\nhm\n".encode(),
    )
    assert [found.is_settled for found in read(app).found] == [False, False]
    assert desk.status_of(app, invoice_id) is S.SENT
    box.put(report(message_id, OTHER.upper()))
    assert [found.is_settled for found in read(app).found] == [True]
    assert desk.deliveries(app) == {OK: DeliveryStatus.SENT, OTHER: DeliveryStatus.BOUNCED}


def test_a_mail_to_one_address_can_only_mean_that(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK)
    box.put(report(message_ids(app)[0], "passed-on@inner.example"))
    [found] = read(app).found
    assert (found.recipient, found.is_settled, found.found_by) == (OK, True, FoundBy.MESSAGE_ID)
    assert desk.status_of(app, invoice_id) is S.BOUNCED


def test_what_is_only_delayed_is_kept_and_changes_nothing(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK)
    box.put(report(message_ids(app)[0], OK, action="delayed", status="4.4.1"))
    [found] = read(app).found
    assert (found.kind, found.is_settled) == (Kind.TEMPORARY, False)
    assert desk.status_of(app, invoice_id) is S.SENT
    assert kept(app) == [(OK, "temporary", True)]


def test_answers_and_other_mails_are_nobody_s_business(app: App, box: Box) -> None:
    sent(app, box, OK)
    box.put(*(notice(name) for name in ("answer", "out_of_office", "read_receipt", "postfix_success")), b"", b"\xff\xfe hm")
    reading = read(app)
    assert (reading.mails, reading.found, kept(app)) == (6, (), [])


def test_what_a_person_settled_stays(app: App, box: Box, smtp: FaultServer) -> None:
    invoice_id = ready(app, box, "refuse+1@x.test")
    desk.set_company(app, smtp__port=str(smtp.port))
    desk.send(app, [invoice_id])
    box.put(report(message_ids(app)[0], "refuse+1@x.test"))
    assert [found.is_settled for found in read(app).found] == [False]
    assert desk.status_of(app, invoice_id) is S.FAILED


# What must happen ------------------------------------------------------------------------------------------------


def test_what_was_uncertain_did_leave_and_came_back(app: App, box: Box, smtp: FaultServer) -> None:
    invoice_id = ready(app, box, "dropafter+1@x.test")
    desk.set_company(app, smtp__port=str(smtp.port))
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.UNCERTAIN
    box.put(report(message_ids(app)[0], "dropafter+1@x.test", status="5.2.2"))
    assert [found.is_settled for found in read(app).found] == [True]
    assert desk.status_of(app, invoice_id) is S.BOUNCED
    assert "the mailbox is full" in desk.reasons(app)["dropafter+1@x.test"]


def test_a_notice_that_is_faster_than_the_answer_to_the_dot_waits_for_it(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK)
    stand(app, DeliveryStatus.SENDING)
    box.put(notice("postfix_two"), report(message_ids(app)[0], OK))
    reading = read(app)
    assert (reading.is_all, len(reading.found)) == (False, 2)
    stand(app, DeliveryStatus.SENT)
    assert [found.is_settled for found in read(app).found] == [True]
    assert desk.status_of(app, invoice_id) is S.BOUNCED


def stand(app: App, status: DeliveryStatus) -> None:
    with app.desk.database.write() as connection:
        connection.execute(update(deliveries).values(status=status))


def test_what_came_back_after_a_newer_copy_left_is_not_green(app: App, box: Box, smtp: FaultServer) -> None:
    invoice_id = ready(app, box, "ok+a@x.test", "refuse+1@x.test")
    desk.set_company(app, smtp__port=str(smtp.port))
    desk.send(app, [invoice_id])
    desk.tick(app, 1, "ok+a@x.test", "ok+b@x.test")
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
    box.put(report(message_ids(app)[0], "ok+a@x.test"))
    assert [found.is_settled for found in read(app).found] == [True]
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    desk.assert_statuses_follow(app)


def test_another_uidvalidity_reads_again_and_doubles_nothing(app: App, box: Box) -> None:
    sent(app, box, OK)
    box.put(report(message_ids(app)[0], OK), report("<0123456789abcdef0123456789abcdef@dubois.example>", OK))
    assert read(app).mails == 2
    before = bouncing.mailbox(app.desk, company_id(app))
    rows = kept(app)
    settled = settling_undone(app)
    with app.desk.database.write() as connection:
        bounce_rows.set_mailbox(connection, company_id(app), {"uid_validity": (before.uid_validity or 0) - 1})
    again = read(app)
    assert (again.mails, again.found, kept(app)) == (2, (), rows)
    assert desk.deliveries(app) == settled
    assert bouncing.mailbox(app.desk, company_id(app)).uid_validity == before.uid_validity


def settling_undone(app: App) -> dict[str, DeliveryStatus]:
    """A person knows better: it did arrive. The notice that was read before must not say otherwise again."""
    with app.desk.database.read() as connection:
        [delivery] = connection.scalars(select(deliveries.c.id))
    settling.resolve(app.desk, delivery, Settlement.SENT, reason="the customer has it")
    return {OK: DeliveryStatus.SENT}


def test_a_long_mailbox_is_read_in_portions(app: App, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bouncing, "AT_ONCE", 2)
    monkeypatch.setattr(bouncing, "PORTIONS", 2)
    invoice_id = sent(app, box, OK)
    box.put(*[notice("answer")] * 4, report(message_ids(app)[0], OK))
    first, second = read(app), read(app)
    assert (first.mails, first.is_all, first.found) == (4, False, ())
    assert (second.mails, second.is_all, len(second.found)) == (1, True, 1)
    assert desk.status_of(app, invoice_id) is S.BOUNCED


# Several companies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sender", "settles"), [("other@dubois.example", True), ("other@elsewhere.example", False)])
def test_a_mail_of_another_company_only_where_its_notices_may_arrive(app: App, box: Box, sender: str, settles: bool) -> None:
    """The same sender domain shares its mailbox; a strange one does not."""
    identity = Identifier(value=OTHER_SELLER, scheme="0208")
    seller = builders.party(name="Second SRL", vat_id=f"BE{OTHER_SELLER}", legal_id=identity, endpoint=identity)
    ready(app, box, OK)
    invoice_id = desk.bring(app, replace(desk.customer_invoice(1), number="B-1", seller=seller)).invoice_id or 0
    account = {"smtp.host": "127.0.0.1", "smtp.port": str(box.postfix.port), "smtp.security": "none", "mail.from": sender}
    companies.change(app.desk, f"BE{OTHER_SELLER}", [Value(name, text) for name, text in account.items()])
    desk.send(app, [invoice_id])
    assert desk.status_of(app, invoice_id) is S.SENT
    box.put(report(message_ids(app)[0], OK))
    assert [found.is_settled for found in read(app).found] == [settles]
    assert desk.status_of(app, invoice_id) is (S.BOUNCED if settles else S.SENT)


def test_one_mailbox_that_fails_does_not_stop_the_others(app: App, box: Box) -> None:
    sent(app, box, OK)
    box.put(report(message_ids(app)[0], OK))
    identity = Identifier(value=OTHER_SELLER, scheme="0208")
    seller = builders.party(name="Second SRL", vat_id=f"BE{OTHER_SELLER}", legal_id=identity, endpoint=identity)
    desk.bring(app, replace(desk.customer_invoice(1), number="B-1", seller=seller))
    other = {"bounces.host": "127.0.0.1", "bounces.port": str(free_port()), "bounces.security": "none", "bounces.user": "x"}
    companies.change(app.desk, f"BE{OTHER_SELLER}", [Value(name, text) for name, text in other.items()])
    readings = bouncing.read_all(app.desk)
    assert sorted(reading.trouble is None for reading in readings.values()) == [False, True]
    assert len(readings[company_id(app)].found) == 1


# The mailbox -----------------------------------------------------------------------------------------------------


def test_each_protection_works_with_a_certificate_that_is_trusted(
    app: App, box: Box, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.bring(app, desk.customer_invoice(1))
    box.account(app)
    for security, port in (("tls", box.dovecot.tls_port), ("starttls", box.dovecot.port)):
        desk.set_company(app, bounces__security=security, bounces__port=str(port))
        assert "cannot be trusted" in str(bouncing.read(app.desk, company_id(app)).trouble)
        with monkeypatch.context() as trusting:
            trusting.setenv("SSL_CERT_FILE", str(certificate[0]))
            assert bouncing.try_mailbox(app.desk, company_id(app)) is None
            assert read(app).is_all


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bounces__password": "wrong4711"}, "refuses user or password"),
        ({"bounces__folder": "Nowhere"}, "no folder “Nowhere”"),
        ({"bounces__port": "closed"}, "Nothing answers"),
        ({"bounces__security": "tls"}, "no protected connection"),
        ({"bounces__host": "no-such-host.invalid", "bounces__security": "tls"}, "no server named"),
    ],
)
def test_trouble_is_said_kept_and_over_when_it_is_over(app: App, box: Box, settings: dict[str, str], words: str) -> None:
    desk.bring(app, desk.customer_invoice(1))
    box.account(app)
    desk.set_company(app, **{name: str(free_port()) if value == "closed" else value for name, value in settings.items()})
    reading = bouncing.read(app.desk, company_id(app))
    assert words in str(reading.trouble) and "4711" not in str(reading.trouble)
    tried = bouncing.try_mailbox(app.desk, company_id(app))
    assert tried is not None and reading.trouble is not None and tried.template == reading.trouble.template
    stored = bouncing.mailbox(app.desk, company_id(app))
    assert stored.trouble == reading.trouble and stored.read_at is None and "4711" not in repr(stored)
    box.account(app, bounces__folder="INBOX")
    read(app)
    stored = bouncing.mailbox(app.desk, company_id(app))
    assert stored.trouble is None and stored.read_at is not None


def test_a_server_that_says_nothing_is_not_waited_for_long(app: App, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bouncing, "PATIENCE_S", 0.3)
    desk.bring(app, desk.customer_invoice(1))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        box.account(app, bounces__port=str(mute.getsockname()[1]))
        assert "does not answer in time" in str(bouncing.read(app.desk, company_id(app)).trouble)


def test_a_company_without_a_mailbox_is_told_so(app: App) -> None:
    desk.bring(app, desk.customer_invoice(1))
    assert "no mailbox to read yet" in str(bouncing.read(app.desk, company_id(app)).trouble)
    assert bouncing.read_all(app.desk) == {}


def test_the_settings_are_checked_and_another_mailbox_is_read_from_its_beginning(app: App, box: Box, new_box: Callable[[], Box]) -> None:
    sent(app, box, OK)
    box.put(notice("answer"))
    read(app)
    assert bouncing.mailbox(app.desk, company_id(app)).last_uid > 0
    desk.set_company(app, bounces__password=SECRET)
    assert bouncing.mailbox(app.desk, company_id(app)).last_uid > 0
    desk.set_company(app, bounces__user=new_box().address)
    assert bouncing.mailbox(app.desk, company_id(app)).last_uid == 0
    with pytest.raises(SettingInvalid, match="another machine"):
        desk.set_company(app, bounces__host="imap.example.be")
    desk.set_company(app, bounces__host="imap.example.be", bounces__security="tls")
    with app.desk.database.read() as connection:
        row = bounce_rows.mailbox_row(connection, company_id(app))
    assert row is not None and SECRET not in row.password_encrypted


def test_the_port_follows_the_protection(app: App) -> None:
    desk.bring(app, desk.customer_invoice(1))
    desk.set_company(app, bounces__host="imap.example.be")
    assert bouncing.mailbox(app.desk, company_id(app)).port == 993


# The address -----------------------------------------------------------------------------------------------------


def warnings(app: App, invoice_id: int) -> list[str]:
    [verdict] = checking.preflight(app.desk, [invoice_id])
    return [str(reason.sentence) for reason in verdict.reasons if reason.remedy is Remedy.CUSTOMER]


def test_the_warning_goes_with_the_address_or_with_a_person_s_word(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK)
    box.put(report(message_ids(app)[0], OK))
    read(app)
    assert len(warnings(app, invoice_id)) == 1
    desk.tick(app, 1, OTHER)
    assert warnings(app, invoice_id) == []
    desk.tick(app, 1, OK)
    card = card_id(app)
    [flag] = doubts.flags(app.desk, card, [OK.upper(), OTHER])
    doubts.trust(app.desk, card, desk.customer_key(1), flag)
    assert warnings(app, invoice_id) == [] and doubts.flags(app.desk, card, [OK]) == []
    doubts.distrust(app.desk, card, desk.customer_key(1), flag)
    assert doubts.flags(app.desk, card, [OK]) == [flag]
    desk.send(app, [invoice_id])  # a warning stops nothing
    assert desk.status_of(app, invoice_id) is S.SENT
    assert sending.queue(app.desk, [invoice_id]).refused


def card_id(app: App) -> int:
    return customers.find(app.desk, desk.customer_key(1)).id


def test_the_archive_copy_that_came_back_warns_of_no_customer(app: App, box: Box) -> None:
    invoice_id = ready(app, box, OK)
    desk.set_company(app, mail__archive="archive@nowhere.example")
    desk.send(app, [invoice_id])
    box.postfix.wait_for(box.address, 1)
    assert [found.is_settled for found in read(app).found] == [True]
    assert desk.status_of(app, invoice_id) is S.SENT
    assert warnings(app, invoice_id) == []
