"""An e-mail address: `mailbox` = display name + addr-spec (RFC 5322 3.4), checked by syntax only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parseaddr, quote
from functools import lru_cache

from core.errors import AddressInvalid

_SPECIALS = re.compile(r'[][\\()<>@,:;".]')  # RFC 5322 3.2.3
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_PLAIN = re.compile(r"[A-Za-z0-9.-]+\Z")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    addr_spec: str
    display_name: str = ""

    def __str__(self) -> str:
        """As people write it, accents and all; a message encodes the name itself."""
        if not self.display_name:
            return self.addr_spec
        name = f'"{quote(self.display_name)}"' if _SPECIALS.search(self.display_name) else self.display_name
        return f"{name} <{self.addr_spec}>"


@lru_cache(maxsize=50_000)  # the cards of a large desk are read again for every click
def parse(text: str) -> Mailbox:
    """`Name <a@x.be>` or `a@x.be`. International domains become their ASCII form.

    Raises AddressInvalid with the text as typed.
    """
    if any(ord(char) < 32 for char in text):
        raise AddressInvalid(address=text.strip())
    local, _, domain = text.rpartition("@")
    if _local_ok(local) and _PLAIN.match(domain):  # there is nothing for parseaddr to take apart
        return Mailbox(addr_spec=f"{local}@{_domain(domain, text)}")
    name, addr = parseaddr(text.strip())
    if not addr or "@" not in addr:
        raise AddressInvalid(address=text.strip())
    bare = text.strip()
    if "<" not in bare and bare != addr:  # parseaddr drops what it cannot place: “a b@x.be” must not become “b@x.be”
        raise AddressInvalid(address=bare)
    local, _, domain = addr.rpartition("@")
    return Mailbox(addr_spec=f"{local}@{_domain(domain, text)}", display_name=_decoded(name)) if _local_ok(local) else _refuse(text)


def _decoded(name: str) -> str:
    """A name that was copied from a header, or kept by an earlier version: `=?utf-8?q?Andr=C3=A9?=` is André (RFC 2047)."""
    if "=?" not in name:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def parse_list(text: str) -> tuple[Mailbox, ...]:
    """Several addresses separated by comma, semicolon or line break; doubles are dropped, the first stays."""
    found: dict[str, Mailbox] = {}
    for part in re.split(r"[,;\n]+", text):
        if part.strip():
            mailbox = parse(part)
            found.setdefault(mailbox.addr_spec.lower(), mailbox)
    return tuple(found.values())


def is_valid(text: str) -> bool:
    try:
        parse(text)
    except AddressInvalid:
        return False
    return True


def _local_ok(local: str) -> bool:
    return len(local) <= 64 and bool(_LOCAL.match(local))  # RFC 5321 4.5.3.1.1


def _domain(domain: str, text: str) -> str:
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        _refuse(text)
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        _refuse(text)
    return ascii_domain.lower()


def _refuse(text: str) -> Mailbox:
    raise AddressInvalid(address=text.strip())
