"""The table of lines of the printed invoice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from core.i18n import N_
from core.model import AllowanceCharge, Line
from core.rendering.labels import Words
from core.rendering.pdf_head import Page, period
from core.rendering.sheet import BODY, HAIRLINE, LABEL, LEFT, RIGHT, SMALL, Block, rows

# Right edges of the columns, and the width of the first
_TEXT_WIDTH = 80.0
_QUANTITY = 124.0
_PRICE = 149.0
_RATE = 164.0
_PADDING = 1.2


def write_lines(page: Page) -> None:
    """The head, again on each page, and a row per line."""

    def head() -> Block:
        return _head(page)

    table = [_row(page, line) for line in page.invoice.lines]
    beginning = sum(strip.height for strip in (table[0] if table else ()))
    page.sheet.keep(head().height + beginning)  # never a head alone at the foot of a page
    page.sheet.flow(head())
    for strips in table:
        page.sheet.flow(*strips, on_new_page=head)
    page.sheet.gap(4)


def _head(page: Page) -> Block:
    block, words = page.sheet.block(), page.words
    style = replace(LABEL, bold=True, colour=page.accent)
    block.text(LEFT, 0, words(N_("Description")), style)
    block.text(_QUANTITY, 0, words(N_("Quantity")), style, right=True)
    block.text(_PRICE, 0, words(N_("Unit price")), style, right=True)
    block.text(_RATE, 0, words(N_("VAT")), style, right=True)
    block.text(RIGHT, 0, words(N_("Amount {currency}"), currency=page.invoice.currency), style, right=True)
    block.rule(block.height + 1, colour=page.accent, weight=0.5)
    block.height += 0.6
    return block


def _row(page: Page, line: Line) -> list[Block]:
    """The figures beside the first line of the description; then one strip per further line, so that long texts can break."""
    words, sheet = page.words, page.sheet
    details = [strip for text in _details(page.words, line) for strip in rows(sheet.typefaces, LEFT, _TEXT_WIDTH, text, SMALL)]
    strips = [*rows(sheet.typefaces, LEFT, _TEXT_WIDTH, line.name, BODY), *details] or [sheet.block()]
    first = sheet.block()
    _figures(first, words, line)
    first.beside(strips[0])
    _lower(first, _PADDING)
    last = sheet.block()
    last.rule(_PADDING, colour=HAIRLINE)
    return [first, *strips[1:], last]


def _lower(block: Block, by: float) -> None:
    block.marks = [replace(mark, y=mark.y + by) for mark in block.marks]
    block.height += by


def _figures(block: Block, words: Words, line: Line) -> None:
    left = LEFT + _TEXT_WIDTH + 2
    quantity, unit = words.figure(line.quantity, at_least=0), words.unit(line.unit_code)
    both = f"{quantity} {unit}".strip()
    if block.typefaces.width(block.typefaces.shown(both), BODY.size, bold=False) <= _QUANTITY - left:
        block.text(_QUANTITY, 0, both, right=True)
    else:
        block.figure(_QUANTITY, 0, _QUANTITY - left, quantity)
        block.figure(_QUANTITY, BODY.leading, _QUANTITY - left, unit, SMALL)
    block.figure(_PRICE, 0, _PRICE - _QUANTITY - 2, words.figure(line.net_price))
    block.figure(_RATE, 0, _RATE - _PRICE - 2, words.rate(line.vat_rate))
    block.figure(RIGHT, 0, RIGHT - _RATE - 2, words.figure(line.net_amount))


def _details(words: Words, line: Line) -> Iterator[str]:
    """All else that is stated of a line, below its name."""
    if line.description and line.description.strip() != line.name.strip():
        yield line.description
    if line.note:
        yield line.note
    if line.period_start or line.period_end:
        yield words(N_("Period: {period}"), period=period(words, line.period_start, line.period_end))
    if line.base_quantity not in (None, Decimal(1)) and line.base_quantity:
        yield words(N_("Price per {quantity}"), quantity=words.quantity(line.base_quantity, line.base_quantity_unit or line.unit_code))
    if line.gross_price is not None and line.gross_price != line.net_price:
        discount = line.price_discount if line.price_discount is not None else line.gross_price - line.net_price
        yield words(N_("List price {price}, discount {discount}"), price=words.figure(line.gross_price), discount=words.figure(discount))
    elif line.gross_price is None and line.price_discount:
        yield words(N_("Price after a discount of {discount}"), discount=words.figure(line.price_discount))
    for charge in line.allowances_charges:
        yield f"{charge_label(words, charge)}: {words.figure(signed(charge))}"
    yield from _references(words, line)


def _references(words: Words, line: Line) -> Iterator[str]:
    stated = (
        (N_("Article {number}"), line.seller_item_id),
        (N_("Your article {number}"), line.buyer_item_id),
        (N_("GTIN {number}"), line.standard_item_id.value if line.standard_item_id else None),
        (N_("Order line {number}"), line.order_line),
        (N_("Subject {number}"), line.object_id.value if line.object_id else None),
        (N_("Account {number}"), line.accounting_cost),
        (N_("Origin: {number}"), words.country(line.origin_country) if line.origin_country else None),
    )
    parts = [words(label, number=value) for label, value in stated if value and value.strip()]
    parts += [f"{name}: {value}" for name, value in line.attributes if name and value]
    if parts:
        yield " · ".join(parts)


def charge_label(words: Words, charge: AllowanceCharge) -> str:
    """`Discount (volume) 10 % of 200.00`."""
    label = words(N_("Charge") if charge.is_charge else N_("Discount"))
    if charge.reason and charge.reason.casefold() != label.casefold():
        label = f"{label} ({charge.reason})"
    if charge.percentage is not None and charge.base_amount is not None:
        return words(N_("{label} {rate} of {base}"), label=label, rate=words.rate(charge.percentage), base=words.figure(charge.base_amount))
    return f"{label} {words.rate(charge.percentage)}" if charge.percentage is not None else label


def signed(charge: AllowanceCharge) -> Decimal:
    return charge.amount if charge.is_charge else -charge.amount
