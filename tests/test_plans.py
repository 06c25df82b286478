"""A desk of many years answers as fast as a new one: nothing that is asked all day reads all that ever left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.app import App
from core.bench import filling
from core.database import claims, outbox_views, sweeping
from core.database.ledger_rows import Filter
from core.dispatch import archive_view, budget, chores, looking, outbox_view, progress, queued, review, sending
from core.model import DeliveryStatus, Ledger

GROWS = ("messages", "deliveries", "replies", "audit_events")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """On SQLite, which has no statistics before somebody asks it to gather some."""
    opened = filling.desk_with(tmp_path, 200)
    with opened.desk.database.write() as connection:
        connection.exec_driver_sql("delete from sqlite_stat1")
    opened.desk.database.close()
    ids = looking.pending_ids(opened.desk, Filter(ledger=Ledger.EMAIL))
    assert sending.queue(opened.desk, ids[:10]).invoice_ids
    yield opened
    opened.desk.database.close()


@contextmanager
def plans(app: App) -> Iterator[list[tuple[str, str]]]:
    """Each statement that reads, with each step of how SQLite means to find its rows."""
    found: list[tuple[str, str]] = []

    def explain(_connection: Any, cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().lower().startswith(("select", "with", "update", "delete")):
            plan = cursor.connection.cursor()
            found.extend((statement, str(step[3])) for step in plan.execute(f"explain query plan {statement}", values))

    event.listen(app.desk.database.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(app.desk.database.engine, "before_cursor_execute", explain)


def ask(app: App, question: Callable[[Any], object]) -> object:
    with app.desk.database.read() as connection:
        return question(connection)


LOOKS: dict[str, Callable[[App], object]] = {
    "newest": lambda app: outbox_view.newest(app.desk),
    "newest of a kind": lambda app: outbox_view.newest(app.desk, statuses=[DeliveryStatus.UNCERTAIN]),
    "newest with a number": lambda app: outbox_view.newest(app.desk, search="F2026-0000001"),
    "to settle": lambda app: outbox_view.to_settle(app.desk),
    "marks": lambda app: outbox_view.marks(app.desk),
    "anything waits": lambda app: outbox_view.anything_waits(app.desk),
    "how far": lambda app: progress.of_batches(app.desk, [1]),
    "end of a batch": lambda app: budget.ends_at(app.desk, 1),
    "end foreseen": lambda app: budget.foreseen(app.desk, [1, 2, 3]),
    "check": lambda app: review.review(app.desk, [1, 2, 3]),
    "queued of a company": lambda app: queued.of_company(app.desk, 1),
    "archive of a day": lambda app: archive_view.find(app.desk, since=date(2026, 11, 24), until=date(2026, 11, 24)),
    "sweep": lambda app: chores.sweep(app.desk),
    "open": lambda app: ask(app, lambda connection: outbox_views.open_count(connection, workable_at=app.desk.now(), due_by=app.desk.now())),
    "work": lambda app: ask(app, lambda connection: claims.accounts_with_work(connection, now=app.desk.now())),
    "leases": lambda app: ask(app, lambda each: sweeping.any_lease_over(each, now=app.desk.now(), latest=app.desk.now() + timedelta(hours=1))),
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_look_reads_all_that_ever_left(app: App, look: str) -> None:
    with plans(app) as found:
        LOOKS[look](app)
    assert found
    read_whole = {f"SCAN {table}" for table in GROWS}
    assert [statement for statement, step in found if step in read_whole] == []


def test_the_check_itself_can_fail(app: App) -> None:
    with plans(app) as found, app.desk.database.read() as connection:
        connection.exec_driver_sql("select count(*) from messages where claim is not null").all()
    assert "SCAN messages" in {step for _, step in found}
