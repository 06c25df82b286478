"""Read UBL's invoice lines, and its allowances and charges on lines and on the document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import TypedDict

from core.errors import ElementMissing
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Identifier, Line, VatBreakdown
from core.sources.ubl_taxes import Category, rate_of, read_category
from core.sources.values import (
    Reading,
    attribute,
    basic,
    child,
    children,
    code,
    content,
    day,
    exact,
    identifier,
    money,
    prose,
    required,
    required_money,
    text,
    truth,
)
from core.sources.xml import Element, place

PIECE = "C62"  # UN/ECE recommendation 20: one

LINES_MISSING = N_("The file has no invoice lines.")
ID_MISSING = N_("Line {lines} has no number of its own; its position was taken.")
NAME_MISSING = N_("Line {lines} does not say what was sold.")
QUANTITY_MISSING = N_("Line {lines} has no quantity; 1 was taken.")
UNIT_MISSING = N_("Line {lines} has no unit; pieces were taken.")
PRICE_MISSING = N_("Line {lines} has no price; it was worked out from its amount.")
AMOUNT_MISSING = N_("Line {lines} has no amount; it was worked out from quantity and price.")
CATEGORY_DERIVED = N_("Line {lines} does not state its VAT category; it was taken from the VAT groups.")


def read_lines(reading: Reading, root: Element, breakdown: tuple[VatBreakdown, ...], *, credit_note: bool) -> tuple[Line, ...]:
    """InvoiceLine or CreditNoteLine, in the order of the file."""
    name, quantity = ("CreditNoteLine", "CreditedQuantity") if credit_note else ("InvoiceLine", "InvoicedQuantity")
    lines = tuple(
        _line(reading, element, breakdown, quantity_name=quantity, position=position)
        for position, element in enumerate(children(root, name), start=1)
    )
    if not lines:
        reading.remarks.add(LINES_MISSING)
    return lines


def _line(reading: Reading, element: Element, breakdown: tuple[VatBreakdown, ...], *, quantity_name: str, position: int) -> Line:
    number = text(element, "ID")
    if number is None:
        number = str(position)
        reading.remarks.on_line(ID_MISSING, number)
    item, period = child(element, "Item"), child(element, "InvoicePeriod")
    name, description = _naming(reading, element, number)
    figures = _figures(reading, element, number, quantity_name)
    category = _category(reading, element, number, figures.net_amount, breakdown)
    return Line(
        id=number,
        name=name,
        description=description,
        note=prose(element, "Note"),
        seller_item_id=text(child(item, "SellersItemIdentification"), "ID"),
        buyer_item_id=text(child(item, "BuyersItemIdentification"), "ID"),
        standard_item_id=identifier(child(item, "StandardItemIdentification")),
        origin_country=code(child(item, "OriginCountry"), "IdentificationCode"),
        classifications=_classifications(item),
        attributes=_attributes(item),
        period_start=day(period, "StartDate", "Start of the line's period (BT-134)"),
        period_end=day(period, "EndDate", "End of the line's period (BT-135)"),
        order_line=text(child(element, "OrderLineReference"), "LineID"),
        object_id=_object_id(element),
        accounting_cost=text(element, "AccountingCost"),
        quantity=figures.quantity,
        unit_code=_unit(reading, element, number, quantity_name),
        net_amount=figures.net_amount,
        net_price=figures.net_price,
        base_quantity=figures.base_quantity,
        **_price_details(child(element, "Price")),
        allowances_charges=tuple(_line_allowance(stated) for stated in children(element, "AllowanceCharge")),
        vat_category=category.code or "",
        vat_rate=category.rate,
        exemption_reason=category.exemption_reason,
        exemption_code=category.exemption_code,
        belgian_code=category.belgian_code,
    )


@dataclass(frozen=True, kw_only=True)
class _Figures:
    quantity: Decimal
    net_amount: Decimal
    net_price: Decimal
    base_quantity: Decimal | None


def _figures(reading: Reading, element: Element, number: str, quantity_name: str) -> _Figures:
    """Quantity, price and amount as stated. What is missing is worked out and remarked; the amount in older files only."""
    price = child(element, "Price")
    quantity = exact(element, quantity_name, N_("Invoiced quantity (BT-129)"), N_("number"))
    net_price = exact(price, "PriceAmount", N_("Item net price (BT-146)"))
    base_quantity = exact(price, "BaseQuantity", N_("Item price base quantity (BT-149)"), N_("number"))
    net_amount = exact(element, "LineExtensionAmount", N_("Line net amount (BT-131)"))
    if net_amount is None and not reading.en16931 and quantity is not None and net_price is not None:
        net_amount = worked_out(quantity * net_price, base_quantity or Decimal(1))
        reading.remarks.on_line(AMOUNT_MISSING, number)
    net_amount = required(net_amount, element, "LineExtensionAmount", N_("Line net amount (BT-131)"))
    if quantity is None:
        quantity = Decimal(1)
        reading.remarks.on_line(QUANTITY_MISSING, number)
    if net_price is None:
        net_price = worked_out(net_amount * (base_quantity or 1), quantity) if quantity else ZERO
        reading.remarks.on_line(PRICE_MISSING, number)
    return _Figures(quantity=quantity, net_amount=net_amount, net_price=net_price, base_quantity=base_quantity)


def worked_out(dividend: Decimal, divisor: Decimal) -> Decimal:
    """The quotient to six decimals at most."""
    with localcontext(prec=80):
        return round(dividend / divisor, 6)


def _unit(reading: Reading, element: Element, number: str, quantity_name: str) -> str:
    stated = basic(element, quantity_name)
    unit = attribute(stated, "unitCode")
    if unit is None and stated is not None:
        reading.remarks.on_line(UNIT_MISSING, number)
    return unit or PIECE


class _PriceDetails(TypedDict):
    base_quantity_unit: str | None
    price_discount: Decimal | None
    gross_price: Decimal | None


def _price_details(price: Element | None) -> _PriceDetails:
    discount = next((stated for stated in children(price, "AllowanceCharge") if text(stated, "ChargeIndicator") not in {"true", "1"}), None)
    return {
        "base_quantity_unit": attribute(basic(price, "BaseQuantity"), "unitCode"),
        "price_discount": exact(discount, "Amount", N_("Item price discount (BT-147)")),
        "gross_price": exact(discount, "BaseAmount", N_("Item gross price (BT-148)")),
    }


def _naming(reading: Reading, element: Element, number: str) -> tuple[str, str | None]:
    """Name and description; e-FFF v1 often describes without naming."""
    item = child(element, "Item")
    name, description = text(item, "Name"), prose(item, "Description")
    if name is None and description is not None:
        name, description = description.replace("\n", " "), None
    name = name or text(element, "Note")
    if name is None:
        reading.remarks.on_line(NAME_MISSING, number)
    return name or "–", description


def _attributes(item: Element | None) -> tuple[tuple[str, str], ...]:
    """BG-32."""
    stated = ((text(element, "Name"), text(element, "Value")) for element in children(item, "AdditionalItemProperty"))
    return tuple((name, value or "") for name, value in stated if name)


def _classifications(item: Element | None) -> tuple[Identifier, ...]:
    """BT-158 with its list and the version of the list."""
    found = (basic(element, "ItemClassificationCode") for element in children(item, "CommodityClassification"))
    return tuple(
        Identifier(value=content(element), scheme=attribute(element, "listID"), version=attribute(element, "listVersionID"))
        for element in found
        if element is not None
    )


def _object_id(element: Element) -> Identifier | None:
    """BT-128."""
    for reference in children(element, "DocumentReference"):
        if text(reference, "DocumentTypeCode") in {"130", None}:
            return identifier(reference)
    return None


def _category(reading: Reading, element: Element, number: str, net_amount: Decimal, breakdown: tuple[VatBreakdown, ...]) -> Category:
    """The line's own category; else, in older files, that of its TaxTotal; else the one group that it can belong to."""
    stated = read_category(reading, child(element, "Item", "ClassifiedTaxCategory"))
    subtotal = child(element, "TaxTotal", "TaxSubtotal")
    if stated.code is None:
        stated = read_category(reading, child(subtotal, "TaxCategory"), around=subtotal)
    if stated.code is None:
        stated = _only_possible(element, net_amount, breakdown, stated.rate)
        reading.remarks.on_line(CATEGORY_DERIVED, number)
    if stated.code == "S" and stated.rate is None:
        rates = {group.rate for group in breakdown if group.category == "S"}
        stated = replace(stated, rate=rates.pop() if len(rates) == 1 else None)
    return stated


