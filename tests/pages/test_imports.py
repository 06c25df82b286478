"""The import page: nothing is written before the plan was seen; columns are explained once; what was refused can be taken along."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from core.app import App
from core.database.schema import invoices
from core.dispatch import companies, customers, importing, tables
from core.model import XmlFormat
from core.rendering import ubl
from pages.parts import import_rows
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
    chips.set_value(import_rows.NEW).run()
    assert [each[1] for each in plan_rows(test)] == ["1"]


def test_columns_are_explained_once_and_kept(one_company: App) -> None:
    test = dropped(page(PAGE), ("x.csv", STRANGE))
    assert "Still needed: **Number · Date · Customer**" in words(test)
    assert not [button for button in test.button if button.key == "import-go"]
    [known] = importing.plan(one_company.desk, [importing.dropped_bytes("x.csv", STRANGE)], importing.Options()).tables
    for place, field in enumerate(("number", "issue_date", "buyer_name")):
        test.selectbox(key=f"column/{known.source_key}/invoices/{place}/en").set_value(field)
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
    test.selectbox(key="import-company/en").set_value(other).run()
    assert plan_rows(test)[0][0] == "✓ New"


def test_xml_pdf_and_customers_drop_together(dashboard: App) -> None:
    xml = ubl.write(builders.invoice(number="77"), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content
    listed = f"TVA;Nom;E-mail;Par e-mail\nBE{desk.buyer_number(1)};Nouveau SRL;a@x.be;oui\n".encode()
    test = dropped(page(PAGE, "fr"), ("a.xml", xml), ("F77.pdf", desk.PDF), ("clients.csv", listed))
    shown = plan_rows(test)
    assert [each[2] for each in shown] == ["Bakkerij Peeters BV", "Nouveau SRL"]
    assert shown[0][5] == "a.xml · F77.pdf"
    assert "E-mail\u00a0: a@x.be" in shown[1][4]  # a colon of French does not begin a line
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


def test_credit_notes_take_away_and_are_marked_as_in_the_ledgers(one_company: App) -> None:
    test = dropped(page(PAGE, "fr"), ("a.csv", csv_of(row(number="1"), row(number="2", quantity="-1"))))
    assert [(each[1], each[3]) for each in plan_rows(test)] == [("1", "242,00\u00a0€"), ("2 NC", "-121,00\u00a0€")]
    [totals] = [each.value for each in test.dataframe if len(each.value.columns) == 8]
    assert list(totals.columns)[1] == "Factures et notes de crédit"
    assert totals.iloc[0].tolist() == ["Atelier Dubois SRL", 2, "100,00\u00a0€", "21,00\u00a0€", "121,00\u00a0€", "1", "2", 1]


def supplier(number: str, place: int = 50) -> tuple[str, bytes]:
    seller = builders.seller(name="Fournisseur SRL", vat_id=f"BE{desk.buyer_number(place)}", legal_id=None, endpoint=None)
    return f"{number}.xml", ubl.write(builders.invoice(number=number, seller=seller), wanted=XmlFormat.BIS3, pdf=None, pdf_name="").content


def ours(place: int = 50) -> str:
    return f"import-ours/0/BE{desk.buyer_number(place)}"


def test_what_a_supplier_sent_is_ours_only_after_a_person_said_so(one_company: App) -> None:
    test = dropped(page(PAGE), supplier("L1"), ("a.csv", csv_of(row(number="1"))))
    assert test.checkbox(key=ours()).label == f"Fournisseur SRL · BE{desk.buyer_number(50)} · invoices: 1"
    assert [(each[0], each[1]) for each in plan_rows(test)] == [("✗ Refused", "L1"), ("✓ New", "1")]
    assert test.button(key="import-go").label == "Import the invoice"
    test.checkbox(key=ours()).check().run()
    assert [each[0] for each in plan_rows(test)] == ["✓ New", "✓ New"]
    test.checkbox(key=ours()).uncheck().run()
    test.button(key="import-go").click().run()
    assert [company.name for company in companies.list_companies(one_company.desk)] == ["Atelier Dubois SRL"]
    assert count(one_company) == 2


def test_a_tick_for_one_new_company_does_not_reach_another(one_company: App) -> None:
    test = dropped(page(PAGE), supplier("L1"))
    test.checkbox(key=ours()).check().run()
    test = dropped(test, supplier("L1"), supplier("L2", 51))
    assert [(each[0], each[1]) for each in plan_rows(test)] == [("✗ Refused", "L2"), ("✓ New", "L1")]
    assert (test.checkbox(key=ours()).value, test.checkbox(key=ours(51)).value) == (True, False)
    test.button(key="import-go").click().run()
    assert count(one_company) == 2
    again = dropped(test, supplier("L2", 51))
    assert not again.checkbox(key=ours(51).replace("/0/", "/1/")).value


def test_the_first_import_only_tells_of_the_companies(dashboard: App) -> None:
    test = dropped(page(PAGE), supplier("L1"))
    assert "New invoicing companies" in words(test)
    assert not [box for box in test.checkbox if str(box.key).startswith("import-ours")]
    test.button(key="import-go").click().run()
    assert count(dashboard) == 1


def test_refused_rows_stand_in_full_below_the_grid(one_company: App) -> None:
    rows = [row(number=f"R{place:02}", vat_rate="0") for place in range(22)]
    test = dropped(page(PAGE, "fr"), ("a.csv", csv_of(*rows)))
    [listed] = [each.value for each in test.markdown if each.value.startswith("- **R00 · Bakkerij Peeters BV**")]
    assert len(listed.splitlines()) == 20
    assert "O hors TVA." in listed
    assert "a.csv · ligne 2, colonne L «\u00a0VAT rate\u00a0»" in listed
    assert "Et 2 de plus\u00a0: le fichier les contient toutes." in words(test)
    assert len([button for button in test.download_button if button.key == "refused-csv"]) == 1


def test_a_list_of_customers_names_them_says_changed_and_asks_no_company(one_company: App) -> None:
    desk.bring(one_company, builders.invoice(number="Y", seller=builders.seller(name="Autre", vat_id=f"BE{desk.buyer_number(50)}", legal_id=None)))
    listed = f"TVA;Nom;E-mail\nBE{builders.BUYER_NUMBER};Bakkerij Peeters BV;a@x.be\nBE{desk.buyer_number(2)};Mixte SA;pas-une-adresse\n"
    test = dropped(page(PAGE), ("clients.csv", listed.encode()))
    assert [(each[0], each[2]) for each in plan_rows(test)] == [("✗ Refused", "Mixte SA"), ("✓ Changed", "Bakkerij Peeters BV")]
    assert not [box for box in test.selectbox if box.key == "import-company/en"]


def test_a_table_that_names_its_companies_asks_for_none(one_company: App) -> None:
    other = f"BE{desk.buyer_number(50)}"
    desk.bring(one_company, builders.invoice(number="Y", seller=builders.seller(name="Autre SRL", vat_id=other, legal_id=None, endpoint=None)))
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1", seller_vat_id=other))))
    assert not [box for box in test.selectbox if box.key == "import-company/en"]
    test = dropped(test, ("a.csv", csv_of(row(number="1", seller_vat_id=other), row(number="2", seller_vat_id=""))))
    assert [box for box in test.selectbox if box.key == "import-company/en"]


def test_the_button_stands_above_the_rows(one_company: App) -> None:
    test = dropped(page(PAGE), ("a.csv", csv_of(row(number="1"))))
    shown = [element.type if element.type == "dataframe" else getattr(element, "key", None) for element in test.main]
    assert shown.index("dataframe") < shown.index("import-go") < shown.index("plan-chips/✓ New")  # the totals, the button, the rows
