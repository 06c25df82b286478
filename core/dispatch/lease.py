"""A worker's hold on a message, for as long as it works on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from core import outbox
from core.database.deliveries import ClaimedMessage
from core.dispatch.desk import Desk


@dataclass
class Lease:
    """Renewed when half of it is over, so that a slow line does not lose it."""

    desk: Desk
    message: ClaimedMessage
    renew_at: float = field(init=False)

    def __post_init__(self) -> None:
        left = (self.message.lease_until - self.desk.now()).total_seconds()
        self.renew_at = time.monotonic() + left - self.desk.settings.claim_lease_s / 2

    def keep(self) -> None:
        if time.monotonic() < self.renew_at:
            return
        lease_s = self.desk.settings.claim_lease_s
        with self.desk.database.write() as connection:
            outbox.renew(connection, self.message, lease_s=lease_s, now=self.desk.now())
        self.renew_at = time.monotonic() + lease_s / 2
