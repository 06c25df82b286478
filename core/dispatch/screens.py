"""What a browser had on its screen: ticks, filters, language. A reload or a crash loses none of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from core.database.schema import browser_states
from core.dispatch.desk import Desk

FORGOTTEN_AFTER = timedelta(days=180)


def load(desk: Desk, browser: str, name: str) -> dict[str, Any]:
    """Empty when nothing is kept."""
    query = select(browser_states.c.content).where(browser_states.c.browser == browser, browser_states.c.name == name)
    with desk.database.read() as connection:
        content = connection.scalar(query)
    return json.loads(content) if content else {}


def keep(desk: Desk, browser: str, name: str, content: dict[str, Any]) -> None:
    now = desk.now()
    mine = (browser_states.c.browser == browser) & (browser_states.c.name == name)
    with desk.database.write() as connection:
        connection.execute(delete(browser_states).where(mine | (browser_states.c.saved_at < now - FORGOTTEN_AFTER)))
        connection.execute(insert(browser_states).values(browser=browser, name=name, content=json.dumps(content), saved_at=now))
