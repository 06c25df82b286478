"""Read CII's payment means, payment terms and document totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from core.errors import ElementMissing
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Invoice, Line, PaymentMeans, Totals
from core.money import round_half_up
from core.sources.cii_values import basic, child, children, day, exact, money, prose, text
from core.sources.ubl_payment import account_number, stated_or_derived
from core.sources.ubl_taxes import Taxes
from core.sources.values import Reading, attribute
from core.sources.xml import Element, place

SUMMATION = "SpecifiedTradeSettlementHeaderMonetarySummation"
_NOT_DEFINED = "1"  # UNTDID 4461
_DAYS = "DAY"


def with_payment(invoice: Invoice, settlement: Element) -> Invoice:
    """BG-16, BT-9 and BT-20."""
    terms = [*children(settlement, "SpecifiedTradePaymentTerms")]
    said = [*filter(None, (prose(each, "Description") for each in terms))]
    dates = (day(each, "DueDateDateTime", N_("Due date (BT-9)")) for each in terms)
    return replace(
        invoice,
        due_date=next((date for date in dates if date), None),
        payment_means=_all_means(settlement, next((mandate for each in terms if (mandate := text(each, "DirectDebitMandateID"))), None)),
        payment_terms="\n".join(said or [line for each in terms for line in _discounts(invoice, each)]) or None,
    )


def _discounts(invoice: Invoice, terms: Element) -> Iterator[str]:
    """A discount for early payment, where figures say it and no words: in the words of our own XML."""
    for discount in children(terms, "ApplicableTradePaymentDiscountTerms"):
        percentage = exact(discount, "CalculationPercent", N_("Cash discount"), N_("percentage"))
        if not percentage:
            continue
        start = day(discount, "BasisDateTime", "Start of the cash discount")
        measure = basic(discount, "BasisPeriodMeasure")
        last = start
        if measure is not None and attribute(measure, "unitCode") == _DAYS:
            days = exact(discount, "BasisPeriodMeasure", "Days of the cash discount", N_("number")) or ZERO
            last = (start or invoice.issue_date) + timedelta(days=int(min(max(days, ZERO), Decimal(3650))))
        yield f"Cash discount {percentage.normalize():f} %" + (f" until {last.isoformat()}" if last else "")


def _all_means(settlement: Element, mandate: str | None) -> tuple[PaymentMeans, ...]:
    """CII says the reference once for all, and the mandate beside them."""
    reference = text(settlement, "PaymentReference")
    found = [_means(element, reference) for element in children(settlement, "SpecifiedTradeSettlementPaymentMeans")]
    if not found and (reference or mandate):
        found = [PaymentMeans(means_code=_NOT_DEFINED, reference=reference)]
    if found and mandate:
        found[0] = replace(found[0], mandate_reference=mandate)
    return tuple(found)


def _means(element: Element, reference: str | None) -> PaymentMeans:
    account = child(element, "PayeePartyCreditorFinancialAccount")
    card = child(element, "ApplicableTradeSettlementFinancialCard")
    bic = text(child(element, "PayeeSpecifiedCreditorFinancialInstitution"), "BICID")
    return PaymentMeans(
        means_code=text(element, "TypeCode") or "30",
        means_text=prose(element, "Information"),
        reference=reference,
        iban=account_number(text(account, "IBANID") or text(account, "ProprietaryID")),
        account_name=text(account, "AccountName"),
        bic="".join(bic.split()).upper() if bic else None,
        card_number=text(card, "ID"),
        card_holder=text(card, "CardholderName"),
        debited_account=account_number(text(child(element, "PayerPartyDebtorFinancialAccount"), "IBANID")),
    )


def read_totals(reading: Reading, settlement: Element, taxes: Taxes, lines: tuple[Line, ...], allowances: tuple[AllowanceCharge, ...]) -> Totals:
    """BG-22 as stated. The profile MINIMUM and ZUGFeRD 1.0 may leave out what the other totals give; it is remarked."""
    element = child(settlement, SUMMATION)
    if element is None:
        raise ElementMissing(term=N_("Document totals (BG-22)"), element=SUMMATION, place=place(settlement))
    allowed = money(reading, element, "AllowanceTotalAmount", N_("Sum of allowances (BT-107)"))
    if allowed is None:
        allowed = sum((item.amount for item in allowances if not item.is_charge), ZERO)
    charged = money(reading, element, "ChargeTotalAmount", N_("Sum of charges (BT-108)"))
    if charged is None:
        charged = sum((item.amount for item in allowances if item.is_charge), ZERO)
    net_stated = money(reading, element, "TaxBasisTotalAmount", N_("Total without VAT (BT-109)"))
    added_up = round_half_up(sum((line.net_amount for line in lines), ZERO))
    if not lines and net_stated is not None:
        added_up = net_stated + allowed - charged
    line_total = _total(reading, element, "LineTotalAmount", N_("Sum of the lines (BT-106)"), added_up)
    net = _total(reading, element, "TaxBasisTotalAmount", N_("Total without VAT (BT-109)"), line_total - allowed + charged)
    gross_term = N_("Total with VAT (BT-112)")
    vat = taxes.total
    if vat is None:
        gross_stated = money(reading, element, "GrandTotalAmount", gross_term)
        vat = ZERO if gross_stated is None else gross_stated - net
    gross = _total(reading, element, "GrandTotalAmount", gross_term, net + vat)
    paid = money(reading, element, "TotalPrepaidAmount", N_("Paid amount (BT-113)")) or ZERO
    rounding = money(reading, element, "RoundingAmount", N_("Rounding amount (BT-114)")) or ZERO
    return Totals(
        line_total=line_total,
        allowance_total=allowed,
        charge_total=charged,
        total_without_vat=net,
        vat_total=vat,
        vat_total_accounting=taxes.accounting_total,
        total_with_vat=gross,
        paid_amount=paid,
        rounding_amount=rounding,
        amount_due=_total(reading, element, "DuePayableAmount", N_("Amount due (BT-115)"), gross - paid + rounding),
    )


def _total(reading: Reading, element: Element, name: str, term: str, derived: Decimal) -> Decimal:
    return stated_or_derived(reading, money(reading, element, name, term), element, name, term, derived)
