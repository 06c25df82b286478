"""Tables, PDFs beside them and plans: what is foreseen is what happens, and a bad row never costs a good one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.app import App
from core.database import invoices as invoice_rows
from core.database import mappings
from core.database.schema import audit_events, invoice_versions, invoices
from core.dispatch import companies, customers, documents, import_summary, importing, tables
from core.dispatch.importing import Dropped, Imported, ImportOutcome, Options, dropped_bytes
from core.dispatch.pdf_pairs import fits, names_in
from core.dispatch.values import Value
from core.model import DispatchStatus, DocumentType, Invoice, Language, XmlFormat
from core.rendering import ubl
from core.sources.table_columns import TableKind, folded
from tests import builders, desk
from tests.mail.fault_server import FaultServer
from tests.sources.tables import csv_of, row
from tests.sources.test_table_files import workbook

NEW, UNCHANGED, NEW_VERSION, REFUSED = ImportOutcome.NEW, ImportOutcome.UNCHANGED, ImportOutcome.NEW_VERSION, ImportOutcome.REFUSED


def seller(**cells: Any) -> dict[str, Any]:
    """A row that names its company, so that an empty desk can take it."""
    return row(seller_name="Atelier Dubois SRL", seller_vat_id=desk.COMPANY, **cells)


def bring(app: App, *rows: dict[str, Any], name: str = "export.csv", options: Options = Options()) -> list[Imported]:
    return importing.import_many(app.desk, [(name, csv_of(*rows))], options)


def outcomes(results: list[Imported]) -> list[str]:
    return [f"{each.number or each.file} {each.outcome.value}" for each in results]


def xml_of(invoice: Invoice, pdf: bytes | None = None) -> bytes:
    return ubl.write(invoice, wanted=XmlFormat.BIS3, pdf=pdf, pdf_name="a.pdf").content


def versions(app: App) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(invoice_versions)) or 0


def test_a_table_makes_company_customers_and_invoices(app: App) -> None:
    results = bring(app, seller(number="1", language="fr"), seller(number="2", quantity="0x"), seller(number="3", buyer_email="a@b.be"))
    assert outcomes(results) == ["1 new", "2 refused", "3 new"]
    assert (results[1].place, results[0].place) == ("row 3, column J “Quantity”", "row 2")
    [customer] = customers.list_customers(app.desk)
    assert (customer.language, customer.wants_email, customer.recipients) == (Language.FR, False, ())
    assert desk.status_of(app, results[0].invoice_id or 0) is DispatchStatus.TO_PRINT


def test_the_same_table_again_and_a_changed_one(app: App) -> None:
    assert outcomes(bring(app, seller(number="1"), seller(number="2"))) == ["1 new", "2 new"]
    again = bring(app, seller(number="1"), seller(number="2", quantity="3"))
    assert outcomes(again) == ["1 unchanged", "2 new_version"]
    other = bring(app, seller(number="1", quantity="9"), name="other.csv")
    assert "imported from export.csv" in str(other[0].reason)


def test_a_changed_row_of_an_invoice_that_has_left_is_refused(app: App, smtp: FaultServer) -> None:
    bring(app, seller(number="1"), options=Options(already_sent=True))
    [result] = bring(app, seller(number="1", quantity="3"), options=Options(replace=True))
    assert "it has left or is about to" in str(result.reason)


def test_a_table_without_seller_is_from_the_chosen_or_the_only_company(app: App) -> None:
    assert "which company invoices" in str(bring(app, row(number="1"))[0].reason)
    desk.bring(app, builders.invoice(number="X"))
    [only] = bring(app, row(number="1"))
    assert (only.outcome, only.company_key) == (NEW, desk.COMPANY)
    other = builders.seller(name="Autre SRL", vat_id=f"BE{desk.buyer_number(50)}", legal_id=None, endpoint=None)
    desk.bring(app, builders.invoice(number="Y", seller=other))
    assert bring(app, row(number="2"))[0].outcome is REFUSED
    [chosen] = bring(app, row(number="2"), options=Options(table_company=f"BE{desk.buyer_number(50)}"))
    assert chosen.invoice is not None
    assert chosen.invoice.seller.name == "Autre SRL"


def test_an_invoice_of_a_table_goes_out_as_e_fff_even_where_the_original_is_wanted(app: App) -> None:
    [result] = bring(app, seller())
    customers.change(app.desk, f"BE{builders.BUYER_NUMBER}", [Value("xml", "original")])
    parts, notes = documents.attachments(app.desk, documents.dossier(app.desk, result.invoice_id or 0))
    assert [part.mime_type for part in parts] == ["application/pdf", "application/xml"]
    assert b"efff" in parts[1].content.lower() or b"urn:www.cenbii.eu" in parts[1].content
    assert any("no XML of its own" in str(note) for note in notes)


def test_a_table_without_rows_says_so(app: App) -> None:
    [result] = bring(app, dict.fromkeys(seller(), ""))
    assert (result.outcome, result.place) == (REFUSED, "row 1")
    assert "nothing under the row of headers" in str(result.reason)


# Plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_foresees_what_the_import_does_and_writes_nothing(app: App) -> None:
    bring(app, seller(number="1"), seller(number="2"))
    drop = [
        dropped_bytes(
            "export.csv", csv_of(seller(number="1"), seller(number="2", quantity="4"), seller(number="3"), seller(number="4", vat_rate=""))
        ),
        dropped_bytes("again.csv", csv_of(seller(number="3", quantity="7"))),  # the same number twice in one import
        dropped_bytes("a.xml", xml_of(builders.invoice(number="5"))),
        dropped_bytes("broken.xml", b"<x"),
        dropped_bytes("5.pdf", desk.PDF),
    ]
    before = versions(app)
    planned = importing.plan(app.desk, drop, Options())
    expected = ["1 unchanged", "2 new_version", "3 new", "4 refused", "3 refused", "5 new", "broken.xml refused"]
    assert outcomes(list(planned.rows)) == expected
    assert versions(app) == before
    results = importing.carry_out(app.desk, planned, Options())
    assert outcomes(results) == expected
    assert [each.reason for each in results] == [each.reason for each in planned.rows]
    assert results[5].pdf_name == "5.pdf"
    assert versions(app) == before + 3


def test_what_is_taken_as_history_is_said_beforehand_and_twice_in_one_import_met_as_such(app: App) -> None:
    bring(app, seller(number="0"))
    desk.set_company(app, go_live="2026-12-01")
    drop = [dropped_bytes(f"{name}.csv", csv_of(seller(number="1", quantity=quantity))) for name, quantity in (("a", "1"), ("b", "2"))]
    options = Options(replace=True)
    planned = importing.plan(app.desk, drop, options)
    assert outcomes([*planned.rows]) == ["1 new", "1 refused"]
    assert "is taken as already sent" in str(planned.rows[0].warnings)
    results = importing.carry_out(app.desk, planned, options)
    assert [(each.outcome, each.warnings, each.reason) for each in results] == [(each.outcome, each.warnings, each.reason) for each in planned.rows]
    assert desk.status_of(app, results[0].invoice_id or 0) is DispatchStatus.ELSEWHERE


def test_two_imports_of_the_same_file_at_once_keep_everything_once(app: App) -> None:
    rows = [seller(number=str(place), buyer_name=f"B{place % 7}", buyer_vat_id=desk.customer_key(place % 7)) for place in range(250)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        both = [*pool.map(lambda content: bring(app, *content), (rows, rows[::-1]))]
    assert sorted(each.outcome for found in both for each in found) == [NEW] * 250 + [UNCHANGED] * 250
    assert len(customers.list_customers(app.desk)) == 7


def test_totals_per_company_count_credit_notes_negative(app: App) -> None:
    rows = [seller(number="F9"), seller(number="F10"), seller(number="F11", quantity="-1"), seller(number="F12", currency="USD")]
    planned = importing.plan(app.desk, [dropped_bytes("a.csv", csv_of(*rows))], Options())
    euro, dollar = import_summary.totals(planned.rows)
    assert (euro.company, euro.currency, euro.count, euro.first, euro.last) == ("Atelier Dubois SRL", "EUR", 3, "F9", "F11")
    assert (str(euro.without_vat), str(euro.vat), str(euro.with_vat)) == ("300.00", "63.00", "363.00")
    assert (euro.credit_notes, dollar.credit_notes) == (1, 0)
    assert (dollar.currency, dollar.count) == ("USD", 1)


def test_a_new_company_is_told_once_and_made_only_if_it_is_ours(app: App) -> None:
    drop = [dropped_bytes("a.csv", csv_of(seller(number="1"), seller(number="2"), seller(number="3", vat_rate="0")))]
    free, narrow, told = Options(), Options(ours=frozenset()), Options(ours=frozenset({desk.COMPANY}))
    assert [str(warning) for row in importing.plan(app.desk, drop, free).rows for warning in row.warnings] == [
        f"Atelier Dubois SRL ({desk.COMPANY}) is a new invoicing company. If a supplier sent you this, it does not belong here."
    ]
    planned = importing.plan(app.desk, drop, narrow)
    [company] = import_summary.new_companies(planned.rows)
    assert (company.key, company.name, company.count) == (desk.COMPANY, "Atelier Dubois SRL", 3)
    assert [row.outcome for row in planned.rows] == [REFUSED] * 3
    refused = importing.carry_out(app.desk, planned, narrow)
    assert str(refused[0].reason) == "Atelier Dubois SRL is none of your invoicing companies."
    assert companies.list_companies(app.desk) == []
    kept = importing.carry_out(app.desk, importing.plan(app.desk, drop, told), told)
    assert [row.outcome for row in kept] == [NEW, NEW, REFUSED]
    assert [len(row.warnings) for row in kept] == [1, 0, 0]
    assert import_summary.new_companies(importing.plan(app.desk, drop, narrow).rows) == ()


def test_a_row_that_the_database_refuses_costs_only_itself(app: App) -> None:
    with app.desk.database.write() as connection:
        connection.execute(text("create unique index one_a_day on invoices (due_date)"))
    refused = seller(number="2", buyer_name="Other", buyer_vat_id="")
    results = bring(app, seller(number="1"), refused, seller(number="3", due_date="01/01/2027"))
    assert outcomes(results) == ["1 new", "2 refused", "3 new"]
    assert "The database did not take it" in str(results[1].reason)
    assert len(customers.list_customers(app.desk)) == 1  # the card of the refused one is undone too
    with app.desk.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(audit_events).where(audit_events.c.what == "imported new")) == 2


def test_many_files_are_kept_in_batches_and_reported_in_order(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 50)
    files = [(f"{place}.xml", xml_of(desk.customer_invoice(place))) for place in range(1, 121)]
    files[60] = ("60.xml", b"nothing")
    seen: list[str] = []
    results = importing.import_many(app.desk, files, report=lambda each: seen.append(each.file))
    assert seen == [name for name, _ in files] == [each.file for each in results]
    assert sum(each.outcome is NEW for each in results) == 119


# Columns that a person explains ---------------------------------------------------------------------------------

STRANGE = b"Ref;Quand;Qui;Prix;Taux TVA;Vendeur;TVA vendeur\n1;24/11/2026;A;10,00;21;Atelier;BE0123456749\n"


def test_a_mapping_is_remembered_changed_and_forgotten(app: App) -> None:
    drop = [dropped_bytes("x.csv", STRANGE)]
    planned = importing.plan(app.desk, drop, Options())
    assert "issue_date, buyer_name" in str(planned.rows[0].reason)
    [table] = planned.tables
    assert (table.lacks, table.remembered, table.examples(0)) == (True, False, "1")
    said = tables.guess(table, TableKind.INVOICES) | {"Ref": "number", "Quand": "issue_date", "Qui": "buyer_name", "Gone": "note", "Prix": "nonsense"}
    tables.remember(app.desk, table, TableKind.INVOICES, said)
    tables.remember(app.desk, table, TableKind.INVOICES, said | {"Prix": "net_price"})
    with app.desk.database.read() as connection:
        [kept] = mappings.load(connection).values()
    assert (kept.saved_by, kept.mapping["Prix"], "Gone" in kept.mapping) == ("marie", "net_price", False)
    assert outcomes(importing.import_many(app.desk, [("other name.csv", STRANGE)])) == ["1 new"]
    tables.forget(app.desk, table.source_key)
    assert importing.plan(app.desk, drop, Options()).rows[0].outcome is REFUSED
    assert tables.remembered(app.desk) == []


# PDFs beside the invoices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "number", "fits"),
    [
        ("2026-0412.pdf", "2026-0412", True),
        ("F2026-0412.pdf", "2026-0412", True),
        ("Facture_2026-0412.pdf", "2026-0412", True),
        ("facture 2026_0412 Dupont.pdf", "2026/0412", True),
        ("2026-0412_C1005.pdf", "2026-0412", True),
        ("Facture-2026-0412-1005.pdf", "2026-0412", False),
        ("1.pdf", "1", True),
        ("Facture 1.pdf", "1", True),
        ("11.pdf", "1", False),
        ("2021.pdf", "1", False),
        ("2026-1.pdf", "1", False),
        ("2026_1.pdf", "1", False),
        ("2026-0412.pdf", "412", False),
        ("2026-0412.pdf", "2026", False),
    ],
)
def test_a_pdf_is_named_after_the_whole_number(file: str, number: str, fits: bool) -> None:
    assert (folded(number) in names_in(file)) is fits


@pytest.mark.parametrize(
    ("file", "number", "fitting"),
    [
        ("INV-12.pdf", "INV-12", True),
        ("inv-12.pdf", "INV-12", True),
        ("INV-12.pdf", "INV-120", False),
        ("INV-120.pdf", "INV-12", False),
        ("11-2.pdf", "1-12", False),
        ("11-2.pdf", "11/2", True),
        ("112.pdf", "11/2", True),
        ("11-2.pdf", "112", False),
        ("NC2026-0005.pdf", "2026-0005", False),
        ("Note de crédit 2026-0005.pdf", "2026-0005", False),
        ("creditnota_2026-0005.pdf", "2026-0005", False),
        ("2026-0005 Franck Avoirdupois.pdf", "2026-0005", True),
        ("NC2026-0005.pdf", "NC2026-0005", True),
        ("Facture 2026-0005.pdf", "2026-0005", True),
    ],
)
def test_a_pdf_of_another_document_does_not_fit(file: str, number: str, fitting: bool) -> None:
    assert fits(file, number, DocumentType.INVOICE) is fitting


def test_the_pdf_of_a_credit_note_fits_it_and_not_the_invoice_of_its_number(app: App) -> None:
    bring(app, seller(number="2026-0005"), seller(number="INV-9"), seller(number="2026-0005", type="381"))
    files = [dropped_bytes(name, desk.PDF) for name in ("NC 2026-0005.pdf", "inv-9.pdf")]
    results = importing.import_dropped(app.desk, files, Options())
    assert [(each.invoice is not None and each.invoice.is_credit_note, each.outcome) for each in results] == [
        (True, NEW_VERSION),
        (False, NEW_VERSION),
    ]


def drop(**files: bytes) -> list[Dropped]:
    """`a_csv=` is the file a.csv."""
    return [dropped_bytes(".".join(name.rsplit("_", 1)), content) for name, content in files.items()]


def stored_pdf(app: App, result: Imported) -> str | None:
    with app.desk.database.read() as connection:
        return invoice_rows.load(connection, result.invoice_id or 0).pdf_name


def test_pdfs_hang_on_the_invoices_they_are_named_after(app: App) -> None:
    content = csv_of(seller(number="412"), seller(number="413"))
    results = importing.import_dropped(app.desk, drop(a_csv=content, Facture_412_pdf=desk.PDF, readme_pdf=desk.PDF), Options())
    assert outcomes(results) == ["412 new", "413 new", "readme.pdf refused"]
    assert (stored_pdf(app, results[0]), stored_pdf(app, results[1])) == ("Facture_412.pdf", None)
    assert "No invoice has a number" in str(results[2].reason)


def test_nothing_is_guessed_where_names_fit_twice(app: App) -> None:
    content = csv_of(seller(number="412"), seller(number="412", type="381"), seller(number="900"), seller(number="bad", quantity="x"))
    files = drop(a_csv=content, x_412_pdf=desk.PDF, x_900_pdf=desk.PDF, y_900_pdf=desk.PDF + b"2")
    results = importing.import_dropped(app.desk, files, Options())
    why = {each.file: str(each.reason) for each in results if each.file.endswith("pdf")}
    assert "fits several invoices (412, 412)" in why["x_412.pdf"]
    assert "Several PDFs fit invoice 900 (x_900.pdf, y_900.pdf)" in why["x_900.pdf"]
    assert why["x_900.pdf"] == why["y_900.pdf"]


def test_a_pdf_inside_the_xml_wins_and_what_is_no_pdf_is_refused(app: App) -> None:
    files = [
        dropped_bytes("a.xml", xml_of(builders.invoice(number="77"), desk.PDF)),
        dropped_bytes("77.pdf", desk.PDF + b"other"),
        dropped_bytes("78.pdf", b"MZ not a pdf"),
    ]
    results = importing.import_dropped(app.desk, files, Options())
    reasons = {each.file: str(each.reason) for each in results}
    assert "inside its XML" in reasons["77.pdf"]
    assert "no PDF, whatever its name says" in reasons["78.pdf"]
    assert stored_pdf(app, next(each for each in results if each.outcome is NEW)) == "a.pdf"


def test_a_pdf_alone_goes_to_an_invoice_of_the_ledger_once_and_not_after_it_left(app: App) -> None:
    [first] = bring(app, seller(number="2026/0500"))
    [attached] = importing.import_dropped(app.desk, [dropped_bytes("2026-0500.pdf", desk.PDF)], Options())
    assert (attached.outcome, attached.invoice_id, stored_pdf(app, attached)) == (NEW_VERSION, first.invoice_id, "2026-0500.pdf")
    assert outcomes(bring(app, seller(number="2026/0500"))) == ["2026/0500 unchanged"]  # the table again does not take it off
    assert stored_pdf(app, first) == "2026-0500.pdf"
    [again] = importing.import_dropped(app.desk, [dropped_bytes("2026-0500.pdf", desk.PDF)], Options())
    assert "has a PDF already" in str(again.reason)
    bring(app, seller(number="2026/0501"), options=Options(already_sent=True))
    [late] = importing.import_dropped(app.desk, [dropped_bytes("2026-0501.pdf", desk.PDF)], Options())
    assert "has left" in str(late.reason)


def test_table_and_pdf_together_attach_to_what_came_without(app: App) -> None:
    bring(app, seller(number="600"))
    [result] = importing.import_dropped(app.desk, drop(export_csv=csv_of(seller(number="600")), x_600_pdf=desk.PDF), Options())
    assert (result.outcome, stored_pdf(app, result)) == (NEW_VERSION, "x_600.pdf")


# Files ----------------------------------------------------------------------------------------------------------


def test_the_refused_list_holds_no_formulas(app: App) -> None:
    results = bring(app, seller(number="=1+1", quantity="x"), seller(number="ok"))
    content = import_summary.refused_csv(results, Language.FR).decode("utf-8-sig")
    assert content.splitlines()[0] == "Fichier;Numéro;Endroit;Motif"
    assert ";'=1+1;" in content
    assert "ok" not in content.split("\r\n", 1)[1].replace("export", "")


@pytest.mark.parametrize("language", Language)
def test_the_templates_import(app: App, language: Language) -> None:
    desk.bring(app, builders.invoice(number="X"))
    invoice = import_summary.template(TableKind.INVOICES, language)
    customer = import_summary.template(TableKind.CUSTOMERS, language)
    results = importing.import_many(app.desk, [("a.csv", invoice), ("b.csv", customer)])
    assert [each.outcome for each in results] == [NEW, NEW_VERSION]
    assert results[1].customer == "Bakkerij Peeters BV"


def test_a_workbook_imports_with_its_own_dates_and_numbers(app: App, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        workbook(
            ["Seller", "Seller VAT", "Number", "Type", "Date", "Customer", "Postcode", "Unit price", "VAT rate"],
            ["Atelier", desk.COMPANY, 2026001.0, 381, date(2026, 11, 24), "Jeanne", 1000, 19.989999999999998, 0.21],
        )
    )
    [result] = importing.import_paths(app.desk, [path], Options())
    assert result.invoice is not None
    invoice = result.invoice
    assert (invoice.number, invoice.type_code, str(invoice.totals.total_with_vat)) == ("2026001", DocumentType.CREDIT_NOTE, "24.19")
    assert invoice.buyer.address.postcode == "1000"
    with app.desk.database.read() as connection:
        assert connection.scalar(select(invoices.c.number)) == "2026001"
