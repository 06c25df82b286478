"""How a message stands, as conditions that every database answers from its index of what is open, not from all that ever left."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_

from core.database.schema import messages

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # compared with, since SQLite goes through no index for `is not null`


def queued() -> ColumnElement[bool]:
    """It is to leave, now or later."""
    return messages.c.due_at > BEGINNING


def in_hand() -> ColumnElement[bool]:
    """A worker has it."""
    return and_(messages.c.lease_until > BEGINNING, messages.c.claim.is_not(None))
