"""Create or upgrade the database; nothing else does."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from core.database import searching
from core.database.session import Database
from core.errors import DatabaseMissing, DatabaseOutdated


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database: Database) -> None:
    """Bring the database to the newest revision, in one transaction."""
    config = _config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "postgresql":
            searching.index_on_postgresql(connection)


def check(database: Database) -> None:
    """Raise DatabaseMissing or DatabaseOutdated unless the database is at the newest revision."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise DatabaseMissing
        if MigrationContext.configure(connection).get_current_revision() != head:
            raise DatabaseOutdated
