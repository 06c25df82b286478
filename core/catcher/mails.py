"""The caught mails on disk: kept whole, listed newest first, opened by an id that comes from outside."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Final

from core.errors import FacturierError

HEAD_LIMIT: Final = 256 * 1024  # as much of a mail as its header fields are looked for in
_ID: Final = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


class MailUnknown(FacturierError):
    template = "The mail catcher has no mail {mail}."


@dataclass(frozen=True, kw_only=True)
class CaughtMail:
    """One mail as it came: the envelope, and the header fields as text, however odd they are."""

    id: str
    received_at: datetime
    envelope_from: str
    envelope_to: tuple[str, ...]
    subject: str
    from_header: str
    to_header: str
    date_header: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """An attachment; `file_name` is only a name, never a path."""

    file_name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Opened:
    mail: CaughtMail
    headers: tuple[tuple[str, str], ...]
    plain: str
    html: str
    attachments: tuple[Part, ...]
    raw: bytes = field(repr=False)


def caught(folder: Path, limit: int, offset: int = 0) -> list[CaughtMail]:
    """Newest first. A mail that is taken away meanwhile is left out."""
    found = []
    for identity in _ids(folder)[offset : offset + limit]:
        try:
            with (folder / f"{identity}.eml").open("rb") as file:
                head = file.read(HEAD_LIMIT)
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            continue
        found.append(_described(folder, identity, _parsed(head, headers_only=True), size))
    return found


def count(folder: Path) -> int:
    return len(_ids(folder))


def open_mail(folder: Path, identity: str) -> Opened:
    """The whole mail. Raises MailUnknown, also for whatever is no id: it comes from outside and must not become a path."""
    if not _ID.fullmatch(identity):
        raise MailUnknown(mail=identity)
    try:
        raw = (folder / f"{identity}.eml").read_bytes()
    except FileNotFoundError as missing:
        raise MailUnknown(mail=identity) from missing
    message = _parsed(raw)
    words, attachments = _sorted_parts(message)
    return Opened(
        mail=_described(folder, identity, message, len(raw)),
        headers=tuple((name, _header(message, name, place)) for name, place in _places(message)),
        plain=words.get("text/plain", ""),
        html=words.get("text/html", ""),
        attachments=attachments,
        raw=raw,
    )


def _ids(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    stems = (path.stem for path in folder.glob("*.eml"))
    return sorted((stem for stem in stems if _ID.fullmatch(stem)), reverse=True)


def _parsed(content: bytes, *, headers_only: bool = False) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(content, headersonly=headers_only)


def _described(folder: Path, identity: str, message: EmailMessage, size: int) -> CaughtMail:
    try:
        envelope = json.loads((folder / f"{identity}.json").read_bytes())
    except (OSError, ValueError):  # the mail counts; what is beside it may be lost
        envelope = {}
    return CaughtMail(
        id=identity,
        received_at=datetime.strptime(identity[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        envelope_from=str(envelope.get("envelope_from", "")),
        envelope_to=tuple(map(str, envelope.get("envelope_to", ()))),
        subject=_header(message, "Subject"),
        from_header=_header(message, "From"),
        to_header=_header(message, "To"),
        date_header=_header(message, "Date"),
        size=size,
    )


def _places(message: EmailMessage) -> Iterator[tuple[str, int]]:
    """Each header field's name, and which of that name it is."""
    seen: dict[str, int] = {}
    for name, _ in message.raw_items():
        seen[name.lower()] = seen.get(name.lower(), -1) + 1
        yield name, seen[name.lower()]


def _header(message: EmailMessage, name: str, place: int = 0) -> str:
    """The decoded field, or as it stands where the standard library stumbles over it."""
    raw = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    if place >= len(raw):
        return ""
    try:
        return str(message.policy.header_fetch_parse(name, raw[place]))
    except (ValueError, LookupError, TypeError, AttributeError, MessageError):
        return raw[place]


def _sorted_parts(message: EmailMessage) -> tuple[dict[str, str], tuple[Part, ...]]:
    """The first text of each kind is the mail's; whatever else has content hangs on it."""
    words: dict[str, str] = {}
    attachments: list[Part] = []
    for leaf in _leaves(message):
        kind = leaf.get_content_type()
        content = _content(leaf)
        if kind in ("text/plain", "text/html") and kind not in words and leaf.get_content_disposition() != "attachment":
            words[kind] = _decoded(content, leaf.get_content_charset("utf-8"))
        else:
            attachments.append(Part(file_name=_name_only(leaf, len(attachments) + 1), mime_type=kind, content=content))
    return words, tuple(attachments)


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


# Keeping --------------------------------------------------------------------------------------------------------


def keep(folder: Path, content: bytes, envelope_from: str, envelope_to: Sequence[str]) -> str:
    """Write the mail so that a crash leaves all of it or nothing: the envelope first, because the .eml makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    envelope = json.dumps({"envelope_from": envelope_from, "envelope_to": list(envelope_to)}, ensure_ascii=True)
    _write(folder / f"{identity}.json", envelope.encode())
    _write(folder / f"{identity}.eml", content)
    return identity


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
