"""The heads of the audit chains: how long each is and how it ends, under a seal that needs the key of the desk.

Whoever has the database alone can neither cut the end of a chain, nor add an entry to it, nor take a whole chain away. A seal that was
wrong once stays empty: going on would hide what happened before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from core.database.schema import audit_events
from core.database.schema_delivery import audit_heads

GENESIS = "0" * 64
AUDIT_LOCK = 1_097_000_000
AUDIT_KEY = "facturier_audit_key"  # among the execution options: what gives the key
ROSTER = -1  # the row that says which chains there are
UNSEALED = ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """`key` is 0 for what belongs to no company."""

    key: int
    entries: int
    sha256: str
    seal: str

    @property
    def company_id(self) -> int | None:
        return self.key or None

    def is_sealed(self, key: bytes | None) -> bool:
        return bool(self.seal) and hmac.compare_digest(self.seal, seal_of(key, self.key, self.entries, self.sha256))


def seal_of(key: bytes | None, chain: int, entries: int, sha256: str) -> str:
    return UNSEALED if key is None else hmac.new(key, f"{chain}|{entries}|{sha256}".encode(), hashlib.sha256).hexdigest()


def key_of(connection: Connection) -> bytes | None:
    """The key that the database was opened with."""
    given: Callable[[], bytes] | None = connection.get_execution_options().get(AUDIT_KEY)
    return given() if given is not None else None


_COLUMNS = (audit_heads.c.company_id, audit_heads.c.entries, audit_heads.c.sha256, audit_heads.c.seal)
_HELD = select(*_COLUMNS).where(audit_heads.c.company_id == bindparam("chain")).with_for_update()  # SQLite has one writer anyway
_MOVE = (
    update(audit_heads)
    .where(audit_heads.c.company_id == bindparam("chain"))
    .values(entries=bindparam("count"), sha256=bindparam("digest"), seal=bindparam("sealed"))
)


def held(connection: Connection, company_id: int | None) -> Head:
    """The head of a chain, locked until the transaction ends: two writers would fork it."""
    chain = company_id or 0
    row = connection.execute(_HELD, {"chain": chain}).first()
    if row is None:
        if connection.dialect.name == "postgresql":  # there is no row yet that could be locked
            connection.execute(select(func.pg_advisory_xact_lock(AUDIT_LOCK)))
            row = connection.execute(_HELD, {"chain": chain}).first()
        if row is None:
            return _begun(connection, chain)
    return _head(row)


def move(connection: Connection, head: Head, *, entries: int, sha256: str) -> None:
    key = key_of(connection)
    seal = seal_of(key, head.key, entries, sha256) if head.is_sealed(key) else UNSEALED
    connection.execute(_MOVE, {"chain": head.key, "count": entries, "digest": sha256, "sealed": seal})


def heads(connection: Connection) -> dict[int, Head]:
    """All of them by company, 0 for none; and the roster."""
    return {row.company_id: _head(row) for row in connection.execute(select(*_COLUMNS).order_by(audit_heads.c.company_id))}


def head(connection: Connection, chain: int) -> Head | None:
    row = connection.execute(select(*_COLUMNS).where(audit_heads.c.company_id == chain)).first()
    return _head(row) if row else None


def chains(connection: Connection) -> set[int]:
    """The companies that have entries, 0 for none."""
    found = set(connection.scalars(select(audit_events.c.company_id).distinct()))
    return {company_id or 0 for company_id in found}


def roster_digest(keys: Collection[int]) -> str:
    return hashlib.sha256(json.dumps(sorted(keys)).encode()).hexdigest()


def seal_all(connection: Connection) -> int:
    """Count every chain and seal its head and the roster, whatever stood there. Returns how many chains there are."""
    key, known = key_of(connection), sorted(chains(connection))
    connection.execute(delete(audit_heads))
    for chain in known:
        _put(connection, key, chain, *_counted(connection, chain))
    _put(connection, key, ROSTER, len(known), roster_digest(known))
    return len(known)


def _begun(connection: Connection, chain: int) -> Head:
    """Of a new chain; or of one from before there were heads, which only `seal_all` seals: somebody may have taken the head away."""
    key = key_of(connection)
    entries, sha256 = _counted(connection, chain)
    made = _put(connection, None if entries else key, chain, entries, sha256)
    known = heads(connection)
    roster = known.pop(ROSTER, None)
    if roster is None and (entries or len(known) > 1):
        return made
    before = known.keys() - {chain}
    sound = roster is None or (roster.is_sealed(key) and roster.sha256 == roster_digest(before))
    connection.execute(delete(audit_heads).where(audit_heads.c.company_id == ROSTER))
    _put(connection, key if sound else None, ROSTER, len(known), roster_digest(known.keys()))
    return made


def _counted(connection: Connection, chain: int) -> tuple[int, str]:
    mine = audit_events.c.company_id == chain if chain else audit_events.c.company_id.is_(None)
    entries = connection.scalar(select(func.count()).select_from(audit_events).where(mine)) or 0
    newest = connection.scalar(select(audit_events.c.sha256).where(mine).order_by(audit_events.c.id.desc()).limit(1))
    return entries, newest or GENESIS


def _put(connection: Connection, key: bytes | None, chain: int, entries: int, sha256: str) -> Head:
    made = Head(key=chain, entries=entries, sha256=sha256, seal=seal_of(key, chain, entries, sha256))
    connection.execute(insert(audit_heads).values(company_id=chain, entries=entries, sha256=sha256, seal=made.seal))
    return made


def _head(row: Any) -> Head:
    return Head(key=row.company_id, entries=row.entries, sha256=row.sha256, seal=row.seal)
