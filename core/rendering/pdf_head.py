"""The top of the printed invoice: seller and title, buyer, dates and references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from core.i18n import N_
from core.model import Address, Invoice, Party
from core.rendering import identity
from core.rendering.labels import Words, enterprise, period, spaced, title, vat_number
from core.rendering.logos import Logo
from core.rendering.sheet import BODY, LABEL, LEFT, RIGHT, SMALL, STRONG, TINT, Block, Colour, Sheet, Style, wrapped

_BUYER: float = 112.0  # the right-hand window of a Belgian envelope
_WINDOW_TOP: float = 46.0 - 16.0
_LOGO: tuple[float, float] = (62.0, 18.0)
_CELLS: int = 4
_LINES: int = 4


@dataclass(frozen=True, kw_only=True)
class Page:
    """What every part of the layout needs."""

    invoice: Invoice
    words: Words
    sheet: Sheet
    accent: Colour
    logo: Logo | None = None

    @cached_property
    def heading(self) -> Style:
        """Of a column or a paragraph."""
        return replace(LABEL, bold=True, colour=self.accent)

    def style(self, style: Style) -> Style:
        """The style in the company's colour."""
        return replace(style, colour=self.accent)


def write_head(page: Page) -> None:
    sheet = page.sheet
    both = sheet.block()
    both.beside(_seller(page))
    both.beside(_title(page))
    both.beside(_buyer(page))
    sheet.flow(both)
    sheet.gap(6)
    facts = tuple(_facts(page))
    short = [fact for fact in facts if _is_short(page, fact)]
    for at in range(0, len(short), _CELLS):
        sheet.flow(_cells(page, short[at : at + _CELLS], across=_CELLS))
    for fact in facts:
        if fact not in short:
            sheet.flow(_cells(page, [fact], across=1))
    sheet.gap(5)


def running_head(page: Page) -> Block:
    """The line on top of every page but the first."""
    block = page.sheet.block()
    words, invoice = page.words, page.invoice
    block.headline(LEFT, 0, 100, f"{words(title(invoice))} {invoice.number}", replace(SMALL, bold=True))
    block.headline(RIGHT - 70, 0, 70, invoice.seller.name, SMALL, right=True)
    block.rule(block.height + 1.5)
    block.height += 6
    return block


# Seller, title, buyer --------------------------------------------------------------------------------------------


def _seller(page: Page) -> Block:
    block, seller, words = page.sheet.block(), page.invoice.seller, page.words
    y = 0.0
    if page.logo is not None:
        scale = min(_LOGO[0] / page.logo.width, _LOGO[1] / page.logo.height)
        block.picture(LEFT, 0, page.logo.width * scale, page.logo.height * scale, page.logo)
        y = page.logo.height * scale + 3
    y = block.paragraph(LEFT, y, 86, seller.name, page.style(Style(size=11, bold=True)))
    if seller.trading_name and seller.trading_name != seller.name:
        y = block.paragraph(LEFT, y, 86, seller.trading_name, SMALL)
    y += 0.5
    for line in (
        *_address(seller.address, words, home=identity.country(page.invoice.buyer)),
        *_numbers(seller, words, is_seller=True),
        *_contact(seller),
    ):
        y = block.paragraph(LEFT, y, 86, line, SMALL)
    for iban, bic in dict.fromkeys((means.iban, means.bic) for means in page.invoice.payment_means if means.iban):
        account = f"IBAN {spaced(iban or '')}" + (f"  BIC {bic}" if bic else "")
        y = block.paragraph(LEFT, y, 86, account, SMALL)
    return block


def _title(page: Page) -> Block:
    block, words = page.sheet.block(), page.words
    width = RIGHT - _BUYER
    y = block.paragraph(_BUYER, -1.5, width, words(title(page.invoice)), page.style(Style(size=22, bold=True)), right=True)
    block.paragraph(_BUYER, y, width, page.invoice.number, Style(size=11, bold=True), right=True)
    return block


def _buyer(page: Page) -> Block:
    block, buyer, words = page.sheet.block(), page.invoice.buyer, page.words
    width = RIGHT - _BUYER
    y = block.paragraph(_BUYER, _WINDOW_TOP, width, words(N_("Customer")), LABEL)
    y = block.paragraph(_BUYER, y + 0.5, width, buyer.name, Style(size=10, bold=True))
    if buyer.trading_name and buyer.trading_name != buyer.name:
        y = block.paragraph(_BUYER, y, width, buyer.trading_name)
    if buyer.contact_name:
        y = block.paragraph(_BUYER, y, width, buyer.contact_name)
    for line in _address(buyer.address, words, home=identity.country(page.invoice.seller)):
        y = block.paragraph(_BUYER, y, width, line)
    y += 1
    for line in _numbers(buyer, words, is_seller=False):
        y = block.paragraph(_BUYER, y, width, line, SMALL)
    return block


