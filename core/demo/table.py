"""The invoices of one firm as the table that a billing program exports: its language's headers, a decimal comma, one row per line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Final

from core.demo.documents import Document
from core.model import Language, Line
from core.sources.table_headers import INVOICES

HEAD: Final = ("number", "type", "issue_date", "due_date")
BUYER: Final = ("name", "vat_id", "enterprise_number", "street", "postcode", "city", "country", "email")
LINE: Final = ("description", "quantity", "unit", "net_price", "vat_rate", "vat_category", "exemption_reason")
FOOT: Final = ("payment_reference", "iban", "total_with_vat", "preceding_invoice")
FIELDS: Final = (*HEAD, *(f"buyer_{part}" for part in BUYER), "language", "buyer_reference", *LINE, *FOOT)


def written(documents: Iterable[Document], language: Language) -> bytes:
    text = StringIO()
    rows = csv.writer(text, delimiter=";", lineterminator="\r\n")
    rows.writerow((INVOICES[field].dutch if language is Language.NL else INVOICES[field].french)[0] for field in FIELDS)
    for document in documents:
        rows.writerows(_rows(document))
    return text.getvalue().encode("utf-8-sig")


def _rows(document: Document) -> Iterator[list[str]]:
    """Every row says all of its invoice, as exports do; in the order of FIELDS."""
    invoice, buyer = document.invoice, document.invoice.buyer
    head = [
        invoice.number,
        "381" if invoice.is_credit_note else "380",
        f"{invoice.issue_date:%d/%m/%Y}",
        f"{invoice.due_date:%d/%m/%Y}" if invoice.due_date else "",
        buyer.name,
        buyer.vat_id or "",
        buyer.legal_id.value if buyer.legal_id else "",
        buyer.address.street or "",
        buyer.address.postcode or "",
        buyer.address.city or "",
        buyer.address.country or "",
        buyer.email or "",
        document.client.language.value,
        invoice.buyer_reference or "",
    ]
    foot = [
        invoice.payment_means[0].reference or "",
        invoice.payment_means[0].iban or "",
        _comma(invoice.totals.total_with_vat),
        invoice.preceding_invoices[0].number if invoice.preceding_invoices else "",
    ]
    for line in invoice.lines:
        yield [*head, *_line(line), *foot]


def _line(line: Line) -> list[str]:
    rate = "" if line.vat_rate is None else _comma(line.vat_rate)
    price = "" if line.net_price is None else _comma(line.net_price)
    return [line.name, _comma(line.quantity), line.unit_code, price, rate, line.vat_category, line.exemption_reason or ""]


def _comma(value: Decimal) -> str:
    return str(value).replace(".", ",")
