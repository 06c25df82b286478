"""Seller and buyer from the rows of an invoice; the seller may be a company that is known already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from babel import Locale

from core.errors import Sentence
from core.i18n import N_
from core.model import Address, Identifier, Language, Party
from core.sources.identifiers import normalised, party_key, vat_id
from core.sources.table import Cell
from core.sources.table_columns import folded
from core.sources.table_rows import Rows
from core.sources.table_values import CellInvalid, shown, text

SELLER_UNKNOWN = N_("The invoicing company “{name}” is not known. Give its VAT number or enterprise number in a column, or choose the company.")
SELLER_NAMELESS = N_("The invoicing company {number} is not known. Give its name in a column, so that its card can be made.")
SELLER_OPEN = N_("The table does not say which company invoices. Choose it, or add a column with its VAT number.")
NO_COUNTRY = N_("“{value}” is no country.")
NO_LANGUAGE = N_("“{value}” is no language: fr, nl or en is expected.")

_BELGIAN = re.compile(r"(?:BE)?(0?\d{9}|1\d{9})")
_LANGUAGES = {
    Language.FR: ("fr", "f", "fra", "fre", "francais", "frans", "french"),
    Language.NL: ("nl", "n", "nld", "dut", "neerlandais", "nederlands", "dutch"),
    Language.EN: ("en", "e", "eng", "anglais", "engels", "english"),
}
_LANGUAGE_OF = {word: language for language, words in _LANGUAGES.items() for word in words}


@dataclass(frozen=True, kw_only=True)
class Seller:
    """An invoicing company: from its card, or from a table that names a new one."""

    key: str
    party: Party
    iban: str | None = None
    bic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sellers:
    """The companies there are, and the one that a table without seller columns is from."""

    known: tuple[Seller, ...] = ()
    chosen: Seller | None = None

    def find(self, *, name: str | None, vat: str | None, enterprise: Identifier | None) -> Seller | None:
        """By VAT number, else enterprise number, else a name that only one has."""
        if vat is None and enterprise is None:
            alike = [seller for seller in self.known if name and folded(seller.party.name) == folded(name)]
            return alike[0] if len(alike) == 1 else None
        for seller in self.known:
            party = seller.party
            if vat is not None and vat in (seller.key, party.vat_id):
                return seller
            if enterprise and enterprise.value in {seller.key, party.legal_id.value if party.legal_id else None, (party.vat_id or "")[2:]}:
                return seller
        return None


def read_seller(rows: Rows, sellers: Sellers) -> Seller | None:
    """Blames rows that leave it open."""
    name = rows.shared_text("seller_name")
    vat, enterprise = _numbers(rows, "seller")
    if not (name or vat or enterprise):
        if sellers.chosen is None:
            rows.blame(rows.first, "", Sentence(SELLER_OPEN))
        return sellers.chosen
    known = sellers.find(name=name, vat=vat, enterprise=enterprise)
    if known is not None:
        return known
    if not (vat or enterprise):
        rows.blame(rows.first, "seller_name", Sentence(SELLER_UNKNOWN, {"name": name or ""}))
        return None
    if not name:
        rows.blame(rows.first, "seller_vat_id", Sentence(SELLER_NAMELESS, {"number": vat or (enterprise.value if enterprise else "")}))
        return None
    address = _address(rows, "seller", vat, home="BE" if enterprise else None)
    party = Party(name=name, vat_id=vat, legal_id=enterprise or _legal(vat), address=address)
    return Seller(key=party_key(party), party=party)


def read_buyer(rows: Rows, seller: Seller | None) -> Party | None:
    """Blames a missing name."""
    name = rows.require("buyer_name", rows.shared_text("buyer_name"))
    vat, enterprise = _numbers(rows, "buyer")
    home = (seller.party.address.country if seller else None) or "BE"
    address = _address(rows, "buyer", vat, home="BE" if enterprise and enterprise.scheme else home)
    email = rows.shared_text("buyer_email")
    return Party(name=name, vat_id=vat, legal_id=enterprise or _legal(vat), address=address, email=email) if name else None


def _numbers(rows: Rows, role: str) -> tuple[str | None, Identifier | None]:
    country = rows.shared(f"{role}_country", country_code)
    vat = rows.shared(f"{role}_vat_id", lambda cell: vat_number(text(cell), country))
    enterprise = rows.shared(f"{role}_enterprise_number", lambda cell: enterprise_number(text(cell)))
    return vat or None, enterprise


def _address(rows: Rows, role: str, vat: str | None, *, home: str | None) -> Address:
    """A country that is not said is that of the VAT number, else the given one."""
    stated = rows.shared(f"{role}_country", country_code)
    of_vat = (vat or "")[:2].replace("EL", "GR")
    return Address(
        street=rows.shared_text(f"{role}_street"),
        postcode=rows.shared_text(f"{role}_postcode"),
        city=rows.shared_text(f"{role}_city"),
        country=stated or (of_vat if of_vat.isalpha() and of_vat in _codes() else None) or home,
    )


def vat_number(stated: str, country: str | None = None) -> str | None:
    """With its country in front: Belgium's ten digits may come without."""
    value = vat_id(stated)
    if value is None or value[:2].isalpha():
        return value
    if country in (None, "BE"):
        return vat_id(f"BE{value}") if _BELGIAN.fullmatch(value) else value
    return f"{country}{value}"


def enterprise_number(stated: str) -> Identifier | None:
    """Belgian where it has that form; None for “-” and the like."""
    value = normalised(stated)
    match = _BELGIAN.fullmatch(value)
    if match:
        return Identifier(value=match[1].zfill(10), scheme="0208")
    return Identifier(value=value) if any(character in "123456789" for character in value) else None


def _legal(vat: str | None) -> Identifier | None:
    match = _BELGIAN.fullmatch(vat or "")
    return Identifier(value=match[1].zfill(10), scheme="0208") if match and (vat or "").startswith("BE") else None


def country_code(cell: Cell) -> str:
    """From a code or the country's name in French, Dutch, English or German. Raises CellInvalid."""
    stated = text(cell)
    code = stated.upper() if stated.upper() in _codes() else _countries().get(folded(stated))
    if code is None:
        raise CellInvalid(NO_COUNTRY, value=shown(cell))
    return code


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha())


@cache
def _countries() -> dict[str, str]:
    """Folded name -> code."""
    return {folded(name): code for language in ("de", "en", "fr", "nl") for code, name in Locale(language).territories.items() if code in _codes()}


def language_of(cell: Cell) -> Language:
    """Raises CellInvalid."""
    language = _LANGUAGE_OF.get(folded(text(cell))[:12]) or _LANGUAGE_OF.get(folded(text(cell).split("-")[0].split("_")[0]))
    if language is None:
        raise CellInvalid(NO_LANGUAGE, value=shown(cell))
    return language
