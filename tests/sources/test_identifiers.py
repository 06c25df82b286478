from __future__ import annotations

from dataclasses import replace

import pytest

from core.model import Identifier, Language, Party, PaymentMeans
from core.sources.identifiers import enterprise_number, guess_language, odd, party_key, slug, vat_id
from tests import builders as make


def party(**overrides: object) -> Party:
    """One that nothing is known of but its name and address."""
    return make.party(**{"name": "Odin 59", "vat_id": None, "legal_id": None, "endpoint": None} | overrides)


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("BE 0827.405.743", "BE0827405743"),
        ("be827405743", "BE0827405743"),
        ("BTW BE0827405743", "BE0827405743"),
        ("TVA-FR 23 334175221", "FR23334175221"),
        ("NL8200.98.395.B.01", "NL820098395B01"),
        ("NO987654321MVA", "NO987654321MVA"),
        ("n/a", None),
        ("niet btw-plichtig", None),
        ("BE0000000000", None),
        ("", None),
    ],
)
def test_vat_ids(stated: str, found: str | None) -> None:
    assert vat_id(stated) == found


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"vat_id": "BE 0999.999.922", "legal_id": Identifier(value="x1")}, "BE0999999922"),
        ({"legal_id": Identifier(value="0999.999.922", scheme="0208")}, "0999999922"),
        ({"legal_id": Identifier(value="0999999922", scheme="BE:CBE")}, "0999999922"),
        ({"legal_id": Identifier(value="BE 999 999 922", scheme="0208")}, "0999999922"),
        ({"legal_id": Identifier(value="0999999922")}, "0999999922"),
        ({"legal_id": Identifier(value="987 654 321", scheme="0082")}, "0082:987654321"),
        ({"legal_id": Identifier(value="57-15.1520")}, "57151520"),
        ({"legal_id": Identifier(value="0000000000", scheme="0208")}, "odin-59-2000"),
        ({"vat_id": "n/a", "endpoint": Identifier(value="PKE_400001", scheme="0193")}, "0193:PKE_400001"),
        ({"endpoint": Identifier(value="Jan@X.be", scheme="EM"), "name": "Jan"}, "jan-2000"),
        ({}, "odin-59-2000"),
        ({"address": make.address(postcode="1960 AJ")}, "odin-59-1960-aj"),
        ({"name": "Éric & Fils—SPRL", "address": make.address(postcode=None)}, "eric-fils-sprl"),
    ],
)
def test_what_a_party_is_matched_by(overrides: dict[str, object], key: str) -> None:
    assert party_key(party(**overrides)) == key


def test_a_name_of_signs_only_is_still_a_key() -> None:
    assert party_key(party(name="***", address=make.address(postcode=None))) == "***"


def test_slugs_keep_other_scripts() -> None:
    assert slug("Ωmega  Στούντιο 7") == "ωmega-στουντιο-7"


@pytest.mark.parametrize(
    ("overrides", "number"),
    [
        ({"legal_id": Identifier(value="0827.405.743", scheme="0208")}, "0827405743"),
        ({"legal_id": Identifier(value="57151520", scheme="0106"), "vat_id": "BE0827405743"}, "0827405743"),
        ({"vat_id": "BE827405743"}, "0827405743"),
        ({"vat_id": "DE123456788"}, None),
        ({"legal_id": Identifier(value="0827405744")}, None),  # no scheme, wrong check digits
        ({"legal_id": Identifier(value="0827405743"), "address": make.address(country="NL")}, None),
        ({}, None),
    ],
)
def test_enterprise_numbers(overrides: dict[str, object], number: str | None) -> None:
    assert enterprise_number(party(**overrides)) == number


@pytest.mark.parametrize(
    ("country", "postcode", "language"),
    [
        ("BE", "1000", None),
        ("BE", "1299", None),
        ("BE", "1300", Language.FR),
        ("BE", "1499", Language.FR),
        ("BE", "1500", Language.NL),
        ("BE", "3999", Language.NL),
        ("BE", "B-4000", Language.FR),
        ("BE", "7999", Language.FR),
        ("BE", "8000", Language.NL),
        ("BE", "9999", Language.NL),
        ("BE", "0999", None),
        ("BE", "75008", None),
        ("BE", None, None),
        ("FR", "75008", Language.FR),
        ("LU", None, Language.FR),
        ("MC", None, Language.FR),
        ("NL", "1960 AJ", Language.NL),
        ("DE", "10787", Language.EN),
        (None, "1000", None),
    ],
)
def test_languages(country: str | None, postcode: str | None, language: Language | None) -> None:
    assert guess_language(party(address=make.address(country=country, postcode=postcode))) is language


def test_a_vat_number_knows_its_country() -> None:
    stateless = make.address(country=None, postcode="4000")
    assert guess_language(party(vat_id="FR23334175221", address=stateless)) is Language.FR
    assert guess_language(party(vat_id="BE0827405743", address=stateless)) is Language.FR


def test_right_check_digits_say_nothing() -> None:
    assert list(odd(make.invoice())) == []


def test_wrong_check_digits_are_told() -> None:
    invoice = make.invoice()
    means = PaymentMeans(iban="BE71096123456760", reference="+++000/0000/04243+++")
    wrong = replace(invoice.seller, name="Dubois", vat_id="BE0123456748", legal_id=Identifier(value="0123456748", scheme="0208"))
    assert [str(sentence) for sentence in odd(replace(invoice, seller=wrong, payment_means=(means,)))] == [
        "The VAT number BE0123456748 of Dubois has wrong check digits.",
        "The enterprise number 0123456748 of Dubois has wrong check digits.",
        "The account number BE71096123456760 is not a correct IBAN.",
        "The structured communication +++000/0000/04243+++ has wrong check digits.",
    ]


@pytest.mark.parametrize("vat", ["GB123", "NO1", "CHE-1", "US99"])
def test_numbers_from_outside_the_union_are_not_judged(vat: str) -> None:
    invoice = make.invoice()
    assert list(odd(replace(invoice, buyer=replace(invoice.buyer, vat_id=vat)))) == []


def test_strange_digits_do_not_upset_the_checks() -> None:
    invoice = make.invoice()
    buyer = replace(invoice.buyer, vat_id="BE٠٨٢٧٤٠٥٧٤٣9", legal_id=Identifier(value="٠٨٢٧٤٠٥٧٤٣", scheme="0208"))
    told = list(odd(replace(invoice, buyer=buyer, payment_means=(PaymentMeans(iban="BE٧١"),))))
    assert len(told) == 2
