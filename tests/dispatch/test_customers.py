"""Customers in numbers: pages and orders by the database, many at once, and a file that imports as it left."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.app import App
from core.database.customer_rows import CustomerFilter, CustomerSort, Kind
from core.database.schema import audit_events
from core.database.schema import customers as cards
from core.dispatch import customer_view, customers, importing
from core.dispatch.importing import ImportOutcome
from core.dispatch.values import Value
from core.errors import SettingInvalid
from core.model import Language, Ledger, RecipientRole
from tests import desk

EVERYONE = CustomerFilter()


def test_pages_of_two_hundred_in_the_asked_order(app: App) -> None:
    with app.desk.database.write() as connection:
        for place in range(450):
            values = {
                "key": f"K{place:04d}",
                "name": f"Été {place:04d}",
                "language": Language.FR,
                "wants_email": place % 3 == 0,
                "city": f"T{place % 7}",
            }
            connection.execute(cards.insert().values(search_text=f"ete {place:04d} k{place:04d}", **values))
    page = customer_view.page(app.desk, EVERYONE, CustomerSort(), number=0)
    assert (len(page.customers), page.count, page.kinds[Kind.MISSING], page.kinds[Kind.PAPER]) == (200, 450, 150, 300)
    assert [each.name for each in page.customers[:2]] == ["Été 0000", "Été 0003"]
    assert [each.name for each in page.customers[149:151]] == ["Été 0447", "Été 0001"]
    last = customer_view.page(app.desk, EVERYONE, CustomerSort("name", descending=True), number=2)
    assert [each.name for each in last.customers][-1] == "Été 0000"
    found = customer_view.page(app.desk, CustomerFilter(search="ÉTÉ 0444"), CustomerSort(), number=0)
    assert [each.key for each in found.customers] == ["K0444"]
    assert len(customer_view.all_ids(app.desk, CustomerFilter(kind=Kind.EMAIL))) == 150


def test_many_at_once_writes_only_what_differs(app: App) -> None:
    desk.bring(app, desk.customer_invoice(0))
    desk.bring(app, desk.customer_invoice(1))
    desk.tick(app, 1, "a@x.test")
    ids = customer_view.all_ids(app.desk, EVERYONE)
    before = _events(app)
    yes = [Value("wants_email", "true")]
    foreseen = customers.foresee_many(app.desk, ids, yes)
    assert (foreseen.total, foreseen.changed, [name for _, name in foreseen.without_address]) == (2, 1, ["Customer 0"])
    former = customers.change_many(app.desk, ids, yes)
    assert [each.name for each in former] == ["Customer 0"]
    assert _events(app) == before + 1
    assert sorted(app.ledgers().email["number"]) == ["2026-0000", "2026-0001"]
    customers.restore(app.desk, former, ["wants_email"])
    assert app.ledgers().email["number"].tolist() == ["2026-0001"]
    assert Ledger.PAPER.value in app.ledgers().all["ledger"].tolist()


def _events(app: App) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(audit_events)) or 0


def test_a_change_of_many_is_refused_whole_when_a_value_is_no_good(app: App) -> None:
    desk.bring(app, desk.customer_invoice(0))
    with pytest.raises(SettingInvalid):
        customers.change_many(app.desk, customer_view.all_ids(app.desk, EVERYONE), [Value("wants_email", "true"), Value("language", "de")])
    assert not customers.find(app.desk, desk.customer_key(0)).wants_email


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_imports_again_as_it_left(app: App, language: Language, kind: str) -> None:
    for place in range(3):
        desk.bring(app, desk.customer_invoice(place))
    desk.tick(app, 1, "a@x.test", "Léa Petit <b@x.test>", cc="c@x.test", language="nl", notes="rings; on\nFridays")
    desk.tick(app, 2, "=cmd@x.test", peppol_elsewhere="true")
    content = customer_view.customer_file(app.desk, EVERYONE, CustomerSort("name"), language, kind)
    plan = importing.plan(app.desk, [importing.dropped_bytes(f"customers.{kind}", content)], importing.Options())
    assert [(each.outcome, each.reason, each.changes) for each in plan.rows] == [(ImportOutcome.UNCHANGED, None, ())] * 3


def test_a_wrong_address_is_replaced_where_it_stands(app: App) -> None:
    desk.bring(app, desk.customer_invoice(0))
    desk.tick(app, 0, "good@x.test", "Bad@x.test", cc="bad@x.test")
    fixed = customers.correct_address(app.desk, desk.customer_key(0), "bad@X.test", "right@x.test")
    assert [str(mailbox) for mailbox in fixed.mailboxes(RecipientRole.TO)] == ["good@x.test", "right@x.test"]
    assert [str(mailbox) for mailbox in fixed.mailboxes(RecipientRole.CC)] == ["right@x.test"]
    again = customers.correct_address(app.desk, desk.customer_key(0), "gone@x.test", "new@x.test")
    assert [str(mailbox) for mailbox in again.mailboxes(RecipientRole.TO)] == ["good@x.test", "right@x.test", "new@x.test"]
    with pytest.raises(SettingInvalid):
        customers.correct_address(app.desk, desk.customer_key(0), "good@x.test", "")


def test_names_with_accents_are_read_as_they_were_typed(app: App) -> None:
    desk.bring(app, desk.customer_invoice(0))
    desk.tick(app, 0, "Société Générale <compta@x.test>")
    assert customers.as_values(customers.find(app.desk, desk.customer_key(0)))["to"] == "Société Générale <compta@x.test>"


def test_a_corrected_address_that_is_there_already_is_not_there_twice(app: App) -> None:
    desk.bring(app, desk.customer_invoice(1))
    desk.tick(app, 1, "wrong@x.test", "right@x.test", cc="boss@x.test")
    fixed = customers.correct_address(app.desk, desk.customer_key(1), "wrong@x.test", "Right@x.test")
    assert [mailbox.addr_spec.lower() for mailbox in fixed.mailboxes(RecipientRole.TO)] == ["right@x.test"]
    assert customers.correct_address(app.desk, desk.customer_key(1), "gone@x.test", "RIGHT@x.test") == fixed


@pytest.mark.parametrize(
    ("vat_id", "number", "odd"),
    [
        ("BE0123456789", "0123456789", "BE0123456789"),
        (None, "0123456789", "BE0123456789"),
        ("BE012345674", None, "BE012345674"),
        ("BENIETBTW1", None, "BENIETBTW1"),
        ("BE0000000000", None, "BE0000000000"),
        ("BE0123456749", "0123456749", None),
        ("FR12345678901", None, None),
        (None, None, None),
    ],
)
def test_a_belgian_number_that_fails_its_check_is_something_missing(app: App, vat_id: str | None, number: str | None, odd: str | None) -> None:
    """Alike in the sentence on the card and in the database's count."""
    values = {"key": "K", "name": "K", "language": Language.FR, "vat_id": vat_id, "enterprise_number": number}
    with app.desk.database.write() as connection:
        connection.execute(cards.insert().values(search_text="k", **values))
    page = customer_view.page(app.desk, EVERYONE, CustomerSort(), number=0)
    assert [lack.full.values["number"] for lack in customer_view.lacks(page.customers[0])] == ([odd] if odd else [])
    assert page.kinds[Kind.MISSING] == (1 if odd else 0)
