"""Compose the sealed mail: text and HTML, then the attachments, as the bytes that will be on the wire."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.message import Message
from email.utils import format_datetime, quote
from typing import Final

from core.mailbox import Mailbox
from core.rendering.mail_text import MailText
from core.rendering.payment_qr import Picture

_CRLF: Final = policy.compat32.clone(linesep="\r\n")


@dataclass(frozen=True, kw_only=True)
class Attachment:
    file_name: str
    mime_type: str  # `application/pdf`
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The header fields of a mail; bcc is only on the envelope (RFC 5322 3.6.3)."""

    from_mailbox: Mailbox
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    reply_to: Mailbox | None = None
    message_id: str
    date: datetime


def compose(envelope: Envelope, text: MailText, attachments: Sequence[Attachment]) -> bytes:
    """The whole mail with CRLF line ends, 7-bit clean, deterministic for the same arguments."""
    boundary = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:40]
    mixed = f"mix-{boundary}"
    pieces = [_head(envelope, text.subject, mixed), _part(mixed, _alternative(text, boundary))]
    pieces += [_part(mixed, _attachment(attachment)) for attachment in attachments]
    pieces.append(f"--{mixed}--\r\n".encode())
    return b"".join(pieces)


def _head(envelope: Envelope, subject: str, boundary: str) -> bytes:
    lines = [f"Date: {format_datetime(envelope.date)}", _addresses("From", [envelope.from_mailbox]), _addresses("To", envelope.to)]
    lines += [_addresses("Cc", envelope.cc)] if envelope.cc else []
    lines += [_addresses("Reply-To", [envelope.reply_to])] if envelope.reply_to else []
    lines += [f"Subject: {_words(subject, name='Subject')}", f"Message-ID: {envelope.message_id}", "MIME-Version: 1.0"]
    lines += [f'Content-Type: multipart/mixed; boundary="{boundary}"', "", ""]
    return "\r\n".join(lines).encode("ascii")


def _addresses(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """One mailbox a line. Not by EmailMessage: its folding of long lists loses spaces between encoded words."""
    return f"{name}: " + ",\r\n ".join(_mailbox(mailbox) for mailbox in mailboxes)


def _mailbox(mailbox: Mailbox) -> str:
    if not mailbox.display_name:
        return mailbox.addr_spec
    plain = _is_plain(mailbox.display_name)
    name = f'"{quote(mailbox.display_name)}"' if plain else _encoded(mailbox.display_name, name="")
    return f"{name}\r\n <{mailbox.addr_spec}>" if len(name) > 50 else f"{name} <{mailbox.addr_spec}>"


def _words(text: str, *, name: str) -> str:
    return text if _is_plain(text) else _encoded(text, name=name)


def _is_plain(text: str) -> bool:
    """Fits on its line as it is, and cannot be taken for an encoded word."""
    return text.isascii() and text.isprintable() and len(text) <= 70 and "=?" not in text


def _encoded(text: str, *, name: str) -> str:
    """RFC 2047, folded at 75 characters."""
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _alternative(text: MailText, boundary: str) -> bytes:
    """The same words twice; written by hand, as the email package takes longer for this than the PDF takes."""
    page = _words_of_part("html", text.html)
    if text.pictures:
        related = [page, *(_inline(picture) for picture in text.pictures)]
        page = _multipart('related; type="text/html"', f"rel-{boundary}", related)  # RFC 2387: the first part is the one to show
    return _multipart("alternative", f"alt-{boundary}", [_words_of_part("plain", text.plain), page])


def _multipart(subtype: str, boundary: str, contents: Sequence[bytes]) -> bytes:
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return b"".join([head, *(_part(boundary, content) for content in contents), f"--{boundary}--\r\n".encode()])


def _words_of_part(subtype: str, text: str) -> bytes:
    """Quoted-printable (RFC 2045 6.7)."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()
    body = binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    return head + body + b"\r\n"  # the line end before a boundary belongs to the boundary (RFC 2046 5.1.1)


def _part(boundary: str, content: bytes) -> bytes:
    return f"--{boundary}\r\n".encode() + content + (b"" if content.endswith(b"\r\n") else b"\r\n")


def _attachment(attachment: Attachment) -> bytes:
    head = Message()  # of the old API: the new one parses what it writes, 0.3 ms a part
    head["Content-Type"] = attachment.mime_type
    head["Content-Transfer-Encoding"] = "base64"
    name = attachment.file_name
    head.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return head.as_bytes(policy=_CRLF).rstrip(b"\r\n") + b"\r\n\r\n" + _base64(attachment.content)


def _inline(picture: Picture) -> bytes:
    """A picture of the page, which no mail program lists among the attachments (RFC 2183 2.1)."""
    head = (
        f"Content-Type: {picture.mime_type}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{picture.content_id}>\r\n"
        f'Content-Disposition: inline; filename="{picture.file_name}"\r\n\r\n'
    )
    return head.encode() + _base64(picture.content)


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")
