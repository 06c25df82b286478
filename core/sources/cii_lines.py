"""Read CII's invoice lines, and its allowances and charges on lines and on the document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from core.errors import ElementMissing
from core.i18n import N_
from core.model import ZERO, AllowanceCharge, Identifier, Line, VatBreakdown
from core.sources.cii_taxes import read_category, taxes_in
from core.sources.cii_values import basic, child, children, code, day, exact, identifier, money, prose, required_money, text, truth
from core.sources.ubl_lines import (
    AMOUNT_MISSING,
    CATEGORY_DERIVED,
    ID_MISSING,
    LINES_MISSING,
    NAME_MISSING,
    PIECE,
    PRICE_MISSING,
    QUANTITY_MISSING,
    UNIT_MISSING,
    worked_out,
)
from core.sources.ubl_taxes import Category
from core.sources.values import Reading, attribute, content, required
from core.sources.xml import Element, place

_NO_AMOUNTS = frozenset({"GROUP", "INFORMATION"})  # LineStatusReasonCode of ZUGFeRD EXTENDED
_QUANTITY, _NET_PRICE = N_("Invoiced quantity (BT-129)"), N_("Item net price (BT-146)")
_NET_AMOUNT, _BASE = N_("Line net amount (BT-131)"), N_("Item price base quantity (BT-149)")

LINES_WITHOUT_AMOUNT = N_("Line {lines} has neither an amount nor a price; it was taken as a line of text.")
LINES_LEFT_OUT = N_("Line {lines} only groups or explains others and does not count in the total; it was left out.")


def read_lines(reading: Reading, transaction: Element, breakdown: tuple[VatBreakdown, ...]) -> tuple[Line, ...]:
    """IncludedSupplyChainTradeLineItem, in the order of the file."""
    lines = []
    for position, element in enumerate(children(transaction, "IncludedSupplyChainTradeLineItem"), start=1):
        document = child(element, "AssociatedDocumentLineDocument")
        if code(document, "LineStatusReasonCode") in _NO_AMOUNTS:
            reading.remarks.on_line(LINES_LEFT_OUT, text(document, "LineID") or str(position))
        else:
            lines.append(_line(reading, element, document, breakdown, position=position))
    if not lines:
        reading.remarks.add(LINES_MISSING)
    return tuple(lines)


def _line(reading: Reading, element: Element, document: Element | None, breakdown: tuple[VatBreakdown, ...], *, position: int) -> Line:
    number = text(document, "LineID")
    if number is None:
        number = str(position)
        reading.remarks.on_line(ID_MISSING, number)
    agreement, settlement = child(element, "SpecifiedLineTradeAgreement"), child(element, "SpecifiedLineTradeSettlement")
    note = "\n".join(filter(None, (prose(each, "Content") for each in children(document, "IncludedNote")))) or None
    figures = _figures(reading, element, number)
    category = _category(reading, element, number, figures.net_amount, breakdown)
    period = child(settlement, "BillingSpecifiedPeriod")
    line = Line(
        id=number,
        name="",
        note=note,
        period_start=day(period, "StartDateTime", "Start of the line's period (BT-134)"),
        period_end=day(period, "EndDateTime", "End of the line's period (BT-135)"),
        order_line=text(child(agreement, "BuyerOrderReferencedDocument"), "LineID"),
        object_id=_object_id(settlement),
        accounting_cost=text(child(settlement, "ReceivableSpecifiedTradeAccountingAccount"), "ID"),
        quantity=figures.quantity,
        unit_code=_unit(reading, element, number),
        net_amount=figures.net_amount,
        net_price=figures.net_price,
        base_quantity=figures.base_quantity,
        base_quantity_unit=attribute(basic(child(agreement, "NetPriceProductTradePrice"), "BasisQuantity"), "unitCode"),
        price_discount=figures.price_discount,
        gross_price=figures.gross_price,
        allowances_charges=tuple(_line_allowance(stated) for stated in children(settlement, "SpecifiedTradeAllowanceCharge")),
        vat_category=category.code or "",
        vat_rate=category.rate,
        exemption_reason=category.exemption_reason,
        exemption_code=category.exemption_code,
    )
    return _with_product(reading, line, child(element, "SpecifiedTradeProduct"))


def _with_product(reading: Reading, line: Line, product: Element | None) -> Line:
    """Name, description and everything by which an item is known; a line of text may have only its note."""
    name, description = text(product, "Name"), prose(product, "Description")
    if name is None and description is not None:
        name, description = description.replace("\n", " "), None
    name = name or (line.note or "").replace("\n", " ")
    if not name:
        reading.remarks.on_line(NAME_MISSING, line.id)
    return replace(
        line,
        name=name or "–",
        description=description,
        seller_item_id=text(product, "SellerAssignedID"),
        buyer_item_id=text(product, "BuyerAssignedID"),
        standard_item_id=identifier(product, "GlobalID"),
        origin_country=code(child(product, "OriginTradeCountry"), "ID"),
        classifications=_classifications(product),
        attributes=_attributes(product),
    )


def _attributes(product: Element | None) -> tuple[tuple[str, str], ...]:
    """BG-32; a measure stands for a value."""
    found = []
    for element in children(product, "ApplicableProductCharacteristic"):
        name, measure = text(element, "Description"), basic(element, "ValueMeasure")
        measured = "" if measure is None else " ".join(part for part in (content(measure), attribute(measure, "unitCode")) if part)
        if name:
            found.append((name, text(element, "Value") or measured))
    return tuple(found)


def _classifications(product: Element | None) -> tuple[Identifier, ...]:
    """BT-158 with its list and the version of the list."""
    found = (basic(element, "ClassCode") for element in children(product, "DesignatedProductClassification"))
    return tuple(
        Identifier(value=content(element), scheme=attribute(element, "listID"), version=attribute(element, "listVersionID"))
        for element in found
        if element is not None
    )


def _object_id(settlement: Element | None) -> Identifier | None:
    """BT-128."""
    for reference in children(settlement, "AdditionalReferencedDocument"):
        number = text(reference, "IssuerAssignedID")
        if number and text(reference, "TypeCode") in {"130", None}:
            return Identifier(value=number, scheme=text(reference, "ReferenceTypeCode"))
    return None


# Figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Figures:
    quantity: Decimal
    net_amount: Decimal
    net_price: Decimal
    base_quantity: Decimal | None = None
    price_discount: Decimal | None = None
    gross_price: Decimal | None = None


def _figures(reading: Reading, element: Element, number: str) -> _Figures:
    """Quantity, prices and amount as stated; what is missing is worked out as in UBL."""
    agreement, settlement = child(element, "SpecifiedLineTradeAgreement"), child(element, "SpecifiedLineTradeSettlement")
    net, gross = child(agreement, "NetPriceProductTradePrice"), child(agreement, "GrossPriceProductTradePrice")
    quantity = exact(child(element, "SpecifiedLineTradeDelivery"), "BilledQuantity", _QUANTITY, N_("number"))
    base_quantity = exact(net, "BasisQuantity", _BASE, N_("number"))
    gross_price, discount = exact(gross, "ChargeAmount", "Item gross price (BT-148)"), _discount(gross)
    net_price = exact(net, "ChargeAmount", _NET_PRICE)
    if net_price is None and gross_price is not None:
        net_price, base_quantity = gross_price - (discount or ZERO), exact(gross, "BasisQuantity", _BASE, N_("number"))
    if discount is None and gross_price == net_price:
        gross_price = None  # says nothing
    summation = child(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
    net_amount = exact(summation, "LineTotalAmount", _NET_AMOUNT)
    if net_amount is None and (not reading.en16931 or (quantity is None and net_price is None)):
        net_amount = _without_amount(reading, number, quantity, net_price, base_quantity)
    if net_amount is None:
        names = ("SpecifiedLineTradeSettlement", "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount")
        raise ElementMissing(term=_NET_AMOUNT, element="IncludedSupplyChainTradeLineItem/" + "/".join(names), place=place(element))
    if quantity is None:
        quantity = Decimal(1)
        if net_amount:
            reading.remarks.on_line(QUANTITY_MISSING, number)
    if net_price is None:
        net_price = worked_out(net_amount * (base_quantity or 1), quantity) if quantity else ZERO
        if net_amount:
            reading.remarks.on_line(PRICE_MISSING, number)
    return _Figures(
        quantity=quantity, net_amount=net_amount, net_price=net_price, base_quantity=base_quantity, price_discount=discount, gross_price=gross_price
    )


def _without_amount(reading: Reading, number: str, quantity: Decimal | None, price: Decimal | None, base: Decimal | None) -> Decimal:
    """ZUGFeRD has lines of text, and its first BASIC profile lines whose amounts show on the PDF alone."""
    if quantity is None or price is None:
        reading.remarks.on_line(LINES_WITHOUT_AMOUNT, number)
        return ZERO
    reading.remarks.on_line(AMOUNT_MISSING, number)
    return worked_out(quantity * price, base or Decimal(1))


def _discount(gross: Element | None) -> Decimal | None:
    """BT-147: what comes off the gross price, less what comes on."""
    stated = [*children(gross, "AppliedTradeAllowanceCharge")]
    if not stated:
        return None
    off = ZERO
    for element in stated:
        amount = exact(element, "ActualAmount", N_("Item price discount (BT-147)")) or ZERO
        is_charge = child(element, "ChargeIndicator") is not None and truth(element, "ChargeIndicator", "Allowance or charge")
        off += -amount if is_charge else amount
    return off


def _unit(reading: Reading, element: Element, number: str) -> str:
    stated = basic(child(element, "SpecifiedLineTradeDelivery"), "BilledQuantity")
    unit = attribute(stated, "unitCode")
    if unit is None and stated is not None:
        reading.remarks.on_line(UNIT_MISSING, number)
    return unit or PIECE


# VAT, allowances and charges -------------------------------------------------------------------------------------


def _category(reading: Reading, element: Element, number: str, net_amount: Decimal, breakdown: tuple[VatBreakdown, ...]) -> Category:
    """The line's own category; else the one group that it can belong to."""
    stated = read_category(next(iter(taxes_in(child(element, "SpecifiedLineTradeSettlement"))), None))
    if stated.code is None:
        stated = _only_possible(element, net_amount, breakdown)
        if net_amount:
            reading.remarks.on_line(CATEGORY_DERIVED, number)
    if stated.code == "S" and stated.rate is None:
        rates = {group.rate for group in breakdown if group.category == "S"}
        stated = replace(stated, rate=rates.pop() if len(rates) == 1 else None)
    return stated


