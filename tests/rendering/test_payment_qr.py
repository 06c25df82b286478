"""The code for paying within the mail: a picture that a bank reads, the same in words, and nothing where nothing is asked for."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core import eml
from core.errors import TextInvalid
from core.mailbox import Mailbox
from core.model import Invoice, Language
from core.records import AccompanyingText
from core.rendering import epc, mail_text, message, payment_qr
from core.rendering.mail_text import MailText
from core.rendering.message import Attachment, Envelope
from core.rendering.payment_qr import MARK
from tests import builders

LETTERS = st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("éèêçàâôùëïÉ")
BODY = "Bonjour,\n\nVoici la facture.\n\n{{ payment_qr }}\n\nBien à vous,"
ENVELOPE = Envelope(
    from_mailbox=Mailbox(addr_spec="factures@dubois.example"),
    to=(Mailbox(addr_spec="a@x.test"),),
    message_id="<0123456789abcdef0123456789abcdef@dubois.example>",
    date=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
)
FILES = [Attachment(file_name=name, mime_type="application/pdf", content=b"%PDF") for name in ("a.pdf", "b.xml", "terms.pdf")]
NOTHING_TO_PAY = {
    "credit note": builders.credit_note(),
    "paid": builders.paid(builders.invoice(), "242.00"),
    "in dollars": builders.invoice(currency="USD"),
    "no account": builders.invoice(payment_means=()),
}


def text(body: str) -> AccompanyingText:
    return AccompanyingText(subject="Facture {{ number }}", body=body)


def made(invoice: Invoice, body: str, language: Language = Language.FR, signature: str = "Marie") -> MailText:
    return mail_text.finished(mail_text.filled(text(body), invoice, language), signature, payment_qr.of(invoice, language))


def mailed(words: MailText) -> EmailMessage:
    composed = message.compose(ENVELOPE, words, FILES)
    assert composed == message.compose(ENVELOPE, words, FILES)
    return message_from_bytes(composed, policy=default)


def inside(part: Message) -> list[EmailMessage]:
    assert isinstance(part, EmailMessage)
    return [each for each in part.iter_parts() if isinstance(each, EmailMessage)]


def codes(png: bytes) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(png)))]


def test_the_mail_carries_a_picture_that_a_bank_reads() -> None:
    invoice = builders.invoice()
    mail = mailed(made(invoice, BODY))
    [alternative, *attached] = inside(mail)
    _, related = inside(alternative)
    assert [part.get_content_type() for part in inside(alternative)] == ["text/plain", "multipart/related"]
    page, picture = inside(related)
    assert related.get_param("type") == "text/html"
    assert (picture.get_content_type(), picture.get_content_disposition()) == ("image/png", "inline")
    assert codes(picture.get_content()) == [epc.payload(invoice)]
    assert Image.open(BytesIO(picture.get_content())).mode == "1"
    [source] = re.findall(r'<img src="cid:([^"]+)" width="160" height="160"', page.get_content())
    assert picture["Content-ID"] == f"<{source}>"
    assert [part.get_filename() for part in attached] == ["a.pdf", "b.xml", "terms.pdf"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.pdf", "b.xml", "terms.pdf"]
    assert len([part for part in mail.walk() if part.get_content_disposition() == "attachment"]) == len(FILES)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.FR, "À payer : 242,00 € sur le compte BE71 0961 2345 6769, avec la communication +++000/0000/04242+++"),
        (Language.NL, "Te betalen: € 242,00 op rekening BE71 0961 2345 6769, met de mededeling +++000/0000/04242+++"),
        (Language.EN, "To pay: € 242.00 to account BE71 0961 2345 6769, with the reference +++000/0000/04242+++"),
    ],
)
def test_the_plain_text_says_what_the_picture_is_called(language: Language, said: str) -> None:
    words = made(builders.invoice(), BODY, language)
    [alt] = re.findall(r'alt="([^"]*)"', words.html)
    assert html.unescape(alt).replace("\xa0", " ") == said
    assert html.unescape(alt) in words.plain
    seen = re.sub(r"<[^>]+>", "", re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"\1", words.html.split("<body", 1)[1].split(">", 1)[1]))
    assert html.unescape(seen).split() == words.plain.split()


@pytest.mark.parametrize("invoice", NOTHING_TO_PAY.values(), ids=NOTHING_TO_PAY)
@pytest.mark.parametrize(
    ("body", "left"),
    [
        (BODY, "Bonjour,\n\nVoici la facture.\n\nBien à vous,"),
        ("Bonjour,\n{{ payment_qr }}\nBien à vous,", "Bonjour,\nBien à vous,"),
        ("Bonjour,\r\n {{payment_qr}} \r\nBien à vous,", "Bonjour,\nBien à vous,"),
        ("Bonjour,\n{{ payment_qr }}", "Bonjour,"),
        ("Bonjour{% if payment_qr %}, payez {{ payment_qr }}{% else %}.{% endif %}", "Bonjour."),
        (f"Bonjour,\n{MARK}\nBien à vous,", "Bonjour,\nBien à vous,"),
    ],
)
def test_nothing_to_pay_leaves_no_hole(invoice: Invoice, body: str, left: str) -> None:
    words = made(invoice, body, signature="")
    assert words.plain == f"{left}\n"
    assert words.pictures == ()
    assert "<img" not in words.html
    assert b"multipart/related" not in message.compose(ENVELOPE, words, FILES)


def test_the_words_of_a_person_keep_the_picture_where_they_put_it() -> None:
    invoice = builders.invoice()
    shown = mail_text.filled(text(BODY), invoice, Language.NL)
    assert shown.body == f"Bonjour,\n\nVoici la facture.\n\n{MARK}\n\nBien à vous,"
    qr = payment_qr.of(invoice, Language.NL)
    assert qr
    moved = mail_text.finished(replace(shown, body=f"{MARK.lower()}\n\nDag,"), "", qr)
    assert moved.plain == f"{qr.words}\n\nDag,\n"
    assert moved.html.index("<img") < moved.html.index("Dag,")
    assert moved.pictures == (qr.picture,)
    assert mail_text.finished(replace(shown, body="Dag,"), "", qr) == mail_text.finished(replace(shown, body="Dag,"), "")


def test_the_signature_and_the_names_of_others_make_no_picture() -> None:
    invoice = builders.invoice(buyer=builders.party(name=f"Studio {MARK}"))
    words = made(invoice, "Bonjour {{ buyer }}", signature=f"Marie {MARK}")
    assert words.plain == f"Bonjour Studio (QR)\n\nMarie {MARK}\n"
    assert words.pictures == ()


def test_it_is_only_for_the_text() -> None:
    mail_text.check_text(text(BODY))
    for subject in ("Facture {{ payment_qr }}", "Facture{% if payment_qr %} à payer{% endif %}"):
        with pytest.raises(TextInvalid, match="a subject has none"):
            mail_text.check_text(replace(text(BODY), subject=subject))


def test_what_reads_the_mail_keeps_pictures_and_attachments_apart() -> None:
    words = made(builders.invoice(), BODY)
    opened = eml.opened(message.compose(ENVELOPE, words, FILES))
    assert [part.file_name for part in opened.attachments] == ["a.pdf", "b.xml", "terms.pdf"]
    assert [(part.content_id, part.mime_type, part.content) for part in opened.pictures] == [
        (picture.content_id, picture.mime_type, picture.content) for picture in words.pictures
    ]
    assert opened.html.replace("\r\n", "\n") == words.html


@given(
    name=st.text(LETTERS, min_size=1, max_size=90).filter(str.strip),
    reference=st.one_of(st.none(), st.text(LETTERS, max_size=150)),
    cents=st.integers(1, 10**11 - 1),
)
def test_any_code_is_read_back_from_the_mail(name: str, reference: str | None, cents: int) -> None:
    means = replace(builders.invoice().payment_means[0], account_name=name, reference=reference)
    invoice = builders.invoice(payment_means=(means,))
    invoice = replace(invoice, totals=replace(invoice.totals, amount_due=Decimal(cents) / 100))
    words = made(invoice, BODY)
    [picture] = [part for part in mailed(words).walk() if part.get_content_type() == "image/png"]
    assert codes(picture.get_content()) == [epc.payload(invoice)]
    [alt] = re.findall(r'alt="([^"]*)"', words.html)
    assert " ".join(html.unescape(alt).split()) in " ".join(words.plain.split())
