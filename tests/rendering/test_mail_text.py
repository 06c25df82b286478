"""The accompanying text: strict keywords, both parts say the same, nothing runs."""

from __future__ import annotations

import html
import re

import pytest

from core.errors import KeywordUnknown, TextInvalid
from core.model import DocumentType, Language
from core.records import AccompanyingText
from core.rendering import mail_text
from core.rendering.mail_text import KEYWORDS
from tests import builders


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
    "text",
    ["{{ number", "{% if %}", "{{ number.__class__ }}", "{{ ''.join(number) }}", "{% for x in range(10**9) %}x{% endfor %}", "{% include 'x' %}"],
)
def test_what_could_break_or_run_is_refused(text: str) -> None:
    with pytest.raises(TextInvalid):
        mail_text.check(text)


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
