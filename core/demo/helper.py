"""A second worker for the demo, in a process of its own: it works until its input ends, so that it never outlives who started it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.app import open_app
from core.dispatch import working
from core.settings import Settings

ROOT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 10.0


@contextmanager
def helping(settings: Settings) -> Iterator[None]:
    """While it lasts, two work the outbox. A helper that fails is none: who asked for it does all the work then."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = (sys.executable, "-c", "from core.demo.helper import main; main()")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": path}) as helper:
        assert helper.stdin is not None
        try:
            helper.stdin.write(settings.model_dump_json(exclude={"secret_key"}).encode() + b"\n")  # a key of the environment is there anyway
            helper.stdin.flush()
            yield
            helper.terminate()  # the outbox is worked off: there is nothing in its hand
        finally:
            helper.stdin.close()
            try:
                helper.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                helper.kill()


def main() -> None:
    desk = open_app(Settings.model_validate_json(sys.stdin.readline())).desk
    over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    working.drain(desk, name="demo helper", until=over.is_set)
    desk.database.close()
