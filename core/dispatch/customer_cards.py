"""The customers there are, found as an import finds them (DESIGN §3), and the new ones that a list makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.database import parties
from core.dispatch import customers
from core.dispatch.desk import Desk
from core.errors import SourceRefused
from core.model import Address, Identifier, Language, Party
from core.records import Customer
from core.sources import identifiers
from core.sources.table_columns import folded
from core.sources.table_customers import ListedCustomer

ADDRESS = ("street", "postcode", "city", "country")
NUMBERS = ("vat_id", "enterprise_number")
OURS = frozenset({*ADDRESS, *NUMBERS})  # what customers.change does not set


class KeyUnknown(SourceRefused):
    template = "No customer has the key {key}, and the row gives no name for a new card."


class NamesakesKnown(SourceRefused):
    template = "Several customers are called “{name}”. Give a VAT number, an enterprise number, the key or the postcode."


class OtherNumber(SourceRefused):
    template = "The card of {name} has the number {known}, the list says {stated}. One of them is another customer's."


class NumberTaken(SourceRefused):
    template = "The number {number} is on the card of {name} already."


class NameNeeded(SourceRefused):
    template = "No card has this number yet, and a new one needs a name."


@dataclass
class Cards:
    """By key, VAT number, enterprise number and name."""

    known: dict[str, Customer] = field(default_factory=dict)  # by key
    by_vat: dict[str, Customer] = field(default_factory=dict)
    by_number: dict[str, Customer] = field(default_factory=dict)
    by_name: dict[str, list[Customer]] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)  # key of a card -> the key that a row of the list gave it
    language: Language = Language.FR  # of a new card whose town does not tell

    def take(self, customer: Customer) -> None:
        """A card, or what became of it."""
        self.known[customer.key] = customer
        if customer.vat_id:
            self.by_vat[customer.vat_id] = customer
        if customer.enterprise_number:
            self.by_number[customer.enterprise_number] = customer
        alike = self.by_name.setdefault(folded(customer.name), [])
        alike[:] = [other for other in alike if other.key != customer.key] + [customer]

    def find(self, listed: ListedCustomer) -> Customer | None:
        """Raises KeyUnknown, NamesakesKnown, OtherNumber and NumberTaken."""
        found = self._by_identifier(listed)
        if found is None and listed.key and not listed.name:
            raise KeyUnknown(key=listed.key)
        if found is None and listed.name:  # the list may come from a program with keys of its own
            named = None if listed.vat_id or listed.enterprise_number else self._by_name(listed)
            found = named or self.known.get(identifiers.party_key(_party(listed)))
            if found and listed.key and self.claimed.get(found.key, listed.key) != listed.key:
                raise NamesakesKnown(name=listed.name)
        if found is None:
            return None
        self._demand_own_numbers(found, listed)
        return found

    def _demand_own_numbers(self, found: Customer, listed: ListedCustomer) -> None:
        for known, stated in ((found.vat_id, listed.vat_id), (found.enterprise_number, listed.enterprise_number)):
            if known and stated and known != stated:
                raise OtherNumber(name=found.name, known=known, stated=stated)
        number = str(listed.values.get("enterprise_number") or "")
        by_vat = self.known.get(listed.vat_id or "") or self.by_vat.get(listed.vat_id or "")
        for own, stated, other in ((found.vat_id, listed.vat_id, by_vat), (found.enterprise_number, number, self.by_number.get(number))):
            if not own and stated and other is not None and other.key != found.key:
                raise NumberTaken(number=stated, name=other.name)

    def _by_identifier(self, listed: ListedCustomer) -> Customer | None:
        for key in (listed.key, identifiers.normalised(listed.key), listed.vat_id or "", listed.enterprise_number or ""):
            if key and key in self.known:
                return self.known[key]
        found = self.by_vat.get(listed.vat_id or "")
        if found is not None:
            return found
        found = self.by_number.get(listed.enterprise_number or "")
        contradicts = found is not None and listed.vat_id and found.vat_id and found.vat_id != listed.vat_id
        return None if contradicts else found

    def _by_name(self, listed: ListedCustomer) -> Customer | None:
        alike = self.by_name.get(folded(listed.name), [])
        postcode = listed.values.get("postcode")
        if postcode:
            alike = [customer for customer in alike if customer.address.postcode in (None, "", postcode)]
        if len(alike) > 1:
            raise NamesakesKnown(name=listed.name)
        return alike[0] if alike else None


def load(desk: Desk) -> Cards:
    cards = Cards()
    for customer in customers.list_customers(desk):
        cards.take(customer)
    with desk.database.read() as connection:
        cards.language = next((company.language for company in parties.load_companies(connection).values()), Language.FR)
    return cards


def _party(listed: ListedCustomer) -> Party:
    """What an invoice would call this customer."""
    number = listed.enterprise_number
    address = {name: listed.values.get(name) for name in ADDRESS}
    return Party(
        name=listed.name,
        vat_id=listed.vat_id,
        legal_id=Identifier(value=number, scheme="0208") if number else None,
        address=Address(**{name: str(value) if value else None for name, value in address.items()}),
    )


def new_card(cards: Cards, listed: ListedCustomer) -> Customer:
    """A new card wants paper until the list or a person says otherwise."""
    party = _party(listed)
    return Customer(
        id=0,
        key=identifiers.party_key(party),
        name=listed.name,
        vat_id=listed.vat_id,
        enterprise_number=listed.enterprise_number,
        address=party.address,
        language=identifiers.guess_language(party) or cards.language,
    )
