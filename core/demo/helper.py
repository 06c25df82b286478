"""A second worker for the demo, in a process of its own: it works as long as it is wanted and its parent lives."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Final

from core.app import open_app
from core.dispatch import crew
from core.dispatch.desk import Desk
from core.settings import Settings

PATIENCE_S: Final = 10.0


@contextmanager
def helping(desk: Desk) -> Iterator[None]:
    """While it lasts, two work the outbox. A helper that fails is none: who asked for it does all the work then."""
    import fpdf  # noqa: F401  0.3 s: before the fork, where there is one, it is read for both

    desk.database.close()  # no connection may be held by two
    over = multiprocessing.Event()
    helper = multiprocessing.Process(target=_work, args=(desk.settings, over), name="demo helper", daemon=True)
    helper.start()
    try:
        yield
        helper.terminate()  # the outbox is worked off: there is nothing in its hand
    finally:
        over.set()
        helper.join(PATIENCE_S)
        helper.kill()


def _work(settings: Settings, over: Event) -> None:
    """Ctrl-C is for the parent, which then says that it is over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    desk = open_app(settings).desk
    crew.drain(desk, name="demo helper", until=lambda: over.is_set() or (parent is not None and not parent.is_alive()))
    desk.database.close()
