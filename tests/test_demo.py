"""The demo says “this is my desk”: the same documents each time, on real dates, really imported and really sent."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from stdnum import iban
from stdnum.be import ogm_vcs, vat
from stdnum.lu import tva

from core import catcher, demo, frames
from core.app import App, open_app
from core.catcher import server
from core.database import migrate, outbox_views
from core.demo import clients, making
from core.demo.cards import Cards, enterprise_number
from core.demo.documents import BY_POST, MONTHS, Document, documents
from core.dispatch import companies, customers, sending, settling
from core.dispatch.desk import Desk
from core.model import DispatchStatus, DocumentType, Language, RecipientRole
from tests import desk
from tests.conftest import settings_for
from tests.mail.fault_server import free_port

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DAYS = (date(2026, 11, 24), date(2027, 1, 1), date(2027, 3, 1), date(2028, 2, 29), date(2027, 3, 31), date(2026, 12, 31), date(2027, 5, 2))


@pytest.fixture(scope="module")
def shown() -> Cards:
    return clients.load()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One demo for all tests that only look."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        opened = open_app(settings_for(folder, catcher_port=free_port()), who="marie", check=False)
        migrate.upgrade(opened.desk.database)
        demo.fill(opened, now=NOW)
        yield opened
        opened.desk.database.close()


# The cards ------------------------------------------------------------------------------------------------------


def test_the_identifiers_are_valid(shown: Cards) -> None:
    for firm in shown.companies.values():
        assert vat.is_valid(firm.key)
        assert iban.is_valid(firm.iban)
    for client in shown.customers:
        assert client.number is None or vat.is_valid(enterprise_number(client.number))
        assert client.foreign_vat is None or tva.is_valid(client.foreign_vat)
    numbers = [client.number for client in shown.customers if client.number]
    assert len(numbers) == len(set(numbers))


def test_250_customers_of_whom_nobody_exists(shown: Cards) -> None:
    assert len(shown.companies) == 2
    assert len(shown.customers) == len({client.name for client in shown.customers}) == 250
    addresses = [address for client in shown.customers for address in (*(client.to or ()), *client.cc)]
    assert all(address.endswith(".example") for address in addresses)
    assert {client.language for client in shown.customers} == set(Language)
    assert sum(client.is_private for client in shown.customers) >= 25
    assert sum(client.peppol_elsewhere for client in shown.customers) >= 10
    assert clients.load() == shown


# The documents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("today", DAYS)
def test_1200_documents_around_any_day(shown: Cards, today: date) -> None:
    made = documents(shown, today)
    assert len(made) == sum(MONTHS.values()) == 1200
    assert len({document.invoice.number for document in made}) == 1200
    assert Counter(document.months_ago for document in made) == MONTHS
    assert Counter(document.months_ago for document in made if document.client.to is None) == BY_POST
    for document in made:
        assert _months_before(document.invoice.issue_date, today) == document.months_ago
        assert document.invoice.issue_date <= today
        assert ogm_vcs.is_valid(document.invoice.payment_reference or "")
    for key in shown.companies:
        days = [document.invoice.issue_date for document in made if document.client.company == key]
        assert days == sorted(days), "numbers follow the dates"
    assert documents(shown, today) == made


def _months_before(day: date, today: date) -> int:
    return (today.year - day.year) * 12 + today.month - day.month


@pytest.mark.parametrize("today", DAYS)
def test_what_is_billed_does_not_depend_on_the_day(shown: Cards, today: date) -> None:
    def billed(day: date) -> Counter[tuple[str, Decimal]]:
        return Counter((document.client.name, document.invoice.totals.total_with_vat) for document in documents(shown, day))

    assert billed(today) == billed(DAYS[0])


@pytest.mark.parametrize("today", DAYS)
def test_the_numbers_have_one_gap_last_month(shown: Cards, today: date) -> None:
    gaps = []
    for key in shown.companies:
        own = [document for document in documents(shown, today) if document.client.company == key]
        gaps += [after for before, after in pairwise(own) if _running(after) != _running(before) + 1]
    assert [document.months_ago for document in gaps] == [1]


def _running(document: Document) -> int:
    return int(document.invoice.number.rpartition("-")[2])


def test_the_kinds_that_a_desk_knows_are_all_there(shown: Cards) -> None:
    made = [document.invoice for document in documents(shown, DAYS[0])]
    assert any(len(invoice.vat_breakdown) == 3 for invoice in made)
    assert any(part.category == "AE" for invoice in made for part in invoice.vat_breakdown)
    assert {document.client.name for document in documents(shown, DAYS[0])} == {client.name for client in shown.customers}
    by_number = {invoice.number: invoice for invoice in made}
    notes = [invoice for invoice in made if invoice.type_code is DocumentType.CREDIT_NOTE]
    assert len(notes) == 3
    for credit in notes:
        credited = by_number[credit.preceding_invoices[0].number]
        assert credited.buyer == credit.buyer
        assert credited.lines[0].name == credit.lines[0].name
        assert credited.issue_date < credit.issue_date


# The desk that is made of them ----------------------------------------------------------------------------------


def _statuses(app: App, months_ago: int, ledger: str) -> Counter[str]:
    frame = app.ledgers().all
    own = frame[frame[frames.LEDGER] == ledger]
    columns = zip(own[frames.STATUS], own[frames.ISSUE_DATE], strict=True)
    return Counter(str(status) for status, day in columns if _months_before(day, NOW.date()) == months_ago)


def test_each_month_has_its_states(filled: App) -> None:
    frame = filled.ledgers().all
    assert len(frame) == 1200
    assert frame[frames.WARNINGS].sum() == 0
    mailed = MONTHS[1] - BY_POST[1]
    assert _statuses(filled, 1, "email") == {"sent": mailed - 4, "bounced": 1, "failed": 1, "uncertain": 1, "partly_sent": 1}
    assert _statuses(filled, 1, "paper") == {"elsewhere": BY_POST[1]}
    assert _statuses(filled, 0, "email") == {"to_send": MONTHS[0] - 25 - 1, "held": 1}
    assert _statuses(filled, 0, "paper") == {"to_print": 25}
    assert _statuses(filled, 2, "email") + _statuses(filled, 2, "paper") == {"elsewhere": MONTHS[2]}
    desk.assert_statuses_follow(filled)


def test_nothing_is_under_way_and_no_account_waits(filled: App) -> None:
    with filled.desk.database.read() as connection:
        assert outbox_views.open_count(connection) == 0
    assert settling.paused_accounts(filled.desk) == []


def test_what_is_green_is_in_the_mail_catcher_once_and_byte_for_byte(filled: App) -> None:
    with filled.desk.database.read() as connection:
        rows = [row for row in outbox_views.listing(connection) if row.status.value in ("sent", "bounced", "uncertain")]
    folder = filled.desk.settings.catcher_folder
    opened = [catcher.open_mail(folder, mail.id) for mail in catcher.caught(folder, 1000)]
    mails = {dict(each.headers)["Message-ID"]: each for each in opened}
    assert len(mails) == len(opened), "nothing twice"
    assert {row.rfc_message_id for row in rows} == set(mails)
    for row in rows:
        assert filled.desk.archive.get(row.sealed_sha256) == mails[row.rfc_message_id].raw
        assert row.recipient in mails[row.rfc_message_id].mail.envelope_to
    for each in opened:
        kinds = [part.mime_type for part in each.attachments]
        assert kinds in (["application/pdf", "application/xml", "application/pdf"], ["application/pdf", "application/pdf"])  # none beside Peppol


def test_what_went_wrong_says_why(filled: App) -> None:
    with filled.desk.database.read() as connection:
        because = {row.status.value: str(row.because) for row in outbox_views.listing(connection)}
    assert "The customer card (" in because["held"]
    assert "changed after it was queued" in because["held"]
    assert "mailbox is full" in because["bounced"]
    assert "5.1" in because["failed"]


def test_the_cards_are_complete(filled: App, shown: Cards) -> None:
    for company in companies.list_companies(filled.desk):
        account = filled.desk.account(company.id)
        assert (account.host, account.port) == ("127.0.0.1", filled.desk.settings.catcher_port)
        assert company.logo_sha256
        assert company.colour
        assert company.legal_form
        assert company.iban
        assert set(company.terms) == set(Language)
        assert all(company.signatures[language] for language in Language)
    known = {customer.name: customer for customer in customers.list_customers(filled.desk)}
    assert set(known) == {client.name for client in shown.customers}
    assert [name for name, card in known.items() if card.wants_email and not card.mailboxes(RecipientRole.TO)] == ["Boulangerie Hastière SRL"]
    for client in shown.customers:
        card = known[client.name]
        assert (card.language, card.wants_email, card.peppol_elsewhere) == (client.language, client.to is not None, client.peppol_elsewhere)
        assert tuple(mailbox.addr_spec for mailbox in card.mailboxes(RecipientRole.TO)) == (client.to or ())


def test_what_waits_can_be_sent_to_the_catcher_of_every_day(filled: App) -> None:
    settings = filled.desk.settings
    before = catcher.count(settings.catcher_folder)
    chosen = filled.pending()[-3:]
    with server.running("127.0.0.1", settings.catcher_port, settings.catcher_folder):
        queued = sending.queue(filled.desk, chosen)
        desk.drain(filled)
    assert catcher.count(settings.catcher_folder) == before + len(queued.invoice_ids) == before + 3
    assert {desk.status_of(filled, invoice_id) for invoice_id in chosen} == {DispatchStatus.SENT}


def test_a_second_fill_changes_nothing(filled: App) -> None:
    before = filled.ledgers().all
    mails = catcher.count(filled.desk.settings.catcher_folder)
    assert not demo.is_broken_off(filled)
    demo.fill(filled, now=NOW + timedelta(days=40))
    assert filled.ledgers().all.equals(before)
    assert catcher.count(filled.desk.settings.catcher_folder) == mails


# Troubles of its own --------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less to wait for: of each month what stands out."""

    def few(shown: Cards, today: date) -> list[Document]:
        named = {client.name for client in shown.customers[:23]}
        return [document for document in documents(shown, today) if document.client.name in named]

    monkeypatch.setattr("core.demo.making.documents", few)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("step", ["_set_company", "_mark_elsewhere", "_drain", "_hold_one"])
