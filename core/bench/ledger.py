"""The ledger page at a hundred thousand and a million invoices (BENCH B7, B8, B12)."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from core.app import App
from core.bench import browser, filling
from core.database.ledger_rows import Filter, Sort
from core.dispatch import looking, sending
from core.model import Ledger

EMAIL: Final = Filter(ledger=Ledger.EMAIL)
QUEUED: Final = 10_000  # B7
TIMES: Final = 5


def run(sizes: Sequence[int], *, with_browser: bool, report: Callable[[str], None]) -> dict[str, Any]:
    """Figures by size: milliseconds are medians of five after a warm-up, wall and CPU."""
    results: dict[str, Any] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="facturier-bench-") as name:
            folder = Path(name)
            report(f"filling {size:,} …")
            began = time.perf_counter()
            app = filling.desk_with(folder, size)
            filled = round(time.perf_counter() - began, 1)
            report(f"measuring {size:,} …")
            results[str(size)] = {"filling_s": filled, "server_ms": _server(app, size)}
            if with_browser:
                results[str(size)]["chromium"] = browser.measure(app.desk.settings, folder, size)
            results[str(size)]["queueing"] = queueing(app)
            app.desk.database.close()
    return results


def _server(app: App, size: int) -> dict[str, Any]:
    """The use cases behind the page."""
    desk = app.desk
    newest = Sort()
    pages = -(-size // looking.PAGE_SIZE)

    def page(chosen: Filter, group: str | None = None, number: int = 0, sort: Sort = newest) -> Callable[[], object]:
        return lambda: looking.ledger_page(desk, chosen, group, sort, page=number)

    def searched(words: str) -> Filter:
        return Filter(ledger=Ledger.EMAIL, search=words)

    some_id = size // 2
    measured = {
        "first page": page(EMAIL),
        "next page": page(EMAIL, number=1),
        "page in the middle": page(Filter(), number=pages // 2),
        "by customer": page(EMAIL, sort=Sort("buyer", descending=False)),
        "by total": page(EMAIL, sort=Sort("total_with_vat")),
        "to send": page(EMAIL, "to_send"),
        "to handle": page(EMAIL, "to_handle"),
        "search a number": page(searched(f"{some_id:07d}")),
        "search a name": page(searched("müller")),
        "search two names": page(searched("boulangerie peeters")),
        "search what a third has": page(searched("bv")),
        "search an amount": page(searched("1.234,20")),
        "preview": lambda: sending.preview(desk, some_id),
    }
    return {name: timed(act) for name, act in measured.items()}


def timed(act: Callable[[], object]) -> dict[str, float]:
    """Median milliseconds of five, after a warm-up: wall and CPU of this process."""
    act()
    wall, cpu = [], []
    for _ in range(TIMES):
        wall_began, cpu_began = time.perf_counter(), time.process_time()
        act()
        wall.append(time.perf_counter() - wall_began)
        cpu.append(time.process_time() - cpu_began)
    return {"wall": round(statistics.median(wall) * 1000, 1), "cpu": round(statistics.median(cpu) * 1000, 1)}


def queueing(app: App) -> dict[str, float]:
    """B7: select everything to send, and queue ten thousand of it; once, because it changes the database."""
    began = time.perf_counter()
    ids = looking.pending_ids(app.desk, EMAIL)
    selected = time.perf_counter()
    queued = sending.queue(app.desk, ids[:QUEUED], countdown_s=3600)
    done = time.perf_counter()
    return {
        "selected": len(ids),
        "select_s": round(selected - began, 2),
        "queued": len(queued.invoice_ids),
        "queue_s": round(done - selected, 2),
    }
