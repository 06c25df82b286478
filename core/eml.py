"""Read a mail: header fields as text, the words, the attachments; whatever came from outside, however odd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Part:
    """An attachment or a picture of the page; `file_name` is only a name, never a path."""

    file_name: str
    mime_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A mail as its reader gets it."""

    headers: tuple[tuple[str, str], ...]
    plain: str
    html: str
    attachments: tuple[Part, ...]
    pictures: tuple[Part, ...] = ()  # that the HTML shows where it stands (RFC 2392)
    raw: bytes = field(repr=False)


def opened(raw: bytes) -> Opened:
    message = parsed(raw)
    words, parts = _sorted_parts(message)
    page = words.get("text/html", "")
    pictures = tuple(part for part in parts if part.content_id and part.mime_type.startswith("image/") and f"cid:{part.content_id}" in page)
    return Opened(
        headers=tuple((name, header(message, name, place)) for name, place in _places(message)),
        plain=words.get("text/plain", ""),
        html=page,
        attachments=tuple(part for part in parts if part not in pictures),
        pictures=pictures,
        raw=raw,
    )


def parsed(content: bytes, *, headers_only: bool = False) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(content, headersonly=headers_only)


def _places(message: EmailMessage) -> Iterator[tuple[str, int]]:
    """Each header field's name, and which of that name it is."""
    seen: dict[str, int] = {}
    for name, _ in message.raw_items():
        seen[name.lower()] = seen.get(name.lower(), -1) + 1
        yield name, seen[name.lower()]


def header(message: EmailMessage, name: str, place: int = 0) -> str:
    """The decoded field, or as it stands where the standard library stumbles over it."""
    raw = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    if place >= len(raw):
        return ""
    try:
        return str(message.policy.header_fetch_parse(name, raw[place]))
    except (ValueError, LookupError, TypeError, AttributeError, MessageError):
        return raw[place]


def _sorted_parts(message: EmailMessage) -> tuple[dict[str, str], tuple[Part, ...]]:
    """The first text of each kind is the mail's; then whatever else has content."""
    words: dict[str, str] = {}
    others: list[Part] = []
    for leaf in _leaves(message):
        kind = leaf.get_content_type()
        content = _content(leaf)
        if kind in ("text/plain", "text/html") and kind not in words and leaf.get_content_disposition() != "attachment":
            words[kind] = _decoded(content, leaf.get_content_charset("utf-8"))
        else:
            name = _name_only(leaf, len(others) + 1)
            others.append(Part(file_name=name, mime_type=kind, content=content, content_id=header(leaf, "Content-ID").strip().strip("<>")))
    return words, tuple(others)


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Depth first without recursion: how deep a mail is nested is its sender's choice."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inside: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += reversed(inside)
        else:
            yield part


def _content(leaf: EmailMessage) -> bytes:
    payload: Any = leaf.get_payload()
    if isinstance(payload, list):  # a mail inside the mail
        return b"".join(part.as_bytes(policy=policy.compat32) for part in payload)  # as it came: no refolding
    decoded = leaf.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _name_only(leaf: EmailMessage, place: int) -> str:
    name = re.sub(r"[\x00-\x1f\x7f]", "", leaf.get_filename() or "").replace("\\", "/").rpartition("/")[2].strip(". ")
    return name or f"part-{place}"
