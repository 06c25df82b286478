"""Twelve hundred rows in Chromium: a filter, a tick that stays, the document beside, a head that sorts, a reload that loses nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core import styling
from core.bench import filling
from tests.e2e import screen
from tests.e2e.conftest import House

STATUS, NUMBER, CUSTOMER, TOTAL = 1, 2, 4, 5
ROWS = 1200


@pytest.fixture
def full(house: House) -> House:
    filling.fill(house.app, ROWS)
    return house


def test_a_tick_stays_whatever_is_filtered_sorted_or_reloaded(page: Page, full: House) -> None:
    screen.open_page(page, f"{full.url}/ledger", "Facturier")
    expect(page.get_by_text("Documents : 1200")).to_be_visible()
    expect(page.get_by_text("Page 1 sur 6")).to_be_visible()
    kept = screen.cell(page, NUMBER, 2).inner_text()
    screen.tick(page, 2)
    expect(page.get_by_text("Cochées : 1")).to_be_visible()
    search(page, "garage")
    expect(page.get_by_text("dont 1 hors du filtre")).to_be_visible()
    for row in range(5):
        expect(screen.cell(page, CUSTOMER, row)).to_contain_text("Garage")
    screen.tick(page, 0)
    expect(page.get_by_text("Cochées : 2")).to_be_visible()
    page.screenshot(path=full.shots / "ledger-1-filter.png")
    page.reload()
    expect(page.get_by_text("Cochées : 2")).to_be_visible(timeout=20_000)
    expect(page.get_by_placeholder("Numéro, client")).to_have_value("garage")
    page.get_by_role("button", name="Tout effacer").click()
    screen.settled(page)
    expect(page.get_by_text("Documents : 1200")).to_be_visible()
    screen.press_head(page, styling.columns(None), styling.NUMBER)
    expect(screen.cell(page, NUMBER, 0)).to_have_text("F2023-0000001 NC")  # the first of twelve hundred, not of two hundred
    expect(page.get_by_text("Cochées : 2")).to_be_visible()
    screen.press_head(page, styling.columns(None), styling.NUMBER)
    expect(screen.cell(page, NUMBER, 0)).to_have_text("F2026-0001200")
    expect(screen.cell(page, NUMBER, 2)).to_have_text(kept)
    assert screen.is_ticked(page, 2)
    assert not screen.is_ticked(page, 3)


def test_document_stands_beside_and_follows_the_arrows(page: Page, full: House) -> None:
    screen.open_page(page, f"{full.url}/", "Facturier email")
    page.get_by_text("À envoyer", exact=False).first.click()
    screen.settled(page)
    first, second = (screen.cell(page, NUMBER, row).inner_text() for row in (0, 1))
    screen.press_cell(page, 300, 0)
    panel = page.locator(".st-key-panel")
    expect(panel.get_by_text(f"Facture {first}")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(panel.get_by_text(f"Facture {second}")).to_be_visible()
    page.wait_for_timeout(1500)  # the viewer draws
    page.screenshot(path=full.shots / "ledger-2-beside.png")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    panel.get_by_role("button", name="✕").click()
    expect(panel).not_to_be_visible()
    screen.settled(page)
    screen.press_cell(page, 300, 1)  # the same row again
    expect(panel.get_by_text(f"Facture {second}")).to_be_visible()


def search(page: Page, words: str) -> None:
    box = page.get_by_placeholder("Numéro, client")
    box.fill(words)
    box.press("Enter")
    screen.settled(page)


def test_ticks_go_on_in_another_language_and_come_back_after_escape(page: Page, full: House) -> None:
    screen.open_page(page, f"{full.url}/", "Facturier email")
    screen.tick(page, 4)
    page.locator(".st-key-language-choice").get_by_text("EN", exact=True).click()
    expect(page.get_by_text("Ticked: 1")).to_be_visible()
    screen.settled(page)
    for place, row in enumerate((2, 5, 1), 2):
        screen.tick(page, row)
        expect(page.get_by_text(f"Ticked: {place}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Ticks taken away: 4.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Ticked: 4")).to_be_visible()
    screen.settled(page)
    assert [row for row in range(8) if screen.is_ticked(page, row)] == [1, 2, 4, 5]
