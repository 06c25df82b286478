"""CSV and XLSX from strangers: every encoding and separator that people use, and nothing that harms."""

from __future__ import annotations

import re
import struct
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from core.errors import FileEmpty, FileTooLarge, FormatUnsupported
from core.sources import table_xlsx
from core.sources.table import NotATable, exact
from core.sources.table_columns import TableKind, find_header, kind_of
from core.sources.table_files import read_sheets
from core.sources.table_formulas import Looking
from core.sources.table_opening import ColumnsDoubled, ColumnsMissing, Remembered, check, open_table

TEXT = "Numéro;Date;Client\r\n1;24/11/2026;Crêperie L’Été\r\n"


def workbook(*rows: list[Any], **sheets: list[list[Any]]) -> bytes:
    """A real XLSX as openpyxl writes it."""
    book = Workbook()
    first = book.active
    assert first is not None
    for row in rows:
        first.append(row)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found(encoding: str) -> None:
    [sheet] = read_sheets("a.csv", TEXT.encode(encoding))
    assert sheet.rows == (("Numéro", "Date", "Client"), ("1", "24/11/2026", "Crêperie L’Été"))


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    text = separator.join(("Number", "Invoice date", "Customer")) + "\n" + separator.join(("1", "2026-11-24", '"a; b, c | d"')) + "\n"
    [sheet] = read_sheets("a.csv", text.encode())
    assert sheet.rows[1] == ("1", "2026-11-24", "a; b, c | d")


def test_excel_s_own_declaration_of_the_separator_is_no_row() -> None:
    [sheet] = read_sheets("a.csv", b"sep=|\r\nNumber|Date\r\n1|2\r\n")
    assert sheet.rows[0] == ("Number", "Date")


