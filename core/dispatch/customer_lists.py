"""Bring in a list of customers: what is new, what changes field by field, what is refused; then the cards. Nothing is ever sent here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.database import audit, parties
from core.dispatch import customers
from core.dispatch.desk import Desk
from core.dispatch.imported import Change, CustomerRow, Imported, ImportOutcome, refused
from core.dispatch.values import Value
from core.errors import FacturierError, Sentence, SourceRefused, joined
from core.i18n import N_
from core.model import Address, Identifier, Language, Party, RecipientRole, XmlFormat
from core.records import Customer
from core.sources import identifiers
from core.sources.table_columns import folded
from core.sources.table_customers import CardValue, ListedCustomer, as_text
from core.sources.table_rows import IN_ROW

ADDRESS = ("street", "postcode", "city", "country")
NUMBERS = ("vat_id", "enterprise_number")
OURS = frozenset({*ADDRESS, *NUMBERS})  # what customers.change does not set
LEFT_EMPTY = N_("The card has no address for “to” now, so its invoices will wait in the e-mail ledger.")


class KeyUnknown(SourceRefused):
    template = "No customer has the key {key}, and the row gives no name for a new card."


class NamesakesKnown(SourceRefused):
    template = "Several customers are called “{name}”. Give a VAT number, an enterprise number, the key or the postcode."


class OtherNumber(SourceRefused):
    template = "The card of {name} has the number {known}, the list says {stated}. One of them is another customer's."


class NameNeeded(SourceRefused):
    template = "No card has this number yet, and a new one needs a name."


@dataclass
class Cards:
    """The customers there are, found as an import finds them (DESIGN §3)."""

    known: dict[str, Customer] = field(default_factory=dict)  # by key
    by_vat: dict[str, Customer] = field(default_factory=dict)
    by_number: dict[str, Customer] = field(default_factory=dict)
    by_name: dict[str, list[Customer]] = field(default_factory=dict)

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
        """Raises KeyUnknown, NamesakesKnown and OtherNumber."""
        found = self._by_identifier(listed)
        if found is None and not (listed.vat_id or listed.enterprise_number or listed.key):
            found = self._by_name(listed)
        if found is None:
            if listed.key and not listed.name:
                raise KeyUnknown(key=listed.key)
            return None
        for known, stated in ((found.vat_id, listed.vat_id), (found.enterprise_number, listed.enterprise_number)):
            if known and stated and known != stated:
                raise OtherNumber(name=found.name, known=known, stated=stated)
        return found

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
    return cards


# Foreseeing -----------------------------------------------------------------------------------------------------


def foresee(desk: Desk, rows: Sequence[CustomerRow]) -> list[Imported]:
    """What would become of them; nothing is written."""
    if not rows:
        return []
    cards = load(desk)
    return [_foreseen(cards, row) for row in rows]


def _foreseen(cards: Cards, row: CustomerRow) -> Imported:
    try:
        _demand_sound(row)
        card = cards.find(row.listed)
        if card is None:
            _demand_name(row)
            return _result(row, ImportOutcome.NEW, None, _changes(None, row.listed))
        changes = _changes(card, row.listed)
        return _result(row, ImportOutcome.NEW_VERSION if changes else ImportOutcome.UNCHANGED, card, changes)
    except FacturierError as error:
        return _refused(row, error)


class RowUnsound(FacturierError):
    """The row's own problems, all of them."""

    def __init__(self, sentence: Sentence) -> None:
        Exception.__init__(self, str(sentence))
        self.sentence = sentence


def _demand_sound(row: CustomerRow) -> None:
    if row.listed.problems:
        raise RowUnsound(joined([problem.sentence for problem in row.listed.problems]))


def _demand_name(row: CustomerRow) -> None:
    if not row.listed.name:
        raise NameNeeded


def _refused(row: CustomerRow, error: FacturierError) -> Imported:
    problems = row.listed.problems
    where = problems[0].where if problems else Sentence(IN_ROW, {"row": str(row.listed.row)})
    return refused(row.file, error.sentence, where=where)


