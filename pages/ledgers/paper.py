"""The paper ledger."""

from core.model import Ledger
from pages.parts import ledger_table
from pages.parts.resources import t

ledger_table.show(Ledger.PAPER, t("Paper ledger"))
