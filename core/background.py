"""Background work that is not a mail, through huey: waking the workers, and chores that come round.

The truth about mails is in the outbox table, never here: a queue that is away, emptied or doubled loses nothing and sends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from core.errors import QueueUnknown

log = structlog.get_logger()

NAME: Final = "facturier"
WAKE: Final = "wake"
LONGEST_LOOK_S: Final = 0.5  # between two looks at a queue that cannot call


class Background:
    """The queue that the settings name; opened when it is first used."""

    def __init__(self, url: str, *, key: Callable[[], bytes]) -> None:
        self.url = url
        self._key = key
        self._work: Mapping[str, Callable[[], None]] = {}

    @cached_property
    def huey(self) -> Huey:
        """Raises QueueUnknown for a URL of no known kind."""
        return _opened(self.url, key=self._key())

    @cached_property
    def _waking(self) -> TaskWrapper:
        task: TaskWrapper = self.huey.task(name=WAKE)(lambda: self._run(WAKE))
        return task

    def wake(self, at: datetime | None = None) -> None:
        """Tell a worker to look now, or at that time. Without a queue it looks at its next round anyway."""
        try:
            self._waking.schedule(eta=at) if at else self._waking()
        except Exception as error:  # noqa: BLE001 - whatever the queue is made of, the mails are safe without it
            log.warning("the queue does not answer", error=f"{type(error).__name__}: {error}")

    def consumer(self, work: Mapping[str, Callable[[], None]]) -> Consumer:
        """Started by the caller: runs what is woken, and each chore of `work` once a minute."""
        self._work = work
        assert self._waking is not None  # registered before the consumer looks
        for name in work:
            if name != WAKE:
                self.huey.periodic_task(crontab(minute="*"), name=name)(lambda name=name: self._run(name))
        logging.getLogger("huey").setLevel(logging.ERROR)
        make: Callable[..., Consumer] = _Consumer
        return make(self.huey, workers=1, max_delay=LONGEST_LOOK_S, check_worker_health=True)

    def _run(self, name: str) -> None:
        if name in self._work:
            self._work[name]()


class _Consumer(Consumer):
    def _set_signal_handlers(self) -> None:
        """The worker process has its own."""


def _opened(url: str, *, key: bytes) -> Huey:
    # Signed: whoever can write into the queue's storage must not be able to run code here (huey pickles).
    settings: dict[str, Any] = {"name": NAME, "results": False, "utc": True, "serializer": SignedSerializer(key.hex(), "facturier.queue")}
    kind = urlsplit(url).scheme.partition("+")[0]
    if kind == "sqlite":
        return SqliteHuey(filename=url.partition(":///")[2], **settings)
    if kind in ("postgresql", "postgres"):
        return PostgresHuey(dsn=url.replace("postgresql+psycopg", "postgresql"), **settings)
    if kind in ("redis", "rediss", "unix"):
        return RedisHuey(url=url, **settings)
    raise QueueUnknown(url=f"{kind}:…")
