"""Write seller, buyer, payee and tax representative, with their addresses and numbers."""

from __future__ import annotations

from core.model import Address, Identifier, Invoice, Party
from core.rendering import identity
from core.rendering.ubl_xml import Dialect, clean, group, identifier, text


def parties(invoice: Invoice, dialect: Dialect) -> str:
    """All four, in the order of the schema."""
    home = identity.country(invoice.seller)
    return "".join(
        (
            group("AccountingSupplierParty", group("Party", _trader(invoice.seller, dialect, is_seller=True, home=home))),
            group("AccountingCustomerParty", group("Party", _trader(invoice.buyer, dialect, is_seller=False, home=home))),
            _payee(invoice, dialect),
            _representative(invoice.tax_representative, dialect, home=home),
        )
    )


def address(stated: Address, dialect: Dialect, *, home: str | None) -> str:
    """BG-5, BG-8, BG-12, BG-15; an address without a country is a domestic one (BR-09, BR-11, BR-20, BR-57 want it said)."""
    return "".join(
        (
            text("StreetName", stated.street),
            text("AdditionalStreetName", stated.additional_street),
            text("CityName", stated.city),
            text("PostalZone", stated.postcode),
            text("CountrySubentity", stated.subdivision),
            group("AddressLine", text("Line", stated.address_line)),
            group("Country", text("IdentificationCode", stated.country or home, listID="ISO3166-1:Alpha2" if dialect.efff else None)),
        )
    )


def _trader(party: Party, dialect: Dialect, *, is_seller: bool, home: str | None) -> str:
    identifiers = party.identifiers if is_seller else party.identifiers[:1]  # UBL-SR-16: one for the buyer
    # e-FFF wants PartyName always, EN 16931 only for a trading name (BT-28, BT-45)
    name = clean(party.trading_name) or (party.name if dialect.efff else None)
    return "".join(
        (
            _endpoint(party, dialect),
            *(_identification(stated, dialect) for stated in identifiers),
            group("PartyName", text("Name", name)),
            group("PostalAddress", address(party.address, dialect, home=identity.country(party) or home)),
            _vat_number(party, dialect),
            _registration(party) if is_seller else "",
            _legal_entity(party, dialect, is_seller=is_seller),
            group(
                "Contact",
                text("Name", party.contact_name),
                text("Telephone", party.telephone),
                text("ElectronicMail", party.email),
            ),
        )
    )


def _endpoint(party: Party, dialect: Dialect) -> str:
    if dialect.efff:
        number = identity.enterprise_number(party)
        found = Identifier(value=number, scheme=identity.BELGIAN) if number else identity.modern(party.endpoint)
    else:
        found = identity.peppol_address(party) if dialect.peppol else identity.electronic_address(party)
    return text("EndpointID", found.value, schemeID=_scheme(found.scheme, dialect)) if found else ""


def _identification(stated: Identifier, dialect: Dialect) -> str:
    known = identity.modern(stated) or stated
    if known.scheme == "SEPA":  # BT-90
        return group("PartyIdentification", text("ID", known.value, schemeID="SEPA"))
    named = Identifier(value=known.value, scheme=_scheme(known.scheme, dialect))
    return group("PartyIdentification", identifier("ID", named, efff=dialect.efff))


def _scheme(scheme: str | None, dialect: Dialect) -> str | None:
    return identity.OLD_NAMES.get(scheme, scheme) if dialect.efff and scheme else scheme


def _vat_number(party: Party, dialect: Dialect) -> str:
    number = identity.vat_number(party)
    if not clean(number):
        return ""
    scheme = f"{number[:2]}:VAT" if dialect.efff and number[:2].isalpha() else None
    return group("PartyTaxScheme", text("CompanyID", number, schemeID=scheme), group("TaxScheme", text("ID", "VAT")))


def _registration(party: Party) -> str:
    """BT-32."""
    stated = party.tax_registration
    if stated is None or not clean(stated.value):
        return ""
    return group("PartyTaxScheme", text("CompanyID", stated.value), group("TaxScheme", text("ID", clean(stated.scheme) or "TAX")))


def _legal_entity(party: Party, dialect: Dialect, *, is_seller: bool) -> str:
    stated = identity.modern(party.legal_id)
    if stated is None or stated.scheme in (None, identity.BELGIAN):
        number = identity.enterprise_number(party)
        # PEPPOL-COMMON-R043: scheme 0208 is for valid numbers only
        stated = Identifier(value=number, scheme=identity.BELGIAN) if number else stated and Identifier(value=stated.value)
    return group(
        "PartyLegalEntity",
        text("RegistrationName", party.name),
        _company_id(stated, dialect),
        text("CompanyLegalForm", party.legal_form) if is_seller and not dialect.ubl20 else "",
    )


def _company_id(stated: Identifier | None, dialect: Dialect) -> str:
    if stated is None:
        return ""
    return identifier("CompanyID", Identifier(value=stated.value, scheme=_scheme(stated.scheme, dialect)), efff=dialect.efff)


def _payee(invoice: Invoice, dialect: Dialect) -> str:
    """BG-10, with a name (BR-17)."""
    payee = invoice.payee
    if payee is None or not clean(payee.name) or _is_seller(payee, invoice.seller):
        return ""
    return group(
        "PayeeParty",
        *(_identification(stated, dialect) for stated in payee.identifiers[:1]),
        group("PartyName", text("Name", payee.name)),
        group("PartyLegalEntity", _company_id(identity.modern(payee.legal_id), dialect)),
    )


def _is_seller(payee: Party, seller: Party) -> bool:
    """BR-17, UBL-SR-19: a payee is someone else, by name and by number."""
    names, numbers = {clean(seller.name), clean(seller.trading_name)}, {stated.value for stated in seller.identifiers}
    return clean(payee.name) in names or any(stated.value in numbers for stated in payee.identifiers[:1])


def _representative(party: Party | None, dialect: Dialect, *, home: str | None) -> str:
    """BG-11."""
    if party is None:
        return ""
    return group(
        "TaxRepresentativeParty",
        group("PartyName", text("Name", clean(party.name) or identity.vat_number(party))),  # BR-18
        group("PostalAddress", address(party.address, dialect, home=identity.country(party) or home)),
        _vat_number(party, dialect),
    )
