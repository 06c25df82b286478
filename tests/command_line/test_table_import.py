"""Tables, PDFs and lists of customers by command: rows as DESIGN §5 has them, and a dry run that writes nothing."""

from __future__ import annotations

from pathlib import Path

from core.app import open_app
from core.dispatch import importing, tables
from core.dispatch.importing import Options
from core.sources.table_columns import TableKind
from tests import builders, desk
from tests.command_line.shell import done, file_of, rows, run, statuses
from tests.sources.tables import csv_of, row

COMPANY = desk.COMPANY


def seller(**cells: str) -> dict[str, str]:
    return row(seller_name="Atelier Dubois SRL", seller_vat_id=COMPANY, **cells)


def test_a_folder_of_tables_xml_pdfs_and_customers(folder: Path) -> None:
    done("init")
    drop = folder / "drop"
    file_of(drop, desk.customer_invoice(3), pdf=None)
    (drop / "export.csv").write_bytes(csv_of(seller(number="1"), seller(number="2", vat_rate="0")))
    (drop / "customers.csv").write_text(f"vat_id;to;wants_email\nBE{builders.BUYER_NUMBER};a@x.be;oui\n")
    (drop / "Facture 2026-0003.pdf").write_bytes(desk.PDF)
    (drop / "notes.txt").write_text("ignored in a folder")
    dry = run("import", drop, "--dry-run", "--format", "json")
    assert dry.code == 1
    assert statuses() == {}
    said = run("import", drop, "--format", "json")
    assert said.code == 1
    found = {(Path(each["file"]).name, each["number"]): each for each in said.json()}
    assert {key: each["outcome"] for key, each in found.items()} == {
        ("2026-0003.xml", "2026-0003"): "new",
        ("customers.csv", None): "refused",  # its invoices come after it, so it has no name for a card yet
        ("export.csv", "1"): "new",
        ("export.csv", "2"): "refused",
    }
    assert found["2026-0003.xml", "2026-0003"]["pdf"] == "Facture 2026-0003.pdf"
    refused = found["export.csv", "2"]
    assert (refused["place"], refused["company"]) == ("row 3, column L “VAT rate”", COMPANY)
    assert "must say why" in refused["reason"]
    assert [each["outcome"] for each in rows("import", drop / "customers.csv")] == ["new_version"]
    assert statuses() == {"2026-0003": "to_print", "1": "to_send"}
    listed = rows("import", drop / "customers.csv")
    assert (listed[0]["outcome"], listed[0]["buyer"]) == ("unchanged", "Bakkerij Peeters BV")


def test_a_dry_run_says_what_the_import_would(folder: Path) -> None:
    done("init")
    path = folder / "a.csv"
    path.write_bytes(csv_of(seller(number="1")))
    dry = rows("import", path, "--dry-run")
    assert rows("ledger", "all") == []
    assert rows("import", path) == dry
    assert rows("import", path, "--dry-run")[0]["outcome"] == "unchanged"


def test_the_company_of_a_table_without_seller(folder: Path, ready: object) -> None:
    path = folder / "a.csv"
    path.write_bytes(csv_of(row(number="T1")))
    assert rows("import", path, "--company", COMPANY)[0]["company"] == COMPANY


def test_the_command_line_uses_the_columns_that_were_explained_on_the_page(folder: Path) -> None:
    done("init")
    path = folder / "strange.csv"
    path.write_bytes(b"Ref;Quand;Qui;Prix;Taux TVA;Vendeur;TVA vendeur\n1;24/11/2026;A;10,00;21;Atelier;BE0123456749\n;;;;;;\nTotal;;;10,00;;;\n")
    assert run("import", path, "--format", "json").code == 1
    app = open_app()
    [table] = importing.plan(app.desk, [importing.dropped_file(path)], Options()).tables
    mapping = tables.guess(table, TableKind.INVOICES) | {"Ref": "number", "Quand": "issue_date", "Qui": "buyer_name"}
    tables.remember(app.desk, table, TableKind.INVOICES, mapping)
    app.desk.database.close()
    said = done("import", path, "--format", "json")
    assert said.json()[0]["number"] == "1"
    assert "Row 4 of strange.csv holds totals" in said.err


def test_files_that_are_no_tables(folder: Path) -> None:
    done("init")
    (folder / "a.csv").write_bytes(b"\x00\x01 garbage \x00")
    (folder / "b.xlsx").write_bytes(b"PK garbage")
    with (folder / "c.csv").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    said = run("import", folder / "a.csv", folder / "b.xlsx", folder / "c.csv", folder / "d.xlsm", "--format", "json")
    assert said.code == 1
    reasons = [each["reason"] for each in said.json()]
    assert "not text" in reasons[0]
    assert "not an XLSX" in reasons[1]
    assert "104.9 MB" in reasons[2]
    assert all(reasons)
