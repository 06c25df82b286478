"""Write the lines of an invoice or a credit note."""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from core.model import ZERO, Identifier, Invoice, Line
from core.money import round_half_up
from core.rendering import efff, vat
from core.rendering.ubl_amounts import write_category, write_charges
from core.rendering.ubl_xml import Dialect, clean, day, decimal, group, identifier, money, text

_GTIN = re.compile(r"\d{8}|\d{12,14}")


def write_lines(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    exempt = efff.exempt_parts(invoice) if dialect.efff and invoice.cash_discount else None
    for at, line in enumerate(invoice.lines):
        _line(group(root, "CreditNoteLine" if dialect.credit_note else "InvoiceLine"), line, exempt[at] if exempt else None, dialect)


def _line(node: etree._Element, line: Line, exempt: Decimal | None, dialect: Dialect) -> None:
    text(node, "ID", line.id)
    text(node, "Note", line.note)
    _quantity(node, "CreditedQuantity" if dialect.credit_note else "InvoicedQuantity", line.quantity, line.unit_code, dialect)
    money(node, "LineExtensionAmount", line.net_amount, dialect.currency)
    text(node, "AccountingCost", line.accounting_cost)
    if line.period_start or line.period_end:
        period = group(node, "InvoicePeriod")
        day(period, "StartDate", line.period_start)
        day(period, "EndDate", line.period_end)
    if clean(line.order_line):
        text(group(node, "OrderLineReference"), "LineID", line.order_line)
    if line.object_id and clean(line.object_id.value):
        document = group(node, "DocumentReference")
        text(document, "ID", line.object_id.value, schemeID=line.object_id.scheme)
        text(document, "DocumentTypeCode", "130")
    # The schema puts VAT and allowances the other way round in a credit note
    if dialect.credit_note and dialect.efff:
        _vat(node, line, exempt, dialect)
    write_charges(node, line.allowances_charges, dialect)
    if dialect.efff and not dialect.credit_note:
        _vat(node, line, exempt, dialect)
    _item(group(node, "Item"), line, dialect)
    _price(group(node, "Price"), line, dialect)


def _quantity(node: etree._Element, tag: str, quantity: Decimal, unit: str, dialect: Dialect) -> None:
    text(node, tag, decimal(quantity), unitCode=unit, unitCodeListID="UNECERec20" if dialect.efff else None)


def _vat(node: etree._Element, line: Line, exempt: Decimal | None, dialect: Dialect) -> None:
    """e-FFF's VAT of the line, with the part that a cash discount exempts (EFFF-T10-R008 to R012, R018)."""
    taxable = line.net_amount - (exempt or ZERO)
    amount = round_half_up(taxable * (line.vat_rate or ZERO) / 100)
    total = group(node, "TaxTotal")
    money(total, "TaxAmount", amount, dialect.currency)
    subtotal = group(total, "TaxSubtotal")
    money(subtotal, "TaxableAmount", taxable, dialect.currency)
    money(subtotal, "TaxAmount", amount, dialect.currency)
    _, words = vat.STANDARD_REASONS.get(line.vat_category, (None, None))
    reason = (None, line.exemption_reason or words)
    write_category(group(subtotal, "TaxCategory"), line.vat_category, line.vat_rate, line.belgian_code, dialect, reason)
    if exempt is not None:
        subtotal = group(total, "TaxSubtotal")
        money(subtotal, "TaxableAmount", exempt, dialect.currency)
        money(subtotal, "TaxAmount", ZERO, dialect.currency)
        write_category(group(subtotal, "TaxCategory"), "E", ZERO, "NA", dialect, (None, efff.CASH_DISCOUNT))


def _item(node: etree._Element, line: Line, dialect: Dialect) -> None:
    text(node, "Description", line.description)
    text(node, "Name", clean(line.name) or clean(line.description) or line.id)  # BR-25
    for tag, number in (("BuyersItemIdentification", line.buyer_item_id), ("SellersItemIdentification", line.seller_item_id)):
        if clean(number):
            text(group(node, tag), "ID", number)
    if standard := _standard_id(line.standard_item_id, dialect):
        identifier(group(node, "StandardItemIdentification"), "ID", standard, efff=dialect.efff)
    if clean(line.origin_country):
        text(group(node, "OriginCountry"), "IdentificationCode", line.origin_country)
    for code in line.classifications:
        if clean(code.value) and clean(code.scheme):  # BR-65
            classification = group(node, "CommodityClassification")
            text(classification, "ItemClassificationCode", code.value, listID=code.scheme, listVersionID=code.version)
    write_category(group(node, "ClassifiedTaxCategory"), line.vat_category, line.vat_rate, line.belgian_code, dialect)
    for name, value in line.attributes:
        if clean(name) and clean(value):  # BR-54
            attribute = group(node, "AdditionalItemProperty")
            text(attribute, "Name", name)
            text(attribute, "Value", value)


def _standard_id(stated: Identifier | None, dialect: Dialect) -> Identifier | None:
    """BR-64 wants a scheme; digits of the right number without one are a GTIN (0160)."""
    if stated is None or not clean(stated.value):
        return None
    if dialect.efff:
        return stated
    if stated.scheme in (None, "GTIN") and _GTIN.fullmatch(clean(stated.value)):
        return Identifier(value=stated.value, scheme="0160")
    return stated if re.fullmatch(r"0\d{3}", stated.scheme or "") else None


def _price(node: etree._Element, line: Line, dialect: Dialect) -> None:
    """BG-29."""
    text(node, "PriceAmount", decimal(line.net_price, at_least=2), currencyID=dialect.currency)
    if line.base_quantity is not None and line.base_quantity > 0:  # PEPPOL-EN16931-R121
        _quantity(node, "BaseQuantity", line.base_quantity, line.unit_code, dialect)  # R130: the unit of the quantity
    if line.gross_price is None and line.price_discount is None:
        return
    discount = line.price_discount if line.price_discount is not None else (line.gross_price or ZERO) - line.net_price
    charge = group(node, "AllowanceCharge")
    text(charge, "ChargeIndicator", "false")
    text(charge, "Amount", decimal(discount, at_least=2), currencyID=dialect.currency)
    if line.gross_price is not None:
        text(charge, "BaseAmount", decimal(line.gross_price, at_least=2), currencyID=dialect.currency)
