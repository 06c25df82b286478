"""Compose the sealed mail: text and HTML, then the attachments, as the bytes that will be on the wire."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from core.mailbox import Mailbox
from core.rendering.mail_text import MailText


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
    alternative = EmailMessage(policy=policy.SMTP)
    alternative.set_content(text.plain, cte="quoted-printable")
    alternative.add_alternative(text.html, subtype="html", cte="quoted-printable")
    boundary = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:40]
    alternative.set_boundary(f"alt-{boundary}")
    mixed = f"mix-{boundary}"
    pieces = [_head(envelope, text.subject, mixed), _part(mixed, _without_version(alternative.as_bytes()))]
    pieces += [_part(mixed, _attachment(attachment)) for attachment in attachments]
    pieces.append(f"--{mixed}--\r\n".encode())
    return b"".join(pieces)


def _head(envelope: Envelope, subject: str, boundary: str) -> bytes:
    head = EmailMessage(policy=policy.SMTP)
    head["Date"] = format_datetime(envelope.date)
    head["From"] = _header(envelope.from_mailbox)
    head["To"] = [_header(mailbox) for mailbox in envelope.to]
    if envelope.cc:
        head["Cc"] = [_header(mailbox) for mailbox in envelope.cc]
    if envelope.reply_to:
        head["Reply-To"] = _header(envelope.reply_to)
    head["Subject"] = subject
    head["Message-ID"] = envelope.message_id
    head["MIME-Version"] = "1.0"
    return head.as_bytes().rstrip(b"\r\n") + f'\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()


def _header(mailbox: Mailbox) -> HeaderAddress:
    return HeaderAddress(display_name=mailbox.display_name, addr_spec=mailbox.addr_spec)


def _without_version(part: bytes) -> bytes:
    return re.sub(rb"(?m)^MIME-Version: 1\.0\r\n", b"", part, count=1)


def _part(boundary: str, content: bytes) -> bytes:
    return f"--{boundary}\r\n".encode() + content + (b"" if content.endswith(b"\r\n") else b"\r\n")


def _attachment(attachment: Attachment) -> bytes:
    head = EmailMessage(policy=policy.SMTP)
    head["Content-Type"] = attachment.mime_type
    head["Content-Transfer-Encoding"] = "base64"
    head.add_header("Content-Disposition", "attachment", filename=attachment.file_name)
    return head.as_bytes().rstrip(b"\r\n") + b"\r\n\r\n" + base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")
