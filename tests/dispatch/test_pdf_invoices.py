"""PDFs that carry their own invoice: alone, beside the same invoice in another file, and for an invoice of the ledger."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.app import App
from core.database import invoices as invoice_rows
from core.dispatch import importing
from core.dispatch.importing import Imported, ImportOutcome, Options, dropped_bytes
from core.model import Invoice, XmlFormat
from core.rendering import cii, ubl
from tests import builders, desk
from tests.papers import pdf as plain_pdf
from tests.sources.carriers import carrying
from tests.sources.tables import csv_of, row

NEW, UNCHANGED, NEW_VERSION, REFUSED = ImportOutcome.NEW, ImportOutcome.UNCHANGED, ImportOutcome.NEW_VERSION, ImportOutcome.REFUSED


def invoice(number: str = "2026-0412") -> Invoice:
    return builders.invoice(number=number)


def dearer(made: Invoice) -> Invoice:
    return builders.invoice(number=made.number, lines=(builders.line(quantity=Decimal(3)),))


def xml_of(made: Invoice, pdf: bytes | None = None) -> bytes:
    return ubl.write(made, wanted=XmlFormat.BIS3, pdf=pdf, pdf_name="a.pdf").content


def factur_x(made: Invoice) -> bytes:
    return carrying({"factur-x.xml": cii.write(made)})


def drop(app: App, files: dict[str, bytes], options: Options = Options()) -> list[Imported]:
    """What comes of them, which is also what was foreseen."""
    dropped = [dropped_bytes(name, content) for name, content in files.items()]
    planned = importing.plan(app.desk, dropped, options)
    results = importing.import_dropped(app.desk, dropped, options)
    assert [each.outcome for each in planned.rows] == [each.outcome for each in results]
    assert [each.reason for each in planned.rows] == [each.reason for each in results]
    return results


def outcomes(results: list[Imported]) -> list[str]:
    return [f"{each.file} {each.outcome.value}" for each in results]


def stored(app: App, result: Imported) -> invoice_rows.StoredVersion:
    with app.desk.database.read() as connection:
        return invoice_rows.load(connection, result.invoice_id or 0)


def test_a_pdf_with_an_invoice_is_that_invoice(app: App) -> None:
    content = factur_x(invoice())
    [result] = drop(app, {"Scan 17.pdf": content})
    assert (result.outcome, result.number) == (NEW, "2026-0412")
    kept = stored(app, result)
    assert (kept.pdf_name, kept.source_name) == ("Scan 17.pdf", "Scan 17.pdf")
    assert app.desk.archive.get(kept.pdf_sha256 or "") == content
    assert app.desk.archive.get(kept.xml_sha256 or "") == cii.write(invoice())
    assert outcomes(drop(app, {"Scan 17.pdf": content})) == ["Scan 17.pdf unchanged"]


def test_a_folder_with_one_is_imported_with_it(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(factur_x(invoice()))
    (folder / "b.pdf").write_bytes(carrying({"b.xml": xml_of(invoice("7"))}))
    results = importing.import_paths(app.desk, [folder], Options())
    assert [(each.number, each.outcome) for each in results] == [("2026-0412", NEW), ("7", NEW)]


def test_a_single_file_is_enough(app: App) -> None:
    assert importing.import_bytes(app.desk, "a.pdf", factur_x(invoice())).outcome is NEW


def test_beside_its_own_xml_it_is_one_invoice_with_that_pdf(app: App) -> None:
    content = factur_x(invoice())
    results = drop(app, {"inv1.pdf": content, "inv1.xml": xml_of(invoice())})
    assert outcomes(results) == ["inv1.xml new"]
    kept = stored(app, results[0])
    assert (results[0].pdf_name, kept.pdf_name, kept.source_name) == ("inv1.pdf", "inv1.pdf", "inv1.xml")
    assert app.desk.archive.get(kept.xml_sha256 or "") == xml_of(invoice())
    assert app.desk.archive.get(kept.pdf_sha256 or "") == content
    assert outcomes(drop(app, {"inv1.pdf": content, "inv1.xml": xml_of(invoice())})) == ["inv1.xml unchanged"]


def test_beside_a_row_of_a_table_it_hangs_on_that_row(app: App) -> None:
    table = csv_of(row(seller_name="Atelier Dubois SRL", seller_vat_id=desk.COMPANY, number="2026-0412"))
    [first] = drop(app, {"export.csv": table})
    assert first.invoice is not None
    content = factur_x(first.invoice)
    [result] = drop(app, {"x.pdf": content, "export.csv": table})
    assert (result.file, result.outcome, stored(app, result).pdf_name) == ("export.csv", NEW_VERSION, "x.pdf")


def test_a_pdf_over_another_amount_is_not_attached(app: App) -> None:
    results = drop(app, {"inv1.xml": xml_of(invoice()), "inv1.pdf": factur_x(dearer(invoice()))})
    assert outcomes(results) == ["inv1.xml new", "inv1.pdf refused"]
    assert str(results[1].reason) == ("This PDF carries invoice 2026-0412 over 363.00 EUR, but inv1.xml says 242.00 EUR. It was not attached.")
    assert stored(app, results[0]).pdf_name is None


def test_an_xml_that_brings_a_pdf_of_its_own_keeps_it(app: App) -> None:
    content = factur_x(invoice())
    results = drop(app, {"inv1.xml": xml_of(invoice(), desk.PDF), "inv1.pdf": content})
    assert outcomes(results) == ["inv1.xml new", "inv1.pdf refused"]
    assert "inside its XML" in str(results[1].reason)
    assert outcomes(drop(app, {"b.xml": xml_of(invoice("8"), factur_x(invoice("8"))), "b.pdf": factur_x(invoice("8"))})) == ["b.xml new"]


def test_of_two_different_pdfs_none_is_attached(app: App) -> None:
    one, other = factur_x(invoice()), factur_x(replace(invoice(), notes=("Merci",)))
    results = drop(app, {"a.xml": xml_of(invoice()), "a.pdf": one, "b.pdf": other, "c.pdf": one})
    assert outcomes(results) == ["a.xml new", "a.pdf refused", "b.pdf refused", "c.pdf refused"]
    assert "Several PDFs fit invoice 2026-0412 (a.pdf, b.pdf, c.pdf)" in str(results[1].reason)
    assert outcomes(drop(app, {"d.xml": xml_of(invoice("9")), "d.pdf": factur_x(invoice("9")), "e.pdf": factur_x(invoice("9"))})) == ["d.xml new"]


def test_a_plain_pdf_does_not_push_out_the_one_with_the_invoice(app: App) -> None:
    results = drop(app, {"carrier.pdf": factur_x(invoice()), "2026-0412.pdf": plain_pdf()})
    assert outcomes(results) == ["carrier.pdf new", "2026-0412.pdf refused"]
    assert "came in a PDF of its own (carrier.pdf)" in str(results[1].reason)
    results = drop(app, {"a.xml": xml_of(invoice("55")), "carrier.pdf": factur_x(invoice("55")), "55.pdf": plain_pdf()})
    assert outcomes(results) == ["a.xml new", "55.pdf refused"]


def test_alone_it_goes_to_the_invoice_of_the_ledger(app: App) -> None:
    [first] = drop(app, {"inv1.xml": xml_of(invoice())})
    content = factur_x(invoice())
    [attached] = drop(app, {"x.pdf": content})
    assert (attached.outcome, attached.invoice_id, stored(app, first).pdf_name) == (NEW_VERSION, first.invoice_id, "x.pdf")
    assert stored(app, first).source_name == "inv1.xml"
    [again] = drop(app, {"y.pdf": content})
    assert (again.outcome, again.invoice_id) == (UNCHANGED, first.invoice_id)
    [other] = drop(app, {"z.pdf": factur_x(replace(invoice(), notes=("Merci",)))})
    assert "has a PDF already" in str(other.reason)


def test_the_ledger_keeps_its_figures_unless_they_shall_be_replaced(app: App) -> None:
    drop(app, {"inv1.xml": xml_of(invoice())})
    [result] = drop(app, {"x.pdf": factur_x(dearer(invoice()))})
    assert "imported from inv1.xml" in str(result.reason)
    [replaced] = drop(app, {"x.pdf": factur_x(dearer(invoice()))}, Options(replace=True))
    assert replaced.outcome is NEW_VERSION
    kept = stored(app, replaced)
    assert (kept.invoice.totals.total_with_vat, kept.pdf_name) == (Decimal(363), "x.pdf")


def test_its_xml_alone_later_changes_nothing(app: App) -> None:
    [first] = drop(app, {"x.pdf": factur_x(invoice())})
    assert outcomes(drop(app, {"factur-x.xml": cii.write(invoice())})) == ["factur-x.xml unchanged"]
    assert stored(app, first).pdf_name == "x.pdf"


def test_beside_a_refused_xml_it_comes_in_by_itself(app: App) -> None:
    results = drop(app, {"inv1.xml": xml_of(invoice())[:500], "inv1.pdf": factur_x(invoice())})
    assert outcomes(results) == ["inv1.xml refused", "inv1.pdf new"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (carrying({"factur-x.xml": b"<a"}), "The PDF carries an invoice (factur-x.xml) that cannot be taken: This is not well-formed XML"),
        (carrying({"factur-x.xml": b"<a/>"}, password="secret"), "The PDF is protected by a password"),
        (desk.PDF, "The PDF is damaged"),
        (plain_pdf(), "No invoice has a number that fits"),
    ],
)
def test_one_that_nothing_can_be_read_in_still_goes_by_its_name(app: App, content: bytes, said: str) -> None:
    [alone] = drop(app, {"2026-0412.pdf": content})
    assert alone.outcome is REFUSED
    assert said in str(alone.reason)
    results = drop(app, {"a.xml": xml_of(invoice()), "2026-0412.pdf": content})
    assert outcomes(results) == ["a.xml new"]
    assert stored(app, results[0]).pdf_name == "2026-0412.pdf"
