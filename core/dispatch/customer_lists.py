"""Bring in a list of customers: what is new, what changes field by field, what is refused; then the cards. Nothing is ever sent here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from core.database import audit, import_rows, parties
from core.dispatch import customers
from core.dispatch.customer_cards import ADDRESS, NUMBERS, OURS, Cards, NameNeeded, load, new_card
from core.dispatch.desk import Desk
from core.dispatch.imported import Change, CustomerRow, Imported, ImportOutcome, refused
from core.dispatch.keeping import NotKept
from core.dispatch.values import Value
from core.errors import CustomerUnknown, FacturierError, Sentence, joined
from core.i18n import N_
from core.model import RecipientRole, XmlFormat
from core.records import Customer
from core.sources.table_customers import CardValue, ListedCustomer, as_text
from core.sources.table_rows import IN_ROW

LEFT_EMPTY = N_("The card has no address for “to” now, so its invoices will wait in the e-mail ledger.")


# Foreseeing -----------------------------------------------------------------------------------------------------


def foresee(desk: Desk, rows: Sequence[CustomerRow]) -> list[Imported]:
    """What would become of them; nothing is written."""
    if not rows:
        return []
    cards = load(desk)
    return [_followed(cards, row) for row in rows]


def _followed(cards: Cards, row: CustomerRow) -> Imported:
    """What follows in the same list meets this one."""
    foreseen = _foreseen(cards, row)
    if foreseen.changes and foreseen.outcome is not ImportOutcome.REFUSED:
        card = cards.find(row.listed) or new_card(cards, row.listed)
        cards.take(_changed(card, row.listed))
        cards.claimed[card.key] = row.listed.key or cards.claimed.get(card.key, "")
    return foreseen


def _changed(card: Customer, listed: ListedCustomer) -> Customer:
    values: dict[str, Any] = _stated(card, listed)
    address = {name: values.pop(name) for name in ADDRESS if name in values}
    kept = tuple(each for each in card.recipients if each[0].value not in values)
    given = tuple((role, mailbox) for role in RecipientRole if role.value in values for mailbox in values.pop(role.value))
    if "xml" in values:
        values["xml_format"] = values.pop("xml")
    return replace(card, **values, address=replace(card.address, **address), recipients=kept + given)


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
    return refused(row.file, error.sentence, where=where, customer=row.listed.name)


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
    stated = _stated(card, listed)
    now = {name: _on_card(card, name) for name in stated}
    return tuple(
        Change(field=name, before=as_text(now[name]) if card else "", after=as_text(value))
        for name, value in stated.items()
        if card is None or (now[name] or None) != (value or None)
    )


def _stated(card: Customer | None, listed: ListedCustomer) -> dict[str, CardValue]:
    stated = dict(listed.values)
    if stated.get("peppol_elsewhere") and not (card and card.peppol_elsewhere):
        stated.setdefault("xml", XmlFormat.NONE)  # as the card does it: the mail is then a courtesy copy
    return stated


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
            key = self._kept(row)
        except FacturierError as error:
            return _refused(row, error)
        except (DataError, IntegrityError) as error:
            return _refused(row, NotKept(why=str(error.orig)))
        self.cards.take(customers.find(self.desk, key))
        self.cards.claimed[key] = row.listed.key or self.cards.claimed.get(key, "")
        return foreseen

    def _kept(self, row: CustomerRow) -> str:
        """The key of the card, new or changed: wholly or not at all."""
        found = self.cards.find(row.listed)
        values = row.listed.values
        typed = [*_as_typed(values)]
        with self.desk.database.write() as connection:
            import_rows.take_turns(connection)
            key = found.key if found else self._added(connection, row.listed)
            identity = parties.customer_id(connection, key)
            if identity is None:
                raise CustomerUnknown(key=key)
            card = parties.load_customers(connection, [identity])[identity]
            self._identify(connection, card, {name: value for name, value in values.items() if name in OURS}, row.name)
            customers.change_within(connection, self.desk, card, typed)
        return key

    def _added(self, connection: Connection, listed: ListedCustomer) -> str:
        card = new_card(self.cards, listed)
        values = {name: getattr(card, name) for name in ("key", "name", *NUMBERS, "language")}
        parties.add_customer(connection, values | {name: getattr(card.address, name) for name in ADDRESS})
        audit.append(connection, company_id=None, who=self.desk.who, what="customer imported", subject=card.key, why=card.name, now=self.desk.now())
        return card.key

    def _identify(self, connection: Connection, card: Customer, own: Mapping[str, CardValue], file: str) -> None:
        changed = {name: value for name, value in own.items() if _on_card(card, name) != value}
        if changed:
            parties.update_customer(connection, card.id, changed)
            why = f"{', '.join(changed)} ({file})"
            audit.append(connection, company_id=None, who=self.desk.who, what="customer changed", subject=card.key, why=why, now=self.desk.now())


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
