"""Say in words what BIS 3 and EN 16931 write otherwise than the source did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core.errors import Sentence
from core.i18n import N_
from core.model import AllowanceCharge, Invoice, Line, VatBreakdown
from core.rendering import bis3

ROUNDED: Final = N_("Line {lines}: the amount is rounded to two decimals, as EN 16931 wants; the total stays.")
PRICE_EXACT: Final = N_("Line {lines}: the price has more decimals than stated, so that quantity times price makes the amount.")
BASE_REPEATED: Final = N_("Line {lines}: the price's base quantity only repeated the quantity; it is left out.")
SIGN_MOVED: Final = N_("Line {lines}: the minus sign stands with the quantity instead of the price.")
CATEGORY_RENAMED: Final = N_("VAT category {stated} is written as {written}.")
CODE_REPLACED: Final = N_("The exemption code {code} is not on the European list; the XML says “{written}” instead.")
BREAKDOWN_ADDED: Final = N_("The VAT breakdown is worked out from the lines: the invoice has none.")
GROUPS_ADDED: Final = N_("VAT groups of the same category and rate are added up.")
DISCOUNT_AS_CHARGE: Final = N_("The cash discount is written as an allowance and a charge: EN 16931 has no other way to keep its VAT right.")
ONE_WAY_TO_PAY: Final = N_("EN 16931 has one way to pay and one payment reference; the XML keeps the first.")
DIRECT_DEBIT_KEPT: Final = N_("EN 16931 has one way to pay; the XML keeps the direct debit, as the PDF does.")
VAT_NUMBERS_OUT: Final = N_("The VAT numbers are left out: nothing on this invoice is subject to VAT.")
DELIVERY_ASSUMED: Final = N_("An intra-Community supply names day and country of delivery; those of the invoice and of the buyer are taken.")

_LINES_NAMED: Final = 10


def notes(stated: Invoice, ready: Invoice) -> tuple[Sentence, ...]:
    """One sentence for each kind of change between the invoice and what `bis3.prepared` made of it."""
    return (*breakdown(stated, ready), *_lines(stated.lines, ready.lines), *_categories(stated, ready), *_document(stated, ready))


def breakdown(stated: Invoice, ready: Invoice) -> tuple[Sentence, ...]:
    """The one sentence that an e-FFF can need, too."""
    return (Sentence(BREAKDOWN_ADDED),) if ready.vat_breakdown and not stated.vat_breakdown else ()


def _lines(stated: tuple[Line, ...], ready: tuple[Line, ...]) -> Iterator[Sentence]:
    changed = [(before, after) for before, after in zip(stated, ready, strict=True) if before is not after]
    if not changed:
        return
    turned = [before for before, after in changed if before.net_price < 0 < after.net_price]
    exact = [before for before, after in changed if before.net_price != after.net_price and before not in turned]
    rounded = [before for before, after in changed if before.net_amount != after.net_amount]
    repeated = [before for before, after in changed if before.base_quantity != after.base_quantity]
    for template, lines in ((ROUNDED, rounded), (PRICE_EXACT, exact), (BASE_REPEATED, repeated), (SIGN_MOVED, turned)):
        if lines:
            yield Sentence(template, {"lines": _named(lines)})


def _named(lines: list[Line]) -> str:
    shown = ", ".join(line.id for line in lines[:_LINES_NAMED])
    return shown if len(lines) <= _LINES_NAMED else f"{shown}… ({len(lines)})"


def _categories(stated: Invoice, ready: Invoice) -> Iterator[Sentence]:
    """Categories by another name, and reasons that Europe does not know."""
    if stated.vat_breakdown is ready.vat_breakdown and stated.lines is ready.lines:
        return
    renamed = dict.fromkeys(
        (before.vat_category, after.vat_category)
        for before, after in zip(stated.lines, ready.lines, strict=True)
        if before.vat_category not in ("AA", after.vat_category)
    )
    for before, after in renamed:
        yield Sentence(CATEGORY_RENAMED, {"stated": before, "written": after})
    written = {part.exemption_code for part in ready.vat_breakdown}
    for part in _stated_reasons(stated):
        if part.exemption_code not in written:
            instead = _reason_of(part, stated, ready)
            yield Sentence(CODE_REPLACED, {"code": part.exemption_code or "", "written": instead})
    # The cash discount's exempt part may meet another one of category E
    if 0 < len(ready.vat_breakdown) < len(stated.vat_breakdown):
        yield Sentence(GROUPS_ADDED)


def _stated_reasons(stated: Invoice) -> Iterable[VatBreakdown]:
    """The groups with an exemption code, once for each code."""
    return {part.exemption_code: part for part in stated.vat_breakdown if part.exemption_code}.values()


def _reason_of(part: VatBreakdown, stated: Invoice, ready: Invoice) -> str:
    """What now stands in the place of this group's code."""
    names = {line.vat_category for before, line in zip(stated.lines, ready.lines, strict=True) if before.vat_category == part.category}
    for found in ready.vat_breakdown:
        if found.category in (names or {part.category}) and (reason := found.exemption_code or found.exemption_reason):
            return reason
    return "–"


def _document(stated: Invoice, ready: Invoice) -> Iterator[Sentence]:
    if len(_charges(ready)) > len(_charges(stated)):
        yield Sentence(DISCOUNT_AS_CHARGE)
    if stated.payment_means != ready.payment_means:
        codes = {means.means_code for means in ready.payment_means}
        yield Sentence(DIRECT_DEBIT_KEPT if codes <= bis3.DIRECT_DEBITS else ONE_WAY_TO_PAY)
    if (stated.seller.vat_id or stated.buyer.vat_id) and not (ready.seller.vat_id or ready.buyer.vat_id):
        yield Sentence(VAT_NUMBERS_OUT)
    if stated.delivery_date is not ready.delivery_date or stated.delivery_address is not ready.delivery_address:
        yield Sentence(DELIVERY_ASSUMED)


def _charges(invoice: Invoice) -> list[AllowanceCharge]:
    return [each for each in invoice.allowances_charges if each.is_charge]
