"""The words of the printed invoice in the customer's language: units, VAT categories, countries, amounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from babel import Locale

from core import i18n
from core.i18n import N_
from core.model import Invoice, Language, VatBreakdown
from core.rendering import vat

# UN/ECE recommendation 20: what invoices here are counted in
_UNITS: Final = {
    "C62": N_("pc."),
    "H87": N_("pc."),
    "EA": N_("pc."),
    "PCE": N_("pc."),
    "XPP": N_("pc."),
    "NAR": N_("pc."),
    "ZZ": "",
    "HUR": N_("h"),
    "MIN": N_("min"),
    "SEC": N_("s"),
    "DAY": N_("day(s)"),
    "WEE": N_("week(s)"),
    "MON": N_("month(s)"),
    "QAN": N_("quarter(s)"),
    "ANN": N_("year(s)"),
    "KGM": "kg",
    "GRM": "g",
    "TNE": "t",
    "LTR": "l",
    "MLT": "ml",
    "HLT": "hl",
    "MTR": "m",
    "CMT": "cm",
    "MMT": "mm",
    "KMT": "km",
    "KTM": "km",
    "MTK": "m²",
    "MTQ": "m³",
    "KWH": "kWh",
    "MWH": "MWh",
    "P1": "%",
    "PR": N_("pair(s)"),
    "DZN": N_("dozen"),
    "SET": N_("set(s)"),
    "XBX": N_("box(es)"),
    "BX": N_("box(es)"),
    "XCT": N_("box(es)"),
    "XPK": N_("pack(s)"),
    "PK": N_("pack(s)"),
    "XPX": N_("pallet(s)"),
    "XBO": N_("bottle(s)"),
    "LS": N_("lump sum"),
    "E48": N_("service"),
    "E49": N_("working day(s)"),
}

# What the law wants said when no VAT is charged, per category
_MENTIONS: Final = {
    "AE": N_("Reverse charge"),
    "K": N_("Exempt intra-Community supply (art. 39bis of the Belgian VAT Code)"),
    "G": N_("Exempt export (art. 39 of the Belgian VAT Code)"),
    "O": N_("Not subject to VAT"),
    "E": N_("Exempt from VAT"),
}
# The same where the Belgian code of e-FFF or UBL.BE is more exact
_CODE_MENTIONS: Final = {
    "44": N_("Reverse charge (art. 21, § 2 of the Belgian VAT Code)"),
    "47/SE": N_("Reverse charge (art. 21, § 2 of the Belgian VAT Code)"),
    "46/TR": N_("Triangular transaction, reverse charge (art. 25ter, § 1, 3° of the Belgian VAT Code)"),
    "SC": N_("Small enterprise under the VAT exemption scheme"),
    "FD": N_("Cash discount, not taxed (art. 28, 1° of the Belgian VAT Code)"),
    "00/44": N_("Exempt (art. 44 of the Belgian VAT Code)"),
    "MA": N_("Margin scheme"),
}
_CATEGORIES: Final = {
    "AE": N_("Reverse charge"),
    "K": N_("Intra-Community"),
    "G": N_("Export"),
    "O": N_("Not subject"),
    "E": N_("Exempt"),
}


@dataclass(frozen=True)
class Words:
    """A language: call it with an English label to get that label there."""

    language: Language

    def __call__(self, label: str, /, **values: str) -> str:
        return i18n.translate(self.language, label, **values)

    def figure(self, value: Decimal, *, at_least: int = 2) -> str:
        """A number with its own decimals, and no fewer than asked for."""
        exponent = value.normalize().as_tuple().exponent
        decimals = max(at_least, -exponent if isinstance(exponent, int) else 0)
        return i18n.number(self.language, value + 0, decimals=decimals)

    def money(self, value: Decimal, currency: str) -> str:
        return i18n.amount(self.language, value + 0, currency)

    def rate(self, rate: Decimal | None) -> str:
        """`21 %`, or a dash for what has no rate at all."""
        return "–" if rate is None else f"{self.figure(rate, at_least=0)}\u00a0%"

    def day(self, value: date) -> str:
        return i18n.day(self.language, value)

    def quantity(self, value: Decimal, unit_code: str) -> str:
        """`1,5 h`."""
        return f"{self.figure(value, at_least=0)} {self.unit(unit_code)}".strip()

    def unit(self, code: str) -> str:
        """The unit in words; an unknown code is better than nothing."""
        unit = _UNITS.get(code, code)
        return self(unit) if unit else ""

    def country(self, code: str) -> str:
        return _countries(self.language).get(code.upper(), code)

    def category(self, code: str) -> str:
        return self(_CATEGORIES[code]) if code in _CATEGORIES else ""

    def mention(self, part: VatBreakdown) -> str:
        """Why a group of the breakdown bears no VAT: the legal words, then those of the source if they say more."""
        stated = (part.exemption_reason or "").strip()
        exact = _CODE_MENTIONS.get(part.belgian_code or "")
        if exact is None and (part.category not in _MENTIONS or (stated and part.category in ("E", "O"))):
            return stated  # a general "exempt" adds nothing to the reason itself
        legal = self(exact or _MENTIONS[part.category])
        if stated.casefold().startswith(f"{legal.casefold()},"):  # “Autoliquidation, art. 21, § 2 CTVA” says both
            return stated
        is_repeated = stated.casefold() in ("", legal.casefold(), vat.STANDARD_REASONS.get(part.category, ("", ""))[1].casefold())
        return legal if is_repeated else f"{legal} – {stated}"


@cache
def _countries(language: Language) -> dict[str, str]:
    return dict(Locale.parse(i18n.REGION[language]).territories.items())


def title(invoice: Invoice) -> str:
    """The word that makes the document an invoice or a credit note (to be translated)."""
    return N_("Credit note") if invoice.is_credit_note else N_("Invoice")


def spaced(iban: str) -> str:
    """An IBAN in groups of four, as people read it."""
    compact = iban.replace(" ", "")
    return " ".join(compact[at : at + 4] for at in range(0, len(compact), 4))


def enterprise(number: str) -> str:
    """A Belgian enterprise number with its dots."""
    return f"{number[:4]}.{number[4:7]}.{number[7:]}"


def vat_number(number: str) -> str:
    """A VAT number as it is printed: Belgian ones with dots."""
    if number.startswith("BE") and len(number) == 12:
        return f"BE {enterprise(number[2:])}"
    return number