def _result(row: CustomerRow, outcome: ImportOutcome, card: Customer | None, changes: tuple[Change, ...]) -> Imported:
    where = Sentence(IN_ROW, {"row": str(row.listed.row)})
    name = row.listed.name or (card.name if card else "")
    after = {change.field: change.after for change in changes}
    wants = after.get("wants_email", as_text(bool(card and card.wants_email))) == as_text(True)
    to = after.get("to", as_text(card.mailboxes(RecipientRole.TO)) if card else "")
    warnings = (Sentence(LEFT_EMPTY),) if wants and not to and changes else ()
    return Imported(file=row.file, outcome=outcome, where=where, place=str(where), customer=name, changes=changes, warnings=warnings)


def _changes(card: Customer | None, listed: ListedCustomer) -> tuple[Change, ...]:
    """Field by field, only what differs."""
    stated = dict(listed.values)
    if stated.get("peppol_elsewhere") and not (card and card.peppol_elsewhere):
        stated.setdefault("xml", XmlFormat.NONE)  # as the card does it: the mail is then a courtesy copy
    now = {name: _on_card(card, name) for name in stated}
    return tuple(
        Change(field=name, before=as_text(now[name]) if card else "", after=as_text(value))
        for name, value in stated.items()
        if card is None or (now[name] or None) != (value or None)
    )


def _on_card(card: Customer | None, name: str) -> CardValue:
    if card is None:
        return None
    if name in ("to", "cc", "bcc"):
        return card.mailboxes(RecipientRole(name))
    value: CardValue = getattr(card.address, name) if name in ADDRESS else getattr(card, {"xml": "xml_format"}.get(name, name))
    return value


# Applying -------------------------------------------------------------------------------------------------------


class CardBook:
    """Applies rows one by one, each as its card's own page would, and remembers what the cards have become."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._cards: Cards | None = None

    @property
    def cards(self) -> Cards:
        if self._cards is None:
            self._cards = load(self.desk)
        return self._cards

    def apply(self, row: CustomerRow) -> Imported:
        foreseen = _foreseen(self.cards, row)
        if not foreseen.changes or foreseen.outcome is ImportOutcome.REFUSED:
            return foreseen
        try:
            card = self.cards.find(row.listed)
            key = card.key if card else self._added(row.listed)
            self._set(key, {name: value for name, value in row.listed.values.items() if card is not None or name not in OURS}, row.name)
            self.cards.take(customers.find(self.desk, key))
        except FacturierError as error:
            return _refused(row, error)
        return foreseen

    def _added(self, listed: ListedCustomer) -> str:
        """The key of a new card, which wants paper until the list or a person says otherwise."""
        number = listed.enterprise_number
        address = {name: listed.values.get(name) for name in ADDRESS}
        party = Party(
            name=listed.name,
            vat_id=listed.vat_id,
            legal_id=Identifier(value=number, scheme="0208") if number else None,
            address=Address(**{name: str(value) if value else None for name, value in address.items()}),
        )
        key = identifiers.party_key(party)
        language = identifiers.guess_language(party) or self._language()
        values = address | {"key": key, "name": listed.name, "vat_id": listed.vat_id, "enterprise_number": number, "language": language}
        with self.desk.database.write() as connection:
            parties.add_customer(connection, values)
            audit.append(connection, company_id=None, who=self.desk.who, what="customer imported", subject=key, why=listed.name, now=self.desk.now())
        return key

    def _language(self) -> Language:
        with self.desk.database.read() as connection:
            return next((company.language for company in parties.load_companies(connection).values()), Language.FR)

    def _set(self, key: str, values: Mapping[str, CardValue], file: str) -> None:
        own = {name: value for name, value in values.items() if name in OURS}
        card = customers.find(self.desk, key)
        changed = {name: value for name, value in own.items() if _on_card(card, name) != value}
        if changed:
            with self.desk.database.write() as connection:
                parties.update_customer(connection, card.id, changed)
                why = f"{', '.join(changed)} ({file})"
                audit.append(connection, company_id=None, who=self.desk.who, what="customer changed", subject=key, why=why, now=self.desk.now())
        rest = [*_as_typed(values)]
        if rest:
            customers.change(self.desk, key, rest)


def _as_typed(values: Mapping[str, CardValue]) -> Iterable[Value]:
    """What a person would type into the card."""
    for name, value in values.items():
        if name in OURS:
            continue
        if isinstance(value, bool):
            yield Value(name, str(value).lower())
        elif isinstance(value, tuple):
            yield Value(name, "\n".join(str(mailbox) for mailbox in value))
        else:
            yield Value(name, str(value or ""))
