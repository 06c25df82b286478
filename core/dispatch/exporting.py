"""A ledger as a file: CSV and XLSX for a spreadsheet, in which no text of ours or of others can act as a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parseaddr
from io import BytesIO, StringIO
from typing import Any

from core import frames, i18n, styling
from core.database.ledger_rows import Filter, Sort
from core.dispatch import looking
from core.dispatch.desk import Desk
from core.i18n import N_
from core.model import DispatchStatus, DocumentType, Language, Ledger

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, CSV injection
HEADINGS = (
    N_("Number"),
    N_("Document"),
    N_("Company"),
    N_("Customer"),
    N_("Customer key"),
    N_("Issue date"),
    N_("Due date"),
    N_("Currency"),
    N_("Total with VAT"),
    N_("Amount due"),
    N_("Ledger"),
    N_("Status"),
    N_("Since"),
    N_("Send to"),
    N_("Language"),
    N_("Town"),
)
KINDS = {DocumentType.INVOICE: N_("Invoice"), DocumentType.CREDIT_NOTE: N_("Credit note")}
LEDGERS = {None: N_("Ledger"), Ledger.EMAIL: N_("E-mail ledger"), Ledger.PAPER: N_("Paper ledger")}


def file_stem(language: Language, ledger: Ledger | None) -> str:
    return f"{i18n.translate(language, LEDGERS[ledger])} {datetime.now(UTC):%Y-%m-%d}"


def ledger_file(desk: Desk, chosen: Filter, group: str | None, sort: Sort, language: Language, kind: str) -> bytes:
    """All rows that the filter shows, in their order; `kind` is csv or xlsx."""
    frame = looking.all_rows(desk, chosen, group, sort)
    zone = looking.zone(desk)
    headings = [i18n.translate(language, heading) for heading in HEADINGS]
    rows = [_row(row, language, zone) for row in frame.to_dict("records")]
    return table_csv(headings, rows, language) if kind == "csv" else table_xlsx(headings, rows)


def _row(row: dict[Any, Any], language: Language, zone: Any) -> list[object]:
    kind = DocumentType(str(row[frames.TYPE]))
    sign = -1 if kind is DocumentType.CREDIT_NOTE else 1
    at = row[frames.STATUS_AT]
    return [
        row[frames.NUMBER],
        i18n.translate(language, KINDS[kind]),
        str(row[frames.COMPANY_NAME]),
        row[frames.BUYER],
        row[frames.CUSTOMER_KEY],
        row[frames.ISSUE_DATE],
        row[frames.DUE_DATE],
        str(row[frames.CURRENCY]),
        sign * Decimal(str(row[frames.TOTAL])),
        sign * Decimal(str(row[frames.DUE])),
        i18n.translate(language, LEDGERS[Ledger(str(row[frames.LEDGER]))]),
        i18n.translate(language, styling.LOOKS[DispatchStatus(str(row[frames.STATUS]))].label),
        at.astimezone(zone).replace(tzinfo=None) if isinstance(at, datetime) else None,
        ", ".join(parseaddr(part)[1] or part for part in str(row[frames.RECIPIENTS]).split("\n") if part),
        str(row[frames.LANGUAGE]),
        " ".join(part for name in (frames.POSTCODE, frames.CITY) if isinstance(part := row[name], str)),
    ]


def harmless(text: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def table_csv(headings: Sequence[str], rows: Sequence[Sequence[object]], language: Language) -> bytes:
    """UTF-8 with a mark, so that Excel reads the accents; separators as a spreadsheet in that language expects them."""
    comma = language is not Language.EN
    file = StringIO()
    writer = csv.writer(file, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([[_text(value, comma=comma) for value in row] for row in rows])
    return file.getvalue().encode("utf-8-sig")


def _text(value: object, *, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", "," if comma else ".")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return harmless(str(value))


def table_xlsx(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Text cells are text by type, whatever they begin with; amounts and dates are numbers and dates."""
    from openpyxl import Workbook  # 0.2 s: only where a spreadsheet is made
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = Workbook(write_only=True)
    page = book.create_sheet("Facturier")
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{len(rows) + 1}"

    def cell(value: Any, *, bold: bool = False) -> Any:
        try:
            made = WriteOnlyCell(page, value=value)
        except IllegalCharacterError:  # control characters of a source
            made = WriteOnlyCell(page, value="".join(char for char in str(value) if char >= " "))
        if isinstance(value, str):
            made.data_type = "s"
        elif isinstance(value, Decimal):
            made.number_format = "#,##0.00"
        if bold:
            made.font = Font(bold=True)
        return made

    page.append([cell(heading, bold=True) for heading in headings])
    for row in rows:
        page.append([cell(value) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()
