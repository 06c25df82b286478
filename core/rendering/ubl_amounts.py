"""Write payment, allowances and charges, VAT and totals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from lxml import etree

from core.model import ZERO, AllowanceCharge, Invoice, PaymentMeans, VatBreakdown
from core.rendering import efff, vat
from core.rendering.ubl_xml import Dialect, clean, day, decimal, group, money, text

_CREDIT_TRANSFERS: Final = frozenset({"30", "58"})
_NOT_DEFINED: Final = "1"

Reason = tuple[str | None, str | None]  # BT-121 and BT-120: code and words


def write_payment(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """BG-16 to BG-19; the due date stands here where the document has no element for it."""
    due = invoice.due_date if dialect.efff or dialect.credit_note else None
    stated = invoice.payment_means or ((PaymentMeans(),) if due else ())
    for at, means in enumerate(stated):
        node = group(root, "PaymentMeans")
        name = means.means_text if at == 0 and not dialect.efff else None  # UBL-SR-46: once
        text(node, "PaymentMeansCode", _means_code(means, dialect), name=name, listID="UNCL4461" if dialect.efff else None)
        day(node, "PaymentDueDate", due if at == 0 else None)  # UBL-SR-45: once
        text(node, "PaymentID", means.reference)
        if not dialect.efff:
            _card(node, means)
        _account(node, means, dialect)
        if not dialect.efff:
            _mandate(node, means)


def _means_code(means: PaymentMeans, dialect: Dialect) -> str:
    """BR-61: a credit transfer has an account. e-FFF is older than code 58 (SEPA credit transfer)."""
    if means.means_code in _CREDIT_TRANSFERS and not clean(means.iban):
        return _NOT_DEFINED
    return "30" if dialect.efff and means.means_code == "58" else means.means_code


def _card(node: etree._Element, means: PaymentMeans) -> None:
    if clean(means.card_number):
        card = group(node, "CardAccount")
        text(card, "PrimaryAccountNumberID", means.card_number)
        text(card, "NetworkID", "NA")  # the schema wants one, EN 16931 has no term for it
        text(card, "HolderName", means.card_holder)


def _account(node: etree._Element, means: PaymentMeans, dialect: Dialect) -> None:
    iban = clean(means.iban).replace(" ", "")
    if not iban:
        return
    account = group(node, "PayeeFinancialAccount")
    text(account, "ID", iban, schemeID="IBAN" if dialect.efff else None)
    text(account, "Name", means.account_name)
    bic = clean(means.bic).replace(" ", "")
    if bic and dialect.efff:
        text(group(group(account, "FinancialInstitutionBranch"), "FinancialInstitution"), "ID", bic, schemeID="BIC")
    elif bic:
        text(group(account, "FinancialInstitutionBranch"), "ID", bic)


def _mandate(node: etree._Element, means: PaymentMeans) -> None:
    if clean(means.mandate_reference) or clean(means.debited_account):
        mandate = group(node, "PaymentMandate")
        text(mandate, "ID", means.mandate_reference)
        if clean(means.debited_account):
            text(group(mandate, "PayerFinancialAccount"), "ID", means.debited_account)


def write_terms(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """BT-20, and in e-FFF the cash discount with its percentage, amount and last day."""
    discount = invoice.cash_discount if dialect.efff else None
    if not clean(invoice.payment_terms) and discount is None:
        return
    terms = group(root, "PaymentTerms")
    text(terms, "Note", invoice.payment_terms)
    if discount:
        text(terms, "SettlementDiscountPercent", decimal(discount.percentage))
        money(terms, "Amount", discount.amount or ZERO, dialect.currency)
        day(group(terms, "SettlementPeriod"), "EndDate", discount.until)


def write_charges(parent: etree._Element, charges: Sequence[AllowanceCharge], dialect: Dialect) -> None:
    """BG-20, BG-21, BG-27, BG-28."""
    for charge in charges:
        node = group(parent, "AllowanceCharge")
        text(node, "ChargeIndicator", "true" if charge.is_charge else "false")
        text(node, "AllowanceChargeReasonCode", charge.reason_code)
        text(node, "AllowanceChargeReason", charge.reason)
        if charge.percentage is not None and not dialect.efff:  # UBL's factor is 0.2, EN 16931's is 20: e-FFF leaves it open
            text(node, "MultiplierFactorNumeric", decimal(charge.percentage))
        money(node, "Amount", charge.amount, dialect.currency)
        if charge.base_amount is not None:
            money(node, "BaseAmount", charge.base_amount, dialect.currency)
        if charge.vat_category:
            write_category(group(node, "TaxCategory"), charge.vat_category, charge.vat_rate, charge.belgian_code, dialect)


def write_category(
    node: etree._Element, category: str, rate: Decimal | None, belgian_code: str | None, dialect: Dialect, reason: Reason = (None, None)
) -> None:
    """A VAT category with its rate and, in a breakdown, the reason code and words for an exemption."""
    if dialect.efff and belgian_code:
        text(node, "ID", efff.CATEGORY_OF[belgian_code], schemeID="UNCL5305")
        text(node, "Name", belgian_code)
        rate = rate or ZERO
    else:
        text(node, "ID", category)
    if rate is not None:
        text(node, "Percent", decimal(rate))
    text(node, "TaxExemptionReasonCode", reason[0])
    text(node, "TaxExemptionReason", reason[1])
    text(group(node, "TaxScheme"), "ID", "VAT")


def write_vat(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """BG-23, and the total in the accounting currency where that is another one (BT-111)."""
    total = group(root, "TaxTotal")
    money(total, "TaxAmount", invoice.totals.vat_total, dialect.currency)
    for part in invoice.vat_breakdown:
        subtotal = group(total, "TaxSubtotal")
        money(subtotal, "TaxableAmount", part.taxable_amount, dialect.currency)
        money(subtotal, "TaxAmount", part.vat_amount, dialect.currency)
        write_category(group(subtotal, "TaxCategory"), part.category, part.rate, part.belgian_code, dialect, _reason(part, dialect))
    if (currency := accounting_currency(invoice, dialect)) and invoice.totals.vat_total_accounting is not None:
        money(group(root, "TaxTotal"), "TaxAmount", invoice.totals.vat_total_accounting, currency)


def accounting_currency(invoice: Invoice, dialect: Dialect) -> str | None:
    """BT-6, if it says anything: another currency (PEPPOL-EN16931-R005) and with its amount (BR-53).

    With a cash discount e-FFF wants the discount in every TaxTotal (EFFF-T10-R013), which this one cannot say.
    """
    if invoice.tax_currency == invoice.currency or invoice.totals.vat_total_accounting is None or (dialect.efff and invoice.cash_discount):
        return None
    return invoice.tax_currency


def _reason(part: VatBreakdown, dialect: Dialect) -> Reason:
    if not dialect.efff:
        return part.exemption_code, part.exemption_reason
    _, words = vat.STANDARD_REASONS.get(part.category, (None, None))
    return None, part.exemption_reason or words


def write_totals(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """BG-22."""
    totals = invoice.totals
    node = group(root, "LegalMonetaryTotal")
    money(node, "LineExtensionAmount", totals.line_total, dialect.currency)
    money(node, "TaxExclusiveAmount", totals.total_without_vat, dialect.currency)
    money(node, "TaxInclusiveAmount", totals.total_with_vat, dialect.currency)
    optional = {
        "AllowanceTotalAmount": totals.allowance_total,
        "ChargeTotalAmount": totals.charge_total,
        "PrepaidAmount": totals.paid_amount,
        "PayableRoundingAmount": totals.rounding_amount,
    }
    for tag, amount in optional.items():
        if amount:
            money(node, tag, amount, dialect.currency)
    money(node, "PayableAmount", totals.amount_due, dialect.currency)