def _only_possible(element: Element, net_amount: Decimal, breakdown: tuple[VatBreakdown, ...]) -> Category:
    """Raises ElementMissing where it is a guess; a line of text weighs nothing in any group."""
    candidates = breakdown if net_amount else breakdown[:1]
    if len(candidates) != 1:
        name = "SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode"
        raise ElementMissing(term=N_("VAT category of a line (BT-151)"), element=name, place=place(element))
    return Category(code=candidates[0].category, rate=candidates[0].rate)


def read_allowances(reading: Reading, settlement: Element) -> tuple[AllowanceCharge, ...]:
    """BG-20 and BG-21; charges for transport have an element of their own in ZUGFeRD."""
    found = [_allowance(reading, element) for element in children(settlement, "SpecifiedTradeAllowanceCharge")]
    found += [_service(reading, element) for element in children(settlement, "SpecifiedLogisticsServiceCharge")]
    return tuple(found)


def _allowance(reading: Reading, element: Element) -> AllowanceCharge:
    is_charge = truth(element, "ChargeIndicator", "Allowance or charge")
    term = N_("Charge on the document (BT-99)") if is_charge else N_("Allowance on the document (BT-92)")
    category = read_category(child(element, "CategoryTradeTax"))
    return AllowanceCharge(
        is_charge=is_charge,
        amount=required_money(reading, element, "ActualAmount", term),
        base_amount=money(reading, element, "BasisAmount", "Base of an allowance or charge (BT-93, BT-100)"),
        percentage=exact(element, "CalculationPercent", N_("Percentage of an allowance or charge (BT-94, BT-101)"), N_("number")),
        reason=prose(element, "Reason"),
        reason_code=text(element, "ReasonCode"),
        vat_category=category.code,
        vat_rate=category.rate,
    )


def _service(reading: Reading, element: Element) -> AllowanceCharge:
    category = read_category(child(element, "AppliedTradeTax"))
    return AllowanceCharge(
        is_charge=True,
        amount=required_money(reading, element, "AppliedAmount", N_("Charge on the document (BT-99)")),
        reason=prose(element, "Description"),
        vat_category=category.code,
        vat_rate=category.rate,
    )


def _line_allowance(element: Element) -> AllowanceCharge:
    """BG-27 and BG-28: amounts as stated, like those of their line."""
    is_charge = truth(element, "ChargeIndicator", "Allowance or charge")
    term = N_("Charge on a line (BT-141)") if is_charge else N_("Allowance on a line (BT-136)")
    return AllowanceCharge(
        is_charge=is_charge,
        amount=required(exact(element, "ActualAmount", term), element, "ActualAmount", term),
        base_amount=exact(element, "BasisAmount", "Base of an allowance or charge (BT-137, BT-142)"),
        percentage=exact(element, "CalculationPercent", N_("Percentage of an allowance or charge (BT-138, BT-143)"), N_("number")),
        reason=prose(element, "Reason"),
        reason_code=text(element, "ReasonCode"),
    )
