"""The chores that come round; of all workers, one does each at its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from core import outbox, recording
from core.database import chores, handovers, outbox_views
from core.dispatch import bouncing, domain_checks
from core.dispatch.desk import Desk

log = structlog.get_logger()

FORGET_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Chore:
    name: str
    every_s: float
    act: Callable[[Desk], object]


def sweep(desk: Desk) -> None:
    """What was forgotten: leases of the dead, mails that waited too long, workers that nobody hears of."""
    settings = desk.settings
    patience = recording.Patience(retry_hours=settings.retry_hours, back_off_s=settings.back_off_s)
    with desk.database.write() as connection:
        now = desk.now()
        outbox.sweep(connection, longest_lease_s=max(settings.claim_lease_s, settings.sending_lease_s), now=now)
        outbox.tidy(connection, longest_wait=max(patience.longest, recording.QUOTA_WAIT), now=now)
        handovers.tidy(connection, now=now)
        outbox_views.forget_workers(connection, before=now - FORGET_AFTER)


CHORES: Final = (
    Chore(name="sweep", every_s=60, act=sweep),
    Chore(name="bounces", every_s=300, act=bouncing.read_all),
    Chore(name="domains", every_s=3600, act=domain_checks.check_all),
)


def all_of(desk: Desk, *, by: str) -> Mapping[str, Callable[[], None]]:
    """By name, each as a call that does it if it is due and nobody else has begun."""
    return {chore.name: _doing(desk, chore, by) for chore in CHORES}


def _doing(desk: Desk, chore: Chore, by: str) -> Callable[[], None]:
    def do() -> None:
        with desk.database.write() as connection:
            if not chores.take(connection, chore.name, every_s=chore.every_s - 1, by=by, now=desk.now()):
                return
        log.debug("chore", name=chore.name)
        chore.act(desk)

    return do