def _only_possible(element: Element, net_amount: Decimal, breakdown: tuple[VatBreakdown, ...], rate: Decimal | None) -> Category:
    """The group of the line's rate, which may show only in its VAT. Raises ElementMissing where that is a guess."""
    candidates = breakdown
    if len(candidates) > 1:
        vat = exact(child(element, "TaxTotal"), "TaxAmount", "VAT of the line")
        if rate is None and vat is not None:
            rate = rate_of(vat, net_amount)
        candidates = tuple(group for group in breakdown if (group.rate or ZERO) == rate)
    if not net_amount:
        candidates = breakdown[:1]  # a line of text weighs nothing in any group
    if len(candidates) != 1:
        term = N_("VAT category of a line (BT-151)")
        raise ElementMissing(term=term, element="Item/ClassifiedTaxCategory/ID", place=place(element))
    group = candidates[0]
    return Category(code=group.category, rate=group.rate, belgian_code=group.belgian_code)


def read_allowances(reading: Reading, root: Element) -> tuple[AllowanceCharge, ...]:
    """BG-20 and BG-21."""
    found = []
    for element in children(root, "AllowanceCharge"):
        is_charge = truth(element, "ChargeIndicator", "Allowance or charge")
        term = N_("Charge on the document (BT-99)") if is_charge else N_("Allowance on the document (BT-92)")
        category = read_category(reading, child(element, "TaxCategory"))
        found.append(
            AllowanceCharge(
                is_charge=is_charge,
                amount=required_money(reading, element, "Amount", term),
                base_amount=money(reading, element, "BaseAmount", "Base of an allowance or charge (BT-93, BT-100)"),
                percentage=exact(element, "MultiplierFactorNumeric", N_("Percentage of an allowance or charge (BT-94, BT-101)"), N_("number")),
                reason=prose(element, "AllowanceChargeReason"),
                reason_code=text(element, "AllowanceChargeReasonCode"),
                vat_category=category.code,
                vat_rate=category.rate,
                belgian_code=category.belgian_code,
            )
        )
    return tuple(found)


def _line_allowance(element: Element) -> AllowanceCharge:
    """BG-27 and BG-28: amounts as stated, like those of their line."""
    is_charge = truth(element, "ChargeIndicator", "Allowance or charge")
    term = N_("Charge on a line (BT-141)") if is_charge else N_("Allowance on a line (BT-136)")
    return AllowanceCharge(
        is_charge=is_charge,
        amount=required(exact(element, "Amount", term), element, "Amount", term),
        base_amount=exact(element, "BaseAmount", "Base of an allowance or charge (BT-137, BT-142)"),
        percentage=exact(element, "MultiplierFactorNumeric", N_("Percentage of an allowance or charge (BT-138, BT-143)"), N_("number")),
        reason=prose(element, "AllowanceChargeReason"),
        reason_code=text(element, "AllowanceChargeReasonCode"),
    )
