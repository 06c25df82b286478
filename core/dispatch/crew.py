"""Several lines of one worker process: each works the queue by itself, one thread makes the documents for all of them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.database import claims, outbox_views
from core.dispatch.desk import Desk
from core.dispatch.rule_checks import Checker
from core.dispatch.working import Worker
from core.records import Seal

log = structlog.get_logger()

AWAY_S: Final = 1.0  # between looks while the database is gone
PATIENCE: Final = timedelta(seconds=60)
BEAT_S: Final = 5.0  # of a short-lived crew


@dataclass
class Crew:
    """The lines of a process. Python's threads wait for servers side by side; what computes takes turns anyway."""

    desk: Desk
    name: str
    lines: int
    checks: bool = False  # ask the rules between mails
    stopping: threading.Event = field(default_factory=threading.Event)
    woken: threading.Event = field(default_factory=threading.Event)
    _maker: ThreadPoolExecutor = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)
    _workers: list[Worker] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        # One thread: the rule engine and the PDF reader belong to the thread that made them, and making is computing.
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="making")

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._work, args=(number,), name=f"line-{number}", daemon=True) for number in range(self.lines)]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something may be due: look now instead of at the next round."""
        self.woken.set()

    def beat(self) -> None:
        """The process lives, and so do its lines, also those that wait for a server."""
        now = self.desk.now()
        with self.desk.database.write() as connection:
            outbox_views.beat(connection, self.name, now=now)
            until = now + timedelta(seconds=self.desk.settings.claim_lease_s)
            for worker in list(self._workers):
                claims.keep_lines(connection, worker.name, worker.lines.in_use(), lease_until=until)

    def sign_off(self) -> None:
        """Nobody waits for a sign of life of a process that ended by itself."""
        with self.desk.database.write() as connection:
            outbox_views.forget_worker(connection, self.name)

    def stop(self) -> None:
        """Each line finishes the mail in hand; however long that takes, it keeps its place."""
        self.stopping.set()
        self.woken.set()
        for thread in self._threads:
            thread.join(BEAT_S)
            while thread.is_alive():
                with contextlib.suppress(SQLAlchemyError):
                    self.beat()
                thread.join(BEAT_S)
        self._maker.shutdown()

    def _work(self, number: int) -> None:
        worker = Worker(desk=self.desk, name=f"{self.name}/{number}", stopping=self.stopping.is_set, make=self._make, beats=False)
        self._workers.append(worker)
        checker = Checker(desk=self.desk) if self.checks and number == 0 else None
        with contextlib.closing(worker):
            while not self.stopping.is_set():
                if not self._round(worker, checker):
                    self._rest()

    def _round(self, worker: Worker, checker: Checker | None) -> int:
        try:
            return worker.step() or (self._maker.submit(checker.step).result() if checker else 0)
        except (SQLAlchemyError, OSError) as error:
            log.warning("surroundings in trouble", line=worker.name, error=f"{type(error).__name__}: {getattr(error, 'orig', error)}")
            self.stopping.wait(AWAY_S)
            return 0
        except Exception:  # a line that ends without a word would leave its mails to nobody
            log.exception("line in trouble", line=worker.name)
            self.stopping.wait(AWAY_S)
            return 0

    def _rest(self) -> None:
        self.woken.wait(self.desk.settings.poll_s)
        self.woken.clear()

    def _make(self, act: Callable[[], tuple[Seal, bytes]]) -> tuple[Seal, bytes]:
        return self._maker.submit(act).result()


def drain(desk: Desk, *, name: str, until: Callable[[], bool], lines: int = 1, timeout_s: float | None = None) -> None:
    """Work until `until()` says so, nothing workable is left, or the time is over."""
    end = None if timeout_s is None else time.monotonic() + timeout_s
    if lines > 1:
        _drain_with(Crew(desk=desk, name=name, lines=lines), until, end)
        return
    with contextlib.closing(Worker(desk=desk, name=name)) as worker:
        while not until() and (end is None or time.monotonic() < end):
            if worker.step() == 0:
                time.sleep(min(desk.settings.poll_s, 0.2))


def _drain_with(crew: Crew, until: Callable[[], bool], end: float | None) -> None:
    crew.start()
    try:
        beaten = float("-inf")
        while not until() and (end is None or time.monotonic() < end):
            if time.monotonic() - beaten > BEAT_S:
                crew.beat()
                beaten = time.monotonic()
            time.sleep(min(crew.desk.settings.poll_s, 0.1))
    finally:
        crew.stop()


def nothing_workable(desk: Desk) -> bool:
    """Whether all mails are final, or their account is paused for longer than a moment."""
    with desk.database.read() as connection:
        return outbox_views.open_count(connection, workable_at=desk.now() + PATIENCE) == 0


def nothing_due(desk: Desk) -> bool:
    """The same, and what is to be tried again later than in a moment does not count either."""
    soon = desk.now() + PATIENCE
    with desk.database.read() as connection:
        return outbox_views.open_count(connection, workable_at=soon, due_by=soon) == 0
