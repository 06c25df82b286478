"""Write the lines of an invoice or a credit note."""

from __future__ import annotations

import re
from decimal import Decimal

from core.model import ZERO, Identifier, Invoice, Line
from core.money import round_half_up
from core.rendering import efff, vat
from core.rendering.ubl_amounts import allowances_charges, category
from core.rendering.ubl_xml import Dialect, attribute, clean, day, decimal, group, identifier, money, text

_GTIN = re.compile(r"\d{8}|\d{12,14}")
_PIECE = "C62"


def lines(invoice: Invoice, dialect: Dialect) -> str:
    """BG-25."""
    tag = "CreditNoteLine" if dialect.credit_note else "InvoiceLine"
    exempt = efff.exempt_parts(invoice) if dialect.efff and invoice.cash_discount else None
    return "".join(group(tag, _line(line, str(at + 1), exempt[at] if exempt else None, dialect)) for at, line in enumerate(invoice.lines))


def _line(line: Line, position: str, exempt: Decimal | None, dialect: Dialect) -> str:
    vat_of_line = _vat(line, exempt, dialect) if dialect.efff else ""
    number = clean(line.id) or position
    return "".join(
        (
            text("ID", number),
            text("Note", line.note),
            _quantity("CreditedQuantity" if dialect.credit_note else "InvoicedQuantity", line.quantity, line.unit_code, dialect),
            money("LineExtensionAmount", line.net_amount, dialect.currency),
            text("AccountingCost", line.accounting_cost),
            "" if dialect.ubl20 else group("InvoicePeriod", day("StartDate", line.period_start), day("EndDate", line.period_end)),
            group("OrderLineReference", text("LineID", line.order_line)),
            _object(line.object_id),
            # The schema puts VAT and allowances the other way round in a credit note
            vat_of_line if dialect.credit_note else "",
            allowances_charges(line.allowances_charges, dialect),
            "" if dialect.credit_note else vat_of_line,
            _item(line, number, dialect),
            _price(line, dialect),
        )
    )


def _object(stated: Identifier | None) -> str:
    """BT-128."""
    if stated is None or not clean(stated.value):
        return ""
    return group("DocumentReference", text("ID", stated.value, schemeID=stated.scheme), text("DocumentTypeCode", "130"))


def _quantity(tag: str, quantity: Decimal, unit: str, dialect: Dialect) -> str:
    unit_code = attribute("unitCode", unit) or attribute("unitCode", _PIECE)
    listed = attribute("unitCodeListID", "UNECERec20") if dialect.efff and not dialect.ubl20 else ""
    return f"<cbc:{tag}{unit_code}{listed}>{decimal(quantity)}</cbc:{tag}>"


def _vat(line: Line, exempt: Decimal | None, dialect: Dialect) -> str:
    """e-FFF's VAT of the line, with the part that a cash discount exempts (EFFF-T10-R008 to R014)."""
    taxable = line.net_amount - (exempt or ZERO)
    due = round_half_up(taxable * (line.vat_rate or ZERO) / 100)
    words = vat.reason_in_words(line.vat_category, line.exemption_reason, line.exemption_code)
    named = category("TaxCategory", line.vat_category, line.vat_rate, line.belgian_code, dialect, (None, words))
    return group(
        "TaxTotal",
        money("TaxAmount", due, dialect.currency),
        _subtotal(taxable, due, named, dialect),
        "" if exempt is None else _subtotal(exempt, ZERO, category("TaxCategory", "E", ZERO, "NA", dialect, (None, efff.CASH_DISCOUNT)), dialect),
    )


def _subtotal(taxable: Decimal, due: Decimal, named: str, dialect: Dialect) -> str:
    return group("TaxSubtotal", money("TaxableAmount", taxable, dialect.currency), money("TaxAmount", due, dialect.currency), named)


def _item(line: Line, number: str, dialect: Dialect) -> str:
    standard = _standard_id(line.standard_item_id, dialect)
    return group(
        "Item",
        text("Description", line.description),
        text("Name", clean(line.name) or clean(line.description) or number),  # BR-25
        group("BuyersItemIdentification", text("ID", line.buyer_item_id)),
        group("SellersItemIdentification", text("ID", line.seller_item_id)),
        group("StandardItemIdentification", identifier("ID", standard, efff=dialect.efff)) if standard else "",
        group("OriginCountry", text("IdentificationCode", line.origin_country)),
        *(_classification(code) for code in line.classifications),
        category("ClassifiedTaxCategory", line.vat_category, line.vat_rate, line.belgian_code, dialect),
        *(
            group("AdditionalItemProperty", text("Name", name), text("Value", value))
            for name, value in line.attributes
            if clean(name) and clean(value)  # BR-54
        ),
    )


def _classification(code: Identifier) -> str:
    """BT-158, which needs its scheme (BR-65)."""
    if not clean(code.scheme):
        return ""
    return group("CommodityClassification", text("ItemClassificationCode", code.value, listID=code.scheme, listVersionID=code.version))


def _standard_id(stated: Identifier | None, dialect: Dialect) -> Identifier | None:
    """BR-64 wants a scheme; digits of the right number without one are a GTIN (0160)."""
    if stated is None or dialect.efff:
        return stated
    if stated.scheme in (None, "GTIN") and _GTIN.fullmatch(clean(stated.value)):
        return Identifier(value=stated.value, scheme="0160")
    return stated if re.fullmatch(r"0\d{3}", stated.scheme or "") else None


def _price(line: Line, dialect: Dialect) -> str:
    """BG-29."""
    base = line.base_quantity
    return group(
        "Price",
        money("PriceAmount", line.net_price, dialect.currency),
        # PEPPOL-EN16931-R121: above zero; R130: in the unit of the quantity
        "" if base is None or base <= 0 else _quantity("BaseQuantity", base, line.unit_code, dialect),
        "" if line.gross_price is None and line.price_discount is None else _discount(line, dialect),
    )


def _discount(line: Line, dialect: Dialect) -> str:
    """BT-147 and BT-148."""
    taken = line.price_discount if line.price_discount is not None else (line.gross_price or ZERO) - line.net_price
    return group(
        "AllowanceCharge",
        text("ChargeIndicator", "false"),
        money("Amount", taken, dialect.currency),
        "" if line.gross_price is None else money("BaseAmount", line.gross_price, dialect.currency),
    )
