"""What every use case works with: settings, database, archive, clock, and who is at the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection

from core.archive import Archive
from core.database import parties
from core.database.session import Database
from core.errors import SecretUnreadable
from core.records import MailAccount
from core.settings import Settings


def utc_now() -> datetime:
    return datetime.now(UTC)


def nothing(*_: object) -> None:
    """Where nobody listens."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    settings: Settings
    database: Database
    archive: Archive
    who: str
    clock: Callable[[], datetime] = utc_now
    set_clock: Callable[[], None] = nothing  # by that of a database that many machines share
    wake: Callable[[datetime | None], None] = nothing  # tell a worker that something may leave, now or then

    def now(self) -> datetime:
        return self.clock()

    def account(self, company_id: int) -> MailAccount:
        """The mail account with its password in clear; never kept, never logged."""
        with self.database.read() as connection:
            row = parties.load_account_row(connection, company_id)
        secret = row.password_encrypted
        return parties.to_account(row, self.opened(secret) if secret else "")

    @staticmethod
    def account_is_set(connection: Connection, company_id: int) -> bool:
        """Asked for every look at a ledger: the password stays closed."""
        return parties.to_account(parties.load_account_row(connection, company_id), "").is_set

    def sealed(self, secret: str) -> str:
        """A password as it is kept. Raises SecretUnreadable when there is no usable key."""
        try:
            return self.settings.fernet().encrypt(secret.encode()).decode()
        except ValueError as error:
            raise SecretUnreadable from error

    def opened(self, secret: str) -> str:
        """The password behind it. Raises SecretUnreadable when the key is another one."""
        try:
            return self.settings.fernet().decrypt(secret.encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise SecretUnreadable from error
