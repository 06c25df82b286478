"""Background work that comes round: of all workers, one does it each time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.database.schema_delivery import chores


def take(connection: Connection, name: str, *, every_s: float, by: str, now: datetime) -> bool:
    """Whether it is due and this caller has it; its next time is set before the work begins, so that nobody else starts it."""
    again = now + timedelta(seconds=every_s)
    own = chores.c
    overdue = or_(own.due_at <= now, own.due_at > again + timedelta(seconds=every_s))  # the clock may have been put back
    taken = connection.execute(update(chores).where(own.name == name, overdue).values(due_at=again, done_at=now, done_by=by))
    if taken.rowcount:
        return True
    if connection.scalar(select(own.name).where(own.name == name)) is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(chores).values(name=name, due_at=again, done_at=now, done_by=by))
    except IntegrityError:  # another worker was first
        return False
    return True
