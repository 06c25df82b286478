"""The ledger page as a person meets it: loaded, clicked, turned and searched in a real Chromium."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from core import launch
from core.settings import Settings

ROW: Final = 35
TIMES: Final = 5
PEER_LIMIT: Final = 100_000  # beyond it a plain table is no alternative any more (BENCH B8)
# The usual Streamlit page: the whole ledger in one table.
PEER: Final = """
import streamlit as st
from core.app import open_app
st.set_page_config(layout="wide")
@st.cache_resource
def app(): return open_app()
@st.cache_data
def frame(): return app().ledgers().email.astype({"total_with_vat": "float64", "amount_due": "float64"})
st.dataframe(frame(), key="all", on_select="rerun", selection_mode="multi-row", height=528)
"""
# Counts the runs that have ended; a short one would be over before anybody asked whether it runs.
COUNTING: Final = """
window.runs = 0;
new MutationObserver((changes) => {
  for (const change of changes)
    if (change.oldValue === "running" && change.target.getAttribute(change.attributeName) === "notRunning") window.runs += 1;
}).observe(document, { subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ["data-test-script-state"] });
"""
STILL: Final = "() => document.querySelector('[data-test-script-state=notRunning]') && !document.querySelector('[data-stale=true]')"


def measure(settings: Settings, folder: Path, size: int) -> dict[str, Any]:
    """Seconds as medians of five, kilobytes over the websocket, and the resident memory of the dashboard."""
    with _server(settings, folder, launch.DASHBOARD) as (url, process), _page() as page:
        result: dict[str, Any] = _ledger(page, url, size) | {"resident_mb": _resident_mb(process)}
    if size <= PEER_LIMIT:
        script = folder / "peer.py"
        script.write_text(PEER, encoding="utf-8")
        with _server(settings, folder, script) as (url, process), _page() as page:
            result["plain st.dataframe"] = _plain(page, url) | {"resident_mb": _resident_mb(process)}
    return result


def _ledger(page: Any, url: str, size: int) -> dict[str, Any]:
    received = _Received(page)
    result: dict[str, Any] = {"load_s": _median(lambda: _load(page, url)), "load_kb": received.taken_kb() // (TIMES + 1)}
    rows = iter(range(1, 3 * TIMES))
    result["tick_s"] = _median(lambda: _click(page, 16, next(rows), lambda: None))
    result["tick_kb"] = received.taken_kb() // (TIMES + 1)
    rows = iter(range(1, 3 * TIMES))
    panel = page.locator(".st-key-panel")
    result["open_s"] = _median(lambda: _click(page, 200, next(rows), panel.wait_for))
    _press(page, "✕")
    received.taken_kb()
    result["next_page_s"] = _median(lambda: _press(page, "›"))
    result["next_page_kb"] = received.taken_kb() // (TIMES + 1)
    numbers = iter(range(size // 3, size // 3 + 2 * TIMES))
    result["search_number_s"] = _median(lambda: _search(page, f"{next(numbers):07d}"))
    names = iter(["dupont", "muller", "lefevre", "garage maes", "cafe claes", "lambert", "delvaux", "wouters"])
    result["search_name_s"] = _median(lambda: _search(page, next(names)))
    return result


def _plain(page: Any, url: str) -> dict[str, Any]:
    received = _Received(page)
    result: dict[str, Any] = {"load_s": _median(lambda: _load(page, url)), "load_kb": received.taken_kb() // (TIMES + 1)}
    rows = iter(range(1, 3 * TIMES))
    result["tick_s"] = _median(lambda: _click(page, 16, next(rows), lambda: None))
    return result


def _median(act: Callable[[], float]) -> float:
    act()  # warm-up
    return round(statistics.median(act() for _ in range(TIMES)), 2)


def _load(page: Any, url: str) -> float:
    began = time.perf_counter()
    page.goto(url)
    page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for()
    _settled(page)
    return time.perf_counter() - began


def _click(page: Any, x: int, row: int, seen: Callable[[], object]) -> float:
    box = page.get_by_test_id("stDataFrame").locator("canvas").first.bounding_box()
    with _answered(page) as took:
        page.mouse.click(box["x"] + x, box["y"] + ROW * (row + 1) + ROW // 2)
    seen()
    return took()


def _press(page: Any, label: str) -> float:
    with _answered(page) as took:
        page.get_by_role("button", name=label, exact=True).click()
    return took()


def _search(page: Any, words: str) -> float:
    box = page.get_by_role("textbox").first
    box.fill(words)
    with _answered(page) as took:
        box.press("Enter")
    return took()


@contextmanager
def _answered(page: Any) -> Iterator[Callable[[], float]]:
    """Until the run that the act started has ended and nothing on the page is of an older one."""
    runs = page.evaluate("window.runs")
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: ended[0] - began
    page.wait_for_function("(runs) => window.runs > runs", arg=runs, polling=5)
    _settled(page)
    ended.append(time.perf_counter())


def _settled(page: Any) -> None:
    page.wait_for_function(STILL, polling=5)


class _Received:
    """Bytes that came over the page's websockets."""

    def __init__(self, page: Any) -> None:
        self._bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, payload: str | bytes) -> None:
        self._bytes += len(payload)

    def taken_kb(self) -> int:
        taken, self._bytes = self._bytes, 0
        return taken // 1024


@contextmanager
def _page() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # of the test tools; the dashboard does not need it

    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
            page.add_init_script(COUNTING)
            yield page
        finally:
            browser.close()


@contextmanager
def _server(settings: Settings, folder: Path, script: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    environment = os.environ | {
        "FACTURIER_DATABASE_URL": settings.database_url,
        "FACTURIER_ARCHIVE_URL": settings.archive_url,
        "PYTHONPATH": str(launch.DASHBOARD.parent),
    }
    with (folder / "server.log").open("ab") as log:
        port = _free_port()
        still = "--server.fileWatcherType=none"  # a file that changes meanwhile must not disturb the figures
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", still, *launch.SAFE]
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + launch.FIRST_VISIT)
        yield url, process
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(url: str, *, patience_s: float = 60) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=patience_s):  # noqa: S310  our own server
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _resident_mb(process: subprocess.Popen[bytes]) -> int:
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    raise ProcessLookupError(process.pid)
