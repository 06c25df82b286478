"""Finding sealed mails, on both databases: by words that few and that many have, by address, Message-ID, company and day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from core.app import App
from core.database import archived
from core.dispatch import archive_view, looking
from core.errors import MailUnknown
from core.model import DeliveryStatus
from tests import desk
from tests.mail.fault_server import FaultServer


@pytest.fixture
def sent(app: App, smtp: FaultServer) -> App:
    faults = ("ok", "refuse", "ok", "ok")
    ids = [desk.bring(app, desk.customer_invoice(place)).invoice_id or 0 for place in range(len(faults))]
    desk.set_account(app, smtp.port)
    for place, fault in enumerate(faults):
        desk.tick(app, place, f"ok+{place}@x.test", *([f"{fault}+copy@y.test"] if fault != "ok" else []))
    desk.send(app, ids)
    return app


def found(app: App, **wanted: Any) -> list[str]:
    return [mail.row.number for mail in archive_view.find(app.desk, **wanted)]


ALL = ["2026-0003", "2026-0002", "2026-0001", "2026-0000"]


@pytest.mark.parametrize("few", [0, 5000])
@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("", ALL),
        ("2026-0002", ALL[1:2]),
        ("customer", ALL),
        ("customer 2026-0003", ALL[:1]),
        ("copy@y.test", ALL[2:3]),
        ("customer ok+0@x.test", ALL[3:]),
        ("@x.test", ALL),
        ("nobody", []),
    ],
)
def test_words_find_mails(sent: App, monkeypatch: pytest.MonkeyPatch, few: int, search: str, numbers: list[str]) -> None:
    monkeypatch.setattr(archived, "FEW", few)
    assert found(sent, search=search) == numbers


@pytest.mark.parametrize("few", [0, 5000])
def test_a_page_begins_where_the_one_before_ended(sent: App, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(archived, "FEW", few)
    monkeypatch.setattr(archive_view, "SHOWN", 3)
    first = archive_view.find(sent.desk, search="customer")
    assert [mail.row.number for mail in first] == ALL[:3]
    assert found(sent, search="customer", before=first[-1].id) == ALL[3:]


def test_days_are_those_of_the_desk_and_both_are_included(sent: App) -> None:
    today = datetime.now(looking.zone(sent.desk)).date()
    assert found(sent, since=today, until=today) == ALL
    assert found(sent, since=today + timedelta(days=1)) == []
    assert found(sent, until=today - timedelta(days=1)) == []


def test_a_company_narrows_it(sent: App) -> None:
    mail = archive_view.find(sent.desk)[0]
    assert found(sent, company_id=mail.row.company_id) == ALL
    assert found(sent, company_id=mail.row.company_id + 1) == []


def test_a_mail_stands_where_its_most_doubtful_recipient_stands(sent: App) -> None:
    states = {mail.row.number: mail.status for mail in archive_view.find(sent.desk)}
    assert states["2026-0001"] is DeliveryStatus.FAILED
    assert set(states.values()) == {DeliveryStatus.FAILED, DeliveryStatus.SENT}


def test_one_mail_by_its_id(sent: App) -> None:
    first = archive_view.find(sent.desk)[0]
    again = archive_view.mail(sent.desk, first.id)
    assert (again.row.message_id, [each.recipient for each in again.deliveries]) == (first.row.message_id, ["ok+3@x.test"])
    with pytest.raises(MailUnknown):
        archive_view.mail(sent.desk, 999)


def test_a_page_takes_few_questions_however_many_mails_are_on_it(sent: App) -> None:
    asked: list[str] = []
    event.listen(sent.desk.database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    archive_view.find(sent.desk, search="customer")
    assert len([statement for statement in asked if statement.lstrip().upper().startswith("SELECT")]) <= 4
