"""Files become invoices or are refused with their reason; a change is a new version, a doubt is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.app import App
from core.archive import sha256
from core.database import invoices as invoice_rows
from core.database.schema import invoice_versions, invoices
from core.dispatch import customers, importing, settling
from core.dispatch.importing import Imported, ImportOutcome, Options
from core.model import DispatchStatus, Invoice, XmlFormat
from core.rendering import ubl
from tests import builders, desk
from tests.mail.fault_server import FaultServer


def xml_of(invoice: Invoice, pdf: bytes | None = None) -> bytes:
    return ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=pdf, pdf_name="a.pdf").content


def bring(app: App, invoice: Invoice, *, name: str = "a.xml", pdf: bytes | None = None, options: Options = Options()) -> Imported:
    return importing.import_bytes(app.desk, name, xml_of(invoice, pdf), options)


def dearer(invoice: Invoice) -> Invoice:
    lines = (builders.line(net_price=Decimal("150.00")),)
    return builders.invoice(number=invoice.number, lines=lines)


def test_the_same_file_again_is_unchanged(app: App) -> None:
    first, second = bring(app, builders.invoice()), bring(app, builders.invoice())
    assert (first.outcome, second.outcome) == (ImportOutcome.NEW, ImportOutcome.UNCHANGED)
    assert first.invoice_id == second.invoice_id


def test_xml_and_pdf_are_kept_as_they_came(app: App) -> None:
    imported = bring(app, builders.invoice(), pdf=desk.PDF)
    with app.desk.database.read() as connection:
        stored = invoice_rows.load(connection, imported.invoice_id or 0)
    assert stored.pdf_sha256 == sha256(desk.PDF)
    assert stored.xml_sha256
    assert app.desk.archive.get(stored.xml_sha256) == xml_of(builders.invoice(), desk.PDF)
    assert stored.invoice == imported.invoice


def test_a_changed_unsent_invoice_is_a_new_version_and_the_old_one_is_kept(app: App) -> None:
    first = bring(app, builders.invoice())
    second = bring(app, dearer(builders.invoice()))
    assert second.outcome is ImportOutcome.NEW_VERSION
    assert second.invoice_id == first.invoice_id
    with app.desk.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(invoice_versions)) == 2
        assert connection.scalar(select(invoices.c.total_with_vat)) == Decimal("363.00")
        assert invoice_rows.load(connection, first.invoice_id or 0, 1).invoice.totals.total_with_vat == Decimal("242.00")


def test_a_changed_invoice_that_has_left_is_refused(app: App, smtp: FaultServer) -> None:
    invoice_id = desk.ready(app, smtp.port)
    desk.send(app, [invoice_id])
    changed = replace(desk.customer_invoice(1), order_reference="PO 7")
    result = bring(app, changed, name="2026-0001.xml", options=Options(replace=True))
    assert result.outcome is ImportOutcome.REFUSED
    assert "it has left or is about to" in str(result.reason)
    assert desk.status_of(app, invoice_id) is DispatchStatus.SENT


def test_another_file_with_the_same_number_is_refused_unless_it_shall_replace(app: App) -> None:
    bring(app, builders.invoice(), name="a.xml")
    other = bring(app, dearer(builders.invoice()), name="b.xml")
    assert other.outcome is ImportOutcome.REFUSED
    assert "imported from a.xml" in str(other.reason)
    assert bring(app, dearer(builders.invoice()), name="b.xml", options=Options(replace=True)).outcome is ImportOutcome.NEW_VERSION


def test_same_number_of_another_type_or_year_is_another_invoice(app: App) -> None:
    results = [
        bring(app, builders.invoice(number="1")),
        bring(app, builders.credit_note(number="1")),
        bring(app, builders.invoice(number="1", issue_date=date(2025, 1, 2), due_date=None)),
    ]
    assert [result.outcome for result in results] == [ImportOutcome.NEW] * 3
    assert len({result.invoice_id for result in results}) == 3


def test_already_sent_is_elsewhere_and_not_pending(app: App) -> None:
    imported = bring(app, builders.invoice(), options=Options(already_sent=True))
    assert desk.status_of(app, imported.invoice_id or 0) is DispatchStatus.ELSEWHERE


def test_a_company_filter_refuses_what_is_from_another(app: App) -> None:
    result = bring(app, builders.invoice(), options=Options(company_key="BE0999999922"))
    assert result.outcome is ImportOutcome.REFUSED
    assert "is from Atelier Dubois SRL" in str(result.reason)


def test_similar_customers_stay_apart_and_the_same_one_stays_one(app: App) -> None:
    place = builders.address(postcode="5000")
    dupont = builders.private_person(name="Dupont SRL", address=place)
    sons = builders.private_person(name="Dupont & Fils", address=place)
    for number, buyer in enumerate((dupont, sons, dupont)):
        bring(app, builders.invoice(number=f"D{number}", buyer=buyer), name=f"{number}.xml")
    assert [each.key for each in customers.list_customers(app.desk)] == ["dupont-fils-5000", "dupont-srl-5000"]


def test_an_enterprise_number_without_vat_is_the_same_customer(app: App) -> None:
    bring(app, builders.invoice(number="1"), name="1.xml")
    bring(app, builders.invoice(number="2", buyer=builders.party(vat_id=None)), name="2.xml")
    assert len(customers.list_customers(app.desk)) == 1


def test_a_bad_file_does_not_cost_the_good_ones(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "drop" / "deeper"
    folder.mkdir(parents=True)
    (folder / "good.xml").write_bytes(xml_of(builders.invoice()))
    (folder / "broken.xml").write_text("<Invoice>\n<x", encoding="utf-8")
    (folder / "notes.txt").write_text("not an invoice", encoding="utf-8")
    seen: list[str] = []
    results = importing.import_paths(app.desk, [tmp_path / "drop", tmp_path / "missing.xml"], Options(), report=lambda each: seen.append(each.file))
    assert [(Path(each.file).name, each.outcome.value) for each in results] == [
        ("broken.xml", "refused"),
        ("good.xml", "new"),
        ("missing.xml", "refused"),
    ]
    assert results[0].place
    assert seen == [each.file for each in results]


@pytest.mark.parametrize("folder", ["ubl-be", "e-fff", "en16931", "peppol"])
def test_shared_files_import_with_the_totals_they_state(app: App, shared_data: Path, folder: str) -> None:
    results = importing.import_paths(app.desk, [shared_data / folder], Options())
    refused = [result for result in results if result.outcome is ImportOutcome.REFUSED]
    assert len(refused) == (1 if folder == "peppol" else 0)  # two of them share seller, type, number and year
    assert all("cannot share a number" in str(result.reason) for result in refused)
    with app.desk.database.read() as connection:
        rows = {row.id: row for row in connection.execute(select(invoices))}
    for result in results:
        if result.invoice:
            row = rows[result.invoice_id]
            assert (row.total_with_vat, row.amount_due) == (result.invoice.totals.total_with_vat, result.invoice.totals.amount_due)


def test_what_was_issued_before_the_company_worked_with_us_is_history(app: App) -> None:
    """A clean start (N16): the first “select all” does not mail it again."""
    desk.bring(app, desk.customer_invoice(1, issue_date=date(2026, 1, 1)))
    desk.set_company(app, go_live="2026-03-01")
    older = desk.bring(app, desk.customer_invoice(2, issue_date=date(2026, 2, 28)))
    assert "before 2026-03-01, the first day of Atelier Dubois SRL" in str(older.warnings[-1])
    old = older.invoice_id or 0
    new = desk.bring(app, desk.customer_invoice(3, issue_date=date(2026, 3, 1))).invoice_id or 0
    assert desk.status_of(app, old) is DispatchStatus.ELSEWHERE
    assert desk.status_of(app, new) is DispatchStatus.TO_PRINT
    assert settling.unmark_elsewhere(app.desk, [old], reason="") == {}
    assert desk.status_of(app, old) is DispatchStatus.TO_PRINT
    desk.assert_statuses_follow(app)
