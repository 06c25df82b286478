"""Fixtures: a desk of its own per test, with a real database, a real archive and a real server on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App, open_app
from core.database import migrate
from core.settings import Settings
from tests.mail.fault_server import FaultServer
from tests.postgresql import Server, running

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def settings_for(folder: Path, **overrides: object) -> Settings:
    fields: dict[str, object] = {
        "database_url": f"sqlite:///{folder / 'facturier.db'}",
        "archive_url": f"file://{folder / 'archive'}",
        "queue_url": f"sqlite:///{folder / 'queue.db'}",
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


ON_BOTH = ("dispatch", "mail", "test_ledgers.py", "test_searching.py", "test_kill.py")  # stores, outbox and what is built on them


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What touches the database beyond a page runs on SQLite and on PostgreSQL."""
    place = metafunc.definition.path.relative_to(Path(__file__).parent).parts[0]
    if "database_url" in metafunc.fixturenames and place in ON_BOTH:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest, desk_folder: Path) -> Iterator[str]:
    """An empty database of its own."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{desk_folder / 'facturier.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url


@pytest.fixture
def app(desk_folder: Path, database_url: str) -> Iterator[App]:
    """An empty database at the newest revision."""
    opened = open_app(settings_for(desk_folder, database_url=database_url), who="marie", check=False)
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
