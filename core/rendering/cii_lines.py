"""Write the lines of a CII invoice, and allowances and charges wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.model import ZERO, AllowanceCharge, Identifier, Line
from core.rendering.cii_xml import amount, attribute, day, element, group, identifier, indicator, is_global, number
from core.rendering.ubl_xml import clean

PIECE: Final = "C62"
_GTIN: Final = re.compile(r"\d{8}|\d{12,14}")


def lines(stated: Iterable[Line]) -> str:
    """BG-25."""
    return "".join(_line(line, position) for position, line in enumerate(stated, start=1))


def allowances_charges(stated: Iterable[AllowanceCharge]) -> str:
    """BG-20, BG-21 with their VAT category; BG-27, BG-28 without."""
    return "".join(_allowance_charge(each) for each in stated)


def category(tag: str, code: str, rate: Decimal | None) -> str:
    """A VAT category where it says only which one it is."""
    kind = "<ram:TypeCode>VAT</ram:TypeCode>"
    return group(tag, kind, element("CategoryCode", code), number("RateApplicablePercent", rate))


def reference(tag: str, stated: Identifier | None, *, type_code: str) -> str:
    """BT-18, BT-128: what is invoiced; the scheme is a code of UNTDID 1153."""
    if stated is None or not clean(stated.value):
        return ""
    kind = element("TypeCode", type_code)
    return group(tag, element("IssuerAssignedID", stated.value), kind, element("ReferenceTypeCode", stated.scheme))


def _allowance_charge(stated: AllowanceCharge) -> str:
    return group(
        "SpecifiedTradeAllowanceCharge",
        indicator("ChargeIndicator", stated.is_charge),
        number("CalculationPercent", stated.percentage),
        amount("BasisAmount", stated.base_amount),
        amount("ActualAmount", stated.amount),
        element("ReasonCode", stated.reason_code),
        element("Reason", stated.reason),
        category("CategoryTradeTax", stated.vat_category, stated.vat_rate) if stated.vat_category else "",
    )


def _line(line: Line, position: int) -> str:
    note = group("IncludedNote", element("Content", line.note))
    own_number = element("LineID", line.id) or element("LineID", str(position))
    return group(
        "IncludedSupplyChainTradeLineItem",
        group("AssociatedDocumentLineDocument", own_number, note),
        _product(line),
        _agreement(line),
        group("SpecifiedLineTradeDelivery", number("BilledQuantity", line.quantity, _unit(line))),
        _settlement(line),
    )


def _product(line: Line) -> str:
    return group(
        "SpecifiedTradeProduct",
        identifier("GlobalID", _standard_id(line.standard_item_id)),
        element("SellerAssignedID", line.seller_item_id),
        element("BuyerAssignedID", line.buyer_item_id),
        element("Name", line.name) or element("Name", line.description) or element("Name", line.id),  # BR-25
        element("Description", line.description),
        *(_attribute(name, value) for name, value in line.attributes),
        *(_classification(code) for code in line.classifications),
        group("OriginTradeCountry", element("ID", line.origin_country)),
    )


def _attribute(name: str, value: str) -> str:
    """BG-32 (BR-54: both)."""
    described, stated = element("Description", name), element("Value", value)
    return group("ApplicableProductCharacteristic", described, stated) if described and stated else ""


def _classification(code: Identifier) -> str:
    """BT-158 (BR-65: with its list)."""
    listed = attribute("listID", code.scheme)
    if not listed:
        return ""
    return group("DesignatedProductClassification", element("ClassCode", code.value, listed + attribute("listVersionID", code.version)))


def _standard_id(stated: Identifier | None) -> Identifier | None:
    """BR-64 wants a scheme; digits of the right number without one are a GTIN (0160)."""
    if stated is None:
        return None
    if stated.scheme in (None, "GTIN") and _GTIN.fullmatch(clean(stated.value)):
        return Identifier(value=stated.value, scheme="0160")
    return stated if is_global(stated) else None


def _agreement(line: Line) -> str:
    """BG-29 and BT-132."""
    basis = ""
    if line.base_quantity is not None and line.base_quantity > 0:  # PEPPOL-EN16931-R121
        basis = number("BasisQuantity", line.base_quantity, _unit(line))
    return group(
        "SpecifiedLineTradeAgreement",
        group("BuyerOrderReferencedDocument", element("LineID", line.order_line)),
        _gross_price(line, basis),
        group("NetPriceProductTradePrice", amount("ChargeAmount", line.net_price), basis),
    )


def _gross_price(line: Line, basis: str) -> str:
    """BT-147 and BT-148: CII has the discount only with the price that it comes off."""
    gross, discount = line.gross_price, line.price_discount
    if gross is None and discount is None:
        return ""
    if gross is None:
        gross = line.net_price + (discount or ZERO)
    if discount is None:
        discount = gross - line.net_price
    off = group("AppliedTradeAllowanceCharge", indicator("ChargeIndicator", False), amount("ActualAmount", discount))
    return group("GrossPriceProductTradePrice", amount("ChargeAmount", gross), basis, off)


def _settlement(line: Line) -> str:
    return group(
        "SpecifiedLineTradeSettlement",
        category("ApplicableTradeTax", line.vat_category, line.vat_rate),
        group("BillingSpecifiedPeriod", day("StartDateTime", line.period_start), day("EndDateTime", line.period_end)),
        allowances_charges(line.allowances_charges),
        group("SpecifiedTradeSettlementLineMonetarySummation", amount("LineTotalAmount", line.net_amount)),
        reference("AdditionalReferencedDocument", line.object_id, type_code="130"),
        group("ReceivableSpecifiedTradeAccountingAccount", element("ID", line.accounting_cost)),
    )


def _unit(line: Line) -> str:
    return attribute("unitCode", line.unit_code) or f' unitCode="{PIECE}"'
