"""The check before sending: every reason has its sentence and its remedy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.app import App
from core.database import parties
from core.database.schema import company_languages
from core.dispatch import checking, companies, customers
from core.dispatch.values import Value
from core.errors import FacturierError, KeywordUnknown, SettingInvalid, SettingUnknown, TermsInvalid
from core.mailbox import Mailbox
from core.model import DispatchStatus, RecipientRole
from core.preflight import Level, Remedy, Verdict
from tests import builders, desk


def verdict(app: App, invoice_id: int) -> Verdict:
    [found] = checking.preflight(app.desk, [invoice_id])
    return found


def blocked(app: App, invoice_id: int) -> list[tuple[str, Remedy]]:
    return [(str(reason.sentence), reason.remedy) for reason in verdict(app, invoice_id).blocked_by]


def test_ready_says_nothing(app: App) -> None:
    found = verdict(app, desk.ready(app, 25))
    assert (found.level, found.reasons) == (Level.READY, ())


def test_no_address(app: App) -> None:
    invoice_id = desk.ready(app, 25)
    desk.tick(app, 1)
    assert blocked(app, invoice_id) == [("Address missing: Customer 1 wants invoices by e-mail, but the card has no address.", Remedy.CUSTOMER)]
    assert desk.status_of(app, invoice_id) is DispatchStatus.TO_SEND
    assert invoice_id in desk.send(app, [invoice_id]).refused


def test_an_address_that_came_in_another_way_is_blocked_too(app: App) -> None:
    invoice_id = desk.ready(app, 25)
    with app.desk.database.write() as connection:
        identity = parties.customer_id(connection, desk.customer_key(1)) or 0
        parties.set_recipients(connection, identity, RecipientRole.TO, [Mailbox(addr_spec="compta@@x")])
    assert [remedy for _, remedy in blocked(app, invoice_id)] == [Remedy.CUSTOMER]
    assert "compta@@x" in blocked(app, invoice_id)[0][0]


def test_no_account_and_a_paused_one(app: App) -> None:
    imported = desk.bring(app, desk.customer_invoice(1))
    desk.tick(app, 1, "a@x.be")
    [(sentence, remedy)] = blocked(app, imported.invoice_id or 0)
    assert "has no mail account yet" in sentence
    assert remedy is Remedy.COMPANY


def test_a_keyword_of_an_older_text_blocks(app: App) -> None:
    invoice_id = desk.ready(app, 25)
    with app.desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE company_texts SET body = 'Bonjour {{ numero }}' WHERE language = 'nl'")
    [(sentence, remedy)] = blocked(app, invoice_id)
    assert "“numero”" in sentence
    assert remedy is Remedy.COMPANY


def test_terms_that_vanished_or_grew_block(app: App) -> None:
    invoice_id = desk.ready(app, 25)
    with app.desk.database.write() as connection:
        connection.execute(update(company_languages).values(terms_sha256="0" * 64, terms_name="t.pdf", terms_size=10))
    assert "cannot be read any more" in blocked(app, invoice_id)[0][0]
    with app.desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE company_languages SET terms_size = 99000000")
    assert "at most 5 MB" in blocked(app, invoice_id)[0][0]


def test_what_is_odd_in_the_source_only_warns(app: App) -> None:
    odd = builders.invoice()
    odd = replace(odd, totals=replace(odd.totals, amount_due=Decimal("241.00"), total_with_vat=Decimal("241.00")))
    imported = desk.bring(app, odd)
    desk.set_account(app, 25)
    desk_customer = [Value("wants_email", "true"), Value("to", "a@x.be")]
    customers.change(app.desk, f"BE{builders.BUYER_NUMBER}", desk_customer)
    found = verdict(app, imported.invoice_id or 0)
    assert found.level is Level.WARNING
    assert found.reasons
    assert found.blocked_by == ()


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("text.fr.invoice.subject", "Facture {{ numero }}", KeywordUnknown),
        ("text.fr.invoice.body", "", SettingInvalid),
        ("terms.fr", b"not a pdf", TermsInvalid),
        ("terms.fr", b"%PDF-1.4 garbage", TermsInvalid),
        ("logo", b"not a picture", SettingInvalid),
        ("smtp.port", "99999", SettingInvalid),
        ("smtp.port", "x", SettingInvalid),
        ("smtp.security", "ssl", SettingInvalid),
        ("mail.from", "nobody", SettingInvalid),
        ("smtp.hots", "x", SettingUnknown),
        ("go_live", "yesterday", SettingInvalid),
        ("colour", "green", SettingInvalid),
    ],
)
def test_a_bad_value_changes_nothing(app: App, name: str, content: str | bytes, error: type[FacturierError]) -> None:
    desk.ready(app, 25)
    before = companies.find(app.desk, desk.COMPANY)
    with pytest.raises(error):
        companies.change(app.desk, desk.COMPANY, [Value("name", "Another name"), Value(name, content, "file")])
    assert companies.find(app.desk, desk.COMPANY) == before


def test_an_unprotected_line_to_another_machine_is_refused(app: App) -> None:
    desk.ready(app, 25)
    with pytest.raises(SettingInvalid, match="another machine"):
        desk.set_company(app, smtp__host="smtp.example.be", smtp__security="none")


def test_secrets_are_not_in_the_database_in_clear(app: App) -> None:
    desk.ready(app, 25)
    desk.set_company(app, smtp__user="marie", smtp__password="Tr0ub4dor&3")
    assert app.desk.account(companies.find(app.desk, desk.COMPANY).id).password == "Tr0ub4dor&3"
    assert b"Tr0ub4dor" not in b"".join(path.read_bytes() for path in (app.desk.settings.catcher_folder.parents[2]).rglob("facturier.db*"))
    assert "Tr0ub4dor" not in repr(app.desk.account(companies.find(app.desk, desk.COMPANY).id))


def test_only_what_the_customer_sees_counts_as_a_change(app: App) -> None:
    desk.ready(app, 25)
    version = companies.find(app.desk, desk.COMPANY).version
    desk.set_company(app, smtp__password="new", mail__reply_to="b@x.be")
    assert companies.find(app.desk, desk.COMPANY).version == version
    desk.set_company(app, signature__fr="Marie")
    assert companies.find(app.desk, desk.COMPANY).version == version + 1
    desk.set_company(app, signature__fr="Marie")
    assert companies.find(app.desk, desk.COMPANY).version == version + 1
