"""What the page of customers shows: a page of the list, what is missing on a card, the list as a file. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import i18n
from core.database import customer_rows, parties
from core.database.customer_rows import CustomerFilter, CustomerSort, Kind
from core.dispatch import customers, exporting
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.i18n import N_
from core.mailbox import is_valid
from core.model import DispatchStatus, Language, RecipientRole
from core.records import Customer
from core.sources import identifiers
from core.sources.table_headers import CUSTOMERS

PAGE_SIZE = 200
ADDRESS_MISSING = N_("Address missing")
ADDRESS_MISSING_WHY = N_("The card says “wants invoices by e-mail”, but names no address. Its invoices wait in the e-mail ledger.")
ADDRESS_INVALID = N_("Address not valid")
ADDRESS_INVALID_WHY = N_("“{address}” is not an e-mail address. No invoice leaves for this customer before it is corrected.")
SUGGESTED = N_("Address to accept")
SUGGESTED_WHY = N_("An imported file names {address}. It is only a suggestion; nothing is sent there before you take it over.")
NUMBER_ODD = N_("Number not valid")
NUMBER_ODD_WHY = N_("No Belgian company can have the number {number}: its check digits are wrong. Ask the customer for the right one.")
WORDS = {Language.FR: ("oui", "non"), Language.NL: ("ja", "nee"), Language.EN: ("yes", "no")}


@dataclass(frozen=True)
class Lack:
    """Something missing on a card: a few words for the table, a sentence for the card."""

    short: Sentence
    full: Sentence


@dataclass(frozen=True, kw_only=True)
class CustomerPage:
    """Cards in their order; `waiting` counts the invoices to send and to print."""

    customers: tuple[Customer, ...]
    waiting: Mapping[int, Mapping[DispatchStatus, int]]
    everyone: int  # with this search and language
    kinds: Mapping[Kind, int]
    count: int  # of what the filter shows


def page(desk: Desk, chosen: CustomerFilter, sort: CustomerSort, *, number: int) -> CustomerPage:
    """One page of 200 cards."""
    with desk.database.read() as connection:
        ids = customer_rows.ids(connection, chosen, sort, offset=number * PAGE_SIZE, limit=PAGE_SIZE)
        cards = parties.load_customers(connection, ids)
        everyone, kinds = customer_rows.counts(connection, chosen)
        return CustomerPage(
            customers=tuple(cards[identity] for identity in ids),
            waiting=customer_rows.waiting(connection, ids),
            everyone=everyone,
            kinds=kinds,
            count=everyone if chosen.kind is None else kinds[chosen.kind],
        )


def all_ids(desk: Desk, chosen: CustomerFilter) -> list[int]:
    """Everything that the filter shows, over all its pages."""
    with desk.database.read() as connection:
        return customer_rows.ids(connection, chosen)


def lacks(card: Customer) -> tuple[Lack, ...]:
    """What is missing on a card. A missing VAT number is none of it: private persons have none."""
    found = []
    to = card.mailboxes(RecipientRole.TO)
    if card.wants_email and not to and not card.suggested_email:
        found.append(Lack(Sentence(ADDRESS_MISSING), Sentence(ADDRESS_MISSING_WHY)))
    for address in dict.fromkeys(mailbox.addr_spec for _, mailbox in card.recipients):
        if not is_valid(address):
            values = {"address": address}
            found.append(Lack(Sentence(ADDRESS_INVALID), Sentence(ADDRESS_INVALID_WHY, values)))
    if card.suggested_email and not to:
        values = {"address": card.suggested_email}
        found.append(Lack(Sentence(SUGGESTED), Sentence(SUGGESTED_WHY, values)))
    number = card.vat_id or f"BE{card.enterprise_number or ''}"
    if number != "BE" and identifiers.is_odd_belgian(number):
        found.append(Lack(Sentence(NUMBER_ODD), Sentence(NUMBER_ODD_WHY, {"number": number})))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What hangs on one card: its invoices that wait, and its mails in the queue, which a change stops."""

    to_send: int
    to_print: int
    queued: int


def standing(desk: Desk, card: Customer) -> Standing:
    with desk.database.read() as connection:
        waiting = customer_rows.waiting(connection, [card.id]).get(card.id, {})
        return Standing(
            to_send=waiting.get(DispatchStatus.TO_SEND, 0),
            to_print=waiting.get(DispatchStatus.TO_PRINT, 0),
            queued=customer_rows.queued(connection, [card.id]),
        )


# The list as a file ----------------------------------------------------------------------------------------------


def customer_file(desk: Desk, chosen: CustomerFilter, sort: CustomerSort, language: Language, kind: str) -> bytes:
    """All cards that the filter shows, in the columns that an import reads (docs/import.md); `kind` is csv or xlsx."""
    with desk.database.read() as connection:
        ids = customer_rows.ids(connection, chosen, sort)
        cards = parties.load_customers(connection, ids)
    headings = [{Language.FR: each.french, Language.NL: each.dutch, Language.EN: each.english}[language][0] for each in CUSTOMERS.values()]
    rows = [_row(cards[identity], language) for identity in ids]
    return exporting.table_csv(headings, rows, language) if kind == "csv" else exporting.table_xlsx(headings, rows)


def _row(card: Customer, language: Language) -> list[object]:
    """A format that is no longer written stays empty: an empty cell changes nothing."""
    yes, no = WORDS[language]
    values: dict[str, object] = customers.as_values(card) | {
        "key": card.key,
        "vat_id": card.vat_id,
        "enterprise_number": card.enterprise_number,
        "street": card.address.street,
        "postcode": card.address.postcode,
        "city": card.address.city,
        "country": card.address.country,
        "wants_email": yes if card.wants_email else no,
        "peppol_elsewhere": yes if card.peppol_elsewhere else no,
        "xml": card.xml_format.value,
    }
    return [values[name] or None for name in CUSTOMERS]


def file_stem(desk: Desk, language: Language) -> str:
    return f"{i18n.translate(language, N_('Customers'))} {desk.now():%Y-%m-%d}"
