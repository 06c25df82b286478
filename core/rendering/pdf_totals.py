"""Below the lines of the printed invoice: VAT, totals, payment and the closing words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from core.i18n import N_
from core.model import Invoice, PaymentMeans
from core.rendering import efff, epc, identity
from core.rendering.labels import Words, spaced
from core.rendering.mentions import REFUND, SELF_BILLED
from core.rendering.pdf_head import Page
from core.rendering.pdf_lines import charge_label, signed
from core.rendering.sheet import BODY, LABEL, LEFT, RIGHT, SMALL, STRONG, TINT, Block, Style, rows

_TOTALS = 112.0  # where the totals start; the VAT is on their left
_VAT_RIGHT = 104.0
_QR = 30.0
_SELF_BILLED = frozenset({"389", "261", "527"})  # UNTDID 1001
_DIRECT_DEBITS = frozenset({"49", "59"})


def write_totals(page: Page) -> None:
    """VAT and totals beside each other, on one page."""
    both = page.sheet.block()
    both.beside(_vat(page))
    both.beside(_totals(page))
    page.sheet.flow(both)
    page.sheet.gap(5)


def write_payment(page: Page) -> None:
    """How to pay, with the QR code; nothing on a credit note or when there is nothing to pay."""
    invoice = page.invoice
    if invoice.is_credit_note or invoice.totals.amount_due <= 0:
        return
    page.sheet.flow(_payment(page))
    page.sheet.gap(5)


def write_closing(page: Page) -> None:
    """Terms, notes and mentions, line by line over as many pages as they take."""
    for heading, text in _closing(page.invoice, page.words):
        top = page.sheet.block()
        top.text(LEFT, 0, heading, page.heading)
        strips = rows(page.sheet.typefaces, LEFT, RIGHT - LEFT, text, replace(BODY, size=8.5))
        page.sheet.flow(top, *strips)
        page.sheet.gap(2.5)


# VAT -------------------------------------------------------------------------------------------------------------


def _vat(page: Page) -> Block:
    block, words = page.sheet.block(), page.words
    style = page.heading
    base, tax = 81.0, _VAT_RIGHT
    block.text(LEFT, 0, words(N_("VAT")), style)
    block.text(base, 0, words(N_("Taxable amount")), style, right=True)
    block.text(tax, 0, words(N_("VAT amount")), style, right=True)
    y = block.height + 1
    block.rule(y, to=_VAT_RIGHT, colour=page.accent, weight=0.3)
    y += 1
    for part in page.invoice.vat_breakdown:
        mention, category = words.mention(part), words.category(part.category)
        is_said = mention.casefold().startswith(category.casefold())
        rate = words.rate(part.rate) if is_said else f"{words.rate(part.rate)} {category}"
        below = block.paragraph(LEFT, y, 40, rate)
        block.figure(base, y, base - LEFT - 41, words.figure(part.taxable_amount))
        block.figure(tax, y, tax - base - 2, words.figure(part.vat_amount))
        y = below + 0.6
        if mention:
            y = block.paragraph(LEFT, y, _VAT_RIGHT - LEFT, mention, SMALL) + 0.6
    return block


# Totals ----------------------------------------------------------------------------------------------------------


def _totals(page: Page) -> Block:
    block, words = page.sheet.block(), page.words
    y = 0.0
    for label, value in _sums(page.invoice, words):
        style = STRONG if label == words(N_("Total with VAT")) else BODY
        below = block.paragraph(_TOTALS, y, 54, label, style)
        block.figure(RIGHT, y, RIGHT - _TOTALS - 55, words.figure(value), style)
        y = below + 0.6
    bar = page.sheet.block()
    white = Style(size=11, bold=True, colour=(255, 255, 255))
    label = words(_last_label(page.invoice))
    bar.paragraph(_TOTALS + 2.5, y + 2.4, 40, label, white)
    bar.figure(RIGHT - 2.5, y + 2.4, RIGHT - _TOTALS - 46, words.money(shown_due(page.invoice), page.invoice.currency), white)
    bar.box(_TOTALS, y + 1, RIGHT - _TOTALS, bar.height - y + 0.6, page.accent)
    block.beside(bar)
    return block


def _last_label(invoice: Invoice) -> str:
    if invoice.is_credit_note:
        return N_("Total credited")
    return N_("Amount due") if invoice.totals.amount_due >= 0 else N_("In your favour")


def shown_due(invoice: Invoice) -> Decimal:
    """What was paid beyond the total is in the customer's favour, and no negative amount to pay."""
    return invoice.totals.amount_due if invoice.is_credit_note else abs(invoice.totals.amount_due)


def _sums(invoice: Invoice, words: Words) -> Iterator[tuple[str, Decimal]]:
    """Label and amount of each step from the lines to what is due."""
    totals = invoice.totals
    if invoice.allowances_charges or totals.line_total != totals.total_without_vat:
        yield words(N_("Sum of the lines")), totals.line_total
    for charge in invoice.allowances_charges:
        rate = f" ({words(N_('VAT'))} {words.rate(charge.vat_rate)})" if charge.vat_rate is not None else ""
        yield charge_label(words, charge) + rate, signed(charge)
    yield words(N_("Total without VAT")), totals.total_without_vat
    yield words(N_("VAT")), totals.vat_total
    if totals.vat_total_accounting is not None and invoice.tax_currency:
        yield words(N_("VAT in {currency}"), currency=invoice.tax_currency), totals.vat_total_accounting
    yield words(N_("Total with VAT")), totals.total_with_vat
    if totals.paid_amount:
        yield words(N_("Already paid")), -totals.paid_amount
    if totals.rounding_amount:
        yield words(N_("Rounding")), totals.rounding_amount


