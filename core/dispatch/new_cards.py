"""The cards that an import makes: a seller's and a buyer's, where there is none yet."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Connection

from core.database import parties
from core.database.import_rows import CompanyRow
from core.dispatch.foreseeing import Prepared
from core.model import DocumentType, Invoice, Language, Ledger, Party
from core.rendering import mail_text
from core.sources import identifiers

# The buyers that one transaction has met already, by key, VAT number and enterprise number
Buyers: TypeAlias = dict[tuple[str, str | None, str | None], tuple[int, Ledger]]


def new_company(connection: Connection, invoice: Invoice, key: str) -> CompanyRow:
    """A new card starts with the standard texts, so that it can send once its account is set."""
    seller = invoice.seller
    language = identifiers.guess_language(seller) or Language.FR
    means = next((means for means in invoice.payment_means if means.iban), None)
    values = party_values(seller, key) | {
        "legal_form": seller.legal_form,
        "email": seller.email,
        "iban": means.iban if means else None,
        "bic": means.bic if means else None,
        "language": language,
    }
    texts = {(lang, kind): mail_text.standard(lang, kind) for lang in Language for kind in DocumentType}
    return CompanyRow(id=parties.add_company(connection, values, texts), name=str(values["name"]), language=language)


def customer_of(connection: Connection, prepared: Prepared, company_language: Language, seen: Buyers) -> tuple[int, Ledger]:
    """The buyer's card; a new one wants paper until a person ticks it (M7), and an address in the file is only a suggestion."""
    buyer = prepared.invoice.buyer
    vat_id = identifiers.vat_id(buyer.vat_id) if buyer.vat_id else None
    identity = (identifiers.party_key(buyer), vat_id, identifiers.enterprise_number(buyer))
    if identity not in seen:
        seen[identity] = _found(connection, identity) or _added(connection, prepared, identity[0], company_language)
    return seen[identity]


def _found(connection: Connection, identity: tuple[str, str | None, str | None]) -> tuple[int, Ledger] | None:
    key, vat_id, enterprise_number = identity
    known = parties.same_customer(connection, key=key, vat_id=vat_id, enterprise_number=enterprise_number)
    return None if known is None else (known.id, Ledger.EMAIL if known.wants_email else Ledger.PAPER)


def _added(connection: Connection, prepared: Prepared, key: str, company_language: Language) -> tuple[int, Ledger]:
    buyer = prepared.invoice.buyer
    values = party_values(buyer, key) | {
        "endpoint": buyer.endpoint.value if buyer.endpoint else None,
        "language": prepared.candidate.language or identifiers.guess_language(buyer) or company_language,
        "suggested_email": buyer.email or (buyer.endpoint.value if buyer.endpoint and "@" in buyer.endpoint.value else None),
    }
    return parties.add_customer(connection, values), Ledger.PAPER


def party_values(party: Party, key: str) -> dict[str, object]:
    address = {name: getattr(party.address, name) for name in parties.ADDRESS}
    return address | {
        "key": key,
        "name": party.trading_name or party.name,
        "vat_id": identifiers.vat_id(party.vat_id) if party.vat_id else None,
        "enterprise_number": identifiers.enterprise_number(party),
    }
