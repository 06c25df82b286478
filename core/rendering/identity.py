"""By which numbers a party is known: enterprise number, VAT number, electronic address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from core.model import Identifier, Party
from core.rendering.ubl_xml import codes

BELGIAN: Final = "0208"
BELGIAN_SCHEMES: Final = frozenset({BELGIAN, "9956", "BE:CBE"})
MAIL: Final = "EM"

# Electronic address schemes that Peppol accepts (PEPPOL-EN16931-CL008)
PEPPOL_SCHEMES: Final = codes(
    "0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191 0192 0195 0196 0198 0199 0200 0201 0204 "
    "0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246 0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 "
    "9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 "
    "9949 9950 9951 9952 9953 9957 9959"
)
# What EN 16931 knows besides (BR-CL-25)
_EAS_SCHEMES: Final = PEPPOL_SCHEMES | codes("0037 0147 0154 0158 0170 0177 0193 0194 0202 0203 0205 0212 0213 0215 0217 0219 0220 AN AQ AS AU EM")
# What the older Peppol lists, and so e-FFF, call the same schemes
OLD_NAMES: Final = {
    BELGIAN: "BE:CBE",
    "9925": "BE:VAT",
    "0002": "FR:SIRENE",
    "0009": "FR:SIRET",
    "0060": "DUNS",
    "0088": "GLN",
    "0106": "NL:KVK",
    "9930": "DE:VAT",
    "9938": "LU:VAT",
    "9944": "NL:VAT",
    "9957": "FR:VAT",
}
_NEW_NAMES: Final = {old: new for new, old in OLD_NAMES.items()} | {"9956": BELGIAN}


def enterprise_number(party: Party) -> str | None:
    """The ten digits of a valid Belgian enterprise number, wherever the source has put it."""
    return next((number for stated in _belgian_candidates(party) if (number := belgian_number(stated))), None)


@lru_cache(maxsize=1024)
def belgian_number(stated: str) -> str | None:
    """`0123456789` from `BE 123.456.789` and its like; None unless the last two digits are 97 − (the first eight mod 97)."""
    digits = re.sub(r"\D", "", stated).zfill(10)
    if len(digits) != 10 or int(digits[8:]) != 97 - int(digits[:8]) % 97:
        return None
    return digits


def _belgian_candidates(party: Party) -> Iterator[str]:
    belgian = country(party) == "BE"
    for stated in (party.endpoint, party.legal_id, *party.identifiers):
        if stated and (stated.scheme in BELGIAN_SCHEMES or (not stated.scheme and belgian and stated is party.legal_id)):
            yield stated.value
    if vat_number(party).startswith("BE"):
        yield vat_number(party)[2:]


def vat_number(party: Party) -> str:
    """The VAT number with its country and without dots, or nothing."""
    number = re.sub(r"[\s.\-/]", "", party.vat_id or "").upper()
    if number.isdigit() and party.address.country in (None, "BE") and belgian_number(number):
        return f"BE{number.zfill(10)}"
    return number


def country(party: Party) -> str | None:
    """The country of the address, else of the VAT number, else Belgium for who has an enterprise number."""
    if party.address.country:
        return party.address.country
    prefix = re.match(r"[A-Z]{2}(?=\w*\d)", vat_number(party))
    if prefix:
        return {"EL": "GR"}.get(prefix[0], prefix[0])
    numbers = (party.endpoint, party.legal_id)
    return "BE" if any(number and number.scheme in BELGIAN_SCHEMES for number in numbers) else None


def registration(party: Party) -> Identifier | None:
    """BT-30, BT-47 as stated, else the enterprise number, else the VAT number for want of anything better."""
    if party.legal_id:
        return party.legal_id
    if number := enterprise_number(party):
        return Identifier(value=number, scheme=BELGIAN)
    return Identifier(value=number) if (number := vat_number(party)) else None


def modern(stated: Identifier | None) -> Identifier | None:
    """The identifier with the scheme's code of today, and an enterprise number in its ten digits."""
    if stated is None or not stated.scheme:
        return stated
    scheme = _NEW_NAMES.get(stated.scheme, stated.scheme)
    value = (belgian_number(stated.value) or stated.value) if scheme == BELGIAN else stated.value
    return Identifier(value=value, scheme=scheme)


def peppol_address(party: Party) -> Identifier | None:
    """BT-34, BT-49 as Peppol takes it: the stated one if its scheme is known there, else the enterprise number."""
    stated = modern(party.endpoint)
    if stated and stated.scheme in PEPPOL_SCHEMES and (stated.scheme != BELGIAN or belgian_number(stated.value)):
        return stated
    number = enterprise_number(party)
    return Identifier(value=number, scheme=BELGIAN) if number else None


def electronic_address(party: Party) -> Identifier | None:
    """The same for EN 16931 outside Peppol, where more schemes are known and an e-mail address will do."""
    stated = modern(party.endpoint)
    if stated and stated.scheme in _EAS_SCHEMES and (stated.scheme != BELGIAN or belgian_number(stated.value)):
        return stated
    return peppol_address(party) or (Identifier(value=party.email, scheme=MAIL) if party.email else None)
