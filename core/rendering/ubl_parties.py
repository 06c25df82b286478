"""Write seller, buyer, payee and tax representative, with their addresses and numbers."""

from __future__ import annotations

from lxml import etree

from core.model import Address, Identifier, Invoice, Party
from core.rendering import identity
from core.rendering.ubl_xml import Dialect, clean, group, identifier, text


def write_parties(root: etree._Element, invoice: Invoice, dialect: Dialect) -> None:
    """All four, in the order of the schema."""
    home = identity.country(invoice.seller)
    _trader(group(group(root, "AccountingSupplierParty"), "Party"), invoice.seller, dialect, is_seller=True, home=home)
    _trader(group(group(root, "AccountingCustomerParty"), "Party"), invoice.buyer, dialect, is_seller=False, home=home)
    if invoice.payee and clean(invoice.payee.name) != clean(invoice.seller.name):  # UBL-SR-19: only a payee who is someone else
        _payee(group(root, "PayeeParty"), invoice.payee, dialect)
    if invoice.tax_representative:
        representative = group(root, "TaxRepresentativeParty")
        text(group(representative, "PartyName"), "Name", invoice.tax_representative.name)
        abode = identity.country(invoice.tax_representative) or home
        write_address(group(representative, "PostalAddress"), invoice.tax_representative.address, dialect, home=abode)
        _vat_number(representative, invoice.tax_representative, dialect)


def write_address(parent: etree._Element, address: Address, dialect: Dialect, *, home: str | None) -> None:
    """BG-5, BG-8, BG-12, BG-15; an address without a country is a domestic one (BR-09, BR-11, BR-20, BR-57 want it said)."""
    text(parent, "StreetName", address.street)
    text(parent, "AdditionalStreetName", address.additional_street)
    text(parent, "CityName", address.city)
    text(parent, "PostalZone", address.postcode)
    text(parent, "CountrySubentity", address.subdivision)
    if clean(address.address_line):
        text(group(parent, "AddressLine"), "Line", address.address_line)
    if country := address.country or home:
        text(group(parent, "Country"), "IdentificationCode", country, listID="ISO3166-1:Alpha2" if dialect.efff else None)


def _trader(node: etree._Element, party: Party, dialect: Dialect, *, is_seller: bool, home: str | None) -> None:
    _endpoint(node, party, dialect)
    for stated in party.identifiers if is_seller else party.identifiers[:1]:  # UBL-SR-16: one for the buyer
        if clean(stated.value):
            _identification(node, stated, dialect)
    # e-FFF wants PartyName always, EN 16931 only for a trading name (BT-28, BT-45)
    if name := clean(party.trading_name) or (dialect.efff and clean(party.name)):
        text(group(node, "PartyName"), "Name", name)
    write_address(group(node, "PostalAddress"), party.address, dialect, home=identity.country(party) or home)
    _vat_number(node, party, dialect)
    if is_seller and party.tax_registration and clean(party.tax_registration.value):
        scheme = group(node, "PartyTaxScheme")
        text(scheme, "CompanyID", party.tax_registration.value)
        text(group(scheme, "TaxScheme"), "ID", party.tax_registration.scheme or "TAX")
    _legal_entity(node, party, dialect, is_seller=is_seller)
    if any(map(clean, (party.contact_name, party.telephone, party.email))):
        contact = group(node, "Contact")
        text(contact, "Name", party.contact_name)
        text(contact, "Telephone", party.telephone)
        text(contact, "ElectronicMail", party.email)


def _endpoint(node: etree._Element, party: Party, dialect: Dialect) -> None:
    if dialect.efff:
        number = identity.enterprise_number(party)
        address = Identifier(value=number, scheme=identity.BELGIAN) if number else identity.modern(party.endpoint)
    else:
        address = identity.peppol_address(party) if dialect.peppol else identity.electronic_address(party)
    if address:
        text(node, "EndpointID", address.value, schemeID=_scheme(address.scheme, dialect))


def _identification(node: etree._Element, stated: Identifier, dialect: Dialect) -> None:
    known = identity.modern(stated) or stated
    tag = group(node, "PartyIdentification")
    if known.scheme == "SEPA":  # BT-90
        text(tag, "ID", known.value, schemeID="SEPA")
    else:
        identifier(tag, "ID", Identifier(value=known.value, scheme=_scheme(known.scheme, dialect)), efff=dialect.efff)


def _scheme(scheme: str | None, dialect: Dialect) -> str | None:
    return identity.OLD_NAMES.get(scheme, scheme) if dialect.efff and scheme else scheme


def _vat_number(node: etree._Element, party: Party, dialect: Dialect) -> None:
    number = identity.vat_number(party)
    if not number:
        return
    scheme = group(node, "PartyTaxScheme")
    text(scheme, "CompanyID", number, schemeID=f"{number[:2]}:VAT" if dialect.efff and number[:2].isalpha() else None)
    text(group(scheme, "TaxScheme"), "ID", "VAT")


def _legal_entity(node: etree._Element, party: Party, dialect: Dialect, *, is_seller: bool) -> None:
    entity = group(node, "PartyLegalEntity")
    text(entity, "RegistrationName", party.name)
    stated = identity.modern(party.legal_id)
    if stated is None or stated.scheme in (None, identity.BELGIAN):
        number = identity.enterprise_number(party)
        # PEPPOL-COMMON-R043: scheme 0208 is for valid numbers only
        stated = Identifier(value=number, scheme=identity.BELGIAN) if number else stated and Identifier(value=stated.value)
    if stated:
        identifier(entity, "CompanyID", Identifier(value=stated.value, scheme=_scheme(stated.scheme, dialect)), efff=dialect.efff)
    if is_seller:
        text(entity, "CompanyLegalForm", party.legal_form)


def _payee(node: etree._Element, payee: Party, dialect: Dialect) -> None:
    for stated in payee.identifiers[:1]:
        _identification(node, stated, dialect)
    text(group(node, "PartyName"), "Name", payee.name)
    if payee.legal_id and (known := identity.modern(payee.legal_id)):
        identifier(group(node, "PartyLegalEntity"), "CompanyID", known, efff=dialect.efff)
