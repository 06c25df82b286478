"""A card made by hand, before the first invoice comes: matched as an import would match it, so that no second one arises."""

from __future__ import annotations

from stdnum.eu import vat as european

from core.database import audit, parties
from core.dispatch import customers
from core.dispatch.desk import Desk
from core.errors import FacturierError
from core.model import Address, Language, Party
from core.records import Customer
from core.sources import identifiers


class CustomerKnown(FacturierError):
    template = "There is a card already: {name} ({key})."


class CustomerUnidentified(FacturierError):
    template = "A new card needs a name, and a VAT number or a postcode, so that its invoices find it."


class VatInvalid(FacturierError):
    template = "{value} is not a correct VAT number."


def add(desk: Desk, *, name: str, vat_id: str = "", postcode: str = "", city: str = "", language: Language) -> Customer:
    """The new card wants paper until a person ticks it. Raises CustomerUnidentified, VatInvalid and CustomerKnown."""
    vat = identifiers.vat_id(vat_id) if vat_id.strip() else None
    if vat_id.strip() and (vat is None or not european.is_valid(vat)):
        raise VatInvalid(value=vat_id.strip())
    name, postcode, city = (" ".join(text.split()) for text in (name, postcode, city))
    if not name or not (vat or postcode):
        raise CustomerUnidentified
    party = Party(name=name, vat_id=vat, address=Address(postcode=postcode or None, city=city or None))
    key, number = identifiers.party_key(party), identifiers.enterprise_number(party)
    values = {"key": key, "name": name, "vat_id": vat, "enterprise_number": number, "language": language}
    values |= {"postcode": postcode or None, "city": city or None, "country": vat[:2] if vat else None}
    with desk.database.write() as connection:
        known = parties.same_customer(connection, key=key, vat_id=vat, enterprise_number=number)
        if known is not None:
            raise CustomerKnown(name=known.name, key=known.key)
        parties.add_customer(connection, values)
        audit.append(connection, company_id=None, who=desk.who, what="customer added", subject=key, why=name, now=desk.now())
    return customers.find(desk, key)
