"""Invoices from a table: the rows of one number and type are one invoice, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from stdnum.be import ogm_vcs

from core.errors import Sentence
from core.i18n import N_
from core.model import DocumentType, Invoice, Language, PaymentMeans, Reference
from core.sources import identifiers
from core.sources.arithmetic import check
from core.sources.credit import as_credit_note
from core.sources.table import Cell, is_filled
from core.sources.table_columns import Columns, folded
from core.sources.table_lines import UNIT_UNKNOWN, read_lines
from core.sources.table_parties import Seller, Sellers, language_of, read_buyer, read_seller
from core.sources.table_rows import Problem, Rows
from core.sources.table_totals import breakdown, check_stated, totals
from core.sources.table_values import CellInvalid, decimal_mark, shown, text
from core.sources.values import Remarks

NUMBERED = ("quantity", "net_price", "discount_percentage", "net_amount", "vat_rate", "total_without_vat", "vat_total", "total_with_vat")
LONGEST_NUMBER = 200

TURNED = N_("This invoice had a negative total of {total}; it is kept as a credit note with positive amounts.")
NO_TYPE = N_("“{value}” is neither an invoice (380) nor a credit note (381).")
NO_CURRENCY = N_("“{value}” is no currency code of three letters.")
NO_NUMBER = N_("The number of the invoice is missing.")
CONTINUED = N_("Row {row} below it has no number and may be a line of this invoice. Give it the number too.")
TOO_LONG = N_("The number of the invoice has more than {most} characters.")
FOOT = N_("Row {row} of {file} holds totals and no invoice; it was passed over.")

_TYPES = {
    DocumentType.INVOICE: "380 f fac fact facture factuur fv vf invoice inv i rekening faktuur facturedevente verkoopfactuur",
    DocumentType.CREDIT_NOTE: "381 nc notedecredit notecredit avoir cn creditnota kredietnota creditnote credit c vc kn creditfactuur",
}
_TYPE_OF = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_CURRENCY = re.compile(r"[A-Z]{3}")
_FOOT_WORDS = ("total", "totaal", "totaux", "sum", "somme", "som", "grandtotal", "soustotal", "subtotal", "subtotaal", "eindtotaal")


@dataclass(frozen=True, kw_only=True)
class TableInvoice:
    """One invoice of a table, or the problems that keep its rows from being one."""

    rows: tuple[int, ...]
    number: str
    buyer: str = ""
    invoice: Invoice | None = None
    company_key: str = ""
    language: Language | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InvoiceTable:
    invoices: tuple[TableInvoice, ...]
    notes: tuple[Sentence, ...] = ()


def read_invoices(columns: Columns, sellers: Sellers, *, file: str) -> InvoiceTable:
    """All invoices of a sheet, in the order of their first rows."""
    body = [place + 1 for place in range(columns.header.row, len(columns.sheet.rows)) if is_filled(columns.sheet.rows[place])]
    everything = Rows(columns=columns, mark=None, numbers=body)
    mark = decimal_mark(everything.cell(row, name) for name in NUMBERED if name in columns.places for row in body)
    notes = [Sentence(FOOT, {"row": str(row), "file": file}) for row in body if _is_foot(everything, row)]
    lines = [row for row in body if not _is_foot(everything, row)]
    continued = _continued(everything, lines)
    found: list[TableInvoice] = []
    for number, numbers in _grouped(everything, lines):
        if not number:
            found += _numberless(columns, numbers)
            continue
        rows = Rows(columns=columns, mark=mark, numbers=numbers)
        for row in numbers:
            if row in continued:
                rows.blame(row, "number", Sentence(CONTINUED, {"row": str(continued[row])}))
        found.append(_read(rows, sellers, number))
    return InvoiceTable(invoices=tuple(found), notes=tuple(notes))


def _continued(rows: Rows, lines: Sequence[int]) -> dict[int, int]:
    """Rows under which one stands that names no invoice of its own, as under merged cells: alone they would be half an invoice."""
    found: dict[int, int] = {}
    above: int | None = None
    for row in lines:
        if text(rows.cell(row, "number")):
            above = row
        elif above is not None and all(rows.cell(row, name) == "" for name in _OF_ITS_OWN):
            found.setdefault(above, row)
    return found


_OF_ITS_OWN = ("issue_date", "buyer_name", "buyer_vat_id")
_TOLD_APART = ("type", "seller_vat_id", "seller_enterprise_number", "seller_name")


def _grouped(rows: Rows, body: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Rows by number, type and seller; rows without a date that leave these empty go with the only ones of their number that fit."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in body:
        groups.setdefault((text(rows.cell(row, "number")), *(_plain(rows, row, name) for name in _TOLD_APART)), []).append(row)
    by_number: dict[str, list[tuple[str, ...]]] = {}
    for key in groups:
        by_number.setdefault(key[0], []).append(key)
    dateless = [key for key, found in groups.items() if key[0] and "" in key and all(rows.cell(row, "issue_date") == "" for row in found)]
    for key in dateless:
        fitting = [other for other in by_number[key[0]] if other != key and other in groups and _fills(other, key)]
        if len(fitting) == 1:
            groups[fitting[0]] = sorted(groups[fitting[0]] + groups.pop(key))
    return sorted(((key[0], found) for key, found in groups.items()), key=lambda group: group[1][0])


def _fills(fuller: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return all(mine in ("", theirs) for mine, theirs in zip(key, fuller, strict=True))


def _plain(rows: Rows, row: int, name: str) -> str:
    words = text(rows.cell(row, name))
    return (_TYPE_OF.get(folded(words)) or folded(words)) if name == "type" else folded(words)


def _is_foot(rows: Rows, row: int) -> bool:
    """Totals under the table: no date and no buyer, and either a word for it or amounts alone."""
    number = text(rows.cell(row, "number"))
    if any(rows.cell(row, name) != "" for name in _OF_ITS_OWN):
        return False
    filled = [cell for cell in rows.columns.sheet.rows[row - 1] if cell != ""]
    if any(folded(cell).startswith(_FOOT_WORDS) for cell in filled if isinstance(cell, str)) and (
        not number or folded(number).startswith(_FOOT_WORDS)
    ):
        return True
    if rows.cell(row, "vat_rate") != "":  # a line without a description: no sum has a rate
        return False
    return not number and all(not isinstance(cell, str) or not any(character.isalpha() for character in cell) for cell in filled)


def _numberless(columns: Columns, numbers: Sequence[int]) -> Iterator[TableInvoice]:
    for row in numbers:
        rows = Rows(columns=columns, mark=None, numbers=[row])
        rows.blame(row, "number", Sentence(NO_NUMBER))
        yield TableInvoice(rows=(row,), number="", problems=tuple(rows.problems))


def _read(rows: Rows, sellers: Sellers, number: str) -> TableInvoice:
    rows.blame_formulas()
    seller = read_seller(rows, sellers)
    language = rows.shared("language", language_of)
    if len(number) > LONGEST_NUMBER:
        rows.blame(rows.first, "number", Sentence(TOO_LONG, {"most": str(LONGEST_NUMBER)}))
    invoice = _invoice(rows, seller, number)
    key = seller.key if seller else ""
    if invoice is None or rows.problems:
        buyer = text(rows.cell(rows.first, "buyer_name"))
        return TableInvoice(rows=tuple(rows.numbers), number=number, buyer=buyer, company_key=key, problems=tuple(rows.problems))
    return TableInvoice(rows=tuple(rows.numbers), number=number, invoice=invoice, company_key=key, language=language)


def _invoice(rows: Rows, seller: Seller | None, number: str) -> Invoice | None:
    """The invoice with its warnings; None, and blamed, where something is missing or contradicts itself."""
    kind = rows.shared("type", _type)
    issued = rows.require("issue_date", rows.shared_day("issue_date"))
    buyer = read_buyer(rows, seller)
    currency = rows.shared("currency", _currency) or "EUR"
    lines, unknown_units = read_lines(rows)
    parts = breakdown(rows, lines, seller, buyer)
    if issued is None or buyer is None or seller is None or rows.problems:
        return None
    made = Invoice(
        number=number,
        type_code=kind or DocumentType.INVOICE,
        source_type_code=(kind or DocumentType.INVOICE).value,
        issue_date=issued,
        due_date=rows.shared_day("due_date"),
        currency=currency,
        notes=_notes(rows),
        buyer_reference=rows.shared_text("buyer_reference"),
        order_reference=rows.shared_text("order_reference"),
        preceding_invoices=_preceding(rows),
        seller=seller.party,
        buyer=buyer,
        payment_means=_payment(rows, seller),
        vat_breakdown=parts,
        totals=totals(lines, parts),
        lines=lines,
    )
    check_stated(rows, made.totals)
    return _finished(made, unknown_units)


def _finished(invoice: Invoice, unknown_units: Sequence[str]) -> Invoice:
    """As a credit note if its total is negative, with what is odd about it."""
    remarks = Remarks()
    for line in unknown_units:
        remarks.on_line(UNIT_UNKNOWN, line)
    check(invoice, remarks)
    if not invoice.is_credit_note and invoice.totals.total_with_vat < 0:
        remarks.add(TURNED, total=invoice.totals.total_with_vat)
        invoice = as_credit_note(invoice)
    return replace(invoice, warnings=(*remarks.sentences(), *identifiers.odd(invoice)))


def _type(cell: Cell) -> DocumentType:
    kind = _TYPE_OF.get(folded(text(cell)))
    if kind is None:
        raise CellInvalid(NO_TYPE, value=shown(cell))
    return kind


def _currency(cell: Cell) -> str:
    code = {"€": "EUR", "EURO": "EUR"}.get(text(cell).upper(), text(cell).upper())
    if not _CURRENCY.fullmatch(code):
        raise CellInvalid(NO_CURRENCY, value=shown(cell))
    return code


def _notes(rows: Rows) -> tuple[str, ...]:
    """Every different one: the rows of an invoice need not share it."""
    return tuple(dict.fromkeys(note for row in rows.numbers if (note := text(rows.cell(row, "note")))))


def _preceding(rows: Rows) -> tuple[Reference, ...]:
    stated = (part.strip() for row in rows.numbers for part in re.split(r"[;,]", text(rows.cell(row, "preceding_invoice"))))
    return tuple(Reference(number=number) for number in dict.fromkeys(stated) if number)


def _payment(rows: Rows, seller: Seller) -> tuple[PaymentMeans, ...]:
    iban = rows.shared("iban", lambda cell: identifiers.normalised(text(cell)))
    reference = rows.shared("payment_reference", lambda cell: structured(text(cell)))
    bic = rows.shared_text("bic") or (None if iban else seller.bic)
    account = iban or seller.iban
    return (PaymentMeans(reference=reference, iban=account, bic=bic),) if account or reference else ()


def structured(reference: str) -> str:
    """Twelve digits with a right check are a structured communication, however they are written."""
    digits = re.sub(r"[+*/\s]", "", reference)
    if len(digits) == 12 and digits.isdigit() and ogm_vcs.is_valid(digits):
        return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
    return reference