def _address(address: Address, words: Words, *, home: str | None) -> Iterator[str]:
    """The lines of an envelope; the country only where it is not the one the letter starts from."""
    town = " ".join(filter(None, (address.postcode, address.city)))
    for line in (address.street, address.additional_street, address.address_line, town, address.subdivision):
        if line:
            yield line
    if address.country and address.country != home:
        yield words.country(address.country)


def _numbers(party: Party, words: Words, *, is_seller: bool) -> Iterator[str]:
    if is_seller and party.legal_form:
        yield party.legal_form
    number = identity.enterprise_number(party)
    stated = identity.vat_number(party)
    if stated:
        yield words(N_("VAT {number}"), number=vat_number(stated))
    if number and (is_seller or stated != f"BE{number}"):
        yield words(N_("Enterprise number {number}"), number=enterprise(number))
    elif party.legal_id and not number:
        yield words(N_("Registration number {number}"), number=party.legal_id.value)
    if is_seller and party.tax_registration:
        yield words(N_("Tax registration {number}"), number=party.tax_registration.value)


def _contact(party: Party) -> Iterator[str]:
    if party.contact_name:
        yield party.contact_name
    if reach := "  ".join(filter(None, (party.telephone, party.email))):
        yield reach


# Dates and references --------------------------------------------------------------------------------------------


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    """Label and value of all that is stated, in the order a bookkeeper looks for it."""
    invoice, words = page.invoice, page.words
    dates = (
        (N_("Date"), invoice.issue_date),
        (N_("Due date"), invoice.due_date),
        (N_("Date of supply"), invoice.delivery_date if invoice.delivery_date != invoice.issue_date else None),
        (N_("VAT date"), invoice.tax_point_date if invoice.tax_point_date != invoice.issue_date else None),
    )
    yield from ((words(label), words.day(day)) for label, day in dates if day)
    if invoice.period_start or invoice.period_end:
        yield words(N_("Period")), period(page.words, invoice.period_start, invoice.period_end)
    for preceding in invoice.preceding_invoices:
        dated = f" ({words.day(preceding.issue_date)})" if preceding.issue_date else ""
        yield words(N_("Invoice concerned")), preceding.number + dated
    references = (
        (N_("Your reference"), invoice.buyer_reference),
        (N_("Your order"), invoice.order_reference),
        (N_("Our order"), invoice.sales_order_reference),
        (N_("Contract"), invoice.contract_reference),
        (N_("Project"), invoice.project_reference),
        (N_("Delivery note"), invoice.despatch_reference),
        (N_("Receipt"), invoice.receipt_reference),
        (N_("Call for tenders"), invoice.tender_reference),
        (N_("Subject"), invoice.object_id.value if invoice.object_id else None),
        (N_("Your account code"), invoice.accounting_cost),
    )
    yield from ((words(label), value) for label, value in references if value and value.strip())
    if delivered := _delivered_to(page):
        yield words(N_("Delivered to")), delivered


def _delivered_to(page: Page) -> str:
    """The place of delivery, unless it is the buyer's own address."""
    invoice = page.invoice
    address = invoice.delivery_address if invoice.delivery_address != invoice.buyer.address else None
    lines = tuple(_address(address, page.words, home=identity.country(invoice.seller))) if address else ()
    place = invoice.delivery_location_id.value if invoice.delivery_location_id else None
    return ", ".join(filter(None, (invoice.delivery_name, *lines, place)))


def _is_short(page: Page, fact: tuple[str, str]) -> bool:
    """Fits a quarter of the width in some lines; what does not has a band of its own."""
    return len(wrapped(page.sheet.typefaces, fact[1], (RIGHT - LEFT) / _CELLS - 5, BODY)) <= _LINES


def _cells(page: Page, facts: Sequence[tuple[str, str]], *, across: int) -> Block:
    """Facts beside each other on a tinted band."""
    block = page.sheet.block()
    width = (RIGHT - LEFT) / across
    for at, (label, value) in enumerate(facts):
        x = LEFT + at * width + 3
        y = block.paragraph(x, 2, width - 5, label, LABEL)
        block.paragraph(x, y, width - 5, value, STRONG if at == 0 and value == page.words.day(page.invoice.issue_date) else BODY)
    block.box(LEFT, 0, RIGHT - LEFT, block.height + 2, TINT)
    return block
