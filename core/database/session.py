"""One engine, two kinds of transaction: readers never lock, writers take their turn."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from core.database.audit_heads import AUDIT_KEY

WRITES = "facturier_writes"


class Database:
    """Opens transactions. `read()` sees a snapshot, `write()` is the only way to change rows.

    `audit_key` gives what seals the heads of the audit chains; without it they stay unsealed, and `verify` says so.
    """

    def __init__(self, url: str, *, audit_key: Callable[[], bytes] | None = None) -> None:
        self.url = url
        self.audit_key = audit_key
        self.engine = _engine(url)
        # Threads of one process take turns here: SQLite's own waiting sleeps, and lets whom it likes go first.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; on SQLite it neither waits for a writer nor makes one wait (WAL)."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """All or nothing. On SQLite the write lock is taken at the start, so that no upgrade can fail half-way."""
        with self._turn, self.engine.connect() as connection:
            connection = connection.execution_options(**{WRITES: True, AUDIT_KEY: self.audit_key})
            with connection.begin():
                yield connection

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        named = parsed.drivername in ("postgresql", "postgres")  # as providers hand it out
        return create_engine(parsed.set(drivername="postgresql+psycopg") if named else parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 60})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
