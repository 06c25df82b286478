"""What a notice says: which mail of ours did not arrive, for whom, for how long, and why. Bytes in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message
from enum import StrEnum
from typing import Any

from flufl.bounce import all_failures

from core.records import MailAccount

OURS = r"[0-9a-f]{32}"  # the local part of our Message-ID, and the envelope id
_MESSAGE_ID = re.compile(rf"<?({OURS})@([A-Za-z0-9.\-\[\]:]{{1,255}})>?")
_VERP = re.compile(rf"[^\s<>,;:\"]{{1,64}}\+({OURS})@([A-Za-z0-9.\-]{{1,255}})", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>,;:\"\x00-\x1f\x7f-\x9f@]{1,64}@[^\s<>,;:\"\x00-\x1f\x7f-\x9f@]{1,255}")
_STATUS = re.compile(r"\b([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_REPLY = re.compile(r"\b[45][0-9]{2}[ -](?:#?[45]\.[0-9]{1,3}\.[0-9]{1,3}\b)?.{0,400}")
_ARRIVED_AT = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Return-Path")
_MAILERS = re.compile(r"mailer-?daemon|postmaster|mail delivery (?:sub)?system|microsoftexchange[0-9a-f]+", re.IGNORECASE)
_GONE_WELL = frozenset({"delivered", "relayed", "expanded"})
ODD = (ValueError, LookupError, TypeError, AttributeError, MessageError, RecursionError, AssertionError)  # what a hostile mail makes of a parser
LONGEST = 500  # of what a server said
MOST = 200  # parts, and recipients in one notice
LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1


class Kind(StrEnum):
    PERMANENT = "permanent"
    TEMPORARY = "temporary"  # the other server goes on trying
    OTHER = "other"  # a mailer wrote, and does not say clearly what about


class FoundBy(StrEnum):
    """By what a notice names our mail, the surest first."""

    VERP = "verp"
    ENVELOPE_ID = "envid"
    MESSAGE_ID = "message-id"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One thing in a notice that points at a mail; `domain` is empty where only the envelope id came back."""

    found_by: FoundBy
    local: str
    domain: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What became of one recipient. `addresses` are small; the one that we wrote to comes first; none where the notice names nobody."""

    addresses: tuple[str, ...]
    kind: Kind
    status_code: str = ""  # RFC 3463
    diagnostic: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """No `failures`: the mail is no notice, or one of success."""

    marks: tuple[Mark, ...] = ()
    failures: tuple[Failure, ...] = ()


# On the way out --------------------------------------------------------------------------------------------------


def envelope_id(message_id: str) -> str:
    """The local part of our Message-ID; empty for any other."""
    found = _MESSAGE_ID.fullmatch(message_id)
    return found[1] if found else ""


def return_path(sender: str, message_id: str) -> str:
    """`local+HEX@domain`: whatever comes back to this address is about this mail. The sender itself where there is no room for that."""
    local, _, domain = sender.rpartition("@")
    mark = envelope_id(message_id)
    verp = f"{local}+{mark}"
    return f"{verp}@{domain}" if local and mark and len(verp) <= LONGEST_LOCAL_PART else sender


def envelope_from(account: MailAccount, message_id: str) -> str:
    """What MAIL FROM says for this mail."""
    return return_path(account.sender, message_id) if account.verp else account.sender


def is_sender(address: str, account: MailAccount, message_id: str) -> bool:
    """Whether a mail that was sealed with this MAIL FROM may still leave so: with or without a return path of its own."""
    return address in (account.sender, return_path(account.sender, message_id))


# What came back --------------------------------------------------------------------------------------------------


def read(raw: bytes) -> Notice:
    """Whatever the bytes are: never raises."""
    try:
        message = message_from_bytes(raw)
        parts = list(_parts(message))
        failures = tuple(_failures(message, parts))[:MOST]
        return Notice(marks=tuple(dict.fromkeys(_marks(message, parts)))[:MOST], failures=failures) if failures else Notice()
    except ODD:
        return Notice()


def _parts(message: Message) -> Iterator[Message]:
    """Depth first without recursion, and not into the returned mail."""
    waiting, count = [message], 0
    while waiting and count < MOST:
        part, count = waiting.pop(), count + 1
        inside: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += reversed(inside)
        else:
            yield part


def _failures(message: Message, parts: list[Message]) -> list[Failure]:
    """A report by the standard (RFC 3464), else what other mailers write; nothing for answers of people and their absence notes."""
    blocks = [block for part in parts for block in _status_blocks(part)]
    if blocks:
        return [failure for block in blocks if (failure := _of_block(block)) is not None]
    if message.get_content_type() == "multipart/report":  # of reading, of complaints
        return []
    named = [address.lower() for field in _fields(message, "X-Failed-Recipients") for address in _ADDRESS.findall(field)]
    text = "\n".join(_text(part) for part in parts if part.get_content_maintype() == "text")
    if named:
        return [Failure(addresses=(address,), kind=Kind.PERMANENT, **_said(text, address)) for address in dict.fromkeys(named)]
    if not _is_from_a_mailer(message):
        return []
    return _by_habit(message, text) or [Failure(addresses=(), kind=Kind.OTHER, **_said(text, ""))]


def _is_from_a_mailer(message: Message) -> bool:
    if any(field.lower().startswith("auto-replied") for field in _fields(message, "Auto-Submitted")):
        return False
    if any(_fields(message, name) for name in ("X-Autoreply", "X-Autorespond")):
        return False
    return any(_MAILERS.search(field) for field in _fields(message, "From"))


def _by_habit(message: Message, text: str) -> list[Failure]:
    """Mailers that send no report have habits, which flufl.bounce knows."""
    try:
        temporary, permanent = all_failures(message)
    except ODD:
        return []
    found = [(address, Kind.PERMANENT) for address in permanent] + [(address, Kind.TEMPORARY) for address in temporary - permanent]
    named = sorted((bytes(address).decode("utf-8", "replace").lower(), kind) for address, kind in found)
    return [Failure(addresses=(address,), kind=kind, **_said(text, address)) for address, kind in named if "@" in address]


def _said(text: str, address: str) -> dict[str, str]:
    """The server's words in a notice for people: after the address, else the first that look like a reply."""
    place = text.lower().find(address) if address else -1
    joined = " ".join(text[max(place, 0) :].split())
    reply = _REPLY.search(joined)
    said = reply[0] if reply else ""
    status = _STATUS.search(said or joined)
    return {"status_code": status[1] if status else "", "diagnostic": _clean(said)}


