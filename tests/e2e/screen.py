"""Hands and eyes on the screen: the grid is a canvas, so cells are read by test id and clicked by place."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004

from core import styling

ROW = 35
BOX = 34  # the column of checkboxes


def open_page(page: Page, url: str, title: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=30_000)
    settled(page)


QUIET_MS = 350


def settled(page: Page) -> None:
    """No script has been running for a while: a click is on its way for a moment before the page shows it."""
    page.evaluate("() => { delete window.quietSince; }")
    page.wait_for_function(
        """quiet => {
            const busy = document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]');
            window.quietSince = busy ? undefined : (window.quietSince ?? performance.now());
            return window.quietSince !== undefined && performance.now() - window.quietSince > quiet;
        }""",
        arg=QUIET_MS,
    )


def grid(page: Page, place: int = 0) -> Locator:
    return page.get_by_test_id("stDataFrame").nth(place)


def cell(page: Page, column: int, row: int, place: int = 0) -> Locator:
    return grid(page, place).get_by_test_id(f"glide-cell-{column}-{row}")


def tick(page: Page, row: int, place: int = 0) -> None:
    """Click the checkbox in front of a row."""
    box = grid(page, place).locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + ROW * (row + 1) + ROW // 2)
    settled(page)


def row_colour(page: Page, row: int, place: int = 0) -> tuple[int, int, int]:
    """The background of a row as it is painted, read from the canvas at the left of the last third."""
    red, green, blue = page.evaluate(
        """([place, row, height]) => {
            const canvas = document.querySelectorAll('[data-testid=stDataFrame]')[place].querySelector('canvas');
            const scale = canvas.width / canvas.clientWidth;
            const y = (height * (row + 1) + 4) * scale;
            return Array.from(canvas.getContext('2d').getImageData(canvas.width * 0.66, y, 1, 1).data).slice(0, 3);
        }""",
        [place, row, ROW],
    )
    return red, green, blue


def press_cell(page: Page, x: int, row: int, place: int = 0) -> None:
    """Click into a row, that many pixels from the left; the grid takes a click only from a pointer that it has seen come."""
    canvas = grid(page, place).locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + ROW * (row + 1) + ROW // 2, steps=5)
    page.wait_for_timeout(100)
    page.mouse.down()
    page.mouse.up()
    settled(page)


def press_head(page: Page, columns: Sequence[str], name: str) -> None:
    """Click the left end of a column's head in a ledger's grid; what is at its right end belongs to the grid."""
    left = BOX + sum(styling.WIDTHS[column] for column in columns[: columns.index(name)])
    press_cell(page, left + 20, -1)


def is_ticked(page: Page, row: int, place: int = 0) -> bool:
    return grid(page, place).locator(f"[aria-rowindex='{row + 2}'][aria-selected=true]").count() > 0


def row_of(page: Page, number: str, *, column: int = 2, place: int = 0) -> int:
    """Where an invoice stands in a grid; a credit note has its badge behind the number."""
    found = grid(page, place).get_by_test_id(re.compile(rf"glide-cell-{column}-\d+")).filter(has_text=re.compile(rf"^{re.escape(number)}\b"))
    expect(found).to_have_count(1)
    return int((found.get_attribute("data-testid") or "").rpartition("-")[2])


def choose(page: Page, within: Locator, label: str, option: str) -> None:
    """Open a select box and take an option. An instantaneous click would open it and close it again, as does a run that ends just then."""
    box = within.get_by_label(label, exact=True).locator("visible=true")
    wanted = page.get_by_role("option", name=option)
    for _ in range(3):
        box.click(delay=100)
        with contextlib.suppress(TimeoutError):
            wanted.wait_for(timeout=3000)
            break
    wanted.click()
    settled(page)


def words_on(page: Page) -> str:
    """All that can be read on the page: its text, its grids, its empty fields."""
    text: str = page.evaluate(
        """() => [
            document.body.innerText,
            ...Array.from(document.querySelectorAll('[data-testid=stDataFrame] [role=columnheader]'), (e) => e.textContent),
            ...Array.from(document.querySelectorAll('[data-testid^=glide-cell]'), (e) => e.textContent),
            ...Array.from(document.querySelectorAll('input:not([role=combobox]), textarea'), (e) => e.checkVisibility() ? e.placeholder : ''),
            ...Array.from(document.querySelectorAll('[role=combobox]'), (e) => e.value ? '' : e.placeholder),
        ].join('\\n')"""
    )
    return text


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))
