"""The accompanying text: strict keywords, both parts say the same, nothing runs."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from core import i18n
from core.errors import KeywordUnknown, TextInvalid
from core.model import DocumentType, Language
from core.records import AccompanyingText
from core.rendering import keywords, labels, mail_text, signatures
from core.rendering.keywords import KEYWORDS
from tests import builders
from tests.rendering import samples


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(DocumentType))
def test_the_standard_texts_can_be_used(language: Language, kind: DocumentType) -> None:
    made = builders.credit_note() if kind is DocumentType.CREDIT_NOTE else builders.invoice()
    words = mail_text.filled(mail_text.standard(language, kind), made, language, xml_file="efff.xml")
    assert made.number in words.subject
    assert made.number in words.body
    assert "242" in words.body
    assert "{" not in words.subject + words.body
    assert "XML" in words.body
    assert "XML" not in mail_text.filled(mail_text.standard(language, kind), made, language).body


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(KeywordUnknown) as refused:
        mail_text.check("Facture {{ numbre }}")
    assert refused.value.sentence.values == {"keyword": "numbre", "nearest": "number"}


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("montant_total", "total_with_vat"),
        ("Montant TTC", "total_with_vat"),
        ("numero", "number"),
        ("numéro", "number"),
        ("nummer", "number"),
        ("client", "buyer"),
        ("klant", "buyer"),
        ("nom du client", "buyer"),
        ("echeance", "due_date"),
        ("échéances", "due_date"),
        ("date d’échéance", "due_date"),
        ("vervaldatum", "due_date"),
        ("mededeling", "payment_reference"),
        ("gestructureerde mededeling", "payment_reference"),
        ("communication_structurée", "payment_reference"),
        ("htva", "total_without_vat"),
        ("totaal excl btw", "total_without_vat"),
        ("solde", "amount_due"),
        ("total_wiht_vat", "total_with_vat"),
        ("bestelbon", "order_reference"),
        ("code QR", "payment_qr"),
        ("QR-code om te betalen", "payment_qr"),
        ("notre n° de TVA", "seller_vat"),
        ("ons btw-nummer", "seller_vat"),
        ("numéro de TVA du client", "buyer_vat"),
        ("seller_iban", "iban"),
        ("période", "period"),
        ("contractnummer", "contract_reference"),
        ("conditions de paiement", "payment_terms"),
        ("betalingsvoorwaarden", "payment_terms"),
        ("creditnota", "is_credit_note"),
    ],
)
def test_the_nearest_is_what_a_bookkeeper_meant(written: str, nearest: str) -> None:
    with pytest.raises(KeywordUnknown) as refused:
        mail_text.check(f"Bonjour, {{{{ {written} }}}}.")
    assert refused.value.sentence.values == {"keyword": written, "nearest": nearest}


def test_every_alias_is_folded_and_leads_to_one_keyword() -> None:
    words = [(word, name) for name, words in keywords.ALIASES.items() for word in words.split()]
    assert {name for _, name in words} == set(KEYWORDS)
    for word, name in words:
        assert keywords.folded(word) == word
        assert keywords.nearest(word) == name


@pytest.mark.parametrize(
    "text",
    ["{{ number", "{% if %}", "{{ number.__class__ }}", "{{ ''.join(number) }}", "{% for x in range(10**9) %}x{% endfor %}", "{% include 'x' %}"]
    + ["{{ 'x' * 999999999 }}", "{% set a = number %}{{ a }}", "{{ number|pprint }}", "{{ number }} {{", "{% macro a() %}{% endmacro %}"],
)
def test_what_could_break_or_run_is_refused(text: str) -> None:
    with pytest.raises(TextInvalid):
        mail_text.check(text)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_what_the_menu_puts_in_can_be_used(keyword: str) -> None:
    before, after = keywords.written(keyword)
    mail_text.check(f"Bonjour {before}mot{after}" if after else f"Bonjour {before}")


def test_a_condition_is_asked_and_never_printed() -> None:
    asked = "{% if is_credit_note %}NC{% else %}F{% endif %} {{ 'a' if not is_credit_note else number }}"
    words = AccompanyingText(subject=asked, body="x")
    assert mail_text.filled(words, builders.invoice(number="7"), Language.FR).subject == "F a"
    assert mail_text.filled(words, builders.credit_note(number="8"), Language.FR).subject == "NC 8"
    for printed in (
        "{{ is_credit_note }}",
        "{{ is_credit_note|upper }}",
        "{{ is_credit_note or number }}",
        "{{ 'a' if number else is_credit_note }}",
    ):
        with pytest.raises(TextInvalid, match="is for a condition"):
            mail_text.check(printed)


def test_the_particulars_of_a_full_invoice_are_in_the_reader_s_words() -> None:
    invoice = samples.full(builders.invoice)
    found = mail_text.values(invoice, Language.NL)
    assert found["period"] == "01/11/2026 – 30/11/2026"
    assert (found["contract_reference"], found["payment_terms"]) == ("C-1", "30 jours")
    assert found["seller_vat"] == "BE 0123.456.749"
    assert found["buyer_vat"] == labels.vat_number(invoice.buyer.vat_id or "")
    assert found["seller_email"] == invoice.seller.email
    half = replace(invoice, period_end=None)
    assert mail_text.values(half, Language.FR)["period"] == i18n.translate(Language.FR, "from {day}", day="01/11/2026")


def test_every_keyword_can_be_used_and_amounts_are_in_the_reader_s_format() -> None:
    values = mail_text.values(builders.invoice(), Language.FR)
    assert set(values) == set(KEYWORDS)
    assert values["total_with_vat"].replace("\xa0", " ").replace("\u202f", " ") == "242,00 €"
    assert mail_text.values(builders.invoice(), Language.NL)["total_with_vat"].replace("\xa0", " ") == "€ 242,00"


def test_plain_and_html_say_the_same_with_the_signature_last() -> None:
    text = mail_text.finished(AccompanyingText(subject="A  b\n", body="Bonjour <b>,\n\n\n\nune ligne\nune autre\x00"), "Marie\n02 123")
    assert text.subject == "A b"
    assert text.plain == "Bonjour <b>,\n\nune ligne\nune autre\n\nMarie\n02 123\n"
    body = text.html.split("<body", 1)[1].split(">", 1)[1]
    seen = html.unescape(re.sub(r"<[^>]+>", "", body))
    assert seen.split() == text.plain.split()
    assert "<b>" not in body


SIGNATURE = "Marie Dubois\nAtelier Dubois SRL\n\n02 555 01 23"


@pytest.mark.parametrize(
    ("pasted", "lines"),
    [
        (SIGNATURE, 3),
        ("marie  dubois \n\nATELIER DUBOIS srl\n02 555 01 23\n\n", 3),
        ("Marie Dubois\nAtelier Dubois SRL", 2),
        ("-- \nMarie Dubois", 1),
        ("Paul Dubois\nAtelier Dubois SRL\n02 555 01 23", 0),
        ("Marie Dubois a écrit ceci.", 0),
        ("", 0),
    ],
)
def test_a_signature_pasted_into_the_text_is_noticed_and_taken_out(pasted: str, lines: int) -> None:
    body = f"Bonjour,\n\nVoici la facture.\n\n{pasted}"
    assert signatures.repeated(body, SIGNATURE) == lines
    if lines:
        assert signatures.without(body, SIGNATURE) == "Bonjour,\n\nVoici la facture."
    assert signatures.repeated(signatures.without(body, SIGNATURE), SIGNATURE) == 0


def test_no_signature_is_repeated_nowhere() -> None:
    assert signatures.repeated("Bonjour\n", "") == 0
    assert signatures.without(SIGNATURE, SIGNATURE) == ""
