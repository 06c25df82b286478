"""Read CII's parties and addresses, and where the goods went."""

from __future__ import annotations

from dataclasses import replace

from core.errors import ElementMissing
from core.i18n import N_
from core.model import Address, Identifier, Invoice, Party
from core.sources.cii_values import child, children, code, day, identifier, identifiers, prose, text
from core.sources.identifiers import normalised, vat_id
from core.sources.ubl_parties import known_country
from core.sources.values import Reading, attribute, content
from core.sources.xml import Element, place


def read_seller(reading: Reading, agreement: Element, settlement: Element) -> Party:
    """BG-4, with the creditor identifier of a direct debit (BT-90). Raises ElementMissing for a seller without a name."""
    element = _trader(agreement, "SellerTradeParty", N_("Seller name (BT-27)"))
    creditor = text(settlement, "CreditorReferenceID")
    party = _party(reading, element)
    stated = (*party.identifiers, *([Identifier(value=creditor, scheme="SEPA")] if creditor else ()))
    return _named(
        replace(party, identifiers=stated, legal_form=prose(element, "Description")), element, "SellerTradeParty", N_("Seller name (BT-27)")
    )


def read_buyer(reading: Reading, agreement: Element) -> Party:
    """BG-7. Raises ElementMissing for a buyer without a name."""
    element = _trader(agreement, "BuyerTradeParty", N_("Buyer name (BT-44)"))
    return _named(_party(reading, element), element, "BuyerTradeParty", N_("Buyer name (BT-44)"))


def read_party(reading: Reading, element: Element | None) -> Party | None:
    """A payee or tax representative; one without a name goes by its identifier."""
    if element is None:
        return None
    party = _party(reading, element)
    known = party.legal_id or next(iter(party.identifiers), None)
    name = party.name or (known.value if known else party.vat_id)
    return replace(party, name=name) if name else None


def _trader(agreement: Element, role: str, term: str) -> Element:
    element = child(agreement, role)
    if element is None:
        raise ElementMissing(term=term, element=role, place=place(agreement))
    return element


def _named(party: Party, element: Element, role: str, term: str) -> Party:
    if not party.name:
        raise ElementMissing(term=term, element=f"{role}/Name", place=place(element))
    return party


def _party(reading: Reading, element: Element) -> Party:
    """A party as stated; its name may be empty."""
    legal, contact = child(element, "SpecifiedLegalOrganization"), child(element, "DefinedTradeContact")
    trading_name = text(legal, "TradingBusinessName")
    name = text(element, "Name") or trading_name or text(contact, "PersonName") or ""
    vat, registration = _tax_ids(element)
    return Party(
        name=name,
        trading_name=trading_name if trading_name != name else None,
        vat_id=vat,
        tax_registration=registration,
        legal_id=identifier(legal),
        endpoint=identifier(child(element, "URIUniversalCommunication"), "URIID"),
        identifiers=(*identifiers(element), *identifiers(element, "GlobalID")),
        address=read_address(reading, child(element, "PostalTradeAddress")),
        contact_name=text(contact, "PersonName") or text(contact, "DepartmentName"),
        telephone=text(child(contact, "TelephoneUniversalCommunication"), "CompleteNumber"),
        email=text(child(contact, "EmailURIUniversalCommunication"), "URIID"),
    )


def _tax_ids(element: Element) -> tuple[str | None, Identifier | None]:
    """BT-31 or BT-48 under the scheme VA, BT-32 under FC; without a scheme, a VAT number begins with its country."""
    vat: str | None = None
    registration: Identifier | None = None
    for item in children(element, "SpecifiedTaxRegistration"):
        for stated in children(item, "ID"):
            value, scheme = content(stated), (attribute(stated, "schemeID") or "").upper()
            if scheme in {"VA", "VAT"} or (not scheme and normalised(value)[:2].isalpha()):
                vat = vat or vat_id(value)
            elif value and registration is None:
                registration = Identifier(value=value)
    return vat, registration


def read_address(reading: Reading, element: Element | None) -> Address:
    """An address; where CII splits the street from its number, they join."""
    parts = (text(element, "StreetName"), text(element, "BuildingNumber"))
    return Address(
        street=text(element, "LineOne") or " ".join(part for part in parts if part) or None,
        additional_street=text(element, "LineTwo"),
        address_line=text(element, "LineThree"),
        city=text(element, "CityName"),
        postcode=text(element, "PostcodeCode"),
        subdivision=text(element, "CountrySubDivisionName"),
        country=known_country(reading, code(element, "CountryID")),
    )


def with_delivery(reading: Reading, invoice: Invoice, delivery: Element | None) -> Invoice:
    """BG-13 to BG-15."""
    goods = child(delivery, "ShipToTradeParty")
    address = child(goods, "PostalTradeAddress")
    return replace(
        invoice,
        delivery_date=day(child(delivery, "ActualDeliverySupplyChainEvent"), "OccurrenceDateTime", N_("Delivery date (BT-72)")),
        delivery_name=text(goods, "Name"),
        delivery_location_id=identifier(goods, "GlobalID") or identifier(goods),
        delivery_address=None if address is None else read_address(reading, address),
        despatch_reference=text(child(delivery, "DespatchAdviceReferencedDocument"), "IssuerAssignedID"),
        receipt_reference=text(child(delivery, "ReceivingAdviceReferencedDocument"), "IssuerAssignedID"),
    )
