"""Addresses that came back: what the card warns of, until a person says that it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.database import audit, bounce_rows
from core.dispatch.desk import Desk
from core.errors import Sentence


@dataclass(frozen=True, kw_only=True)
class Flag:
    """An address that came back, as the card warns of it."""

    address: str
    because: Sentence
    at: datetime


def flags(desk: Desk, customer_id: int, addresses: Sequence[str]) -> list[Flag]:
    """Of these addresses, those that came back."""
    with desk.database.read() as connection:
        known = bounce_rows.flagged(connection, [customer_id]).get(customer_id, {})
    wanted = dict.fromkeys(address.lower() for address in addresses)
    return [Flag(address=address, because=known[address][0], at=known[address][1]) for address in wanted if address in known]


def trust(desk: Desk, customer_id: int, customer_key: str, flag: Flag) -> None:
    """A person says that the address is right: nobody is warned of it any more."""
    with desk.database.write() as connection:
        bounce_rows.unflag(connection, customer_id, flag.address)
        now = desk.now()
        audit.append(connection, company_id=None, who=desk.who, what="address is right", subject=customer_key, why=flag.address, now=now)


def distrust(desk: Desk, customer_id: int, customer_key: str, flag: Flag) -> None:
    """Take that back."""
    with desk.database.write() as connection:
        bounce_rows.flag(connection, customer_id, flag.address, flag.because, at=flag.at)
        now = desk.now()
        audit.append(connection, company_id=None, who=desk.who, what="address is doubtful", subject=customer_key, why=flag.address, now=now)
