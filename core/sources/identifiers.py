"""Identifiers of parties: how they are written, what they are matched by, and whether their check digits are right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from stdnum import iban as stdnum_iban
from stdnum.be import ogm_vcs
from stdnum.be import vat as stdnum_be
from stdnum.eu import vat as stdnum_eu

from core.errors import Sentence
from core.i18n import N_
from core.model import Invoice, Language, Party

BELGIAN_SCHEMES = frozenset({"0208", "BE:CBE", "BE:KBO", "BE:BCE"})
_ENTERPRISE_NUMBER = re.compile(r"[01][0-9]{9}")
_BELGIAN_VAT = re.compile(r"BE(0?[0-9]{9}|[01][0-9]{9})")
_TAX_WORD = re.compile(r"^(?:BTW|TVA|VAT|MWST|UST)(?=[A-Z]{2}[0-9])")
_STRUCTURED = re.compile(r"[+*]{3}\s*([0-9]{3})/?([0-9]{4})/?([0-9]{5})\s*[+*]{3}")
_SPOKEN = {"FR": Language.FR, "LU": Language.FR, "MC": Language.FR, "NL": Language.NL}
_BELGIAN_POSTCODES = (
    (range(1300, 1500), Language.FR),
    (range(1500, 4000), Language.NL),
    (range(4000, 8000), Language.FR),
    (range(8000, 10000), Language.NL),
)

VAT_ODD = N_("The VAT number {value} of {name} has wrong check digits.")
ENTERPRISE_ODD = N_("The enterprise number {value} of {name} has wrong check digits.")
IBAN_ODD = N_("The account number {value} is not a correct IBAN.")
STRUCTURED_ODD = N_("The structured communication {value} has wrong check digits.")


def party_key(party: Party) -> str:
    """What a company or customer is matched by: VAT number, else enterprise number, else endpoint, else name and postcode.

    An e-mail address as endpoint identifies nobody: one accountant's address stands on the invoices of many.
    """
    vat = vat_id(party.vat_id or "")
    if vat:
        return vat
    if party.legal_id is not None and _says_something(party.legal_id.value):
        number = _belgian_digits(party)
        if number:
            return number
        value = normalised(party.legal_id.value)
        return f"{party.legal_id.scheme}:{value}" if party.legal_id.scheme else value
    if party.endpoint is not None and "@" not in party.endpoint.value and _says_something(party.endpoint.value):
        return f"{party.endpoint.scheme or ''}:{''.join(party.endpoint.value.split())}"
    return slug(" ".join(part for part in (party.name, party.address.postcode) if part)) or party.name


def vat_id(text: str) -> str | None:
    """Upper-case letters and digits, Belgian numbers with ten digits; None for “n/a”, “niet btw-plichtig” and the like."""
    value = _TAX_WORD.sub("", normalised(text))
    if not _says_something(value):
        return None
    belgian = _BELGIAN_VAT.fullmatch(value)
    return f"BE{belgian[1]:0>10}" if belgian else value


def enterprise_number(party: Party) -> str | None:
    """The ten digits of the Belgian enterprise number, from the legal identifier or the VAT number."""
    number = _belgian_digits(party)
    if number:
        return number
    vat = vat_id(party.vat_id or "") or ""
    return vat[2:] if vat.startswith("BE") and _ENTERPRISE_NUMBER.fullmatch(vat[2:]) else None


def _belgian_digits(party: Party) -> str | None:
    """The legal identifier, if its scheme says Belgian, or its country does and its check digits too."""
    if party.legal_id is None:
        return None
    value = normalised(party.legal_id.value).removeprefix("BE")
    value = f"0{value}" if len(value) == 9 else value
    if not _ENTERPRISE_NUMBER.fullmatch(value):
        return None
    scheme = (party.legal_id.scheme or "").upper()
    if scheme in BELGIAN_SCHEMES:
        return value
    return value if not scheme and party.address.country == "BE" and _is_enterprise_number(value) else None


def _is_enterprise_number(value: str) -> bool:
    return value.isascii() and stdnum_be.is_valid(value)


def is_odd_belgian(vat: str) -> bool:
    """A Belgian VAT number that no company can have."""
    return vat.startswith("BE") and not _is_enterprise_number(vat)


def guess_language(party: Party) -> Language | None:
    """From the country and, in Belgium, the postcode; None where a person must say (Brussels, no country)."""
    country = party.address.country or (vat_id(party.vat_id or "") or "")[:2]
    if not country.isalpha():
        return None
    if country == "BE":
        digits = "".join(character for character in party.address.postcode or "" if character.isdigit())
        postcode = int(digits) if len(digits) == 4 else 0
        return next((language for codes, language in _BELGIAN_POSTCODES if postcode in codes), None)
    return _SPOKEN.get(country, Language.EN)


def normalised(text: str) -> str:
    """Letters and digits, upper-case."""
    return "".join(character for character in text.upper() if character.isalnum())


def slug(text: str) -> str:
    """Lower-case words joined by hyphens, without accents: `odin-59-1960-aj`."""
    plain = "".join(character for character in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(character))
    return "-".join("".join(character if character.isalnum() else " " for character in plain).split())


def _says_something(value: str) -> bool:
    """Placeholders such as “0000000000”, “-” or “N/A” would make one customer of many."""
    return any(character in "123456789" for character in value)


def odd(invoice: Invoice) -> Iterator[Sentence]:
    """Wrong check digits. Official samples have some and real sellers too, so nothing is refused for it."""
    for party in (invoice.seller, invoice.buyer):
        vat = vat_id(party.vat_id or "")
        if vat and vat.isascii() and vat[:2] in _EUROPEAN and not stdnum_eu.is_valid(vat):
            yield Sentence(VAT_ODD, {"value": vat, "name": party.name})
        legal = party.legal_id
        if legal is not None and (legal.scheme or "").upper() in BELGIAN_SCHEMES and not _is_enterprise_number(legal.value):
            yield Sentence(ENTERPRISE_ODD, {"value": legal.value, "name": party.name})
    for means in invoice.payment_means:
        if means.iban and not (means.iban.isascii() and stdnum_iban.is_valid(means.iban, check_country=False)):
            yield Sentence(IBAN_ODD, {"value": means.iban})
        structured = _STRUCTURED.fullmatch(means.reference or "")
        if structured and not ogm_vcs.is_valid("".join(structured.groups())):
            yield Sentence(STRUCTURED_ODD, {"value": means.reference or ""})


_EUROPEAN = frozenset(code.upper() for code in stdnum_eu.MEMBER_STATES) | {"EL", "XI"}
