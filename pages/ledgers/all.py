"""The ledger: all invoices."""

from pages.parts import ledger_table
from pages.parts.resources import t

ledger_table.show(None, t("Ledger"))
