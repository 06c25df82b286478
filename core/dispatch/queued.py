"""What of a company waits in the queue, what keeps it there, and how far a change on the company's page still reaches it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.database import standing
from core.database.schema import mail_accounts, messages
from core.dispatch.desk import Desk
from core.errors import Sentence


@dataclass(frozen=True, kw_only=True)
class Queued:
    """Mails that have not left. Sender and server are those of the moment when it leaves; what is sealed keeps the sender it has."""

    mails: int
    sealed: int


@dataclass(frozen=True, kw_only=True)
class Pause:
    """`until` is empty where the account waits for a person."""

    since: datetime
    because: Sentence
    until: datetime | None


def of_company(desk: Desk, company_id: int) -> Queued:
    query = select(func.count(), func.count(messages.c.sealed_sha256)).where(messages.c.company_id == company_id, standing.queued())
    with desk.database.read() as connection:
        mails, sealed = connection.execute(query).one()
    return Queued(mails=mails, sealed=sealed)


def pause(desk: Desk, company_id: int) -> Pause | None:
    """A wait that is over is none."""
    own = mail_accounts.c
    query = select(own.paused_at, own.paused_because, own.paused_until).where(own.company_id == company_id)
    with desk.database.read() as connection:
        row = connection.execute(query).first()
    if row is None or row.paused_at is None or (row.paused_until is not None and row.paused_until <= desk.now()):
        return None
    return Pause(since=row.paused_at, because=row.paused_because or Sentence(""), until=row.paused_until)
