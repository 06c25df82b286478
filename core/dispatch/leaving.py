"""When a sending leaves: a time that a person typed, in the desk's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.dispatch import looking
from core.dispatch.desk import Desk
from core.errors import TimeInvalid, TimeNeverComes, TimePast, TimeTooFar

FARTHEST = timedelta(days=60)
WRITTEN = "%Y-%m-%d %H:%M"


def at(desk: Desk, text: str) -> datetime:
    """`2026-11-25 08:00` as a point in time. Raises TimeInvalid, TimeNeverComes, TimePast, TimeTooFar."""
    try:
        wall = datetime.strptime(" ".join(text.replace("T", " ").split()), WRITTEN)  # noqa: DTZ007 - the zone is put on below
    except ValueError as error:
        raise TimeInvalid(text=text) from error
    return checked(desk, wall)


def checked(desk: Desk, wall: datetime) -> datetime:
    """The same from date and time of day as the clock on the wall shows them."""
    zone, said = looking.zone(desk), f"{wall:{WRITTEN}}"
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise TimeNeverComes(text=said, zone=zone.key)
    if moment <= desk.now():
        raise TimePast(text=said)
    if moment > desk.now() + FARTHEST:
        raise TimeTooFar(text=said, days=FARTHEST.days)
    return moment
