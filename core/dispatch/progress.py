"""How far some batches are, in invoices, read from the database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.database.schema import batches, invoices, messages
from core.dispatch.desk import Desk
from core.errors import Sentence
from core.model import IN_PROGRESS, DispatchStatus


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Counts are of invoices, each by where it stands now."""

    counts: dict[DispatchStatus, int]
    leaves_in_s: int  # the earliest countdown that still runs; 0 when all are over
    waiting: int  # with a mail that no worker has taken
    leaves_at: datetime | None = None  # the end of that countdown, or a time that somebody chose
    held: Sentence | None = None  # why a person holds the first of them that is held

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return sum(count for status, count in self.counts.items() if status not in IN_PROGRESS)

    @property
    def is_open(self) -> bool:
        return self.done < self.total or self.leaves_in_s > 0  # one address in doubt, another about to leave

    @property
    def left(self) -> int:
        return self.counts.get(DispatchStatus.SENT, 0)

    @property
    def trouble(self) -> int:
        return self.done - self.left


def of_batches(desk: Desk, batch_ids: Sequence[int]) -> Progress:
    grouping = (
        select(invoices.c.status, func.count(invoices.c.id.distinct()))
        .join(messages, messages.c.invoice_id == invoices.c.id)
        .where(messages.c.batch_id.in_(batch_ids))
        .group_by(invoices.c.status)
    )
    with desk.database.read() as connection:
        counts = {row[0]: int(row[1]) for row in connection.execute(grouping)}
        waits = select(messages.c.id).where(messages.c.batch_id == batches.c.id, messages.c.due_at.is_not(None))
        runs = (batches.c.id.in_(batch_ids), batches.c.leaves_at > desk.now(), waits.exists())
        leaves_at = connection.scalar(select(func.min(batches.c.leaves_at)).where(*runs))
        mails = select(func.count(messages.c.invoice_id.distinct())).where(messages.c.batch_id.in_(batch_ids), messages.c.due_at.is_not(None))
        waiting = connection.scalar(mails) or 0
        held = connection.scalar(
            select(batches.c.held_because)
            .where(batches.c.id.in_(batch_ids), batches.c.held_at.is_not(None), waits.exists())
            .order_by(batches.c.id)
            .limit(1)
        )
    rest = (leaves_at - desk.now()).total_seconds() if leaves_at else 0
    return Progress(counts=counts, leaves_in_s=max(0, math.ceil(rest)), waiting=waiting, leaves_at=leaves_at, held=held)
