"""Check that the amounts of an e-FFF add up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from lxml import etree

from core.errors import Sentence
from core.i18n import N_
from core.model import ZERO
from core.money import CENT, round_half_up
from core.records import Violation
from core.rendering.ubl_xml import CAC, CBC

LINES: Final = N_("The lines add up to {sum}, the XML says {stated}.")
NET: Final = N_("Lines, allowances and charges make {sum} without VAT, the XML says {stated}.")
GROSS: Final = N_("The amount without VAT and the VAT make {sum}, the XML says {stated}.")
DUE: Final = N_("What is left to pay should be {sum}, the XML says {stated}.")
VAT: Final = N_("The VAT groups add up to {sum} of VAT, the XML says {stated}.")
RATE: Final = N_("{rate} % of {base} is {sum} of VAT, the XML says {stated}.")


def sums(root: etree._Element) -> Iterator[Violation]:
    """The totals of BG-22 and BG-23 against their parts, to the cent."""
    total = root.find(f"{{{CAC}}}LegalMonetaryTotal")
    if total is None:
        return
    lines = [*root.iterchildren(f"{{{CAC}}}InvoiceLine"), *root.iterchildren(f"{{{CAC}}}CreditNoteLine")]
    line_total, net, gross = (_amount(total, name) for name in ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount"))
    vat = _amount(root.find(f"{{{CAC}}}TaxTotal"), "TaxAmount")
    added = round_half_up(sum((_amount(line, "LineExtensionAmount") for line in lines), ZERO))
    allowed, charged, paid, rounding = (
        _amount(total, name) for name in ("AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount", "PayableRoundingAmount")
    )
    yield from _differs("EFFF-M-SUM-LINES", LINES, added, line_total)
    yield from _differs("EFFF-M-SUM-NET", NET, line_total - allowed + charged, net)
    yield from _differs("EFFF-M-SUM-GROSS", GROSS, net + vat, gross)
    yield from _differs("EFFF-M-SUM-DUE", DUE, gross - paid + rounding, _amount(total, "PayableAmount"))
    yield from _vat(root, vat, slack=CENT * max(1, len(lines)))


def _vat(root: etree._Element, stated: Decimal, *, slack: Decimal) -> Iterator[Violation]:
    """`slack`: sources that round VAT per line may differ by a cent a line."""
    groups = root.findall(f"{{{CAC}}}TaxTotal[1]/{{{CAC}}}TaxSubtotal")
    yield from _differs("EFFF-M-SUM-VAT", VAT, sum((_amount(group, "TaxAmount") for group in groups), ZERO), stated)
    for group in groups:
        base, vat = _amount(group, "TaxableAmount"), _amount(group, "TaxAmount")
        rate = _amount(group.find(f"{{{CAC}}}TaxCategory"), "Percent")
        due = round_half_up(base * rate / 100)
        if abs(due - vat) > slack:
            values = {"rate": f"{rate.normalize():f}", "base": str(base), "sum": str(due), "stated": str(vat)}
            yield Violation(rule="EFFF-M-RATE", sentence=Sentence(RATE, values))


def _differs(rule: str, template: str, computed: Decimal, stated: Decimal) -> Iterator[Violation]:
    if computed != stated:
        yield Violation(rule=rule, sentence=Sentence(template, {"sum": str(computed), "stated": str(stated)}))


def _amount(parent: etree._Element | None, name: str) -> Decimal:
    """The amount, or zero where there is none: the schema says what must be there."""
    stated = None if parent is None else parent.findtext(f"{{{CBC}}}{name}")
    try:
        return Decimal((stated or "0").strip())
    except InvalidOperation:
        return ZERO
