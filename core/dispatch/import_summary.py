"""What an import sums up to, per company and currency; its refusals and its templates as files."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO

from core import i18n
from core.dispatch.foreseeing import NEW_COMPANY, NotOurs
from core.dispatch.imported import Imported, ImportOutcome
from core.errors import Sentence
from core.i18n import N_
from core.model import ZERO, Invoice, Language
from core.sources.table_columns import WORDS, TableKind

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # CWE-1236
_LINE, AT_LINE = re.compile(r"^line (\d+)"), N_("line {line}")
FILE, NUMBER, WHERE, WHY = N_("File"), N_("Number"), N_("Place"), N_("Reason")

# What the templates show; amounts and dates as a Belgian spreadsheet writes them
_INVOICE = {
    "number": "2026-0412",
    "type": "380",
    "issue_date": "24/11/2026",
    "due_date": "24/12/2026",
    "buyer_name": "Bakkerij Peeters BV",
    "buyer_vat_id": "BE0999999922",
    "buyer_street": "Meir 1",
    "buyer_postcode": "2000",
    "buyer_city": "Antwerpen",
    "buyer_country": "BE",
    "buyer_email": "boekhouding@peeters.example",
    "description": "Conseil",
    "quantity": "2",
    "unit": "h",
    "net_price": "100,00",
    "vat_rate": "21",
    "vat_category": "S",
    "payment_reference": "+++000/0000/04242+++",
}
_CUSTOMER = {
    "vat_id": "BE0999999922",
    "name": "Bakkerij Peeters BV",
    "street": "Meir 1",
    "postcode": "2000",
    "city": "Antwerpen",
    "country": "BE",
    "language": "nl",
    "wants_email": "1",
    "to": "boekhouding@peeters.example",
    "cc": "",
    "notes": "",
}
_EXAMPLES = {TableKind.INVOICES: _INVOICE, TableKind.CUSTOMERS: _CUSTOMER}


@dataclass(frozen=True, kw_only=True)
class Total:
    """The invoices of one company in one currency that an import brings; credit notes count negative."""

    company: str
    currency: str
    count: int
    credit_notes: int  # of these
    without_vat: Decimal
    vat: Decimal
    with_vat: Decimal
    first: str
    last: str


@dataclass(frozen=True, kw_only=True)
class NewCompany:
    """An invoicing company that an import would make, or would if it were said to be one of ours."""

    key: str
    name: str
    count: int


def new_companies(rows: Sequence[Imported]) -> tuple[NewCompany, ...]:
    """In the order in which they come up."""
    names: dict[str, str] = {}
    for row in rows:
        for said in (*([row.reason] if row.reason else ()), *row.warnings):
            if said.template in (NotOurs.template, NEW_COMPANY):
                names.setdefault(row.company_key, str(said.values["company"]))
    return tuple(NewCompany(key=key, name=name, count=sum(row.company_key == key for row in rows)) for key, name in names.items())


def new_company_notes(rows: Sequence[Imported]) -> tuple[Sentence, ...]:
    """What the command line says aloud of the companies that it makes."""
    return tuple(warning for row in rows for warning in row.warnings if warning.template == NEW_COMPANY)


def counts(rows: Sequence[Imported]) -> dict[ImportOutcome, int]:
    return {outcome: sum(row.outcome is outcome for row in rows) for outcome in ImportOutcome}


def totals(rows: Sequence[Imported]) -> list[Total]:
    """Of what is new or a new version."""
    groups: dict[tuple[str, str, str], list[Invoice]] = {}
    for row in rows:
        if row.invoice is not None and row.outcome in (ImportOutcome.NEW, ImportOutcome.NEW_VERSION):
            groups.setdefault((row.company_key, row.invoice.seller.name, row.invoice.currency), []).append(row.invoice)
    return [_total(name, currency, invoices) for (_, name, currency), invoices in groups.items()]


def _total(company: str, currency: str, invoices: Sequence[Invoice]) -> Total:
    numbers = sorted((invoice.number for invoice in invoices), key=lambda number: (len(number), number))
    signed = [(-1 if invoice.is_credit_note else 1, invoice.totals) for invoice in invoices]
    return Total(
        company=company,
        currency=currency,
        count=len(invoices),
        credit_notes=sum(invoice.is_credit_note for invoice in invoices),
        without_vat=sum((sign * each.total_without_vat for sign, each in signed), ZERO),
        vat=sum((sign * each.vat_total for sign, each in signed), ZERO),
        with_vat=sum((sign * each.total_with_vat for sign, each in signed), ZERO),
        first=numbers[0],
        last=numbers[-1],
    )


def refused_csv(rows: Sequence[Imported], language: Language) -> bytes:
    """The refused ones with their reasons, for whoever mends them; no cell can act as a formula."""
    table = [[i18n.translate(language, heading) for heading in (FILE, NUMBER, WHERE, WHY)]]
    for row in rows:
        if row.outcome is ImportOutcome.REFUSED:
            table.append([row.file, row.number, place(row, language), reason(row, language)])
    return _written(table)


def place(row: Imported, language: Language) -> str:
    """In a table the row and the column, in an XML the line and the element."""
    if row.where:
        return i18n.sentence(language, row.where)
    return _LINE.sub(lambda line: i18n.translate(language, AT_LINE, line=line[1]), row.place)


def reason(row: Imported, language: Language) -> str:
    return i18n.sentence(language, row.reason) if row.reason else ""


def template(kind: TableKind, language: Language) -> bytes:
    """A table with headers in the reader's language and one example."""
    example = _EXAMPLES[kind]
    headings = [
        {Language.FR: WORDS[kind][field].french, Language.NL: WORDS[kind][field].dutch}.get(language, WORDS[kind][field].english)[0]
        for field in example
    ]
    return _written([headings, list(example.values())], guard=False)


def _written(table: Sequence[Sequence[str]], *, guard: bool = True) -> bytes:
    """Semicolons and a byte order mark: what a Belgian Excel opens with a double click."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([harmless(cell) if guard else cell for cell in row] for row in table)
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
