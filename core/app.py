"""The composition root: from settings to a desk that every use case works with. Nothing happens at import."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import structlog

from core import ledgers
from core.archive import open_archive
from core.background import Background
from core.database import invoices as invoice_rows
from core.database import migrate
from core.database.clock import Clock
from core.database.session import Database
from core.dispatch.desk import Desk
from core.errors import InvoiceAmbiguous, InvoiceUnknown
from core.ledgers import Ledgers
from core.model import DocumentType
from core.settings import Settings


@dataclass(frozen=True)
class App:
    """What notebooks, pages and the command line hold."""

    desk: Desk
    background: Background

    def ledgers(self) -> Ledgers:
        """The three ledgers as pandas frames."""
        with self.desk.database.read() as connection:
            return ledgers.load(connection)

    def invoice_id(self, number: str, *, company_id: int | None = None, year: int | None = None, type_code: DocumentType | None = None) -> int:
        """The one invoice with that number. Raises InvoiceUnknown or InvoiceAmbiguous, which lists the candidates."""
        with self.desk.database.read() as connection:
            found = invoice_rows.find_number(connection, number, company_id=company_id, year=year, type_code=type_code)
        if not found:
            raise InvoiceUnknown(number=number)
        if len(found) > 1:
            raise InvoiceAmbiguous(number=number, candidates="; ".join(f"{row.key} {row.type_code.value} {row.year}" for row in found))
        return int(found[0].id)

    def pending(self, company_id: int | None = None) -> Sequence[int]:
        """E-mail ledger, to send, oldest first."""
        with self.desk.database.read() as connection:
            return invoice_rows.pending(connection, company_id=company_id)


def open_app(settings: Settings | None = None, *, who: str | None = None, check: bool = True) -> App:
    """Open database and archive. Raises DatabaseMissing or DatabaseOutdated unless `check` is off (for `init`)."""
    settings = settings or Settings()
    _quiet_logs()
    database = Database(settings.database_url, audit_key=cache(settings.audit_key))
    if check:
        try:
            migrate.check(database)
        except BaseException:
            database.close()
            raise
    clock, background = Clock(database), Background(settings.queue_url, key=cache(settings.queue_key))
    if check:
        clock.set()
    desk = Desk(
        settings=settings,
        database=database,
        archive=open_archive(settings.archive_url),
        who=who or _login_name(),
        clock=clock,
        set_clock=clock.set,
        wake=background.wake,
    )
    return App(desk, background)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user entry
        return "desk"


def _quiet_logs() -> None:
    """Logs go to stderr: stdout of `--format json` is JSON only. No value of a variable is ever logged by itself."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            # A plain traceback: the default one prints local variables, and with them a password.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
