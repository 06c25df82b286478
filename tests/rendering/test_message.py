"""The mail on the wire: what a reader's program makes of it is what was meant."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

from hypothesis import given, settings
from hypothesis import strategies as st

from core.mailbox import Mailbox
from core.records import AccompanyingText
from core.rendering import mail_text, message
from core.rendering.message import Attachment, Envelope

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=80)


def envelope(**overrides: object) -> Envelope:
    fields: dict[str, object] = {
        "from_mailbox": Mailbox(addr_spec="factures@dubois.example", display_name="Atelier Dubois, Société à responsabilité limitée"),
        "to": (Mailbox(addr_spec="a@x.test", display_name="Jean “Jo” Ünal"), Mailbox(addr_spec="b@x.test")),
        "cc": (Mailbox(addr_spec="c@x.test"),),
        "message_id": "<0123456789abcdef0123456789abcdef@dubois.example>",
        "date": NOW,
    }
    return Envelope(**fields | overrides)  # type: ignore[arg-type]


def read(raw: bytes, name: str) -> str:
    """A header as RFC 2047 reads it; the newer parser of the standard library puts spaces between encoded words of a name."""
    return " ".join(str(make_header(decode_header(message_from_bytes(raw)[name]))).split())


def test_long_lists_of_long_names_keep_their_spaces() -> None:
    people = tuple(Mailbox(addr_spec=f"p{place}@x.test", display_name="Jean “Jo” Ünal, Société é è à " + "ç ö " * place) for place in range(9))
    raw = message.compose(envelope(to=people), mail_text.finished(AccompanyingText(subject="x", body="y"), ""), [])
    for person in people:
        assert " ".join(f"{person.display_name} <{person.addr_spec}>".split()) in read(raw, "To")


def test_parts_headers_and_file_names_arrive() -> None:
    text = mail_text.finished(AccompanyingText(subject="Facture n° 1 — été", body="Bonjour\n.\nune ligne\nFrom là"), "Marie")
    files = [Attachment(file_name="Facture n°1 été.pdf", mime_type="application/pdf", content=bytes(range(256)) * 9)]
    raw = message.compose(envelope(), text, files)
    assert raw == message.compose(envelope(), text, files)
    mail = message_from_bytes(raw, policy=default)
    assert mail["Subject"] == "Facture n° 1 — été"
    assert read(raw, "From") == "Atelier Dubois, Société à responsabilité limitée <factures@dubois.example>"
    assert read(raw, "To") == "Jean “Jo” Ünal <a@x.test>, b@x.test"
    assert [each.addr_spec for each in mail["To"].addresses] == ["a@x.test", "b@x.test"]
    assert "Bcc" not in mail
    assert raw.count(b"MIME-Version") == 1
    assert mail["Date"].datetime == NOW
    [part] = mail.iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == ("Facture n°1 été.pdf", "application/pdf", files[0].content)
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == text.plain


def test_every_line_fits_the_wire() -> None:
    text = mail_text.finished(AccompanyingText(subject="x" * 500, body="y" * 5000), "")
    raw = message.compose(envelope(), text, [])
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998  # RFC 5322 2.1.1
    assert all(b"\n" not in line and b"\r" not in line for line in lines)


@settings(max_examples=60)
@given(subject=WORDS, name=WORDS, file_name=WORDS, body=st.text(max_size=300))
def test_no_text_breaks_out_of_its_place(subject: str, name: str, file_name: str, body: str) -> None:
    text = mail_text.finished(AccompanyingText(subject=subject, body=body), "")
    raw = message.compose(
        envelope(to=(Mailbox(addr_spec="a@x.test", display_name=name),), cc=()),
        text,
        [Attachment(file_name=file_name, mime_type="application/pdf", content=b"%PDF")],
    )
    mail = message_from_bytes(raw, policy=default)
    assert mail["Subject"] == text.subject
    assert [each.addr_spec for each in mail["To"].addresses] == ["a@x.test"]
    assert mail["Message-ID"] == envelope().message_id
    [part] = mail.iter_attachments()
    assert part.get_content() == b"%PDF"
