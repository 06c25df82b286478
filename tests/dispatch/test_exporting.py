"""A ledger as a file: the numbers are numbers, and no text is a formula."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from core.app import App
from core.database.ledger_rows import Filter, Sort
from core.dispatch import exporting
from core.model import Language
from tests import builders, desk

HOSTILE = ("=HYPERLINK(0)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)")


@pytest.fixture
def filled(app: App) -> App:
    for place, name in enumerate(HOSTILE):
        invoice = desk.customer_invoice(place)
        desk.bring(app, replace(invoice, buyer=replace(invoice.buyer, name=name)))
    desk.bring(app, builders.credit_note(number="C-1"))
    return app


def made(app: App, language: Language, kind: str, **narrowed: object) -> bytes:
    chosen = replace(Filter(), **narrowed)  # type: ignore[arg-type]
    return exporting.ledger_file(app.desk, chosen, None, Sort("number", descending=False), language, kind)


def test_a_csv_is_read_by_a_spreadsheet_in_the_reader_s_language(filled: App) -> None:
    content = made(filled, Language.FR, "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    heads, *rows = csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=";")
    assert len(rows) == 5
    by_number = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    assert by_number["2026-0000"]["Total TVA comprise"] == "242,00"
    assert by_number["C-1"]["Total TVA comprise"] == "-242,00"  # a number of ours, not a text
    assert {row[3] for row in rows if row[0] != "C-1"} == {f"'{name}" for name in HOSTILE}


def test_a_spreadsheet_holds_texts_amounts_and_dates_by_type(filled: App) -> None:
    page = load_workbook(BytesIO(made(filled, Language.EN, "xlsx"))).active
    assert page is not None
    rows = {row[0].value: row for row in page.iter_rows(min_row=2)}
    assert {rows[f"2026-000{place}"][3].value for place in range(4)} == set(HOSTILE)
    assert {rows[f"2026-000{place}"][3].data_type for place in range(4)} == {"s"}
    assert Decimal(str(rows["C-1"][8].value)) == Decimal("-242.00")
    assert rows["C-1"][8].data_type == "n"
    assert isinstance(rows["C-1"][5].value, datetime)
    assert page.freeze_panes == "A2"


def test_only_what_the_filter_shows_is_in_the_file(filled: App) -> None:
    content = made(filled, Language.EN, "csv", search="C-1").decode("utf-8-sig")
    assert content.count("\r\n") == 2
    assert made(filled, Language.EN, "csv", since=date(2100, 1, 1)).decode("utf-8-sig").count("\r\n") == 1
