"""The words of the printed invoice in the customer's language: units, VAT categories, countries, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from babel import Locale

from core import i18n
from core.i18n import N_
from core.model import Invoice, Language, VatBreakdown
from core.rendering import mentions, vat

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
    own_mentions: Mapping[str, str] = field(default_factory=dict)  # of the company, by subject, instead of ours
    belgian: bool = True  # whose law the mentions cite

    def __call__(self, label: str, /, **values: str) -> str:
        return i18n.translate(self.language, label, **values) if values else _label(self.language, label)

    def figure(self, value: Decimal, *, at_least: int = 2) -> str:
        """A number with its own decimals, and no fewer than asked for."""
        return i18n.figure(self.language, value, at_least=at_least)

    @property
    def decimal_sign(self) -> str:
        return i18n.decimal_sign(self.language)

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
        exact = part.belgian_code if part.belgian_code in mentions.STANDARD else mentions.OF_EXEMPTION.get(part.exemption_code or "")
        subject = exact or part.category
        has_own = subject in self.own_mentions
        if exact is None and not has_own and (part.category not in mentions.CATEGORIES or (stated and part.category in ("E", "O"))):
            return stated  # a general "exempt" adds nothing to the reason itself
        if subject not in mentions.STANDARD:
            return stated
        legal = self.legal(subject)
        if stated.casefold().startswith(f"{legal.casefold()},"):  # “Autoliquidation, art. 21, § 2 CTVA” says both
            return stated
        is_repeated = stated.casefold() in ("", legal.casefold(), vat.STANDARD_REASONS.get(part.category, ("", ""))[1].casefold())
        return legal if is_repeated else f"{legal} – {stated}"

    def legal(self, subject: str) -> str:
        """A legal mention: in the company's own words if it has some, else in ours."""
        standard = mentions.STANDARD[subject]
        return self.own_mentions.get(subject) or self(standard if self.belgian else mentions.ELSEWHERE.get(subject, standard))


@cache
def _label(language: Language, label: str) -> str:
    return i18n.translate(language, label)


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


def period(words: Words, start: date | None, end: date | None) -> str:
    """`01/11/2026 – 30/11/2026`, or one end of it."""
    if start and end:
        return f"{words.day(start)} – {words.day(end)}"
    if start:
        return words(N_("from {day}"), day=words.day(start))
    return words(N_("until {day}"), day=words.day(end)) if end else ""
