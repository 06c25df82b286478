"""One more mail of an invoice that was sent: the countdown stands above, wherever the invoice was opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import desk
from tests.e2e import screen
from tests.e2e.conftest import House


@pytest.fixture
def countdown_s() -> int:
    return 60


def test_beside_the_ledger_the_countdown_appears_and_cancels(page: Page, house: House) -> None:
    invoice_id = desk.ready(house.app, house.catcher_port, "compta@x.test")
    desk.send(house.app, [invoice_id])
    screen.open_page(page, f"{house.url}/", "Facturier email")
    screen.press_cell(page, 300, 0)
    page.locator(".st-key-panel").get_by_role("button", name="Renvoyer …").click()
    body = page.get_by_test_id("stPopoverBody")
    screen.choose(page, body, "Motif", "Le client la redemande")
    body.get_by_role("button", name="Renvoyer à compta@x.test").click()
    strip = page.locator(".st-key-strip")
    expect(strip).to_contain_text("Départ dans")
    page.screenshot(path=house.shots / "once-more-1-countdown.png")
    strip.get_by_role("button", name="Annuler").click()
    expect(strip).not_to_be_visible()
    screen.settled(page)
    assert desk.status_of(house.app, invoice_id).value == "sent"
