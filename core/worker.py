"""The worker process: works the outbox, asks the rules in between, until it is told to stop. As many as wanted, on as many machines."""

from __future__ import annotations

import os
import signal
import socket
import time
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.app import App
from core.dispatch.rule_checks import Checker
from core.dispatch.working import Worker

log = structlog.get_logger()


def name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


class Stop:
    """SIGTERM and SIGINT let the message in hand be finished first."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run(app: App, *, stop: Stop | None = None) -> None:
    """Until a signal comes. A database that is away is waited for; what was in hand is swept later by whoever comes first."""
    stop = stop or Stop()
    worker = Worker(desk=app.desk, name=name(), stopping=lambda: stop.asked)
    checker = Checker(desk=app.desk)
    log.info("worker started", name=worker.name)
    while not stop.asked:
        try:
            busy = worker.step() or checker.step()
        except (SQLAlchemyError, OSError) as error:
            log.warning("surroundings in trouble", error=f"{type(error).__name__}: {getattr(error, 'orig', error)}")
            busy = 0
        if not busy:
            time.sleep(app.desk.settings.poll_s)
    worker.close()
    log.info("worker stopped", name=worker.name)
