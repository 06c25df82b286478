"""One clock for many machines: the database server's, where there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from core.database.session import Database


class Clock:
    """The time of this machine, set by the database's: a lease means the same to every worker."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def set(self) -> None:
        """Ask the server what time it is. SQLite has no clock of its own."""
        if self._database.engine.dialect.name != "postgresql":
            return
        before = datetime.now(UTC)
        with self._database.read() as connection:
            there: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        self._ahead = there.astimezone(UTC) - (before + (datetime.now(UTC) - before) / 2)
