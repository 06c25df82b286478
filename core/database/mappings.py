"""What a person said of the columns of a table, by the fingerprint of its headers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from core.database.schema import column_mappings


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """Header -> field; an empty field is a column that is not read."""

    source_key: str
    kind: str
    headers: tuple[str, ...]
    mapping: Mapping[str, str]
    saved_at: datetime
    saved_by: str


def load(connection: Connection) -> dict[str, ColumnMapping]:
    """All of them by fingerprint, the newest first; there are as many as there are billing programs."""
    rows = connection.execute(select(column_mappings).order_by(column_mappings.c.saved_at.desc())).all()
    return {
        row.source_key: ColumnMapping(
            source_key=row.source_key,
            kind=row.kind,
            headers=tuple(json.loads(row.headers)),
            mapping=json.loads(row.mapping),
            saved_at=row.saved_at,
            saved_by=row.saved_by,
        )
        for row in rows
    }


def save(connection: Connection, source_key: str, *, kind: str, headers: Sequence[str], mapping: Mapping[str, str], now: datetime, who: str) -> None:
    """In the place of a former one."""
    forget(connection, source_key)
    connection.execute(
        insert(column_mappings).values(
            source_key=source_key,
            kind=kind,
            headers=json.dumps(list(headers), ensure_ascii=False),
            mapping=json.dumps(dict(mapping), ensure_ascii=False),
            saved_at=now,
            saved_by=who,
        )
    )


def forget(connection: Connection, source_key: str) -> None:
    connection.execute(delete(column_mappings).where(column_mappings.c.source_key == source_key))
