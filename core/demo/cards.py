"""The firms, customers, services and terms of the demo desk, as data/demo/desk.toml gives them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from core.catcher.server import SILENT
from core.model import Address, Identifier, Language, Party

FOLDER: Final = Path(__file__).parents[2] / "data" / "demo"
ENTERPRISE_NUMBERS: Final = "0208"  # the scheme of Belgian enterprise numbers in Peppol's list


def enterprise_number(eight: str) -> str:
    """The ten digits: the last two are 97 less the rest of the first eight divided by 97."""
    return f"{eight}{97 - int(eight) % 97:02d}"


def structured(ten: int) -> str:
    """A structured communication: ten digits and their rest by 97, which is never 00."""
    digits = f"{ten:010d}{ten % 97 or 97:02d}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


@dataclass(frozen=True, kw_only=True)
class Service:
    fr: str
    nl: str
    en: str
    unit: str = "C62"
    price: Decimal = Decimal(0)
    category: str = "S"
    rate: Decimal = Decimal(21)
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Firm:
    """An invoicing company."""

    name: str
    initials: str
    legal_form: str
    number: str
    street: str
    postcode: str
    city: str
    language: Language
    iban: str
    email: str
    telephone: str
    sender: str
    reply_to: str
    colour: str
    prefix: str
    first: int
    signature: dict[Language, str]

    @property
    def key(self) -> str:
        return f"BE{enterprise_number(self.number)}"

    def party(self) -> Party:
        identity = Identifier(value=enterprise_number(self.number), scheme=ENTERPRISE_NUMBERS)
        return Party(
            name=self.name,
            vat_id=self.key,
            legal_id=identity,
            endpoint=identity,
            legal_form=self.legal_form,
            address=Address(street=self.street, postcode=self.postcode, city=self.city, country="BE"),
            email=self.email,
            telephone=self.telephone,
        )


@dataclass(frozen=True, kw_only=True)
class Client:
    """A customer of one firm; without `to` the invoices go by post."""

    company: str
    name: str
    language: Language
    street: str
    postcode: str
    city: str
    fee: Decimal | None = None  # monthly; without it the customer comes now and then
    country: str = "BE"
    number: str | None = None
    vat: bool = True
    foreign_vat: str | None = None
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] = ()
    peppol_elsewhere: bool = False
    quarter: int | None = None  # how many months ago the fee for three months was due, where it is not monthly
    quiet: bool = False  # no more than the fee
    starts: bool = False  # a customer since this month
    moved: str | None = None  # an address that somebody adds after the click
    bounces: bool = False

    @property
    def is_silent(self) -> bool:
        return any(address.endswith(f"@{SILENT}") for address in self.to or ())

    @property
    def is_private(self) -> bool:
        return self.number is None and self.foreign_vat is None

    def party(self) -> Party:
        identity = Identifier(value=enterprise_number(self.number), scheme=ENTERPRISE_NUMBERS) if self.number else None
        foreign = Identifier(value=self.foreign_vat, scheme="9938") if self.foreign_vat else None
        return Party(
            name=self.name,
            vat_id=self.foreign_vat or (f"BE{identity.value}" if identity and self.vat else None),
            legal_id=identity,
            endpoint=identity or foreign,
            address=Address(street=self.street, postcode=self.postcode, city=self.city, country=self.country),
            email=self.to[0] if self.to else None,
        )


@dataclass(frozen=True, kw_only=True)
class Terms:
    file: str
    title: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Words:
    """What names and addresses of customers in one language are made of."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    clubs: tuple[str, ...]
    club_form: str
    desks: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]
    mail: str
    trade_first: bool = True


@dataclass(frozen=True, kw_only=True)
class Cards:
    services: dict[str, Service]
    companies: dict[str, Firm]
    terms: dict[Language, Terms]
    words: dict[Language, Words]
    customers: tuple[Client, ...]

    def client(self, name: str) -> Client:
        return next(client for client in self.customers if client.name == name)


def read() -> Cards:
    """The customers that stand out; `clients` makes the others."""
    return TypeAdapter(Cards).validate_python(tomllib.loads((FOLDER / "desk.toml").read_text(encoding="utf-8")))
