"""Write the parties of a CII invoice: seller, buyer, tax representative, payee and where the goods went."""

from __future__ import annotations

from collections.abc import Iterable

from core.model import Address, Identifier, Invoice, Party
from core.rendering import identity
from core.rendering.cii_xml import attribute, element, group, identifier, is_global
from core.rendering.ubl_xml import clean

SEPA = "SEPA"  # how the model marks BT-90 among the identifiers of seller or payee


def seller(invoice: Invoice) -> str:
    """BG-4."""
    party = invoice.seller
    stated = [each for each in party.identifiers if each.scheme != SEPA]
    registration = party.tax_registration
    return group(
        "SellerTradeParty",
        _identifiers(stated),
        element("Name", party.name),
        element("Description", party.legal_form),  # BT-33
        _legal_organization(party),
        _contact(party),
        address(party.address, home=identity.country(party)),
        _electronic_address(party),
        _vat_number(party),
        group("SpecifiedTaxRegistration", element("ID", registration.value, ' schemeID="FC"')) if registration else "",
    )


def buyer(invoice: Invoice) -> str:
    """BG-7, with one identifier (BT-46)."""
    party = invoice.buyer
    return group(
        "BuyerTradeParty",
        _identifiers(party.identifiers[:1]),
        element("Name", party.name),
        _legal_organization(party),
        _contact(party),
        address(party.address, home=identity.country(party) or identity.country(invoice.seller)),
        _electronic_address(party),
        _vat_number(party),
    )


def tax_representative(invoice: Invoice) -> str:
    """BG-11."""
    party = invoice.tax_representative
    if party is None:
        return ""
    home = identity.country(party) or identity.country(invoice.seller)
    name = element("Name", party.name)
    return group("SellerTaxRepresentativeTradeParty", name, address(party.address, home=home), _vat_number(party))


def payee(invoice: Invoice) -> str:
    """BG-10, only where it is someone else than the seller (BR-17)."""
    party = invoice.payee
    if party is None or clean(party.name) == clean(invoice.seller.name):
        return ""
    stated = [each for each in party.identifiers if each.scheme != SEPA][:1]
    legal = group("SpecifiedLegalOrganization", identifier("ID", identity.modern(party.legal_id)))
    return group("PayeeTradeParty", _identifiers(stated), element("Name", party.name), legal)


def creditor_reference(invoice: Invoice) -> str:
    """BT-90."""
    parties = (invoice.seller, invoice.payee)
    found = (each.value for party in parties if party for each in party.identifiers if each.scheme == SEPA)
    return element("CreditorReferenceID", next(found, None))


def ship_to(invoice: Invoice) -> str:
    """BG-13 and BG-15."""
    home = identity.country(invoice.buyer) or identity.country(invoice.seller)
    place, where = invoice.delivery_location_id, invoice.delivery_address
    return group(
        "ShipToTradeParty",
        _identifiers([place] if place else []),
        element("Name", invoice.delivery_name),
        address(where, home=home) if where else "",
    )


def address(stated: Address, *, home: str | None) -> str:
    """BG-5, BG-8, BG-12, BG-15; one without a country is a domestic one (BR-09, BR-11, BR-20, BR-57 want it said)."""
    return group(
        "PostalTradeAddress",
        element("PostcodeCode", stated.postcode),
        element("LineOne", stated.street),
        element("LineTwo", stated.additional_street),
        element("LineThree", stated.address_line),
        element("CityName", stated.city),
        element("CountryID", stated.country or home),
        element("CountrySubDivisionName", stated.subdivision),
    )


def legal_identifier(party: Party) -> Identifier | None:
    """BT-30, BT-47: the Belgian enterprise number in its ten digits, else what is stated."""
    stated = identity.modern(party.legal_id)
    if stated is not None and stated.scheme not in (None, identity.BELGIAN):
        return stated
    if number := identity.enterprise_number(party):
        return Identifier(value=number, scheme=identity.BELGIAN)
    return Identifier(value=stated.value) if stated else None


def _identifiers(stated: Iterable[Identifier]) -> str:
    """The schema has those without a scheme first."""
    known = [identity.modern(each) or each for each in stated]
    local = "".join(identifier("ID", each) for each in known if not is_global(each))
    return local + "".join(identifier("GlobalID", each) for each in known if is_global(each))


def _legal_organization(party: Party) -> str:
    return group(
        "SpecifiedLegalOrganization",
        identifier("ID", legal_identifier(party)),
        element("TradingBusinessName", party.trading_name),
    )


def _contact(party: Party) -> str:
    return group(
        "DefinedTradeContact",
        element("PersonName", party.contact_name),
        group("TelephoneUniversalCommunication", element("CompleteNumber", party.telephone)),
        group("EmailURIUniversalCommunication", element("URIID", party.email)),
    )


def _electronic_address(party: Party) -> str:
    known = identity.electronic_address(party)
    return group("URIUniversalCommunication", element("URIID", known.value, attribute("schemeID", known.scheme))) if known else ""


def _vat_number(party: Party) -> str:
    return group("SpecifiedTaxRegistration", element("ID", identity.vat_number(party), ' schemeID="VA"'))
