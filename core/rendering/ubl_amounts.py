"""Write payment, allowances and charges, VAT and totals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.model import ZERO, AllowanceCharge, CashDiscount, Invoice, PaymentMeans, VatBreakdown
from core.rendering import efff, vat
from core.rendering.ubl_xml import Dialect, clean, day, decimal, group, money, text

_CREDIT_TRANSFERS: Final = frozenset({"30", "58"})
_NOT_DEFINED: Final = "1"

Reason = tuple[str | None, str | None]  # BT-121 and BT-120: code and words


def payment(invoice: Invoice, dialect: Dialect) -> str:
    """BG-16 to BG-19; the due date stands here where the document has no element for it."""
    due = invoice.due_date if dialect.efff or dialect.credit_note else None
    stated = invoice.payment_means or ((PaymentMeans(),) if due else ())
    # UBL-SR-45, UBL-SR-46: due date and text once
    return "".join(
        _means(means, due=day("PaymentDueDate", due if at == 0 else None), words=means.means_text if at == 0 else None, dialect=dialect)
        for at, means in enumerate(stated)
    )


def _means(means: PaymentMeans, *, due: str, words: str | None, dialect: Dialect) -> str:
    name, list_id = (None, "UNCL4461") if dialect.efff else (words, None)
    return group(
        "PaymentMeans",
        text("PaymentMeansCode", _means_code(means, dialect), name=name, listID=list_id),
        due,
        text("InstructionID", means.reference) if dialect.ubl20 else "",
        text("InstructionNote", words) if dialect.efff else "",
        text("PaymentID", means.reference),
        _card(means),
        _account(means, dialect),
        "" if dialect.ubl20 else _mandate(means),
    )


def _means_code(means: PaymentMeans, dialect: Dialect) -> str:
    """BR-61: a credit transfer has an account. e-FFF is older than code 58 (SEPA credit transfer)."""
    if means.means_code in _CREDIT_TRANSFERS and not clean(means.iban):
        return _NOT_DEFINED
    return "30" if dialect.efff and means.means_code == "58" else clean(means.means_code) or _NOT_DEFINED


def _card(means: PaymentMeans) -> str:
    if not clean(means.card_number):
        return ""
    return group(
        "CardAccount",
        text("PrimaryAccountNumberID", means.card_number),
        text("NetworkID", "NA"),  # the schema wants one, EN 16931 has no term for it
        text("HolderName", means.card_holder),
    )


def _account(means: PaymentMeans, dialect: Dialect) -> str:
    iban = clean(means.iban).replace(" ", "")
    if not iban:
        return ""
    bic = clean(means.bic).replace(" ", "")
    institution = group("FinancialInstitution", text("ID", bic, schemeID="BIC")) if dialect.efff else text("ID", bic)
    return group(
        "PayeeFinancialAccount",
        text("ID", iban, schemeID="IBAN" if dialect.efff else None),
        text("Name", means.account_name),
        group("FinancialInstitutionBranch", institution),
    )


def _mandate(means: PaymentMeans) -> str:
    return group(
        "PaymentMandate",
        text("ID", means.mandate_reference),
        group("PayerFinancialAccount", text("ID", means.debited_account)),
    )


def terms(invoice: Invoice, dialect: Dialect) -> str:
    """BT-20, and in e-FFF the cash discount with its percentage, amount and last day."""
    discount = invoice.cash_discount if dialect.efff else None
    return group("PaymentTerms", text("Note", invoice.payment_terms), _cash_discount(discount, dialect) if discount else "")


def _cash_discount(discount: CashDiscount, dialect: Dialect) -> str:
    return "".join(
        (
            text("SettlementDiscountPercent", decimal(discount.percentage)),
            money("Amount", discount.amount or ZERO, dialect.currency),
            group("SettlementPeriod", day("EndDate", discount.until)),
        )
    )


def allowances_charges(stated: Iterable[AllowanceCharge], dialect: Dialect) -> str:
    """BG-20, BG-21, BG-27, BG-28."""
    return "".join(_allowance_charge(each, dialect) for each in stated)


def _allowance_charge(stated: AllowanceCharge, dialect: Dialect) -> str:
    # UBL's factor is 0.2, EN 16931's is 20: e-FFF leaves it open
    factor = None if stated.percentage is None or dialect.efff else decimal(stated.percentage)
    return group(
        "AllowanceCharge",
        text("ChargeIndicator", "true" if stated.is_charge else "false"),
        text("AllowanceChargeReasonCode", stated.reason_code),
        text("AllowanceChargeReason", stated.reason),
        text("MultiplierFactorNumeric", factor),
        money("Amount", stated.amount, dialect.currency),
        "" if stated.base_amount is None else money("BaseAmount", stated.base_amount, dialect.currency),
        category("TaxCategory", stated.vat_category, stated.vat_rate, stated.belgian_code, dialect) if stated.vat_category else "",
    )


def category(tag: str, code: str, rate: Decimal | None, belgian_code: str | None, dialect: Dialect, reason: Reason = (None, None)) -> str:
    """A VAT category with its rate and, in a breakdown, the reason code and words for an exemption."""
    if dialect.efff and belgian_code:
        return _category(tag, efff.CATEGORY_OF[belgian_code], "UNCL5305", belgian_code, decimal(rate or ZERO), *reason)
    return _category(tag, code, None, None, None if rate is None else decimal(rate), *reason)


@lru_cache(maxsize=256)  # a company's invoices use the same few, and every line has two
def _category(tag: str, code: str, scheme: str | None, name: str | None, rate: str | None, reason_code: str | None, words: str | None) -> str:
    return group(
        tag,
        text("ID", code, schemeID=scheme),
        text("Name", name),
        text("Percent", rate),
        text("TaxExemptionReasonCode", reason_code),
        text("TaxExemptionReason", words),
        group("TaxScheme", text("ID", "VAT")),
    )


def vat_totals(invoice: Invoice, dialect: Dialect) -> str:
    """BG-23, and the total in the accounting currency where that is another one (BT-111)."""
    own = group(
        "TaxTotal",
        money("TaxAmount", invoice.totals.vat_total, dialect.currency),
        *(
            group(
                "TaxSubtotal",
                money("TaxableAmount", part.taxable_amount, dialect.currency),
                money("TaxAmount", part.vat_amount, dialect.currency),
                category("TaxCategory", part.category, part.rate, part.belgian_code, dialect, _reason(part, dialect)),
            )
            for part in invoice.vat_breakdown
        ),
    )
    currency, accounting = accounting_currency(invoice, dialect), invoice.totals.vat_total_accounting
    if currency is None or accounting is None:
        return own
    return own + group("TaxTotal", money("TaxAmount", accounting, currency))


def accounting_currency(invoice: Invoice, dialect: Dialect) -> str | None:
    """BT-6, if it says anything: another currency (PEPPOL-EN16931-R005) and with its amount (BR-53).

    With a cash discount e-FFF wants the discount in every TaxTotal, which this one cannot say.
    """
    if invoice.tax_currency == invoice.currency or invoice.totals.vat_total_accounting is None or (dialect.efff and invoice.cash_discount):
        return None
    return clean(invoice.tax_currency) or None


def _reason(part: VatBreakdown, dialect: Dialect) -> Reason:
    if not dialect.efff:
        return part.exemption_code, part.exemption_reason
    return None, vat.reason_in_words(part.category, part.exemption_reason, part.exemption_code)


def totals(invoice: Invoice, dialect: Dialect) -> str:
    """BG-22."""
    stated = invoice.totals
    currency = dialect.currency
    kinds = {each.is_charge for each in invoice.allowances_charges}  # BR-CO-11, BR-CO-12: their sum, even of nothing
    optional = (
        ("AllowanceTotalAmount", stated.allowance_total, False in kinds),
        ("ChargeTotalAmount", stated.charge_total, True in kinds),
        ("PrepaidAmount", stated.paid_amount, False),
        ("PayableRoundingAmount", stated.rounding_amount, False),
    )
    return group(
        "LegalMonetaryTotal",
        money("LineExtensionAmount", stated.line_total, currency),
        money("TaxExclusiveAmount", stated.total_without_vat, currency),
        money("TaxInclusiveAmount", stated.total_with_vat, currency),
        *(money(tag, amount, currency) for tag, amount, needed in optional if amount or needed),
        money("PayableAmount", stated.amount_due, currency),
    )
