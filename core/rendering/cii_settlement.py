"""Write how a CII invoice is settled: payment, VAT, terms and totals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.model import Invoice, PaymentMeans, Reference, VatBreakdown
from core.rendering import cii_parties
from core.rendering.cii_lines import allowances_charges
from core.rendering.cii_xml import amount, attribute, day, element, group, number, plain_day, reference_day
from core.rendering.ubl_xml import clean

_CREDIT_TRANSFERS: Final = frozenset({"30", "58"})
_NOT_DEFINED: Final = "1"
# BT-8: UNTDID 2005, which UBL has and the model keeps, to UNTDID 2475
TIME_REFERENCES: Final = {"3": "5", "35": "29", "432": "72"}


def settlement(invoice: Invoice) -> str:
    """ApplicableHeaderTradeSettlement, in the order of the schema."""
    account = element("ID", invoice.accounting_cost)
    return group(
        "ApplicableHeaderTradeSettlement",
        cii_parties.creditor_reference(invoice),
        element("PaymentReference", invoice.payment_reference),
        element("TaxCurrencyCode", accounting_currency(invoice)),
        element("InvoiceCurrencyCode", invoice.currency),
        cii_parties.payee(invoice),
        *(_means(means, text) for means, text in _alike(invoice)),
        *(_tax(part, invoice) for part in invoice.vat_breakdown),
        group("BillingSpecifiedPeriod", day("StartDateTime", invoice.period_start), day("EndDateTime", invoice.period_end)),
        allowances_charges(invoice.allowances_charges),
        _terms(invoice),
        _totals(invoice),
        *(_preceding(reference) for reference in invoice.preceding_invoices),
        group("ReceivableSpecifiedTradeAccountingAccount", account),
    )


def accounting_currency(invoice: Invoice) -> str | None:
    """BT-6, if it says anything: another currency, and with its amount (BR-53)."""
    if invoice.tax_currency == invoice.currency or invoice.totals.vat_total_accounting is None:
        return None
    return clean(invoice.tax_currency) or None


def _alike(invoice: Invoice) -> Iterator[tuple[PaymentMeans, str | None]]:
    """The means that CII can say beside each other: of one code (CII-SR-467) and one text (CII-SR-468), which the first gives."""
    stated = invoice.payment_means
    for means in stated:
        if _code(means) == _code(stated[0]):
            yield means, stated[0].means_text


def _code(means: PaymentMeans) -> str:
    """BR-61: a credit transfer has an account."""
    return _NOT_DEFINED if means.means_code in _CREDIT_TRANSFERS and not clean(means.iban) else clean(means.means_code) or _NOT_DEFINED


def _means(means: PaymentMeans, text: str | None) -> str:
    """BG-16 to BG-19."""
    card = element("ID", means.card_number)
    account = clean(means.iban).replace(" ", "")
    is_iban = account[:2].isalpha() and account[2:4].isdigit()
    name = element("AccountName", means.account_name)
    payee = (element("IBANID", account), name) if is_iban else (name, element("ProprietaryID", account))
    return group(
        "SpecifiedTradeSettlementPaymentMeans",
        element("TypeCode", _code(means)),
        element("Information", text),
        group("ApplicableTradeSettlementFinancialCard", card, element("CardholderName", means.card_holder)) if card else "",
        group("PayerPartyDebtorFinancialAccount", element("IBANID", means.debited_account)),
        group("PayeePartyCreditorFinancialAccount", *payee) if account else "",
        group("PayeeSpecifiedCreditorFinancialInstitution", element("BICID", clean(means.bic).replace(" ", ""))) if account else "",
    )


def _tax(part: VatBreakdown, invoice: Invoice) -> str:
    """BG-23; BT-7 and BT-8 stand here, one of them (BR-CO-03)."""
    code = None if invoice.tax_point_date else TIME_REFERENCES.get(invoice.tax_point_code or "")
    return group(
        "ApplicableTradeTax",
        amount("CalculatedAmount", part.vat_amount),
        "<ram:TypeCode>VAT</ram:TypeCode>",
        element("ExemptionReason", part.exemption_reason),
        amount("BasisAmount", part.taxable_amount),
        element("CategoryCode", part.category),
        element("ExemptionReasonCode", part.exemption_code),
        plain_day("TaxPointDate", invoice.tax_point_date),
        element("DueDateTypeCode", code),
        number("RateApplicablePercent", part.rate),
    )


def _terms(invoice: Invoice) -> str:
    """BT-20, BT-9 and BT-89."""
    mandate = next((means.mandate_reference for means, _ in _alike(invoice) if means.mandate_reference), None)
    return group(
        "SpecifiedTradePaymentTerms",
        element("Description", invoice.payment_terms),
        day("DueDateDateTime", invoice.due_date),
        element("DirectDebitMandateID", mandate),
    )


def _totals(invoice: Invoice) -> str:
    """BG-22; only BT-110 and BT-111 name their currency."""
    totals, currency = invoice.totals, accounting_currency(invoice)
    return group(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        amount("LineTotalAmount", totals.line_total),
        amount("ChargeTotalAmount", _sum_of(invoice, totals.charge_total, charges=True)),
        amount("AllowanceTotalAmount", _sum_of(invoice, totals.allowance_total, charges=False)),
        amount("TaxBasisTotalAmount", totals.total_without_vat),
        amount("TaxTotalAmount", totals.vat_total, attribute("currencyID", invoice.currency)),
        amount("TaxTotalAmount", totals.vat_total_accounting, attribute("currencyID", currency)) if currency else "",
        amount("RoundingAmount", totals.rounding_amount or None),
        amount("GrandTotalAmount", totals.total_with_vat),
        amount("TotalPrepaidAmount", totals.paid_amount or None),
        amount("DuePayableAmount", totals.amount_due),
    )


def _sum_of(invoice: Invoice, total: Decimal, *, charges: bool) -> Decimal | None:
    """BR-CO-11, BR-CO-12: allowances or charges of nothing still have a sum."""
    return total if total or any(each.is_charge is charges for each in invoice.allowances_charges) else None


def _preceding(reference: Reference) -> str:
    """BG-3."""
    number_of_it = element("IssuerAssignedID", reference.number)
    return group("InvoiceReferencedDocument", number_of_it, reference_day("FormattedIssueDateTime", reference.issue_date)) if number_of_it else ""
