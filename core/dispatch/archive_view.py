"""What the archive page shows: sealed mails as they left, each with its envelope and what the server said. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row

from core.database import archived, parties
from core.database.archived import Wanted
from core.dispatch import looking
from core.dispatch.desk import Desk
from core.errors import MailUnknown
from core.model import DeliveryStatus, RecipientRole

SHOWN = 200
URGENCY = (  # a mail with several recipients stands where the most doubtful of them stands
    DeliveryStatus.UNCERTAIN,
    DeliveryStatus.BOUNCED,
    DeliveryStatus.FAILED,
    DeliveryStatus.SENDING,
    DeliveryStatus.CLAIMED,
    DeliveryStatus.QUEUED,
    DeliveryStatus.HELD,
    DeliveryStatus.SENT,
)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A sealed mail with its deliveries."""

    row: Row[Any]
    deliveries: Sequence[Row[Any]]

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def status(self) -> DeliveryStatus:
        """Of the customer's recipients; of all where there is no other."""
        own = [row.status for row in self.deliveries if row.role is not RecipientRole.ARCHIVE] or [row.status for row in self.deliveries]
        return min(own, key=URGENCY.index, default=DeliveryStatus.HELD)

    @property
    def at(self) -> datetime:
        """When it was handed over; until then, and for very old ones, when it was queued."""
        handed: datetime = self.row.handed_at or self.row.queued_at
        return handed


def find(
    desk: Desk, *, search: str = "", company_id: int | None = None, since: date | None = None, until: date | None = None, before: int | None = None
) -> list[Mail]:
    """At most 200, the newest first; days are those of the desk's time zone, both included."""
    with desk.database.read() as connection:
        companies = [company_id] if company_id is not None else sorted(parties.load_companies(connection)) if since or until else []
        wanted = Wanted(search=search, company_ids=companies, since=_start(desk, since), until=_start(desk, until, later=1))
        rows = archived.page(connection, wanted, before=before, limit=SHOWN)
        found = archived.recipients(connection, [row.id for row in rows])
    return [Mail(row=row, deliveries=found.get(row.id, [])) for row in rows]


def _start(desk: Desk, day: date | None, *, later: int = 0) -> datetime | None:
    return datetime.combine(day + timedelta(days=later), time.min, looking.zone(desk)) if day is not None else None


def mail(desk: Desk, message_row_id: int) -> Mail:
    """Raises MailUnknown."""
    with desk.database.read() as connection:
        row = archived.one(connection, message_row_id)
        if row is None or row.sealed_sha256 is None:
            raise MailUnknown(mail=message_row_id)
        return Mail(row=row, deliveries=archived.recipients(connection, [row.id]).get(row.id, []))


def latest_of(desk: Desk, invoice_id: int) -> int:
    """The newest sealed mail of an invoice. Raises MailUnknown."""
    with desk.database.read() as connection:
        found = archived.latest_of(connection, invoice_id)
    if found is None:
        raise MailUnknown(mail="–")
    return found
