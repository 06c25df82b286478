"""The caught mails on disk: kept whole, listed newest first, opened by an id that comes from outside."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from core import eml
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
class Opened(eml.Opened):
    mail: CaughtMail


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
        found.append(_described(folder, identity, eml.parsed(head, headers_only=True), size))
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
    mail = _described(folder, identity, eml.parsed(raw), len(raw))
    return Opened(mail=mail, **vars(eml.opened(raw)))


def _ids(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    stems = (path.stem for path in folder.glob("*.eml"))
    return sorted((stem for stem in stems if _ID.fullmatch(stem)), reverse=True)


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
        subject=eml.header(message, "Subject"),
        from_header=eml.header(message, "From"),
        to_header=eml.header(message, "To"),
        date_header=eml.header(message, "Date"),
        size=size,
    )


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
