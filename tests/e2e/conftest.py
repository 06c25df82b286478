"""A whole desk for Chromium: dashboard, worker and mail catcher as processes, on a database of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from core.app import App, open_app
from core.database import migrate
from core.settings import Settings
from tests.mail.fault_server import free_port

ROOT = Path(__file__).parents[2]


@dataclass
class House:
    """The running program, and the folder of its data and its screenshots."""

    app: App
    url: str
    folder: Path
    catcher_port: int
    shots: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium where there is one, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    return browser_type_launch_args | {"args": quiet} | ({"executable_path": found} if found else {})


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"viewport": {"width": 1280, "height": 800}, "locale": "fr-BE"}


@pytest.fixture
def countdown_s() -> int:
    """Seconds in which a click can be taken back; a module that clicks “Cancel” gives itself more."""
    return 4


@pytest.fixture
def house(tmp_path: Path, countdown_s: int) -> Iterator[House]:
    port, catcher_port = free_port(), free_port()
    environment = {
        "FACTURIER_DATABASE_URL": f"sqlite:///{tmp_path / 'facturier.db'}",
        "FACTURIER_ARCHIVE_URL": f"file://{tmp_path / 'archive'}",
        "FACTURIER_SECRET_KEY": "qWm2oV2xk7tM9lXoQJ0yX8l0b9m1Xo7sV8v3mH4b2nE=",
        "FACTURIER_CATCHER_PORT": str(catcher_port),
        "FACTURIER_CATCHER_FOLDER": str(tmp_path / "catcher"),
        "FACTURIER_POLL_S": "0.2",
        "FACTURIER_COUNTDOWN_S": str(countdown_s),
    }
    settings = Settings.model_validate({name.removeprefix("FACTURIER_").lower(): value for name, value in environment.items()})
    app = open_app(settings, who="marie", check=False)
    migrate.upgrade(app.desk.database)
    shots = Path(os.environ.get("FACTURIER_SHOTS", str(tmp_path / "shots")))
    shots.mkdir(parents=True, exist_ok=True)
    running = House(app, f"http://127.0.0.1:{port}", tmp_path, catcher_port, shots)
    dashboard = ["-m", "streamlit", "run", "dashboard.py", "--server.port", str(port), "--server.headless", "true"]
    try:
        for command in (dashboard, ["-m", "core", "worker"], ["-m", "core", "catcher"]):
            running.processes.append(_start(command, environment, tmp_path))
        _wait(port)
        _wait(catcher_port)
        urlopen(f"{running.url}/_stcore/script-health-check", timeout=60).close()  # as the launcher does: pages are known after a first run
        yield running
    finally:
        for process in running.processes:
            process.terminate()
        for process in running.processes:
            process.wait(timeout=20)
        app.desk.database.close()


def _start(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "processes.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)


def _wait(port: int, limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")
