"""The card of a customer: addresses, the tick, language, format; what decides the ledger and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.database import audit, customer_rows, parties
from core.database import invoices as invoice_rows
from core.database.chunks import chunks
from core.dispatch.desk import Desk
from core.dispatch.values import Value, unknown
from core.errors import CustomerUnknown, Sentence
from core.i18n import N_
from core.mailbox import Mailbox
from core.model import Language, Ledger, RecipientRole, XmlFormat
from core.records import Customer
from core.sources.identifiers import normalised

WANTS = N_("Goes to the e-mail ledger, because the card says “wants invoices by e-mail”. Recipients: {to}.")
WANTS_WITHOUT = N_("Goes to the e-mail ledger, because the card says “wants invoices by e-mail”, but waits there: the address is missing.")
PAPER = N_("Goes to the paper ledger, because the card does not say “wants invoices by e-mail”.")


CHANGES_THE_MAIL = frozenset({"wants_email", "language", "xml_format", "name"})


@dataclass
class _Changes:
    card: dict[str, Any] = field(default_factory=dict)
    recipients: dict[RecipientRole, tuple[Mailbox, ...]] = field(default_factory=dict)


def names() -> list[str]:
    return [*_READERS]


def list_customers(desk: Desk) -> list[Customer]:
    with desk.database.read() as connection:
        return list(parties.load_customers(connection).values())


def choices(desk: Desk, search: str = "", *, limit: int) -> dict[int, str]:
    """Name and town of up to `limit` customers with these words, by id, in the order of their names: for a drop-down."""
    with desk.database.read() as connection:
        rows = parties.customer_names(connection, search, limit=limit)
    return {identity: f"{name} · {city}" if city else name for identity, name, city in rows}


def named(desk: Desk, customer_id: int) -> dict[int, str]:
    """The same for one customer, if there is such a card."""
    with desk.database.read() as connection:
        return {identity: card.name for identity, card in parties.load_customers(connection, [customer_id]).items()}


def find(desk: Desk, key: str) -> Customer:
    """By key, however it is written. Raises CustomerUnknown."""
    with desk.database.read() as connection:
        for spelling in (key, normalised(key)):
            identity = parties.customer_id(connection, spelling)
            if identity is not None:
                return parties.load_customers(connection, [identity])[identity]
    raise CustomerUnknown(key=key)


def why(customer: Customer) -> Sentence:
    """Why do this customer's invoices fall in that ledger?"""
    if not customer.wants_email:
        return Sentence(PAPER)
    to = customer.mailboxes(RecipientRole.TO)
    return Sentence(WANTS, {"to": ", ".join(mailbox.addr_spec for mailbox in to)}) if to else Sentence(WANTS_WITHOUT)


def change(desk: Desk, key: str, values: Sequence[Value]) -> Customer:
    """Set several values at once: all of them, or none when one is no good. Never sends."""
    customer = find(desk, key)
    changes = _read(values)
    with desk.database.write() as connection:
        before = parties.load_customers(connection, [customer.id])[customer.id]
        _apply(connection, desk, before, changes, now=desk.now())
    return find(desk, customer.key)


def change_within(connection: Connection, desk: Desk, card: Customer, values: Sequence[Value]) -> None:
    """The same in the caller's transaction. Raises SettingInvalid before anything is written."""
    _apply(connection, desk, card, _read(values), now=desk.now())


def _read(values: Sequence[Value]) -> _Changes:
    changes = _Changes()
    for value in values:
        reader = _READERS.get(value.name)
        if reader is None:
            raise unknown(value.name, names())
        reader(value, changes)
    return changes


def _apply(connection: Connection, desk: Desk, before: Customer, changes: _Changes, *, now: datetime) -> bool:
    """Write what differs from the card as it is in this transaction; whether there was anything."""
    wanted = dict(changes.card)
    if wanted.get("peppol_elsewhere") and not before.peppol_elsewhere:
        wanted.setdefault("xml_format", XmlFormat.NONE)  # N14: the mail is then a courtesy copy
    card = {name: new for name, new in wanted.items() if getattr(before, name, ...) != new}
    recipients = {role: new for role, new in changes.recipients.items() if before.mailboxes(role) != new}
    if not card and not recipients:
        return False
    if card:
        parties.update_customer(connection, before.id, card)
    if recipients or card.keys() & CHANGES_THE_MAIL:
        parties.bump_customer(connection, before.id)
    for role, mailboxes in recipients.items():
        parties.set_recipients(connection, before.id, role, mailboxes)
    if "wants_email" in card:
        ledger = Ledger.EMAIL if card["wants_email"] else Ledger.PAPER
        invoice_rows.move_customer(connection, before.id, ledger, now=now)
    changed = ", ".join([*card, *(role.value for role in recipients)])
    audit.append(connection, company_id=None, who=desk.who, what="customer changed", subject=before.key, why=changed, now=now)
    return True


# Many at once ---------------------------------------------------------------------------------------------------