def test_a_quoted_line_break_is_one_row_of_the_spreadsheet() -> None:
    [sheet] = read_sheets("a.csv", b'Number;Date\r\n"1\r\n2";x\r\n3;y\r\n')
    assert sheet.rows[2] == ("3", "y")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"\x00\x01\x02 garbage \x00\xff" * 20, "not text"),
        ("a.csv", b"a;b\x81\x8d", "encoding"),
        ("a.csv", b" ; ;\r\n;;\r\n", "no cells"),
        ("a.xlsx", b"Number;Date\r\n", "not an XLSX"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "password"),
        ("a.csv", b'a;b\n"' + b"x" * 200_000, "row 2 is broken"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(name: str, data: bytes, why: str) -> None:
    with pytest.raises(NotATable, match=why):
        read_sheets(name, data)


def test_empty_large_and_foreign_files_are_refused() -> None:
    with pytest.raises(FileEmpty):
        read_sheets("a.csv", b"")
    with pytest.raises(FileTooLarge, match=r"100\.0 MB"):
        read_sheets("a.csv", bytes(100_000_000))
    with pytest.raises(FormatUnsupported, match=r"\.xls”"):
        read_sheets("a.xls", b"x")


def test_excel_cells_keep_their_kind() -> None:
    [sheet] = read_sheets("a.xlsx", workbook(["Number", "Date", "Code", "Price"], [2026001.0, date(2026, 11, 24), "0475", 19.989999999999998]))
    assert sheet.rows[1] == (Decimal(2026001), date(2026, 11, 24), "0475", Decimal("19.99"))


@pytest.mark.parametrize(
    ("value", "expected"), [(19.989999999999998, "19.99"), (0.1 + 0.2, "0.3"), (1e15, "1000000000000000"), (33.333333333333336, "33.3333333333333")]
)
def test_a_float_is_what_the_spreadsheet_shows(value: float, expected: str) -> None:
    assert exact(value) == Decimal(expected)


def test_rows_keep_their_numbers_under_empty_ones() -> None:
    [sheet] = read_sheets("a.xlsx", workbook([], [], ["Number", "Date"], ["1", "x"]))
    header = find_header(sheet)
    assert header is not None
    assert header.row == 3


def test_a_formula_without_a_value_is_no_empty_cell() -> None:
    error, never = "#N/A", "=B9*2"  # openpyxl takes the first for an error, and no program has worked out the second
    data = workbook(["Number", "Quantity"], ["1", never], ["2", error], Second=[["x"], [], ["", never]])
    first, second = read_sheets("a.xlsx", data)
    assert first.rows[1:] == (("1", "=…"), ("2", "#N/A"))
    assert second.rows == (("x",), (), ("", "=…"))
    quiet = repacked(data, **{"xl__worksheets__sheet1.xml": _with_value(data, b'<c r="B2" t="str"><f>IF(1,"")</f><v></v></c>')})
    assert read_sheets("a.xlsx", quiet)[0].rows[1] == ("1", "")


def _with_value(data: bytes, cell: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as package:
        sheet, count = re.subn(rb'<c r="B2".*?</c>', cell, package.read("xl/worksheets/sheet1.xml"))
    assert count == 1
    return sheet


def test_a_cell_with_a_formula_is_whole_wherever_the_pieces_are_cut() -> None:
    data = b'<row r="1"><c r="A1"><v>1</v></c><c r="AB12"><f>A1</f><v /></c><c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    for cut in range(len(data)):
        looking = Looking()
        looking.look(data[:cut])
        looking.look(data[cut:])
        looking.end()
        assert sorted(looking.found) == [(2, 2, "#DIV/0!"), (11, 27, "=…")], cut


@pytest.mark.parametrize("rows", ['1;"24 pouces;100\n2;"Dupont";50\n3;x;1', '1;"24 pouces;100\n2;Dupont;50'])
def test_a_quote_that_is_not_closed_does_not_take_the_rows_below_with_it(rows: str) -> None:
    with pytest.raises(NotATable, match="row 2 a quotation mark"):
        read_sheets("a.csv", f"Number;Description;Amount\n{rows}\n".encode())
    [sheet] = read_sheets("a.csv", b'Number;Customer\n1;"Le Roi" SPRL\n2;27" LED\n')  # badly written, but nothing is lost
    assert sheet.rows[1:] == (("1", "Le Roi SPRL"), ("2", '27" LED'))


# Hostile spreadsheets -------------------------------------------------------------------------------------------


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The workbook with parts replaced or added; `__` stands for a slash."""
    named = {name.replace("__", "/"): content for name, content in parts.items()}
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in named:
                new.writestr(part.filename, old.read(part.filename))
        for name, content in named.items():
            new.writestr(name, content)
    return written.getvalue()


def test_macros_are_refused() -> None:
    with pytest.raises(NotATable, match="macros"):
        read_sheets("a.xlsx", repacked(workbook(["a"]), **{"xl__vbaProject.bin": b"x"}))


def test_a_zip_that_inflates_is_refused_whatever_its_header_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_xlsx, "MOST_BYTES", 5_000_000)
    bomb = bytearray(repacked(workbook(["a"]), **{"xl__media__a.bin": bytes(20_000_000)}))
    with pytest.raises(NotATable, match="unpacked"):
        read_sheets("a.xlsx", bytes(bomb))
    place = bomb.rfind(b"PK\x01\x02")  # the last entry of the directory now claims ten bytes
    bomb[place + 24 : place + 28] = struct.pack("<I", 10)
    with pytest.raises(NotATable, match="unpacked"):
        read_sheets("a.xlsx", bytes(bomb))


def test_two_cells_at_the_far_ends_do_not_take_all_memory() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    with pytest.raises(NotATable, match="too far apart"):
        read_sheets("a.xlsx", repacked(workbook(["a"]), **{"xl__worksheets__sheet1.xml": sheet}))
    with pytest.raises(NotATable, match="too far apart"):  # a relation may name any part as the sheet
        read_sheets("a.xlsx", repacked(workbook(["a"]), **{"xl__odd__a.bin": sheet}))


# Which sheet, which header, which kind --------------------------------------------------------------------------

HEADER = ["N° facture", "Date", "Client", "Montant HTVA", "TVA %"]


def test_the_first_sheet_with_known_headers_counts_and_a_title_may_stand_above() -> None:
    data = workbook(["Notes"], Factures=[["Export du mois"], [], HEADER, ["1", date(2026, 1, 2), "A", 1, 21]])
    columns = open_table("a.xlsx", data, {})
    check(columns)
    assert (columns.sheet.name, columns.header.row, columns.places["net_amount"]) == ("Factures", 3, 3)


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(ColumnsMissing, match="issue_date, buyer_name, net_price / net_amount"):
        check(open_table("a.csv", b"Number;Foo;VAT rate\n1;2;21\n", {}))
    with pytest.raises(ColumnsDoubled, match="“Nummer” and “Factuurnr”"):
        check(open_table("a.csv", b"Nummer;Factuurnr;Datum;Klant;Bedrag excl. btw;BTW %\n1;1;x;y;1;21\n", {}))


def test_a_remembered_mapping_decides_and_another_header_row_is_another_source() -> None:
    data = b"Ref;Quand;Qui;Prix;Taux TVA\n1;24/11/2026;A;10,00;21\n"
    plain = open_table("a.csv", data, {})
    mapping = {"Ref": "number", "Quand": "issue_date", "Qui": "buyer_name", "Prix": "net_price", "Taux TVA": "vat_rate"}
    known = {plain.header.source_key: Remembered(kind=TableKind.INVOICES, mapping=mapping)}
    check(open_table("other name.csv", data, known))
    assert open_table("a.csv", data.replace(b"Quand", b"Jour"), known).places.keys() == {"net_price", "vat_rate"}


@pytest.mark.parametrize(
    ("name", "headers", "kind"),
    [
        ("klanten-2026.csv", HEADER, TableKind.CUSTOMERS),
        ("x.csv", HEADER, TableKind.INVOICES),
        ("x.csv", ["Naam", "BTW-nummer", "Postcode", "E-mail"], TableKind.CUSTOMERS),
    ],
)
def test_the_kind_follows_from_the_name_or_the_headers(name: str, headers: list[str], kind: TableKind) -> None:
    columns = open_table(name, ";".join(headers).encode() + b"\n1;2;3;4;5\n", {})
    assert kind_of(name, columns.header) is kind
    assert columns.kind is kind
