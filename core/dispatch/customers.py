"""The card of a customer: addresses, the tick, language, format; what decides the ledger and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.database import audit, parties
from core.database import invoices as invoice_rows
from core.dispatch.desk import Desk
from core.dispatch.values import Value, unknown
from core.errors import CustomerUnknown, Sentence
from core.i18n import N_
from core.mailbox import Mailbox
from core.model import WRITTEN_FORMATS, Language, Ledger, RecipientRole, XmlFormat
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
    changes = _Changes()
    for value in values:
        reader = _READERS.get(value.name)
        if reader is None:
            raise unknown(value.name, names())
        reader(value, changes)
    if changes.card.get("peppol_elsewhere") and not customer.peppol_elsewhere:
        changes.card.setdefault("xml_format", XmlFormat.NONE)  # N14: the mail is then a courtesy copy
    now = desk.now()
    with desk.database.write() as connection:
        before = parties.load_customers(connection, [customer.id])[customer.id]
        card = {name: new for name, new in changes.card.items() if getattr(before, name, ...) != new}
        recipients = {role: new for role, new in changes.recipients.items() if before.mailboxes(role) != new}
        if not card and not recipients:
            return before
        if card:
            parties.update_customer(connection, customer.id, card)
        if recipients or card.keys() & CHANGES_THE_MAIL:
            parties.bump_customer(connection, customer.id)
        for role, mailboxes in recipients.items():
            parties.set_recipients(connection, customer.id, role, mailboxes)
        if "wants_email" in card:
            ledger = Ledger.EMAIL if card["wants_email"] else Ledger.PAPER
            invoice_rows.move_customer(connection, customer.id, ledger, now=now)
        changed = ", ".join([*card, *(role.value for role in recipients)])
        audit.append(connection, company_id=None, who=desk.who, what="customer changed", subject=customer.key, why=changed, now=now)
    return find(desk, customer.key)


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
    "xml": _card("xml_format", lambda value: value.one_of(XmlFormat, WRITTEN_FORMATS)),
    "peppol_elsewhere": _card("peppol_elsewhere", Value.boolean),
    "notes": _text("notes"),
    "name": _text("name", required=True),
}
