"""Keep dashboard, worker and mail catcher running: one that dies is started again, and the others stay."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger()

DASHBOARD: Final = Path(__file__).parents[1] / "dashboard.py"
# Streamlit reads .streamlit/config.toml of the folder it is started in; where there is none, it must not open the desk to the network.
SAFE: Final = (
    "--server.address=127.0.0.1",
    "--server.allowedHosts=localhost",
    "--server.allowedHosts=127.0.0.1",
    "--server.headless=true",
    "--browser.gatherUsageStats=false",
    "--server.scriptHealthCheckEnabled=true",
)
FIRST_VISIT: Final = "/_stcore/script-health-check"
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
WELL_AFTER_S: Final = 60.0  # who lived that long starts again without delay
PATIENCE_S: Final = 10.0  # between asking to end and killing
PR_SET_PDEATHSIG: Final = 1  # Linux, prctl(2)


@dataclass
class Child:
    """One process of the crew, and when it may start again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S

    def watch(self, now: float) -> None:
        """Start what is due; of what died, say so and wait longer each time."""
        if self.process is None:
            if now >= self.due_at:
                self.start(now)
        elif self.process.poll() is not None:
            if now - self.started_at > WELL_AFTER_S:
                self.pause_s = FIRST_PAUSE_S
            log.warning("ended, starts again", process=self.name, code=self.process.returncode, in_s=self.pause_s)
            self.process = None
            self.due_at = now + self.pause_s
            self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)

    def start(self, now: float) -> None:
        # A group of its own: Ctrl-C reaches the launcher alone, which then ends all in order.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_die_with_parent())
        self.started_at = now
        log.info("started", process=self.name, pid=self.process.pid)
        if self.name == "dashboard":
            threading.Thread(target=_visit, args=(self.process,), daemon=True).start()

    def end(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def crew() -> dict[str, Sequence[str]]:
    """The processes of a desk in the order in which they end: who hands mails over before who takes them."""
    core = (sys.executable, "-m", "core")
    own_settings = Path(".streamlit/config.toml").exists()
    return {
        "worker": (*core, "worker"),
        "catcher": (*core, "catcher"),
        "dashboard": (sys.executable, "-m", "streamlit", "run", str(DASHBOARD), *(() if own_settings else SAFE)),
    }


def run(commands: Mapping[str, Sequence[str]] | None = None, *, poll_s: float = 0.2) -> None:
    """Until SIGTERM or SIGINT; then all end politely, one after the other."""
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    children = [Child(name, command) for name, command in (commands or crew()).items()]
    try:
        while not asked:
            for child in children:
                child.watch(time.monotonic())
            time.sleep(poll_s)
    finally:
        for child in children:
            child.end()
        for number, handler in former.items():
            signal.signal(number, handler)
    log.info("all ended")


def _visit(dashboard: subprocess.Popen[bytes]) -> None:
    """Run the dashboard's script once: until then Streamlit answers a deep link with “Page not found”."""
    url = f"http://127.0.0.1:{os.environ.get('STREAMLIT_SERVER_PORT', '8501')}{FIRST_VISIT}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy of the surroundings has no business here
    while dashboard.poll() is None:
        try:
            with direct.open(url, timeout=60):
                return
        except urllib.error.HTTPError:
            return  # it listens, but will not be visited
        except OSError:
            time.sleep(0.2)


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends a child whose launcher was killed -9; elsewhere nothing does."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: afterwards only the call is safe
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM) and None
