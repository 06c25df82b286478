"""The worker process: works the outbox, asks the rules in between, until it is told to stop. As many as wanted, on as many machines."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from types import FrameType
from typing import Final

import structlog
from huey.consumer import Consumer
from sqlalchemy.exc import SQLAlchemyError

from core.app import App
from core.background import WAKE
from core.dispatch import chores
from core.dispatch.crew import Crew

log = structlog.get_logger()

BEAT_S: Final = 5.0
LOOK_S: Final = 0.1  # for a signal


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
    desk = app.desk
    crew = Crew(desk=desk, name=name(), lines=desk.settings.lines, checks=True)
    log.info("worker started", name=crew.name, lines=crew.lines)
    crew.start()
    consumer = _consumer(app, crew)
    beaten = float("-inf")
    while not stop.asked:
        if time.monotonic() - beaten > BEAT_S:
            beaten = time.monotonic()
            _beat(crew)
        time.sleep(LOOK_S)
    if consumer is not None:
        consumer.stop(graceful=True)
    crew.stop()
    with contextlib.suppress(SQLAlchemyError):
        crew.sign_off()
    log.info("worker stopped", name=crew.name)


def _beat(crew: Crew) -> None:
    try:
        crew.desk.set_clock()
        crew.beat()
    except SQLAlchemyError as error:
        log.warning("database away", error=f"{type(error).__name__}: {getattr(error, 'orig', error)}")


def _consumer(app: App, crew: Crew) -> Consumer | None:
    """What runs the chores; without a queue the mails leave all the same."""
    try:
        consumer = app.background.consumer({WAKE: crew.wake, **chores.all_of(app.desk, by=crew.name)})
        consumer.start()
    except Exception as error:  # noqa: BLE001 - whatever the queue is made of
        log.warning("no queue for background work", error=f"{type(error).__name__}: {error}")
        return None
    return consumer
