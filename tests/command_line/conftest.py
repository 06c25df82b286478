"""A desk for commands: an empty folder, and one with three invoices that wait to be sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests import desk
from tests.command_line.shell import done, file_of, set_account, tick
from tests.mail.fault_server import FaultServer


@pytest.fixture(autouse=True)
def folder(desk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with nothing set but what makes tests quick."""
    monkeypatch.setenv("FACTURIER_POLL_S", "0.02")
    monkeypatch.setenv("FACTURIER_BACK_OFF_S", "0.05")
    return desk_folder


@pytest.fixture(autouse=True, scope="module")
def log() -> None:
    if not structlog.is_configured():  # else the first command would bind the log to its own, short-lived stderr
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


@pytest.fixture
def ready(folder: Path, smtp: FaultServer) -> FaultServer:
    """Three invoices to three customers who want them by e-mail, and a set account."""
    three_invoices(folder, smtp.port)
    return smtp


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, log: None) -> Iterator[Path]:
    """The folder of such a desk, for tests that change nothing."""
    place = tmp_path_factory.mktemp("standing")
    with pytest.MonkeyPatch.context() as patch, FaultServer() as smtp:
        patch.chdir(place)
        three_invoices(place, smtp.port)
        yield place


def three_invoices(place: Path, port: int) -> None:
    done("init")
    done("import", *(file_of(place / "drop", desk.customer_invoice(number)) for number in (1, 2, 3)))
    set_account(port)
    for number in (1, 2, 3):
        tick(number, f"ok+{number}@x.test")
