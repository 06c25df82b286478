"""The import page: nothing is written before the plan was seen; columns are explained once; what was refused can be taken along."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from core.app import App
from core.database.schema import invoices
from core.dispatch import customers, importing, tables
from core.dispatch.importing import ImportOutcome
from core.model import XmlFormat
from core.rendering import ubl
from tests import builders, desk
from tests.pages.screen import page, words
from tests.sources.tables import csv_of, row

PAGE = "pages/records/imports.py"
STRANGE = b"Ref;Quand;Qui;Prix;Taux TVA\nS1;24/11/2026;Jeanne;10,00;21\n"


def dropped(test: AppTest, *files: tuple[str, bytes]) -> AppTest:
    test.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    test.run()
    assert not test.exception
    return test


def count(app: App) -> int:
    with app.desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(invoices)) or 0


def plan_rows(test: AppTest) -> list[list[str]]:
    [grid] = [each for each in test.dataframe if len(each.value.columns) == 6]
    rows: list[list[str]] = grid.value.to_numpy().tolist()
    return rows


@pytest.fixture
def one_company(dashboard: App) -> App:
    desk.bring(dashboard, builders.invoice(number="X"))
    return dashboard


def test_the_plan_comes_before_anything_is_written(one_company: App) -> None:
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1"), row(number="2"), row(number="3", vat_rate="0"))))
    assert count(one_company) == 1
    shown = plan_rows(test)
    assert [(each[0], each[1]) for each in shown] == [("✗ Refused", "3"), ("✓ New", "1"), ("✓ New", "2")]
    assert "must say why" in shown[0][4]
    assert shown[0][5] == "a.csv · row 4, column L “VAT rate”"
    [totals] = [each.value for each in test.dataframe if len(each.value.columns) == 7]
    assert totals.iloc[0].tolist() == ["Atelier Dubois SRL", 2, "€\u00a0400.00", "€\u00a084.00", "€\u00a0484.00", "1", "2"]
    go = test.button(key="import-go")
    assert go.label == "Import the 2 invoices"
    go.click().run()
    assert not test.exception
    assert count(one_company) == 3
    assert "2 imported, 0 unchanged, 1 refused" in test.success[0].value
    assert len(plan_rows(test)) == 3
    assert [button.label for button in test.download_button] == ["Refused ones (CSV)"]


def test_a_chip_shows_one_outcome(one_company: App) -> None:
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1"), row(number="3", vat_rate="0"))))
    [chips] = test.pills
    chips.set_value(ImportOutcome.NEW).run()
    assert [each[1] for each in plan_rows(test)] == ["1"]


def test_columns_are_explained_once_and_kept(one_company: App) -> None:
    test = dropped(page(PAGE), ("x.csv", STRANGE))
    assert "Still needed: **Number · Date · Customer**" in words(test)
    assert not [button for button in test.button if button.key == "import-go"]
    [known] = importing.plan(one_company.desk, [importing.dropped_bytes("x.csv", STRANGE)], importing.Options()).tables
    for place, field in enumerate(("number", "issue_date", "buyer_name")):
        test.selectbox(key=f"column/{known.source_key}/invoices/{place}").set_value(field)
    [save] = [button for button in test.button if button.label == "Keep these columns"]
    save.click().run()
    assert not test.exception
    assert [each.mapping["Quand"] for each in tables.remembered(one_company.desk)] == ["issue_date"]
    test.button(key="import-go").click().run()
    assert count(one_company) == 2
    again = dropped(page(PAGE), ("y.csv", STRANGE))
    [forget] = [button for button in again.button if str(button.key).startswith("columns-forget/")]
    forget.click().run()
    assert tables.remembered(one_company.desk) == []


def test_the_company_of_tables_is_asked_where_there_are_several(one_company: App) -> None:
    other = f"BE{desk.buyer_number(50)}"
    desk.bring(one_company, builders.invoice(number="Y", seller=builders.seller(name="Autre SRL", vat_id=other, legal_id=None, endpoint=None)))
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1"))))
    assert "which company invoices" in plan_rows(test)[0][4]
    test.selectbox(key="import-company").set_value(other).run()
    assert plan_rows(test)[0][0] == "✓ New"


def test_xml_pdf_and_customers_drop_together(dashboard: App) -> None:
    xml = ubl.write(builders.invoice(number="77"), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content
    listed = f"TVA;Nom;E-mail;Par e-mail\nBE{desk.buyer_number(1)};Nouveau SRL;a@x.be;oui\n".encode()
    test = dropped(page(PAGE, "fr"), ("a.xml", xml), ("F77.pdf", desk.PDF), ("clients.csv", listed))
    shown = plan_rows(test)
    assert [each[2] for each in shown] == ["Bakkerij Peeters BV", "Nouveau SRL"]
    assert shown[0][5] == "a.xml · F77.pdf"
    assert "E-mail: a@x.be" in shown[1][4]
    assert test.button(key="import-go").label == "Importer les 2 lignes"
    test.button(key="import-go").click().run()
    assert customers.find(dashboard.desk, f"BE{desk.buyer_number(1)}").wants_email


def test_files_and_ticks_stay_when_the_page_is_left(one_company: App) -> None:
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1"))))
    test.checkbox(key="import-sent-before/0").check().run()
    test.switch_page("pages/records/customers.py").run()
    test.switch_page(PAGE).run()
    assert test.checkbox(key="import-sent-before/0").value
    assert [each[1] for each in plan_rows(test)] == ["1"]
    test.button(key="import-again").click().run()
    assert not test.checkbox(key="import-sent-before/1").value  # a tick never reaches the next import
    assert "Nothing is written before" in words(test)


def test_templates_are_there_before_anything_is_dropped(dashboard: App) -> None:
    test = page(PAGE, "nl")
    assert [button.label for button in test.download_button] == ["Facturen (CSV)", "Klanten (CSV)"]
