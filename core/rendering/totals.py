"""The same four totals on the PDF, in the XML and in the ledger: looked at each time a document is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.errors import TotalsDiffer
from core.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Booked:
    """As the ledger counts them."""

    total_without_vat: Decimal  # BT-109
    vat_total: Decimal  # BT-110
    total_with_vat: Decimal  # BT-112
    amount_due: Decimal  # BT-115


TERMS: Final = {
    "total_without_vat": N_("Total without VAT (BT-109)"),
    "vat_total": N_("Total VAT (BT-110)"),
    "total_with_vat": N_("Total with VAT (BT-112)"),
    "amount_due": N_("Amount due (BT-115)"),
}
_NUMBER: Final = rb"\b[^<>]*>\s*(-?[0-9.]+)\s*<"
_UBL: Final = {
    "total_without_vat": re.compile(rb"<cbc:TaxExclusiveAmount" + _NUMBER),
    "vat_total": re.compile(rb"<cac:TaxTotal>\s*<cbc:TaxAmount" + _NUMBER),
    "total_with_vat": re.compile(rb"<cbc:TaxInclusiveAmount" + _NUMBER),
    "amount_due": re.compile(rb"<cbc:PayableAmount" + _NUMBER),
}
_CII: Final = {
    "total_without_vat": re.compile(rb"<ram:TaxBasisTotalAmount" + _NUMBER),
    "vat_total": re.compile(rb"<ram:TaxTotalAmount" + _NUMBER),
    "total_with_vat": re.compile(rb"<ram:GrandTotalAmount" + _NUMBER),
    "amount_due": re.compile(rb"<ram:DuePayableAmount" + _NUMBER),
}
_LINES: Final = re.compile(rb"<cac:(?:InvoiceLine|CreditNoteLine)>")


def check(xml: bytes, booked: Booked, *, number: str) -> None:
    """Raises TotalsDiffer if XML of our own making states another total than the ledger."""
    for name, stated in _stated(xml):
        expected: Decimal = getattr(booked, name)
        if stated != expected:
            raise TotalsDiffer(number=number, term=TERMS[name], document="XML", stated=stated, total=expected)


def _stated(xml: bytes) -> Iterator[tuple[str, Decimal]]:
    is_cii = b"<ram:" in xml
    head = xml if is_cii else _LINES.split(xml, maxsplit=1)[0]  # e-FFF states VAT on each line, too
    for name, pattern in (_CII if is_cii else _UBL).items():
        match = pattern.search(head)
        yield name, Decimal(match[1].decode()) if match else Decimal("NaN")  # not there: unlike any total