AT_ONCE = 200  # cards per transaction: the write lock is let go between


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a change of many cards would do."""

    total: int
    changed: int
    stopped: int  # queued mails
    without_address: tuple[tuple[str, str], ...]  # key and name; only where the change ticks “by e-mail”


def foresee_many(desk: Desk, ids: Sequence[int], values: Sequence[Value]) -> Foreseen:
    """Writes nothing."""
    card = _read(values).card
    with desk.database.read() as connection:
        return Foreseen(
            total=len(ids),
            changed=customer_rows.differing(connection, ids, card) if card else 0,
            stopped=customer_rows.queued(connection, ids) if card.keys() & CHANGES_THE_MAIL else 0,
            without_address=tuple(customer_rows.without_address(connection, ids)) if card.get("wants_email") else (),
        )


def change_many(desk: Desk, ids: Sequence[int], values: Sequence[Value]) -> list[Customer]:
    """Set the same values on many cards. Returns those that changed, as they were before, for `restore`. Never sends."""
    changes = _read(values)
    changed: list[Customer] = []
    for part in chunks(ids, AT_ONCE):
        with desk.database.write() as connection:
            cards = parties.load_customers(connection, part)
            changed += [card for card in cards.values() if _apply(connection, desk, card, changes, now=desk.now())]
    return changed


def as_values(card: Customer) -> dict[str, str]:
    """What the card says, as a person would type it."""
    to, cc, bcc = (", ".join(map(str, card.mailboxes(role))) for role in (RecipientRole.TO, RecipientRole.CC, RecipientRole.BCC))
    return {
        "name": card.name,
        "wants_email": str(card.wants_email).lower(),
        "to": to,
        "cc": cc,
        "bcc": bcc,
        "language": card.language.value,
        "peppol_elsewhere": str(card.peppol_elsewhere).lower(),
        "xml": card.xml_format.value,
        "notes": card.notes,
    }


def restore(desk: Desk, former: Sequence[Customer], fields: Collection[str]) -> None:
    """Put these fields of these cards back to what they were."""
    for part in (former[start : start + AT_ONCE] for start in range(0, len(former), AT_ONCE)):
        with desk.database.write() as connection:
            cards = parties.load_customers(connection, [card.id for card in part])
            for card in part:
                _apply(connection, desk, cards[card.id], _former(card, fields), now=desk.now())


def _former(card: Customer, fields: Collection[str]) -> _Changes:
    """Taken as they were kept: an address that got in by another way goes back in too."""
    changes = _Changes()
    for name in fields:
        if name in ("to", "cc", "bcc"):
            changes.recipients[RecipientRole(name)] = card.mailboxes(RecipientRole(name))
        else:
            column = "xml_format" if name == "xml" else name
            changes.card[column] = getattr(card, column)
    if changes.card.get("peppol_elsewhere"):
        changes.card.setdefault("xml_format", card.xml_format)
    return changes


# Addresses -------------------------------------------------------------------------------------------------------


def drop_suggestion(desk: Desk, key: str) -> str:
    """A person looked at the address that a file suggested, and does not want it. Returns it, for `suggest`."""
    card = find(desk, key)
    suggest(desk, key, "")
    return card.suggested_email or ""


def suggest(desk: Desk, key: str, address: str) -> None:
    """Put a suggestion on the card, or take it away; it is never a recipient by itself."""
    card = find(desk, key)
    with desk.database.write() as connection:
        parties.update_customer(connection, card.id, {"suggested_email": address or None})
        what = "suggested" if address else "suggestion dropped"
        why = address or card.suggested_email or ""
        audit.append(connection, company_id=None, who=desk.who, what=what, subject=card.key, why=why, now=desk.now())


def correct_address(desk: Desk, key: str, wrong: str, right: str) -> Customer:
    """Put another address in the place of a wrong one, wherever it stands on the card. Raises SettingInvalid.

    Where somebody took the wrong one away meanwhile, the right one joins the others.
    """
    mailbox = Value("to", right).mailbox()
    if mailbox is None:
        raise Value("to", right).refuse(N_("it must not be empty"))
    card = find(desk, key)
    with desk.database.write() as connection:
        before = parties.load_customers(connection, [card.id])[card.id]
        _apply(connection, desk, before, _corrected(before, wrong, mailbox), now=desk.now())
    return find(desk, key)


def _corrected(card: Customer, wrong: str, right: Mailbox) -> _Changes:
    """Nobody is named twice in one role: the right one may stand beside the wrong one already."""
    changes = _Changes()
    address = right.addr_spec.lower()
    for role in RecipientRole:
        known = card.mailboxes(role)
        if any(each.addr_spec.lower() == wrong.lower() for each in known):
            put = [right if each.addr_spec.lower() == wrong.lower() else each for each in known]
            changes.recipients[role] = tuple({each.addr_spec.lower(): each for each in put}.values())
    if not changes.recipients and all(each.addr_spec.lower() != address for _, each in card.recipients):
        changes.recipients = {RecipientRole.TO: (*card.mailboxes(RecipientRole.TO), right)}
    return changes


def _text(name: str, *, required: bool = False) -> Callable[[Value, _Changes], None]:
    def read(value: Value, changes: _Changes) -> None:
        text = value.text().strip() if name == "notes" else value.line().strip()
        if required and not text:
            raise value.refuse(N_("it must not be empty"))
        changes.card[name] = text if text or name == "notes" else None

    return read


def _recipients(role: RecipientRole) -> Callable[[Value, _Changes], None]:
    def read(value: Value, changes: _Changes) -> None:
        changes.recipients[role] = value.mailboxes()

    return read


def _card(name: str, convert: Callable[[Value], Any]) -> Callable[[Value, _Changes], None]:
    def read(value: Value, changes: _Changes) -> None:
        changes.card[name] = convert(value)

    return read


_READERS: Mapping[str, Callable[[Value, _Changes], None]] = {
    "wants_email": _card("wants_email", Value.boolean),
    "to": _recipients(RecipientRole.TO),
    "cc": _recipients(RecipientRole.CC),
    "bcc": _recipients(RecipientRole.BCC),
    "language": _card("language", lambda value: value.one_of(Language)),
    "xml": _card("xml_format", lambda value: value.one_of(XmlFormat)),
    "peppol_elsewhere": _card("peppol_elsewhere", Value.boolean),
    "notes": _text("notes"),
    "name": _text("name", required=True),
}
