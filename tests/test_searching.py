"""Search and filters over a whole ledger: what a bookkeeper types, and what the chips count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core import frames
from core.app import App
from core.database import words
from core.database.ledger_rows import SORTABLE, Filter, Sort
from core.dispatch import companies, customers, looking
from core.dispatch.values import Value
from core.model import DocumentType, Ledger, PaymentMeans
from tests import builders, desk


@pytest.fixture
def filled(app: App) -> App:
    """Four customers with one invoice each, the last with a second one."""
    names = ["Café Müller", "Dupont SRL", "Dupont & Fils", "Ets. Œuvre 100%"]
    for place, name in enumerate(names):
        invoice = desk.customer_invoice(place)
        invoice = replace(invoice, buyer=replace(invoice.buyer, name=name), issue_date=date(2026, 1 + place, 15))
        desk.bring(app, invoice)
    means = PaymentMeans(reference="+++090/9337/55493+++", iban="BE68539007547034")
    last = desk.customer_invoice(3)
    desk.bring(app, replace(last, number="K-77", payment_means=(means,), issue_date=date(2026, 9, 1)))
    desk.tick(app, 1, "compta@dupont.be")
    desk.tick(app, 2)
    return app


def found(app: App, search: str, **narrowed: object) -> list[str]:
    chosen = replace(Filter(search=search), **narrowed)  # type: ignore[arg-type]
    page = looking.ledger_page(app.desk, chosen, None, Sort("number", descending=False), page=0)
    assert page.tally.count == len(page.frame)
    return list(page.frame[frames.NUMBER])


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("cafe muller", ["2026-0000"]),
        ("MÜLLER", ["2026-0000"]),
        ("dupont", ["2026-0001", "2026-0002"]),
        ("dupont fils", ["2026-0002"]),
        ("compta@dup", ["2026-0001"]),
        ("oeuvre", ["2026-0003", "K-77"]),
        ("100%", ["2026-0003", "K-77"]),
        ("0%", ["2026-0003", "K-77"]),
        ("k-77", ["K-77"]),
        ("k-", ["K-77"]),
        ("7", ["K-77"]),
        ("090933755493", ["K-77"]),
        ("+++090/9337/55493+++", ["K-77"]),
        ("242,00 müller", ["2026-0000"]),
        ("€ 242,00 k-77", ["K-77"]),
        ('"', []),
        ("% _", []),
        ("nobody", []),
    ],
)
def test_a_search_finds_by_number_name_address_amount_and_reference(filled: App, search: str, numbers: list[str]) -> None:
    if search == "7":
        assert "K-77" in found(filled, search)
    else:
        assert found(filled, search) == numbers


def test_the_search_follows_what_changes_on_the_card(filled: App) -> None:
    customers.change(filled.desk, desk.customer_key(0), [Value("name", "Brasserie Zénith"), Value("to", "chef@zenith.be")])
    assert found(filled, "muller") == ["2026-0000"]  # the buyer as on the invoice
    assert found(filled, "zenith") == ["2026-0000"]
    assert found(filled, "chef@zen") == ["2026-0000"]
    customers.change(filled.desk, desk.customer_key(0), [Value("to", "")])
    assert found(filled, "chef@zen") == []


def test_the_order_by_customer_knows_no_accents_and_no_case(filled: App) -> None:
    page = looking.ledger_page(filled.desk, Filter(), None, Sort("buyer", descending=False), page=0)
    assert list(page.frame[frames.BUYER])[:4] == ["Café Müller", "Dupont & Fils", "Dupont SRL", "Ets. Œuvre 100%"]


def test_period_customer_and_company_narrow(filled: App) -> None:
    assert found(filled, "", since=date(2026, 2, 15), until=date(2026, 3, 15)) == ["2026-0001", "2026-0002"]
    customer = customers.find(filled.desk, desk.customer_key(3))
    assert found(filled, "", customer_id=customer.id) == ["2026-0003", "K-77"]
    [company] = companies.list_companies(filled.desk)
    assert len(found(filled, "", company_id=company.id)) == 5
    assert found(filled, "", company_id=company.id + 1) == []


def test_what_is_blocked_counts_as_to_handle_and_only_there(filled: App) -> None:
    email = Filter(ledger=Ledger.EMAIL)
    nothing = looking.ledger_page(filled.desk, email, None, Sort(), page=0)
    assert (nothing.groups["to_send"], nothing.groups["to_handle"]) == (0, 2)  # no account yet
    desk.set_account(filled, 2525)
    page = looking.ledger_page(filled.desk, email, None, Sort(), page=0)
    assert (page.groups["to_send"], page.groups["to_handle"]) == (1, 1)
    to_handle = looking.ledger_page(filled.desk, email, "to_handle", Sort(), page=0)
    assert list(to_handle.frame[frames.NUMBER]) == ["2026-0002"]
    assert to_handle.tally.count == 1
    to_send = looking.ledger_page(filled.desk, email, "to_send", Sort(), page=0)
    assert list(to_send.frame[frames.NUMBER]) == ["2026-0001"]
    assert (page.to_send, len(looking.pending_ids(filled.desk, email))) == (2, 2)


def test_a_text_that_cannot_be_filled_in_blocks_its_language_and_kind_only(filled: App) -> None:
    desk.set_account(filled, 2525)
    customers.change(filled.desk, desk.customer_key(1), [Value("language", "nl")])
    with filled.desk.database.write() as connection:
        connection.exec_driver_sql("update company_texts set body = '{{ nonsense }}' where language = 'nl' and type_code = '380'")
    page = looking.ledger_page(filled.desk, Filter(ledger=Ledger.EMAIL), "to_handle", Sort(), page=0)
    assert sorted(page.frame[frames.NUMBER]) == ["2026-0001", "2026-0002"]


def test_sums_count_credit_notes_negative(filled: App) -> None:
    desk.bring(filled, builders.credit_note(number="C-1"))
    page = looking.ledger_page(filled.desk, Filter(), None, Sort(), page=0)
    assert page.tally.count == 6
    assert {str(value) for value in page.tally.sums.values()} == {"968.00"}


def test_amounts_and_words_are_read_as_people_write_them() -> None:
    assert words.sought("€ 1 234,56 Dupont") == ["1234.56", "dupont"]
    assert words.sought("1.234,56") == ["1234.56"]
    assert words.sought("F2026-0412") == ["f2026-0412"]
    assert words.folded("  Œuvre  ÉLÈVE ") == "oeuvre eleve"


def test_a_number_and_an_amount_stay_two_words() -> None:
    assert words.sought("0412 121,00") == ["0412", "121.00"]
    assert words.sought("2026-0412 1 121,00 €") == ["2026-0412", "1121.00"]
    assert words.sought("1’234.56") == ["1234.56"]


@pytest.mark.parametrize("typed", ["-242,00", "−242,00 €", "€ -242.00"])
def test_a_credit_note_is_found_by_the_amount_that_the_ledger_shows(app: App, typed: str) -> None:
    desk.bring(app, replace(desk.customer_invoice(1), type_code=DocumentType.CREDIT_NOTE))
    assert found(app, typed) == ["2026-0001"]


def test_a_pasted_column_is_no_search_that_fails(filled: App) -> None:
    assert found(filled, " ".join(f"2026-{place:04d}" for place in range(3000))) == []


@pytest.mark.parametrize("column", [*SORTABLE])
@pytest.mark.parametrize("descending", [False, True])
def test_every_order_is_the_same_on_a_page_and_in_a_file(filled: App, column: str, descending: bool) -> None:
    desk.bring(app=filled, invoice=replace(desk.customer_invoice(8), due_date=None))
    sort = Sort(column, descending=descending)
    page = looking.ledger_page(filled.desk, Filter(), None, sort, page=0).frame
    assert [*looking.all_rows(filled.desk, Filter(), None, sort)[frames.ID]] == [*page[frames.ID]]
    if column == "due_date":
        assert page[frames.NUMBER].iloc[-1] == "2026-0008"
    assert looking.ledger_page(filled.desk, Filter(), None, sort, page=9).frame.empty
