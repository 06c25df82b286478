"""Wait for what another process does, and say what it wrote when it does not."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 20


def until(is_so: Callable[[], bool], log: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, log()
        time.sleep(0.02)
