"""Processes: make the desk and keep running what it needs."""

from __future__ import annotations

from typing import Annotated

import typer

from core.app import App
from core.commands.shell import DONE, complain, opened_app
from core.database import migrate
from core.errors import DatabaseMissing, DatabaseOutdated


def init(
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty desk with two firms, 250 customers and 1,200 invoices of three months.")
    ] = False,
) -> int:
    """Create the database or bring it up to date."""
    opened = opened_app(check=False)
    _upgrade(opened)
    if demo:
        _fill_with_demo(opened)
    complain.print("The database is ready.")
    return DONE


def work(drain: Annotated[bool, typer.Option("--drain", help="Stop when nothing can be sent any more.")] = False) -> int:
    """Work the outbox."""
    from core import worker
    from core.dispatch import crew

    opened = opened_app()
    if drain:
        crew.drain(opened.desk, name=worker.name(), lines=opened.desk.settings.lines, until=lambda: crew.nothing_due(opened.desk))
    else:
        worker.run(opened)
    return DONE


def catch() -> int:
    """Serve the mail catcher of this machine: it keeps what it takes, and nothing goes further."""
    from core.catcher import server

    settings = opened_app(check=False).desk.settings
    server.serve(settings.catcher_host, settings.catcher_port, settings.catcher_folder)
    return DONE


def run() -> int:
    """Start dashboard, worker and mail catcher and keep them up; the first run makes the demo, and the next one finishes it if it was broken off."""
    from core import demo, launch

    opened = opened_app(check=False)
    database = opened.desk.database
    try:
        migrate.check(database)
    except DatabaseMissing:
        complain.print("First run: making the demo …")
        _upgrade(opened)
        _fill_with_demo(opened)
    except DatabaseOutdated:
        _upgrade(opened)
    if demo.is_broken_off(opened):
        _fill_with_demo(opened)
    database.close()
    launch.run()
    return DONE


def _upgrade(opened: App) -> None:
    """The newest tables, and the audit chains of a desk from before they had heads under its seal."""
    from core.dispatch import sealing

    migrate.upgrade(opened.desk.database)
    if count := sealing.seal_chains(opened.desk):
        complain.print(f"Audit chains sealed: {count}.")


def _fill_with_demo(opened: App) -> None:
    """Make the demo's firms, customers and invoices."""
    from core import demo

    demo.fill(opened, now=opened.desk.now())
