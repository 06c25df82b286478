"""Our mails through a real postfix, and what it sends back read from a real dovecot."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from core import eml
from core.app import App
from core.database import bounce_rows
from core.database.schema import audit_events, messages
from core.dispatch import bouncing, checking, companies, outbox_view
from core.dispatch.values import Value
from core.model import DeliveryStatus, DispatchStatus, Language
from core.preflight import Level, Remedy
from tests import desk, papers
from tests.mail.conftest import CUSTOMERS, UNKNOWN, Box

S = DispatchStatus
OK, OTHER = CUSTOMERS
TRACES = ("Return-Path", "X-Original-To", "Delivered-To", "Received")


def sent(app: App, box: Box, *addresses: str, **settings: str) -> int:
    """One invoice that postfix took for all these addresses."""
    imported = desk.bring(app, desk.customer_invoice(1))
    assert imported.invoice_id is not None
    box.account(app, **settings)
    desk.tick(app, 1, *addresses)
    desk.send(app, [imported.invoice_id])
    assert desk.status_of(app, imported.invoice_id) is S.SENT
    return imported.invoice_id


def company_id(app: App) -> int:
    return companies.find(app.desk, desk.COMPANY).id


def read(app: App, box: Box, count: int = 1) -> bouncing.Reading:
    box.postfix.wait_for(box.address, count)
    reading = bouncing.read(app.desk, company_id(app))
    assert reading.trouble is None
    return reading


def without_traces(arrived: bytes) -> bytes:
    """The mail without what the servers on its way put before it."""
    lines = arrived.split(b"\n")
    start = 0
    while lines[start].partition(b":")[0].decode() in TRACES or lines[start].startswith((b"\t", b" ")):
        start += 1
    return b"\n".join(lines[start:])


def test_a_mail_arrives_as_it_was_sealed_with_all_its_parts(app: App, box: Box) -> None:
    terms = papers.paper("Conditions générales", "1. Délai de paiement")
    desk.bring(app, desk.customer_invoice(2))
    companies.change(app.desk, desk.COMPANY, [Value(f"terms.{language}", terms, "Conditions.pdf") for language in Language])
    before = len(box.postfix.mails(OK))
    sent(app, box, OK)
    arrived = box.postfix.wait_for(OK, before + 1)[-1]
    with app.desk.database.read() as connection:
        sealed = app.desk.archive.get(connection.scalars(select(messages.c.sealed_sha256)).one())
    assert without_traces(arrived) == sealed.replace(b"\r\n", b"\n")
    seen = eml.opened(arrived)
    headers = dict(seen.headers)
    assert headers["To"] == OK and headers["From"].endswith(f"<{box.address}>") and "2026-0001" in headers["Subject"]
    assert seen.plain.strip() and "<html" in seen.html.lower()
    kinds = {part.file_name.rpartition(".")[2].lower(): part.content for part in seen.attachments}
    assert desk.pdf_of(desk.customer_invoice(1)) in [part.content for part in seen.attachments]
    assert terms in [part.content for part in seen.attachments]
    assert kinds["xml"].lstrip().startswith(b"<?xml")
    assert message_from_bytes(arrived, policy=policy.default)["Message-ID"].startswith("<")


@pytest.mark.parametrize(
    ("found_by", "settings"),
    [("verp", {"bounces__verp": "true"}), ("envid", {}), ("message-id", {"smtp__port": "plain"})],
)
def test_what_came_back_turns_the_invoice_and_warns_of_the_address(app: App, box: Box, found_by: str, settings: dict[str, str]) -> None:
    port = {"smtp__port": str(box.postfix.plain_port)} if "smtp__port" in settings else {}
    invoice_id = sent(app, box, UNKNOWN, **settings | port)
    reading = read(app, box)
    [found] = reading.found
    assert (found.number, found.recipient, found.status_code, found.is_settled) == ("2026-0001", UNKNOWN, "5.1.1", True)
    assert found.found_by == found_by
    assert desk.status_of(app, invoice_id) is S.BOUNCED
    assert "there is no such mailbox" in desk.reasons(app)[UNKNOWN]
    [group] = outbox_view.groups(outbox_view.to_settle(app.desk))
    assert group.cause is outbox_view.Cause.ADDRESS
    [verdict] = checking.preflight(app.desk, [invoice_id])
    [reason] = [each for each in verdict.reasons if each.remedy is Remedy.CUSTOMER]
    assert reason.level is Level.WARNING and f"{UNKNOWN} came back on" in str(reason.sentence)
    with app.desk.database.read() as connection:
        assert connection.scalars(select(audit_events.c.subject).where(audit_events.c.what == "came back")).all() == [f"2026-0001 → {UNKNOWN}"]
        [row] = bounce_rows.kept(connection, company_id(app))
    assert app.desk.archive.get(row.notice_sha256) == box.postfix.mails(box.address)[0].replace(b"\n", b"\r\n")


def test_one_of_two_recipients_that_came_back_leaves_it_partly_sent(app: App, box: Box) -> None:
    invoice_id = sent(app, box, OK, UNKNOWN)
    read(app, box)
    assert desk.deliveries(app) == {OK: DeliveryStatus.SENT, UNKNOWN: DeliveryStatus.BOUNCED}
    assert desk.status_of(app, invoice_id) is S.PARTLY_SENT
    desk.assert_statuses_follow(app)


def test_reading_twice_changes_nothing_neither_here_nor_in_the_mailbox(app: App, box: Box) -> None:
    invoice_id = sent(app, box, UNKNOWN)
    assert len(read(app, box).found) == 1
    before, reasons = box.files(), desk.reasons(app)
    again = read(app, box)
    assert (again.mails, again.found) == (0, ())
    assert box.files() == before
    assert all("S" not in name.partition(":2,")[2] for name in [*before["new"], *before["cur"]])
    assert desk.reasons(app) == reasons and desk.status_of(app, invoice_id) is S.BOUNCED


def test_a_domain_that_does_not_exist_is_said_so(app: App, box: Box) -> None:
    sent(app, box, "jan@nowhere.example")
    [found] = read(app, box).found
    assert found.status_code == "5.1.2" and "no such domain" in str(found.because)


def test_two_invoices_to_one_wrong_address_come_back_as_two(app: App, box: Box) -> None:
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in (1, 2)]
    box.account(app)
    for place in (1, 2):
        desk.tick(app, place, UNKNOWN)
    desk.send(app, ids)
    assert {found.number for found in read(app, box, 2).found} == {"2026-0001", "2026-0002"}
    assert {desk.status_of(app, invoice_id) for invoice_id in ids} == {S.BOUNCED}
