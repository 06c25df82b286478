"""Tables of invoices for tests: a good one, and any cell of it changed."""

from __future__ import annotations

from typing import Any

from core.sources.table_invoices import InvoiceTable, read_invoices
from core.sources.table_opening import check, open_table
from core.sources.table_parties import Seller, Sellers
from tests import builders

HEADERS = {
    "number": "Invoice number",
    "issue_date": "Invoice date",
    "due_date": "Due date",
    "buyer_name": "Customer",
    "buyer_vat_id": "VAT number",
    "buyer_street": "Street",
    "buyer_postcode": "Postcode",
    "buyer_city": "City",
    "description": "Description",
    "quantity": "Quantity",
    "net_price": "Unit price",
    "vat_rate": "VAT rate",
}
GOOD = {
    "number": "2026-0042",
    "issue_date": "24/11/2026",
    "due_date": "24/12/2026",
    "buyer_name": "Bakkerij Peeters BV",
    "buyer_vat_id": f"BE{builders.BUYER_NUMBER}",
    "buyer_street": "Meir 1",
    "buyer_postcode": "2000",
    "buyer_city": "Antwerpen",
    "description": "Conseil",
    "quantity": "2",
    "net_price": "100,00",
    "vat_rate": "21",
}
SELLER = Seller(key=f"BE{builders.SELLER_NUMBER}", party=builders.seller(endpoint=None), iban=builders.IBAN, bic="GKCCBEBB")


def row(**cells: Any) -> dict[str, Any]:
    return GOOD | cells


def csv_of(*rows: dict[str, Any]) -> bytes:
    """Semicolons, with a column for every field that a row has; our own field names are headers too."""
    fields = [*dict.fromkeys(field for each in rows for field in each)]
    lines = [";".join(HEADERS.get(field, field) for field in fields)]
    lines += [";".join(str(each.get(field, "")) for field in fields) for each in rows]
    return "\r\n".join(lines).encode()


def read(*rows: dict[str, Any], sellers: Sellers = Sellers(known=(SELLER,), chosen=SELLER)) -> InvoiceTable:
    columns = open_table("invoices.csv", csv_of(*rows), {})
    check(columns)
    return read_invoices(columns, sellers, file="invoices.csv")
