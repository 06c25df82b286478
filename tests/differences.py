"""Compare two invoices field by field, and know which differences a format makes by itself (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from typing import Any

from core.model import ZERO, AllowanceCharge, CashDiscount, Identifier, Invoice, PaymentMeans, VatBreakdown, XmlFormat
from core.money import CENT, round_half_up
from core.rendering import identity, vat

UNSAID = frozenset({"business_process", "specification", "warnings"})  # these tell of the file, not of the invoice
OWN_REFERENCES = frozenset({"eFFF", "UBL.BE", "CommercialInvoice", "CreditNote"})
BIS3, EFFF3, EFFF1 = frozenset({XmlFormat.BIS3}), frozenset({XmlFormat.EFFF3}), frozenset({XmlFormat.EFFF1})
EFFF = EFFF3 | EFFF1
ALL = BIS3 | EFFF


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is not the same after writing and reading: `path` is `lines.unit_code`, without positions."""

    path: str
    before: Any
    after: Any


def differences(one: Any, other: Any, path: str = "") -> Iterator[Difference]:
    """Each field that differs. Identifiers are one value, tuples of another length too."""
    if is_dataclass(one) and type(one) is type(other) and not isinstance(one, Identifier):
        for field in fields(one):
            if field.name not in UNSAID:
                yield from differences(getattr(one, field.name), getattr(other, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) and path != "lines.attributes":
        for first, second in zip(one, other, strict=True):
            yield from differences(first, second, path)
    elif one != other:
        yield Difference(path=path, before=one, after=other)


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A difference that a format makes; `holds` tells whether this one is of that kind, knowing the whole invoice."""

    paths: str
    formats: frozenset[XmlFormat]
    holds: Callable[[Any, Any, Invoice], bool]


def unexplained(stated: Invoice, read: Invoice, written: XmlFormat) -> list[Difference]:
    """The differences between an invoice and what was read back that no row of `ALLOWED` knows."""
    return [found for found in differences(stated, read) if not any(is_of(found, row, stated, written) for row in ALLOWED)]


def is_of(found: Difference, row: Allowed, invoice: Invoice, written: XmlFormat) -> bool:
    return (
        written in row.formats and any(fnmatchcase(found.path, path) for path in row.paths.split()) and row.holds(found.before, found.after, invoice)
    )


# The kinds -------------------------------------------------------------------------------------------------------


def _same_number(before: Any, after: Any, invoice: Invoice) -> bool:
    """The same identifier by the scheme's other name, or without a scheme that the format does not know."""
    if not (isinstance(before, Identifier) and isinstance(after, Identifier)):
        return False
    one, other = identity.modern(before), identity.modern(after)
    if one == other:
        return True
    if (number := identity.belgian_number(before.value)) and number == identity.belgian_number(after.value):
        return True
    return bool(before.value == after.value and after.scheme in (None, "0160"))


def _is_enterprise_number(before: Any, after: Any, invoice: Invoice) -> bool:
    return isinstance(after, Identifier) and after.scheme in identity.BELGIAN_SCHEMES


def _is_mail(before: Any, after: Any, invoice: Invoice) -> bool:
    return isinstance(after, Identifier) and after.scheme == identity.MAIL and after.value in (invoice.seller.email, invoice.buyer.email)


def _gone(before: Any, after: Any, invoice: Invoice) -> bool:
    return after in (None, ())


def _first_only(before: Any, after: Any, invoice: Invoice) -> bool:
    return len(after) <= 1 and all(_same_number(one, other, invoice) or one == other for one, other in zip(before, after, strict=False))


def _joined_notes(before: Any, after: Any, invoice: Invoice) -> bool:
    return "\n".join((*invoice.notes, *filter(None, [invoice.delivery_terms]))) in (after, "\n".join(after))


def _discounted(before: Any, after: Any, invoice: Invoice) -> bool:
    return invoice.cash_discount is not None or any(map(vat.is_cash_discount, invoice.vat_breakdown))


def _nothing_taxed(before: Any, after: Any, invoice: Invoice) -> bool:
    return {part.category for part in invoice.vat_breakdown} == {"O"}


def _intra_community(before: Any, after: Any, invoice: Invoice) -> bool:
    return before is None and any(part.category == "K" for part in invoice.vat_breakdown)


def _rounded(before: Any, after: Any, invoice: Invoice) -> bool:
    """To two decimals, with the cent that makes the sum right."""
    return bool(round_half_up(before) != before and after == round_half_up(after) and abs(before - after) < 2 * CENT)


def _more_exact(before: Any, after: Any, invoice: Invoice) -> bool:
    """A price with more decimals, or the minus sign on the quantity instead of the price."""
    return bool(before == -after or abs(before - after) < CENT)


def _added_up(before: Any, after: Any, invoice: Invoice) -> bool:
    """Belgian groups of one category and rate are one in EN 16931."""
    sums: dict[tuple[str, Any], Any] = {}
    for part in before:
        sums[part.category, part.rate] = sums.get((part.category, part.rate), ZERO) + part.taxable_amount
    return sums == {(part.category, part.rate): part.taxable_amount for part in after}


def _with_discount_group(before: Any, after: Any, invoice: Invoice) -> bool:
    extra: VatBreakdown = after[-1]
    return len(after) == len(before) + 1 and isinstance(invoice.cash_discount, CashDiscount) and not extra.taxable_amount


def _named_reason(before: Any, after: Any, invoice: Invoice) -> bool:
    """A reason where there was none: the standard words or code."""
    return before is None and bool(after)


def _outside_vatex(before: Any, after: Any, invoice: Invoice) -> bool:
    return before is not None and not before.startswith("VATEX-")


def _assumed_country(before: Any, after: Any, invoice: Invoice) -> bool:
    return before is None


def _completed(before: Any, after: Any, invoice: Invoice) -> bool:
    return before is None and after is not None


def _is_charge_of_discount(before: Any, after: Any, invoice: Invoice) -> bool:
    added: tuple[AllowanceCharge, ...] = after[len(before) :]
    return _discounted(before, after, invoice) and {charge.reason for charge in added} == {"Cash discount"}


def _payee_is_seller(before: Any, after: Any, invoice: Invoice) -> bool:
    names = (invoice.seller.name, invoice.seller.trading_name)
    return after is None and (before.name in names or bool(set(before.identifiers[:1]) & set(invoice.seller.identifiers)))


def _own_references(before: Any, after: Any, invoice: Invoice) -> bool:
    """References to a program and to the invoice's own PDF are the writer's."""
    return [each.id for each in after] == [each.id for each in before if not {each.id, each.description} & OWN_REFERENCES]


def _only_due_date(before: Any, after: Any, invoice: Invoice) -> bool:
    """A means of payment that only carries the due date."""
    return not before and after == (PaymentMeans(means_code="1"),) and invoice.due_date is not None


def _one_way_to_pay(before: Any, after: Any, invoice: Invoice) -> bool:
    """A direct debit if there is one, else the first means and further accounts of transfers; all with one code and reference."""
    if any(means.means_code in {"49", "59"} for means in before):
        return len(after) == 1 and after[0].means_code in {"49", "59"} and after[0].mandate_reference in {each.mandate_reference for each in before}
    return len(after) < len(before) and (after[0].means_code, after[0].iban) == (before[0].means_code, before[0].iban)


def _reason_given(before: Any, after: Any, invoice: Invoice) -> bool:
    """A code where there was neither word nor code, or none for one that is not on the list."""
    return after in {None, "95", "ZZZ"}


def _without_empty(before: Any, after: Any, invoice: Invoice) -> bool:
    return bool(after == tuple((name, value) for name, value in before if name and value))


def _without_the_other(before: Any, after: Any, invoice: Invoice) -> bool:
    """BR-53: the accounting currency and its VAT, or neither."""
    return after is None and (invoice.tax_currency in (None, invoice.currency) or invoice.totals.vat_total_accounting is None)


def _worked_out(before: Any, after: Any, invoice: Invoice) -> bool:
    """A breakdown where there was none, with the VAT that is stated."""
    return not before and sum(part.vat_amount for part in after) == invoice.totals.vat_total


# One row for each row of the table in docs/formats.md
ALLOWED = (
    Allowed(paths="*.endpoint", formats=ALL, holds=_same_number),
    Allowed(paths="*.endpoint", formats=ALL, holds=_is_enterprise_number),
    Allowed(paths="*.endpoint", formats=BIS3, holds=_is_mail),
    Allowed(paths="*.legal_id *.identifiers delivery_location_id lines.standard_item_id", formats=ALL, holds=_same_number),
    Allowed(paths="*.legal_id", formats=ALL, holds=_is_enterprise_number),
    Allowed(paths="buyer.identifiers", formats=ALL, holds=_first_only),
    Allowed(paths="seller.tax_registration", formats=ALL, holds=lambda before, after, _: before.scheme is None and after.scheme == "TAX"),
    Allowed(paths="buyer.tax_registration buyer.legal_form", formats=ALL, holds=_gone),
    Allowed(paths="seller.vat_id buyer.vat_id", formats=BIS3, holds=_nothing_taxed),
    Allowed(
        paths="payee.vat_id payee.endpoint payee.address.* payee.email",
        formats=ALL,
        holds=_gone,
    ),
    Allowed(
        paths="tax_representative.legal_id tax_representative.endpoint tax_representative.email",
        formats=ALL,
        holds=_gone,
    ),
    Allowed(paths="payee", formats=ALL, holds=_payee_is_seller),
    Allowed(paths="*.country", formats=ALL, holds=_assumed_country),
    Allowed(paths="*.belgian_code", formats=BIS3, holds=_gone),
    Allowed(paths="*.belgian_code", formats=EFFF, holds=lambda _, after, __: after is not None),
    Allowed(paths="vat_breakdown.exemption_code", formats=BIS3, holds=_outside_vatex),
    Allowed(paths="vat_breakdown.exemption_code", formats=BIS3, holds=_named_reason),
    Allowed(paths="vat_breakdown.exemption_reason", formats=ALL, holds=_named_reason),
    Allowed(paths="vat_breakdown.exemption_code", formats=EFFF, holds=_gone),
    Allowed(paths="vat_breakdown.exemption_reason", formats=EFFF, holds=_discounted),
    Allowed(paths="lines.exemption_reason lines.exemption_code", formats=ALL, holds=_gone),
    Allowed(paths="vat_breakdown", formats=ALL, holds=_worked_out),
    Allowed(paths="vat_breakdown", formats=BIS3, holds=_added_up),
    Allowed(paths="vat_breakdown", formats=EFFF, holds=_with_discount_group),
    Allowed(paths="notes", formats=ALL, holds=_joined_notes),
    Allowed(paths="delivery_terms delivery_terms_code", formats=ALL, holds=_gone),
    Allowed(paths="cash_discount payment_terms totals.allowance_total totals.charge_total", formats=BIS3, holds=_discounted),
    Allowed(paths="allowances_charges", formats=BIS3, holds=_is_charge_of_discount),
    Allowed(paths="cash_discount.amount cash_discount.until", formats=EFFF, holds=_discounted),
    Allowed(paths="lines.net_amount", formats=BIS3, holds=_rounded),
    Allowed(paths="lines.net_price", formats=BIS3, holds=_more_exact),
    Allowed(paths="lines.quantity", formats=BIS3, holds=lambda before, after, _: before == -after),
    Allowed(paths="lines.base_quantity", formats=BIS3, holds=_gone),
    Allowed(paths="lines.gross_price", formats=BIS3, holds=_gone),
    Allowed(
        paths="lines.base_quantity_unit", formats=ALL, holds=lambda _, after, invoice: after in {None, *(line.unit_code for line in invoice.lines)}
    ),
    Allowed(paths="lines.price_discount", formats=ALL, holds=_completed),
    Allowed(paths="*allowances_charges.percentage", formats=EFFF, holds=_gone),
    Allowed(paths="*allowances_charges.percentage *allowances_charges.base_amount", formats=BIS3, holds=_gone),
    Allowed(paths="payment_means.means_code", formats=ALL, holds=lambda before, after, _: before in {"30", "58"} and after == "1"),
    Allowed(paths="payment_means.bic payment_means.account_name", formats=ALL, holds=_gone),
    Allowed(paths="*allowances_charges.reason_code", formats=BIS3, holds=_reason_given),
    Allowed(paths="allowances_charges.vat_category allowances_charges.vat_rate", formats=ALL, holds=_completed),
    Allowed(paths="lines.attributes", formats=ALL, holds=_without_empty),
    Allowed(paths="tax_currency totals.vat_total_accounting", formats=ALL, holds=_without_the_other),
    Allowed(paths="payment_means.means_code", formats=EFFF, holds=lambda before, after, _: (before, after) == ("58", "30")),
    Allowed(paths="payment_means", formats=ALL, holds=_only_due_date),
    Allowed(paths="payment_means", formats=BIS3, holds=_one_way_to_pay),
    Allowed(paths="payment_means.means_text", formats=ALL, holds=_gone),
    Allowed(paths="payment_means.mandate_reference payment_means.debited_account", formats=EFFF1, holds=_gone),
    Allowed(paths="seller.legal_form lines.period_start lines.period_end", formats=EFFF1, holds=_gone),
    Allowed(paths="buyer_reference", formats=BIS3, holds=lambda before, after, invoice: before is None and after == invoice.number),
    Allowed(paths="source_type_code", formats=EFFF, holds=lambda _, after, invoice: after == invoice.type_code),
    Allowed(paths="tax_currency totals.vat_total_accounting", formats=EFFF, holds=_discounted),
    Allowed(paths="delivery_date delivery_address", formats=BIS3, holds=_intra_community),
    Allowed(paths="supporting_documents", formats=ALL, holds=_own_references),
    Allowed(paths="supporting_documents.file_name supporting_documents.mime_type", formats=ALL, holds=_gone),
)
