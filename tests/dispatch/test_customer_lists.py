"""Lists of customers: what changes is foreseen field by field, and applied as the card itself would."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.app import App
from core.database.schema import audit_events
from core.dispatch import customers, importing
from core.dispatch.importing import Imported, ImportOutcome, Options, dropped_bytes
from core.dispatch.values import Value
from core.model import DispatchStatus, Language, RecipientRole, XmlFormat
from core.records import Customer
from tests import builders, desk

NEW, UNCHANGED, NEW_VERSION, REFUSED = ImportOutcome.NEW, ImportOutcome.UNCHANGED, ImportOutcome.NEW_VERSION, ImportOutcome.REFUSED
KEY = f"BE{builders.BUYER_NUMBER}"


def listed(*rows: dict[str, Any]) -> bytes:
    fields = [*dict.fromkeys(field for row in rows for field in row)]
    lines = [";".join(fields), *(";".join('"' + str(row.get(field, "")) + '"' for field in fields) for row in rows)]
    return "\r\n".join(lines).encode()


def bring(app: App, *rows: dict[str, Any], name: str = "klanten.csv") -> list[Imported]:
    """Planned first, then applied: both must say the same."""
    drop = [dropped_bytes(name, listed(*rows))]
    planned = importing.plan(app.desk, drop, Options())
    before = customers.list_customers(app.desk)
    assert customers.list_customers(app.desk) == before
    results = importing.carry_out(app.desk, planned, Options())
    assert results == list(planned.rows)
    return results


def card(app: App, key: str = KEY) -> Customer:
    return customers.find(app.desk, key)


def changes(result: Imported) -> dict[str, tuple[str, str]]:
    return {change.field: (change.before, change.after) for change in result.changes}


def test_a_known_customer_changes_field_by_field_and_its_invoices_move(app: App) -> None:
    invoice_id = desk.bring(app, builders.invoice()).invoice_id or 0
    before = card(app)
    row = {"TVA": "0999.999.922", "Langue": "français", "Par e-mail": "oui", "E-mail": "Compta <a@x.be>; b@x.be", "Localité": "Anvers"}
    [result] = bring(app, row)
    assert result.outcome is NEW_VERSION
    assert changes(result) == {
        "city": ("Antwerpen", "Anvers"),
        "language": ("nl", "fr"),
        "wants_email": ("✗", "✓"),
        "to": ("", "Compta <a@x.be>, b@x.be"),
    }
    now = card(app)
    assert (now.language, now.wants_email, now.address.city) == (Language.FR, True, "Anvers")
    assert [mailbox.addr_spec for mailbox in now.mailboxes(RecipientRole.TO)] == ["a@x.be", "b@x.be"]
    assert now.version > before.version
    assert desk.status_of(app, invoice_id) is DispatchStatus.TO_SEND
    assert bring(app, row)[0].outcome is UNCHANGED


def test_an_empty_cell_changes_nothing_and_a_hyphen_empties(app: App) -> None:
    desk.bring(app, builders.invoice())
    customers.change(app.desk, KEY, [Value("to", "a@x.be"), Value("cc", "c@x.be"), Value("notes", "old")])
    [result] = bring(app, {"key": KEY, "to": "", "cc": "-", "notes": "-", "street": "–"})
    assert changes(result) == {"street": ("Meir 1", ""), "cc": ("c@x.be", ""), "notes": ("old", "")}
    now = card(app)
    assert ([str(each) for _, each in now.recipients], now.notes, now.address.street) == (["a@x.be"], "", None)
    assert "cannot be emptied" in str(bring(app, {"key": KEY, "name": "-"})[0].reason)


def test_unknown_customers_get_a_card_in_the_language_of_their_town(app: App) -> None:
    number = desk.buyer_number(7)
    rows = [
        {"Naam": "Nieuw BV", "KBO": number, "Postcode": "2000", "Land": "België", "Per e-mail": "ja", "E-mail": "n@x.be"},
        {"Naam": "Jeanne Martin", "Postcode": "5000", "Land": "Belgique"},
    ]
    assert [result.outcome for result in bring(app, *rows)] == [NEW, NEW]
    company, person = card(app, number), card(app, "jeanne-martin-5000")
    assert (company.language, company.wants_email, company.enterprise_number) == (Language.NL, True, number)
    assert (person.language, person.wants_email) == (Language.FR, False)
    assert [result.outcome for result in bring(app, *rows)] == [UNCHANGED, UNCHANGED]
    imported = desk.bring(app, desk.customer_invoice(7))  # its invoice finds the card of the list
    assert desk.status_of(app, imported.invoice_id or 0) is DispatchStatus.TO_SEND
    assert len(customers.list_customers(app.desk)) == 2


@pytest.mark.parametrize(
    ("cells", "where", "why"),
    [
        ({"name": "A", "language": "de"}, "column B “language”", "no language"),
        ({"name": "A", "to": "nonsense"}, "column B “to”", "“nonsense” is not an e-mail address"),
        ({"name": "A", "wants_email": "perhaps"}, "column B “wants_email”", "neither yes nor no"),
        ({"name": "A", "xml": "pdf"}, "column B “xml”", "no XML format"),
        ({"name": "A", "country": "Atlantis"}, "column B “country”", "no country"),
        ({"name": "", "city": "Namur"}, "", "needed to know the customer"),
        ({"key": "gone", "city": "Namur"}, "", "No customer has the key gone"),
        ({"vat_id": "BE0123456749", "city": "Namur"}, "", "a new one needs a name"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(app: App, cells: dict[str, str], where: str, why: str) -> None:
    [result, good] = bring(app, cells, {"name": "Good SRL", "postcode": "5000"})
    assert (result.outcome, good.outcome) == (REFUSED, NEW)
    assert result.place.startswith("row 2")
    assert where in result.place
    assert why in str(result.reason)


def test_rows_of_one_customer_that_contradict_are_refused_with_both_named(app: App) -> None:
    desk.bring(app, builders.invoice())
    results = bring(app, {"vat_id": KEY, "to": "a@x.be"}, {"vat_id": "0999999922", "to": "b@x.be"})
    assert [(result.outcome, result.place) for result in results] == [(REFUSED, "row 2, column B “to”"), (REFUSED, "row 3, column B “to”")]
    assert "Rows 2 and 3 are the same customer" in str(results[0].reason)
    [merged] = bring(app, {"vat_id": KEY, "to": "a@x.be"}, {"vat_id": KEY, "to": "a@x.be", "cc": "c@x.be"})
    assert changes(merged) == {"to": ("", "a@x.be"), "cc": ("", "c@x.be")}


def test_namesakes_are_told_apart_by_their_postcode(app: App) -> None:
    for place, postcode in enumerate(("5000", "6000")):
        buyer = builders.private_person(name="Dupont SRL", address=builders.address(postcode=postcode))
        desk.bring(app, builders.invoice(number=f"D{place}", buyer=buyer))
    assert "Several customers are called “Dupont SRL”" in str(bring(app, {"name": "Dupont SRL", "to": "a@x.be"})[0].reason)
    assert bring(app, {"name": "DUPONT srl", "postcode": "6000", "to": "a@x.be"})[0].outcome is NEW_VERSION
    assert card(app, "dupont-srl-6000").recipients
    assert not card(app, "dupont-srl-5000").recipients


def test_a_number_that_contradicts_the_card_is_refused(app: App) -> None:
    desk.bring(app, builders.invoice())
    [result] = bring(app, {"key": KEY, "vat_id": "BE0123456749"})
    assert f"has the number {KEY}, the list says BE0123456749" in str(result.reason)


def test_peppol_elsewhere_takes_the_xml_off_as_the_card_does(app: App) -> None:
    desk.bring(app, builders.invoice())
    [result] = bring(app, {"key": KEY, "peppol_elsewhere": "ja"})
    assert changes(result)["xml"] == ("efff3", "none")
    assert (card(app).peppol_elsewhere, card(app).xml_format) == (True, XmlFormat.NONE)


def test_ticked_without_an_address_is_said(app: App) -> None:
    [result] = bring(app, {"name": "A SRL", "postcode": "5000", "wants_email": "x"})
    assert "no address" in str(result.warnings[0])


def test_every_change_is_in_the_audit_trail(app: App) -> None:
    bring(app, {"name": "A SRL", "postcode": "5000", "to": "a@x.be"})
    bring(app, {"name": "A SRL", "postcode": "5000", "city": "Namur"})
    with app.desk.database.read() as connection:
        found = connection.execute(select(audit_events.c.what, audit_events.c.why).order_by(audit_events.c.id)).all()
    assert [tuple(row) for row in found] == [
        ("customer imported", "A SRL"),
        ("customer changed", "to"),
        ("customer changed", "city (klanten.csv)"),
    ]


def test_a_list_with_keys_of_its_own_can_come_again(app: App) -> None:
    first = {"Clé": "C001", "Nom": "Peeters", "CP": "2000", "E-mail": "a@x.be"}
    assert [each.outcome for each in bring(app, first)] == [NEW]
    [again] = bring(app, first | {"E-mail": "b@x.be"})
    assert changes(again) == {"to": ("a@x.be", "b@x.be")}
    [one] = customers.list_customers(app.desk)
    assert one.name == "Peeters"


def test_two_of_the_same_name_and_town_with_two_keys_are_not_made_one(app: App) -> None:
    rows = [{"Clé": key, "Nom": "Peeters", "CP": "2000", "E-mail": f"{key}@x.be"} for key in ("c1", "c2")]
    results = bring(app, *rows)
    assert [each.outcome for each in results] == [NEW, REFUSED]
    assert "Several customers are called “Peeters”" in str(results[1].reason)
    [one] = customers.list_customers(app.desk)
    assert [mailbox.addr_spec for mailbox in one.mailboxes(RecipientRole.TO)] == ["c1@x.be"]


def test_a_card_that_moved_is_found_by_the_key_that_its_old_town_gave_it(app: App) -> None:
    bring(app, {"Nom": "Peeters", "CP": "2000"})
    bring(app, {"Clé": "peeters-2000", "CP": "3000"})
    [back] = bring(app, {"Nom": "Peeters", "CP": "2000"})
    assert changes(back) == {"postcode": ("3000", "2000")}


def test_what_follows_in_a_list_is_foreseen_after_what_came_before(app: App) -> None:
    results = bring(app, {"Nom": "Peeters", "CP": "2000", "Localité": "Antwerpen"}, {"Nom": "Peeters", "CP": "", "Localité": "Anvers"})
    assert [each.outcome for each in results] == [NEW, NEW_VERSION]
    assert changes(results[1]) == {"city": ("Antwerpen", "Anvers")}


def test_a_number_of_one_card_does_not_get_on_another(app: App) -> None:
    bring(app, {"Nom": "A", "TVA": KEY}, {"Nom": "B"})
    [result] = bring(app, {"Clé": "b", "TVA": KEY})
    assert str(result.reason) == f"The number {KEY} is on the card of A already."
    assert card(app, "b").vat_id is None


def test_a_cell_that_no_card_holds_costs_only_its_row(app: App) -> None:
    results = bring(app, {"Nom": "x" * 301}, {"Nom": "B", "Localité": "y" * 201}, {"Nom": "C"})
    assert [each.outcome for each in results] == [REFUSED, REFUSED, NEW]
    assert [each.name for each in customers.list_customers(app.desk)] == ["C"]
