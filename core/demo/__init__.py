"""The demo desk: two firms, 250 customers, 1,200 documents of three months, made by the same use cases as real ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.app import App
from core.database import audit
from core.demo import clients, making
from core.demo.telling import telling
from core.dispatch import companies
from core.dispatch.desk import Desk

BEGUN: Final = "demo begun"
FINISHED: Final = "demo finished"


def fill(app: App, *, now: datetime) -> None:
    """Make the demo on an empty desk, or finish one that was broken off. Last month's mails really go to the mail catcher of this machine."""
    desk = app.desk
    begun = _day_of(desk, BEGUN)
    if _day_of(desk, FINISHED) or (begun is None and companies.list_companies(desk)):
        return
    today = begun or now.astimezone(ZoneInfo(desk.settings.time_zone)).date()
    with telling() as tell:
        if begun:
            tell.say("The demo was broken off half-way; it is finished now.")
        else:
            _write_down(desk, BEGUN, today)
        making.make(desk, clients.load(), today, tell)
    _write_down(desk, FINISHED, today)


def is_broken_off(app: App) -> bool:
    """Whether a demo was begun here and not finished."""
    return _day_of(app.desk, BEGUN) is not None and _day_of(app.desk, FINISHED) is None


def _day_of(desk: Desk, what: str) -> date | None:
    with desk.database.read() as connection:
        day = audit.last_subject(connection, what)
    return date.fromisoformat(day) if day else None


def _write_down(desk: Desk, what: str, day: date) -> None:
    with desk.database.write() as connection:
        audit.append(connection, company_id=None, who=desk.who, what=what, subject=day.isoformat(), now=desk.now())