# A report --------------------------------------------------------------------------------------------------------


def _status_blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a delivery-status part; some mailers send it as one text (RFC 6533 does)."""
    if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
        return
    inside: Any = part.get_payload()
    if isinstance(inside, list):
        yield from inside
    else:
        yield from (message_from_string(group) for group in re.split(r"\r?\n\s*\r?\n", _text(part)) if group.strip())


def _of_block(block: Message) -> Failure | None:
    action = _one(block, "Action").lower()
    fields = [*_fields(block, "Original-Recipient"), *_fields(block, "Final-Recipient")]
    if not (action or fields) or action in _GONE_WELL:
        return None
    addresses = tuple(dict.fromkeys(address for field in fields for address in _addresses(field)))
    diagnostic = re.sub(r"^\s*[\w\-]+\s*;", "", _one(block, "Diagnostic-Code"))
    kind = {"failed": Kind.PERMANENT, "delayed": Kind.TEMPORARY}.get(action, Kind.OTHER)
    return Failure(addresses=addresses, kind=kind, status_code=_code(_one(block, "Status"), diagnostic), diagnostic=_clean(diagnostic))


def _addresses(field: str) -> Iterator[str]:
    """`rfc822; a@b`, also as some servers leave it: in the letters of the envelope (RFC 3461 4)."""
    text = field.partition(";")[2] or field
    plain = re.sub(r"\+([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), text)
    for spelling in (text, plain):
        yield from (address.lower() for address in _ADDRESS.findall(spelling)[:1])


def _code(status: str, diagnostic: str) -> str:
    """Where the report only says that it failed, the server's own words may say more."""
    codes = [found[1] for text in (status, diagnostic) if (found := _STATUS.search(text))]
    return next((code for code in codes if not code.endswith(".0.0")), codes[0] if codes else "")


# Which mail ------------------------------------------------------------------------------------------------------


def _marks(message: Message, parts: list[Message]) -> Iterator[Mark]:
    for name in _ARRIVED_AT:
        for field in _fields(message, name):
            yield from (Mark(found_by=FoundBy.VERP, local=local.lower(), domain=domain) for local, domain in _VERP.findall(field))
    for block in (block for part in parts for block in _status_blocks(part)):
        for field in _fields(block, "Original-Envelope-Id"):
            yield from (Mark(found_by=FoundBy.ENVELOPE_ID, local=local.lower()) for local in re.findall(rf"^{OURS}$", field.strip(), re.I))
    for text in _where_ids_stand(message, parts):
        yield from (Mark(found_by=FoundBy.MESSAGE_ID, local=local, domain=domain) for local, domain in _MESSAGE_ID.findall(text)[:MOST])


def _where_ids_stand(message: Message, parts: Iterable[Message]) -> Iterator[str]:
    for part in parts:
        kind = part.get_content_type()
        inside: Any = part.get_payload()
        if kind in ("message/rfc822", "message/global") and isinstance(inside, list):
            yield from (field for returned in inside for field in _fields(returned, "Message-ID"))
        elif kind in ("text/rfc822-headers", "message/global-headers", "message/rfc822", "message/global"):
            yield from _fields(message_from_string(_text(part).lstrip()), "Message-ID")
    for name in ("In-Reply-To", "References"):
        yield from _fields(message, name)
    for part in parts:
        if part.get_content_type() == "text/plain":  # a mailer that quotes the head of the mail in its own words
            yield from re.findall(r"(?im)^[> \t]*message-id:.*$", _text(part))


# Fields ----------------------------------------------------------------------------------------------------------


def _fields(message: Message, name: str) -> list[str]:
    return [str(field) for field in message.get_all(name, [])]


def _one(message: Message, name: str) -> str:
    return " ".join(next(iter(_fields(message, name)), "").split())


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except ODD:
        return payload.decode("utf-8", "replace")


def _clean(text: str) -> str:
    """One line without control characters, which PostgreSQL, or a log, would stumble over."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())[:LONGEST]