# Payment ---------------------------------------------------------------------------------------------------------


def _payment(page: Page) -> Block:
    block, invoice = page.sheet.block(), page.invoice
    content = epc.payload(invoice)
    width = RIGHT - LEFT - 8 - (_QR + 4 if content else 0)
    y = block.paragraph(LEFT + 4, 3, width, _request(invoice, page.words), STRONG) + 1.5
    for label, value, style in _particulars(invoice, page.words):
        block.text(LEFT + 4, y + 0.35, label, SMALL)
        y = block.paragraph(LEFT + 38, y, width - 34, value, style) + 0.5
    if content:
        block.picture(RIGHT - _QR - 2, 2, _QR, _QR, epc.picture(content))
        caption = page.words(N_("Scan to pay"))
        block.text(RIGHT - 2 - _QR / 2 + page.sheet.typefaces.width(caption, LABEL.size, bold=False) / 2, _QR + 2.4, caption, LABEL, right=True)
    block.box(LEFT, 0, RIGHT - LEFT, block.height + 2, TINT)
    return block


def _request(invoice: Invoice, words: Words) -> str:
    amount = words.money(invoice.totals.amount_due, invoice.currency)
    if any(means.means_code in _DIRECT_DEBITS for means in invoice.payment_means):
        if invoice.due_date:
            return words(N_("{amount} will be collected by direct debit on {day}."), amount=amount, day=words.day(invoice.due_date))
        return words(N_("{amount} will be collected by direct debit."), amount=amount)
    if invoice.due_date:
        return words(N_("Please pay {amount} by {day}."), amount=amount, day=words.day(invoice.due_date))
    return words(N_("Please pay {amount}."), amount=amount)


def _particulars(invoice: Invoice, words: Words) -> Iterator[tuple[str, str, Style]]:
    accounts = [means for means in invoice.payment_means if means.iban]
    holder = next((means.account_name for means in accounts if means.account_name), None)
    if accounts or invoice.payee:
        names = (invoice.payee.name if invoice.payee else None, holder)
        yield words(N_("Beneficiary")), " · ".join(dict.fromkeys(filter(None, names))) or invoice.seller.name, BODY
    for means in accounts:
        yield "IBAN", spaced(means.iban or "") + (f"   BIC {means.bic}" if means.bic else ""), BODY
    for reference in dict.fromkeys(means.reference for means in invoice.payment_means if means.reference):
        yield words(N_("Reference")), reference or "", STRONG
    if accounts and not invoice.payment_reference:
        yield words(N_("Reference")), invoice.number, STRONG
    for means in invoice.payment_means:
        yield from _other_means(means, words)


def _other_means(means: PaymentMeans, words: Words) -> Iterator[tuple[str, str, Style]]:
    stated = (
        (N_("Means of payment"), means.means_text),
        (N_("Mandate"), means.mandate_reference),
        (N_("Account debited"), spaced(means.debited_account) if means.debited_account else None),
        (N_("Card"), " ".join(filter(None, (means.card_number, means.card_holder)))),
    )
    yield from ((words(label), value, BODY) for label, value in stated if value)


# Closing words ---------------------------------------------------------------------------------------------------


def _closing(invoice: Invoice, words: Words) -> Iterator[tuple[str, str]]:
    if invoice.payment_terms:
        yield words(N_("Payment terms")), invoice.payment_terms
    if discount := _discount(invoice, words):
        yield words(N_("Cash discount")), discount
    if invoice.tax_representative:
        number = identity.vat_number(invoice.tax_representative)
        yield words(N_("VAT representative")), " · ".join(filter(None, (invoice.tax_representative.name, number)))
    mentions = [text for text in (invoice.delivery_terms, _self_billed(invoice, words), _refund(invoice, words)) if text]
    if mentions:
        yield words(N_("Legal mentions")), "\n".join(mentions)
    if notes := [note for note in invoice.notes if note.strip()]:
        yield words(N_("Notes")), "\n".join(notes)
    if documents := [" – ".join(filter(None, (each.id, each.description, each.url))) for each in invoice.supporting_documents if each.url]:
        yield words(N_("Documents")), "\n".join(documents)


def _discount(invoice: Invoice, words: Words) -> str | None:
    discount = invoice.cash_discount
    if discount is None:
        return None
    amount = words.money(efff.to_subtract(discount, invoice), invoice.currency)
    percentage = f"{words.rate(discount.percentage)} ({amount})"
    if discount.until:
        return words(N_("{percentage} if paid by {day}"), percentage=percentage, day=words.day(discount.until))
    return words(N_("{percentage} for early payment"), percentage=percentage)


def _self_billed(invoice: Invoice, words: Words) -> str | None:
    """VAT Directive art. 226 (10a)."""
    return words.legal(SELF_BILLED) if invoice.source_type_code in _SELF_BILLED else None


def _refund(invoice: Invoice, words: Words) -> str | None:
    """What a Belgian credit note with VAT must say to a buyer who deducts it (royal decree no. 4, art. 4)."""
    belgian = identity.country(invoice.seller) == "BE"
    if not (invoice.is_credit_note and belgian and invoice.buyer.vat_id and invoice.totals.vat_total > 0):
        return None
    return words.legal(REFUND)
