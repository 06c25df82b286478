"""Every mail that was, or may have been, handed over lately: what the limits of an account count."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from core.database.schema_delivery import handovers
from core.database.types import Moment

MINUTE, DAY = timedelta(seconds=60), timedelta(hours=24)
KEPT = 2 * DAY

_ADD = (  # runs for every mail: the statement is made once
    insert(handovers).inline().values(company_id=bindparam("of_company"), at=bindparam("by_now", type_=Moment()), recipients=bindparam("count"))
)


def add(connection: Connection, company_id: int, recipients: int, *, now: datetime) -> None:
    """Before the final dot, in the transaction of the mark."""
    connection.execute(_ADD, {"of_company": company_id, "by_now": now, "count": recipients})


def mails_since(connection: Connection, company_id: int, since: datetime) -> int:
    query = select(func.count()).select_from(handovers).where(handovers.c.company_id == company_id, handovers.c.at > since)
    return connection.scalar(query) or 0


def recipients_since(connection: Connection, company_id: int, since: datetime) -> int:
    query = select(func.sum(handovers.c.recipients)).where(handovers.c.company_id == company_id, handovers.c.at > since)
    return int(connection.scalar(query) or 0)


def since(connection: Connection, company_id: int, moment: datetime) -> list[tuple[datetime, int]]:
    """When each was handed over and to how many, oldest first."""
    own = handovers.c
    query = select(own.at, own.recipients).where(own.company_id == company_id, own.at > moment).order_by(own.at, own.id)
    return [(row[0], int(row[1])) for row in connection.execute(query)]


def tidy(connection: Connection, *, now: datetime) -> None:
    """Forget what no limit counts any more; what a clock that ran ahead put into the future was handed over by now."""
    connection.execute(delete(handovers).where(handovers.c.at <= now - KEPT))
    connection.execute(update(handovers).where(handovers.c.at > now + MINUTE).values(at=now))
