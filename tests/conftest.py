"""Fixtures: a desk of its own per test, with a real database, a real archive and a real server on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App, open_app
from core.database import migrate
from core.settings import Settings
from tests.mail.fault_server import FaultServer

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def settings_for(folder: Path, **overrides: object) -> Settings:
    fields: dict[str, object] = {
        "database_url": f"sqlite:///{folder / 'facturier.db'}",
        "archive_url": f"file://{folder / 'archive'}",
        "secret_key": "qWm2oV2xk7tM9lXoQJ0yX8l0b9m1Xo7sV8v3mH4b2nE=",
        "poll_s": 0.02,
        "back_off_s": 0.05,
        "connect_timeout_s": 5,
        "reply_wait_s": 5,
    }
    return Settings.model_validate(fields | overrides)


@pytest.fixture
def desk_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory, so that nothing lands elsewhere."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def app(desk_folder: Path) -> Iterator[App]:
    """An empty database at the newest revision."""
    opened = open_app(settings_for(desk_folder), who="marie", check=False)
    migrate.upgrade(opened.desk.database)
    yield opened
    opened.desk.database.close()


@pytest.fixture
def smtp() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data does not stand beside this clone")
    return SHARED_DATA
