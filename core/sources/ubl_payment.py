"""Read UBL's payment means, payment terms and document totals."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.errors import ElementMissing
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, CashDiscount, Invoice, Line, PaymentMeans, Totals
from core.money import round_half_up
from core.sources.ubl_taxes import Taxes
from core.sources.values import Reading, attribute, basic, child, children, day, exact, money, paragraphs, required, required_money, text
from core.sources.xml import Element, place

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_IBAN_WORD = re.compile(r"^IBAN:?")
_SEPARATORS = re.compile(r"[\s.\-]+")

TOTAL_DERIVED = N_("The file does not state “{term}”; {amount} was worked out from its other totals.")


def with_payment(reading: Reading, invoice: Invoice, root: Element) -> Invoice:
    """BG-16, BT-9, BT-20 and the cash discount."""
    discount = _cash_discount(reading, root)
    notes = [note for terms in children(root, "PaymentTerms") for note in paragraphs(terms, "Note")]
    return replace(
        invoice,
        due_date=_due_date(root, discounted=discount is not None),
        payment_means=tuple(_means(element) for element in children(root, "PaymentMeans")),
        payment_terms="\n".join(notes) or None,
        cash_discount=discount,
    )


def _means(element: Element) -> PaymentMeans:
    stated_code = basic(element, "PaymentMeansCode")
    account = child(element, "PayeeFinancialAccount")
    branch = child(account, "FinancialInstitutionBranch")
    bic = text(child(branch, "FinancialInstitution"), "ID") or text(branch, "ID")
    card = child(element, "CardAccount")
    mandate = child(element, "PaymentMandate")
    return PaymentMeans(
        means_code=text(element, "PaymentMeansCode") or "30",
        means_text=attribute(stated_code, "name") or text(element, "InstructionNote"),
        reference=text(element, "PaymentID") or text(element, "InstructionID"),  # e-FFF v1 has the latter
        iban=account_number(text(account, "ID")),
        account_name=text(account, "Name"),
        bic="".join(bic.split()).upper() if bic else None,
        card_number=text(card, "PrimaryAccountNumberID"),
        card_holder=text(card, "HolderName"),
        mandate_reference=text(mandate, "ID"),
        debited_account=account_number(text(child(mandate, "PayerFinancialAccount"), "ID")),
    )


def account_number(stated: str | None) -> str | None:
    """An IBAN without its spaces; any other account as it is."""
    if stated is None:
        return None
    bare = _IBAN_WORD.sub("", _SEPARATORS.sub("", stated).upper())
    return bare if _IBAN.fullmatch(bare) else stated


def _due_date(root: Element, *, discounted: bool) -> date | None:
    """DueDate; e-FFF and credit notes have it in PaymentMeans. With a cash discount the terms' date is the discount's."""
    term = N_("Due date (BT-9)")
    found = day(root, "DueDate", term)
    for element in children(root, "PaymentMeans"):
        found = found or day(element, "PaymentDueDate", term)
    if discounted:
        return found
    for element in children(root, "PaymentTerms"):
        found = found or day(element, "PaymentDueDate", term) or day(child(element, "SettlementPeriod"), "EndDate", term)
    return found


def _cash_discount(reading: Reading, root: Element) -> CashDiscount | None:
    for terms in children(root, "PaymentTerms"):
        percentage = exact(terms, "SettlementDiscountPercent", N_("Cash discount"), N_("percentage"))
        if percentage:
            term = "End of the cash discount"
            return CashDiscount(
                percentage=percentage,
                amount=money(reading, terms, "Amount", "Amount with cash discount"),
                until=day(child(terms, "SettlementPeriod"), "EndDate", term) or day(terms, "PaymentDueDate", term),
            )
    return None


def read_totals(reading: Reading, root: Element, taxes: Taxes, lines: tuple[Line, ...], allowances: tuple[AllowanceCharge, ...]) -> Totals:
    """BG-22 as stated. Older files may leave out what their other totals give without doubt; it is remarked."""
    element = child(root, "LegalMonetaryTotal")
    if element is None:
        raise ElementMissing(term=N_("Document totals (BG-22)"), element="LegalMonetaryTotal", place=place(root))
    allowed = money(reading, element, "AllowanceTotalAmount", N_("Sum of allowances (BT-107)"))
    if allowed is None:
        allowed = sum((item.amount for item in allowances if not item.is_charge), ZERO)
    charged = money(reading, element, "ChargeTotalAmount", N_("Sum of charges (BT-108)"))
    if charged is None:
        charged = sum((item.amount for item in allowances if item.is_charge), ZERO)
    added_up = round_half_up(sum((line.net_amount for line in lines), ZERO))
    line_total = _total(reading, element, "LineExtensionAmount", N_("Sum of the lines (BT-106)"), added_up)
    net = _total(reading, element, "TaxExclusiveAmount", N_("Total without VAT (BT-109)"), line_total - allowed + charged)
    vat = taxes.total
    if vat is None:
        gross_stated = money(reading, element, "TaxInclusiveAmount", N_("Total with VAT (BT-112)"))
        vat = ZERO if gross_stated is None else gross_stated - net
    gross = _total(reading, element, "TaxInclusiveAmount", N_("Total with VAT (BT-112)"), net + vat)
    return Totals(
        line_total=line_total,
        allowance_total=allowed,
        charge_total=charged,
        total_without_vat=net,
        vat_total=vat,
        vat_total_accounting=taxes.accounting_total,
        total_with_vat=gross,
        paid_amount=money(reading, element, "PrepaidAmount", N_("Paid amount (BT-113)")) or ZERO,
        rounding_amount=money(reading, element, "PayableRoundingAmount", N_("Rounding amount (BT-114)")) or ZERO,
        amount_due=required_money(reading, element, "PayableAmount", N_("Amount due (BT-115)")),
    )


def _total(reading: Reading, element: Element, name: str, term: str, derived: Decimal) -> Decimal:
    return stated_or_derived(reading, money(reading, element, name, term), element, name, term, derived)


def stated_or_derived(reading: Reading, stated: Decimal | None, element: Element, name: str, term: str, derived: Decimal) -> Decimal:
    """A total as stated; where an older file leaves it out, what its others give, with a remark. Raises ElementMissing."""
    if stated is None and not reading.en16931:
        reading.remarks.add(TOTAL_DERIVED, term=term, amount=derived)
        return derived
    return required(stated, element, name, term)
