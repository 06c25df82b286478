"""What the law wants said on an invoice, by subject: a company may say it in its own words (FORMATS; have an accountant confirm ours)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.i18n import N_

REFUND: Final = "REFUND"
SELF_BILLED: Final = "SELF-BILLED"

# A VAT category (UNCL5305), a Belgian code of e-FFF or UBL.BE that is more exact, or a kind of document
STANDARD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AE": N_("Reverse charge"),
        "K": N_("Exempt intra-Community supply (art. 39bis of the Belgian VAT Code)"),
        "G": N_("Exempt export (art. 39 of the Belgian VAT Code)"),
        "O": N_("Not subject to VAT"),
        "E": N_("Exempt from VAT"),
        "44": N_("Reverse charge (art. 21, § 2 of the Belgian VAT Code)"),
        "47/SE": N_("Reverse charge (art. 21, § 2 of the Belgian VAT Code)"),
        "46/TR": N_("Triangular transaction, reverse charge (art. 25ter, § 1, 3° of the Belgian VAT Code)"),
        "SC": N_("Small enterprise under the VAT exemption scheme"),
        "FD": N_("Cash discount, not taxed (art. 28, 1° of the Belgian VAT Code)"),
        "00/44": N_("Exempt (art. 44 of the Belgian VAT Code)"),
        "MA": N_("Margin scheme"),
        REFUND: N_("VAT to be repaid to the State in so far as it was initially deducted."),  # royal decree no. 4, art. 4
        SELF_BILLED: N_("Self-billing"),  # VAT Directive art. 226 (10a)
    }
)
# The same where the seller is not Belgian
ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "K": N_("Exempt intra-Community supply (art. 138 of Directive 2006/112/EC)"),
        "G": N_("Exempt export (art. 146 of Directive 2006/112/EC)"),
        "44": N_("Reverse charge (art. 196 of Directive 2006/112/EC)"),
        "47/SE": N_("Reverse charge"),
        "46/TR": N_("Triangular transaction, reverse charge (art. 141 of Directive 2006/112/EC)"),
        "00/44": N_("Exempt from VAT"),
    }
)
# VATEX codes that say more than their category
OF_EXEMPTION: Final[Mapping[str, str]] = MappingProxyType(
    {"VATEX-EU-D": "MA", "VATEX-EU-F": "MA", "VATEX-EU-I": "MA", "VATEX-EU-J": "MA", "VATEX-FR-FRANCHISE": "SC"}
)
CATEGORIES: Final = frozenset({"AE", "K", "G", "O", "E"})
# What a person is shown when asked for words of their own
SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AE": N_("Reverse charge (AE)"),
        "K": N_("Intra-Community supply (K)"),
        "G": N_("Export (G)"),
        "O": N_("Not subject to VAT (O)"),
        "E": N_("Exempt (E)"),
        "44": N_("Services to another EU country (44)"),
        "47/SE": N_("Services outside Belgium (47/SE)"),
        "46/TR": N_("Triangular transaction (46/TR)"),
        "SC": N_("Small enterprise (SC)"),
        "FD": N_("Cash discount (FD)"),
        "00/44": N_("Exempt under art. 44 (00/44)"),
        "MA": N_("Margin scheme (MA)"),
        REFUND: N_("Credit note: VAT to be repaid"),
        SELF_BILLED: N_("Self-billing (UNTDID 389)"),
    }
)