def test_a_demo_that_was_broken_off_is_finished_next_time(app: App, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    app.desk.settings.catcher_port = free_port()

    def break_off(_desk: Desk, *_rest: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, step, break_off)
        with pytest.raises(KeyboardInterrupt):
            demo.fill(app, now=NOW)
    assert demo.is_broken_off(app)
    demo.fill(app, now=NOW + timedelta(days=9))
    assert not demo.is_broken_off(app)
    frame = app.ledgers().all
    assert max(frame[frames.ISSUE_DATE]) <= NOW.date(), "as it was begun"
    counts = Counter(frame[frames.STATUS])
    assert [counts[status] for status in ("bounced", "failed", "uncertain", "partly_sent", "held")] == [1, 1, 1, 1, 1]
    with app.desk.database.read() as connection:
        rows = outbox_views.listing(connection)
    taken = [row.rfc_message_id for row in rows if row.status.value in ("sent", "bounced", "uncertain")]
    assert catcher.count(app.desk.settings.catcher_folder) == len(set(taken)) == len(taken) - 1, "one goes to two addresses"
    desk.assert_statuses_follow(app)


@pytest.mark.usefixtures("small")
def test_a_taken_port_is_no_obstacle(app: App) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app.desk.settings.catcher_port = other.getsockname()[1]
        demo.fill(app, now=NOW)
    assert catcher.count(app.desk.settings.catcher_folder) >= 15
    company = companies.list_companies(app.desk)[0]
    assert app.desk.account(company.id).port == app.desk.settings.catcher_port


def test_a_desk_with_companies_is_left_alone(app: App) -> None:
    desk.bring(app, desk.customer_invoice(1))
    demo.fill(app, now=NOW)
    assert len(app.ledgers().all) == 1
    assert not demo.is_broken_off(app)
