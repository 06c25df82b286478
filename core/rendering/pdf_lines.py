"""The table of lines of the printed invoice, with what was carried from page to page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Line
from core.rendering.labels import Words, period
from core.rendering.pdf_head import Page
from core.rendering.sheet import BODY, HAIRLINE, LEFT, RIGHT, SMALL, STRONG, Block, wrapped

# Left edge of the unit, right edges of the other columns, and the width of the first
_TEXT_WIDTH = 78.0
_QUANTITY = 115.5
_UNIT = 117.0
_PRICE = 150.0
_RATE = 165.0
_PADDING = 1.2
_CARRIED = 7.0  # what a sum carried over takes at the foot of a page


class _Column:
    """The figures of a column with their decimals below each other: who has fewer of them ends as far from the edge."""

    def __init__(self, page: Page, figures: Sequence[str], *, right: float, width: float) -> None:
        typefaces = page.sheet.typefaces
        self.figures, self._right, self._width = [typefaces.shown(figure) for figure in figures], right, width
        self._point = page.words.decimal_sign
        self._longest = max(map(self._decimals, self.figures), default=0)
        self._digit, self._sign = (typefaces.width(each, BODY.size, bold=False) for each in ("0", self._point))

    def put(self, block: Block, at: int) -> None:
        text = self.figures[at]
        decimals = self._decimals(text)
        gap = (self._longest - decimals) * self._digit + (self._sign if self._longest and not decimals else 0)
        natural = block.typefaces.width(text, BODY.size, bold=False)
        if natural + gap <= self._width:
            block.line(self._right - gap - natural, _PADDING, text)
        else:  # a long figure is rather out of line than small
            block.figure(self._right, _PADDING, self._width, text)

    def _decimals(self, text: str) -> int:
        return len(text) - place - 1 if (place := text.rfind(self._point)) >= 0 else 0


def write_lines(page: Page) -> None:
    """The head, again on each page, a row per line, and the sum so far where the page turns."""
    carried = _Carried(page)
    sheet, columns = page.sheet, _columns(page)
    head = _head(page)
    rows = [_row(page, line, at, columns) for at, line in enumerate(page.invoice.lines)]
    sheet.keep(head.height + sum(strip.height for strip in (rows[0] if rows else ())))  # never a head alone at the foot of a page
    sheet.flow(head)
    for at, (line, strips) in enumerate(zip(page.invoice.lines, rows, strict=True)):
        is_last = at == len(rows) - 1
        reserve = 0 if is_last else _CARRIED
        sheet.flow(*strips, on_new_page=carried.forward, before_turn=carried.foot, reserve=reserve, after_first=partial(carried.add, line))
    sheet.gap(4)


@dataclass
class _Carried:
    """The sum of the rows so far."""

    page: Page
    so_far: Decimal = ZERO

    def add(self, line: Line) -> None:
        """Once its amount stands on a page, even if its text goes on over the next."""
        self.so_far += line.net_amount

    def foot(self) -> Block:
        return self._sum(N_("Carried forward"), rule=False)

    def forward(self) -> Block:
        """The head of the table on the next page, and what came from the one before."""
        block = _head(self.page)
        top = block.height
        brought = self._sum(N_("Brought forward"), rule=True)
        block.below(brought, top)
        return block

    def _sum(self, label: str, *, rule: bool) -> Block:
        block = self.page.sheet.block()
        block.text(_PRICE, _PADDING, self.page.words(label), SMALL, right=True)
        block.figure(RIGHT, _PADDING, RIGHT - _RATE - 2, self.page.words.figure(self.so_far), STRONG)
        block.height += _PADDING
        if rule:
            block.rule(block.height, colour=HAIRLINE)
        return block


def _head(page: Page) -> Block:
    block, words = page.sheet.block(), page.words
    style = page.heading
    block.text(LEFT, 0, words(N_("Description")), style)
    block.text(_QUANTITY, 0, words(N_("Quantity")), style, right=True)
    block.text(_PRICE, 0, words(N_("Unit price")), style, right=True)
    block.text(_RATE, 0, words(N_("VAT")), style, right=True)
    block.text(RIGHT, 0, words(N_("Amount {currency}"), currency=page.invoice.currency), style, right=True)
    block.rule(block.height + 1, colour=page.accent, weight=0.5)
    block.height += 0.6
    return block


def _columns(page: Page) -> tuple[_Column, ...]:
    """Quantity, price and amount."""
    lines, words = page.invoice.lines, page.words
    return (
        _Column(page, [words.figure(line.quantity, at_least=0) for line in lines], right=_QUANTITY, width=_QUANTITY - LEFT - _TEXT_WIDTH - 1),
        _Column(page, [words.figure(line.net_price) for line in lines], right=_PRICE, width=_PRICE - _UNIT - 15),
        _Column(page, [words.figure(line.net_amount) for line in lines], right=RIGHT, width=RIGHT - _RATE - 2),
    )


def _row(page: Page, line: Line, at: int, columns: Sequence[_Column]) -> list[Block]:
    """The figures beside the first line of the description; then one strip per further line, so that long texts can break."""
    typefaces = page.sheet.typefaces
    texts = [(part, BODY) for part in wrapped(typefaces, line.name, _TEXT_WIDTH, BODY)]
    texts += [(part, SMALL) for detail in _details(page.words, line) for part in wrapped(typefaces, detail, _TEXT_WIDTH, SMALL)]
    strips = []
    for place, (text, style) in enumerate(texts or [("", BODY)]):
        strip = page.sheet.block()
        strip.line(LEFT, 0 if place else _PADDING, text, style)
        strips.append(strip)
    _put_figures(strips[0], page.words, line, at, columns)
    last = strips[-1]
    last.rule(last.height + _PADDING, colour=HAIRLINE)
    return strips


def _put_figures(block: Block, words: Words, line: Line, at: int, columns: Sequence[_Column]) -> None:
    """From left to right, so that a text taken out of the PDF reads as the page does."""
    quantity, price, amount = columns
    quantity.put(block, at)
    block.headline(_UNIT, _PADDING, 14, words.unit(line.unit_code), SMALL)
    price.put(block, at)
    block.figure(_RATE, _PADDING, _RATE - _PRICE - 2, words.rate(line.vat_rate))
    amount.put(block, at)


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
