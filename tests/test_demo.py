"""The demo says “this is my desk”: the same documents each time, on real dates, really imported and really sent."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from stdnum import iban
from stdnum.be import ogm_vcs, vat
from stdnum.lu import tva

from core import catcher, demo, frames
from core.app import App, open_app
from core.catcher import server
from core.database import invoices as invoice_rows
from core.database import migrate, outbox_views
from core.demo import cards
from core.demo.documents import documents
from core.dispatch import companies, customers, sending
from core.model import DispatchStatus, DocumentType, Language, RecipientRole
from tests import desk
from tests.conftest import settings_for
from tests.mail.fault_server import free_port

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DAYS = (date(2026, 11, 24), date(2027, 1, 1), date(2027, 3, 1), date(2028, 2, 29), date(2026, 12, 31))


@pytest.fixture(scope="module")
def shown() -> cards.Cards:
    return cards.load()


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


def test_the_identifiers_are_valid(shown: cards.Cards) -> None:
    for firm in shown.companies.values():
        assert vat.is_valid(firm.key)
        assert iban.is_valid(firm.iban)
    for client in shown.customers:
        assert client.number is None or vat.is_valid(cards.enterprise_number(client.number))
        assert client.foreign_vat is None or tva.is_valid(client.foreign_vat)
    assert len(shown.companies) == 2
    assert len({client.name for client in shown.customers}) == 20


@pytest.mark.parametrize("today", DAYS)
def test_sixty_documents_around_any_day(shown: cards.Cards, today: date) -> None:
    made = documents(shown, today)
    assert len(made) == 60
    assert len({document.invoice.number for document in made}) == 60
    first = today.replace(day=1)
    for document in made:
        assert (first - timedelta(days=1)).replace(day=1) <= document.invoice.issue_date <= today
        assert document.this_month == (document.invoice.issue_date >= first)
        assert ogm_vcs.is_valid(document.invoice.payment_reference or "")
    for key in shown.companies:
        days = [document.invoice.issue_date for document in made if document.client.company == key]
        assert days == sorted(days), "numbers follow the dates"
    assert documents(shown, today) == made


@pytest.mark.parametrize("today", DAYS)
def test_what_is_billed_does_not_depend_on_the_day(shown: cards.Cards, today: date) -> None:
    def billed(day: date) -> Counter[tuple[str, Decimal]]:
        return Counter((document.client.name, document.invoice.totals.total_with_vat) for document in documents(shown, day))

    assert billed(today) == billed(DAYS[0])


def test_the_kinds_that_a_desk_knows_are_all_there(shown: cards.Cards) -> None:
    made = [document.invoice for document in documents(shown, DAYS[0])]
    assert any(len(invoice.vat_breakdown) == 3 for invoice in made)
    assert any(part.category == "AE" for invoice in made for part in invoice.vat_breakdown)
    [credit] = [invoice for invoice in made if invoice.type_code is DocumentType.CREDIT_NOTE]
    [credited] = [invoice for invoice in made if invoice.number == credit.preceding_invoices[0].number]
    assert credited.buyer == credit.buyer
    assert credited.lines[0].name == credit.lines[0].name
    assert credited.issue_date < credit.issue_date


def test_last_month_is_green_and_this_month_is_white(filled: App) -> None:
    frame = filled.ledgers().all
    assert len(frame) == 60
    assert frame[frames.WARNINGS].sum() == 0
    last = frame[frame[frames.ISSUE_DATE] < date(2026, 11, 1)]
    email = Counter(last[last[frames.LEDGER] == "email"][frames.STATUS])
    assert email.pop("failed") == email.pop("partly_sent") == 1
    assert set(email) == {"sent"}
    this = frame[(frame[frames.ISSUE_DATE] >= date(2026, 11, 1)) & (frame[frames.LEDGER] == "email")]
    white = Counter(this[frames.STATUS])
    assert white.pop("held") == 1
    assert set(white) == {"to_send"}
    paper = frame[frame[frames.LEDGER] == "paper"]
    assert set(paper[frames.STATUS]) == {"to_print"}
    assert len(paper) >= 8
    desk.assert_statuses_follow(filled)


def test_what_is_green_is_in_the_mail_catcher_byte_for_byte(filled: App) -> None:
    with filled.desk.database.read() as connection:
        rows = [row for row in outbox_views.listing(connection) if row.status.value == "sent"]
    folder = filled.desk.settings.catcher_folder
    mails = {dict(opened.headers)["Message-ID"]: opened for opened in (catcher.open_mail(folder, m.id) for m in catcher.caught(folder, 100))}
    assert {row.rfc_message_id for row in rows} == set(mails)
    for row in rows:
        assert filled.desk.archive.get(row.sealed_sha256) == mails[row.rfc_message_id].raw
        assert row.recipient in mails[row.rfc_message_id].mail.envelope_to
    for opened in mails.values():
        kinds = [part.mime_type for part in opened.attachments]
        assert kinds in (["application/pdf", "application/xml", "application/pdf"], ["application/pdf", "application/pdf"])  # none beside Peppol


def test_the_held_one_says_what_changed(filled: App) -> None:
    with filled.desk.database.read() as connection:
        [held] = [row for row in outbox_views.listing(connection) if row.status.value == "held"]
    assert "customer card changed" in str(held.because)


def test_the_cards_are_complete(filled: App) -> None:
    for company in companies.list_companies(filled.desk):
        account = filled.desk.account(company.id)
        assert (account.host, account.port) == ("127.0.0.1", filled.desk.settings.catcher_port)
        assert company.logo_sha256
        assert company.colour
        assert set(company.terms) == set(Language)
        assert all(company.signatures[language] for language in Language)
    known = customers.list_customers(filled.desk)
    assert len(known) == 20
    assert [customer.name for customer in known if customer.wants_email and not customer.mailboxes(RecipientRole.TO)] == ["Boulangerie Hastière SRL"]
    assert {customer.language for customer in known} == set(Language)


def test_the_accounts_work_with_the_catcher_of_every_day(app: App) -> None:
    settings = app.desk.settings
    settings.catcher_port = free_port()
    demo.fill(app, now=NOW)
    before = catcher.count(settings.catcher_folder)
    with app.desk.database.read() as connection:
        pending = list(invoice_rows.pending(connection, company_id=None))
    with server.running("127.0.0.1", settings.catcher_port, settings.catcher_folder):
        queued = sending.queue(app.desk, pending)
        desk.drain(app)
    assert len(queued.refused) == 1, "only the address that is missing"
    assert catcher.count(settings.catcher_folder) == before + len(queued.invoice_ids) - 1
    assert desk.status_of(app, queued.invoice_ids[0]) in (DispatchStatus.SENT, DispatchStatus.PARTLY_SENT)


def test_a_second_fill_changes_nothing(filled: App) -> None:
    before = filled.ledgers().all
    mails = catcher.count(filled.desk.settings.catcher_folder)
    demo.fill(filled, now=NOW + timedelta(days=40))
    assert filled.ledgers().all.equals(before)
    assert catcher.count(filled.desk.settings.catcher_folder) == mails


def test_a_taken_port_is_no_obstacle(app: App) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app.desk.settings.catcher_port = other.getsockname()[1]
        demo.fill(app, now=NOW)
    assert catcher.count(app.desk.settings.catcher_folder) >= 15
    company = companies.list_companies(app.desk)[0]
    assert app.desk.account(company.id).port == app.desk.settings.catcher_port
