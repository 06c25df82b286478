"""Sign-ins: through which application a company signs in, and its encrypted tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.database.schema_delivery import oauth_grants


def row(connection: Connection, company_id: int, *, lock: bool = False) -> Row[Any] | None:
    query = select(oauth_grants).where(oauth_grants.c.company_id == company_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def keep(connection: Connection, company_id: int, values: Mapping[str, Any]) -> None:
    changed = connection.execute(update(oauth_grants).where(oauth_grants.c.company_id == company_id).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(oauth_grants).values(**{"company_id": company_id, "provider": "microsoft", **values}))


def renew(connection: Connection, company_id: int, *, former: str, tokens: str) -> bool:
    """Only in the place of those that were read: another worker may have newer ones by now, or somebody signed out."""
    own = oauth_grants.c
    query = update(oauth_grants).where(own.company_id == company_id, own.tokens_encrypted == former).values(tokens_encrypted=tokens)
    return connection.execute(query).rowcount > 0
