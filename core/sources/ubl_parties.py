"""Read UBL's parties and addresses, and where the goods went."""

from __future__ import annotations

from dataclasses import replace

from core.errors import ElementMissing
from core.i18n import N_
from core.model import Address, Identifier, Invoice, Party
from core.sources.identifiers import BELGIAN_SCHEMES, normalised, vat_id
from core.sources.values import Reading, attribute, basic, child, children, code, content, day, identifier, prose, text
from core.sources.xml import Element, place

_VAT_SCHEMES = frozenset({"VAT", "BTW", "TVA", "MWST", "MOMS"})
_BELGIAN_VAT_SCHEMES = BELGIAN_SCHEMES | {"BE:VAT", "9925"}

COUNTRY_UNKNOWN = N_("The country “{stated}” of an address is no two-letter country code; it was left out.")


def read_seller(reading: Reading, root: Element) -> Party:
    """BG-4. Raises ElementMissing for a seller without a name."""
    return _trader(reading, root, "AccountingSupplierParty", ("SellerContact", "AccountingContact"), N_("Seller name (BT-27)"))


def read_buyer(reading: Reading, root: Element) -> Party:
    """BG-7. Raises ElementMissing for a buyer without a name."""
    return _trader(reading, root, "AccountingCustomerParty", ("BuyerContact", "AccountingContact"), N_("Buyer name (BT-44)"))


def read_party(reading: Reading, element: Element | None) -> Party | None:
    """A payee or tax representative; one without a name goes by its identifier."""
    if element is None:
        return None
    party = _party(reading, element)
    if party.name:
        return party
    known = party.legal_id or next(iter(party.identifiers), None)
    name = known.value if known else party.vat_id
    return replace(party, name=name) if name else None


def _trader(reading: Reading, root: Element, role: str, contacts: tuple[str, ...], term: str) -> Party:
    holder = child(root, role)
    element = child(holder, "Party")
    if element is None:
        raise ElementMissing(term=term, element=f"{role}/Party", place=place(root if holder is None else holder))
    party = _party(reading, element)
    for contact in contacts:  # UBL 2.0 has them beside the party
        party = _with_contact(party, child(holder, contact))
    if not party.name:
        raise ElementMissing(term=term, element=f"{role}/Party/PartyLegalEntity/RegistrationName", place=place(element))
    return party


def _party(reading: Reading, element: Element) -> Party:
    """A party as stated; its name may be empty."""
    legal = child(element, "PartyLegalEntity")
    name, trading_name = _names(element)
    address = child(element, "PostalAddress")
    vat, registration = _tax_ids(element)
    endpoint = identifier(element, "EndpointID")
    party = Party(
        name=name,
        trading_name=trading_name,
        vat_id=vat,
        tax_registration=registration,
        legal_id=identifier(legal, "CompanyID"),
        legal_form=text(legal, "CompanyLegalForm"),
        endpoint=endpoint,
        identifiers=tuple(found for item in children(element, "PartyIdentification") if (found := identifier(item))),
        address=read_address(reading, child(legal, "RegistrationAddress") if address is None else address),
    )
    return _with_contact(party, child(element, "Contact"))


def _names(element: Element) -> tuple[str, str | None]:
    """The legal name and, if it differs, the name the party is known by (BT-28: “other than”)."""
    known_as = text(child(element, "PartyName"), "Name")
    legal = text(child(element, "PartyLegalEntity"), "RegistrationName")
    if legal:
        return legal, known_as if known_as != legal else None
    person = child(element, "Person")
    spelled = " ".join(part for part in (text(person, "FirstName"), text(person, "FamilyName")) if part)
    return known_as or text(child(element, "PartyTaxScheme"), "RegistrationName") or spelled, None


def _tax_ids(element: Element) -> tuple[str | None, Identifier | None]:
    """BT-31 or BT-48 where the scheme is VAT, BT-32 where it is another."""
    vat: str | None = None
    registration: Identifier | None = None
    for item in children(element, "PartyTaxScheme"):
        company_id = basic(item, "CompanyID")
        if company_id is None:
            continue
        if _is_vat(item, content(company_id)):
            vat = vat or _stated_vat(company_id)
        elif registration is None:
            registration = Identifier(value=content(company_id), scheme=text(child(item, "TaxScheme"), "ID"))
    return vat, registration


def _is_vat(item: Element, stated: str) -> bool:
    scheme = child(item, "TaxScheme")
    names = {name for name in (code(scheme, "ID"), code(scheme, "Name"), code(scheme, "TaxTypeCode")) if name}
    if names:
        return bool(names & _VAT_SCHEMES)
    return normalised(stated)[:2].isalpha()


def _stated_vat(company_id: Element) -> str | None:
    """The VAT number; one under a Belgian scheme may come without its country."""
    stated = content(company_id)
    scheme = (attribute(company_id, "schemeID") or "").upper()
    if scheme in _BELGIAN_VAT_SCHEMES and normalised(stated).isdigit():
        stated = f"BE{stated}"
    return vat_id(stated)


def _with_contact(party: Party, contact: Element | None) -> Party:
    """BG-6 and BG-9; what is there already stays."""
    if contact is None:
        return party
    return replace(
        party,
        contact_name=party.contact_name or text(contact, "Name"),
        telephone=party.telephone or text(contact, "Telephone"),
        email=party.email or text(contact, "ElectronicMail"),
    )


def read_address(reading: Reading, element: Element | None) -> Address:
    """An address; UBL 2.0's building number joins its street."""
    lines = [line for item in children(element, "AddressLine") if (line := text(item, "Line"))]
    return Address(
        street=" ".join(part for part in (text(element, "StreetName"), text(element, "BuildingNumber")) if part) or None,
        additional_street=text(element, "AdditionalStreetName") or text(element, "Postbox"),
        address_line=", ".join(lines) or None,
        city=text(element, "CityName"),
        postcode=text(element, "PostalZone"),
        subdivision=text(element, "CountrySubentity"),
        country=known_country(reading, code(child(element, "Country"), "IdentificationCode")),
    )


def known_country(reading: Reading, stated: str | None) -> str | None:
    if stated is None or (len(stated) == 2 and stated.isalnum()):
        return stated
    reading.remarks.add(COUNTRY_UNKNOWN, stated=stated)
    return None


def with_delivery(reading: Reading, invoice: Invoice, root: Element) -> Invoice:
    """BG-13 to BG-15 and UBL.BE's legal mention; each from the first Delivery that has it."""
    for delivery in children(root, "Delivery"):
        location = child(delivery, "DeliveryLocation")
        address = child(location, "Address")
        if address is None:
            address = child(delivery, "DeliveryAddress")  # UBL 2.0
        invoice = replace(
            invoice,
            delivery_date=invoice.delivery_date or day(delivery, "ActualDeliveryDate", N_("Delivery date (BT-72)")),
            delivery_name=invoice.delivery_name or text(child(delivery, "DeliveryParty", "PartyName"), "Name"),
            delivery_location_id=invoice.delivery_location_id or identifier(location),
            delivery_address=invoice.delivery_address or (read_address(reading, address) if address is not None else None),
        )
    for terms in (child(root, "Delivery", "DeliveryTerms"), child(root, "DeliveryTerms")):
        if terms is not None and invoice.delivery_terms is None and invoice.delivery_terms_code is None:
            invoice = replace(invoice, delivery_terms=prose(terms, "SpecialTerms"), delivery_terms_code=text(terms, "ID"))
    return invoice
