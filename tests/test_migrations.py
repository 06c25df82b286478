"""A database of the first revision, filled, comes to the newest one whole: nothing is lost, and what is derived is as today's code makes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text

from core.app import App
from core.database import migrate, words
from core.database.session import Database
from tests import desk

FILLED = ("companies", "customers", "customer_recipients", "invoices", "invoice_versions", "audit_events")


def rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(text(f"select * from {table} order by 1, 2"))]


@pytest.fixture
def old(app: App, tmp_path: Path) -> Database:
    """What is in the app's database, as far as the first revision had a place for it."""
    for place, name in enumerate(("Café Müller", "Dupont SRL")):
        invoice = desk.customer_invoice(place)
        desk.bring(app, replace(invoice, buyer=replace(invoice.buyer, name=name)))
    desk.tick(app, 1, "compta@dupont.be")
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    config = migrate._config()
    with database.write() as connection, app.desk.database.read() as filled:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table in FILLED:
            names = [column["name"] for column in inspect(connection).get_columns(table)]
            insert = text(f"insert into {table} ({', '.join(names)}) values ({', '.join(':' + name for name in names)})")
            connection.execute(insert, [{name: row[name] for name in names} for row in rows(filled, table)])
    return database


def test_nothing_is_lost_and_what_is_searched_is_as_if_imported_today(app: App, old: Database) -> None:
    migrate.upgrade(old)
    migrate.check(old)
    with old.read() as upgraded, app.desk.database.read() as today:
        for table in FILLED:
            assert rows(upgraded, table) == rows(today, table)
        found = text("select rowid from customers_words where search_text match '\"0700000\"'")
        assert len(upgraded.execute(found).all()) == 2
    old.close()


def test_an_upgrade_that_stops_half_way_has_done_nothing(old: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with old.read() as connection:
        before = {table: rows(connection, table) for table in FILLED}

    def full(_: object) -> str:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(words, "of_invoice", full)
        with pytest.raises(OSError, match="disk full"):
            migrate.upgrade(old)
    with old.read() as connection:
        assert {table: rows(connection, table) for table in FILLED} == before
    migrate.upgrade(old)
    migrate.check(old)
    old.close()
